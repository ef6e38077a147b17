package keyspace

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

// Each test here is a way in which this design went wrong, or nearly did.

func TestClasses(t *testing.T) {
	if len(classUnits) != classes {
		t.Fatalf("%d classes, want %d", len(classUnits), classes)
	}
	for n := 1; n <= slotMax; n++ {
		size := int(classUnits[sizeClass(n)]) * unitBytes
		if size < n || n > 128 && size-n > n/8+unitBytes {
			t.Errorf("%d bytes get a slot of %d", n, size)
		}
	}
}

// A tag of 1 could match an empty slot whose old ref still leads to the same key.
func TestTagsAreNotEmpty(t *testing.T) {
	for h := range uint64(256) {
		if tag := tagOf(h); tag < 2 {
			t.Errorf("hash %d has tag %d", h, tag)
		}
	}
	var b bucket
	for i := range b.tags {
		b.tags[i] = uint8(2 + i)
	}
	for i, tag := range b.tags {
		if m := b.matches(tag); m&(1<<i) == 0 {
			t.Errorf("slot %d is not found: %b", i, m)
		}
	}
}

// badHash makes a keyspace whose keys all fall into one window.
func badHash(bitsUsed int) *Keyspace {
	k := New(Options{Seed: 1})
	k.fakeHash = func(key []byte) uint64 { return seededHash(7, key) & (1<<bitsUsed - 1) }
	return k
}

func TestHashThatDoesNotSpread(t *testing.T) {
	for _, used := range []int{0, 3, 9, 14} {
		t.Run(strconv.Itoa(used), func(t *testing.T) {
			k := badHash(used)
			s, d := k.Shard(0), k.Shard(0).DB(0)
			const n = 600
			key := func(i int) []byte { return []byte("k" + strconv.Itoa(i)) }
			for i := range n {
				d.SetString(key(i), key(i), 0)
			}
			if len(d.t.dir) > 2*n+64 {
				t.Errorf("a directory of %d", len(d.t.dir))
			}
			v := k.Freeze()
			for i := 0; i < n; i += 2 {
				d.Delete(key(i))
			}
			seen := map[string]int{}
			for c := d.Scan(0, 10, func(key []byte, _ Type) { seen[string(key)]++ }); c != 0; {
				c = d.Scan(c, 10, func(key []byte, _ Type) { seen[string(key)]++ })
			}
			if len(seen) != n/2 || d.Len() != n/2 {
				t.Errorf("scan saw %d, len %d, want %d", len(seen), d.Len(), n/2)
			}
			var b Batch
			for !v.Slice(0, 7, &b) {
			}
			if b.Len() != n {
				t.Errorf("view of %d, want %d", b.Len(), n)
			}
			for i := range n {
				got, ok, _ := d.String(key(i))
				if ok != (i%2 == 1) || ok && !bytes.Equal(got, key(i)) {
					t.Fatalf("key %d: %q %v", i, got, ok)
				}
			}
			if _, ok := d.RandomKey(); !ok {
				t.Error("no random key")
			}
			for s.Compact(100) > 0 {
			}
			for i := range n {
				d.Delete(key(i))
			}
			k.checkEmpty(t)
		})
	}
}

// An epoch has 8 bits: records that no view has finished must not look handed out after 256 views.
func TestAbortedViews(t *testing.T) {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	d.SetString([]byte("old"), []byte("v"), 0)
	var b Batch
	for n := range 3 * 256 {
		v := k.Freeze()
		v.Abort()
		v = k.Freeze()
		for !v.Slice(0, 10, &b) {
		}
		if b.Len() != 1 {
			t.Fatalf("view %d has %d records", n, b.Len())
		}
		b.Reset()
		if n%7 != 0 {
			continue
		}
		for range 300 {
			k.Freeze().Abort()
		}
	}
}

// The background stamps what many aborted views have left, so that Freeze need not; what is written,
// swapped and viewed meanwhile does not confuse it.
func TestStampingByAndBy(t *testing.T) {
	k := New(Options{})
	s := k.Shard(0)
	const n = 5000
	for i := range n {
		s.DB(i%2).SetString(element(i), nil, 0)
	}
	var b Batch
	for round := range 20 {
		for range stampFrom + round {
			k.Freeze().Abort()
		}
		for steps := 0; s.Compact(1) > 0; steps++ {
			switch steps {
			case 3:
				k.SwapDB(0, 1)
			case 20:
				k.Freeze().Abort()
			case 40:
				for i := range n / 10 {
					d := s.DB(i * 10 % 2)
					d.Delete(element(i * 10))
					d.SetString(element(i*10), nil, 0)
				}
			}
		}
		if s.aborted >= stampFrom {
			t.Fatalf("%d aborted views are left", s.aborted)
		}
		for _, d := range s.dbs {
			d.t.eachRecord(func(r rec) bool {
				if age := int(s.epoch - r.epoch()); age > s.aborted {
					t.Fatalf("a record was stamped %d epochs ago, with %d aborted views", age, s.aborted)
				}
				return true
			})
		}
		if round%5 != 4 {
			continue
		}
		v := k.Freeze()
		for !v.Slice(0, 100, &b) {
			s.Compact(10)
		}
		if b.Len() != s.DB(0).Len()+s.DB(1).Len() {
			t.Fatalf("a view of %d", b.Len())
		}
		b.Reset()
	}
}

// What is rolled back after the view has had its pre-image must not come again, nor be missed.
func TestRollbackUnderView(t *testing.T) {
	k := New(Options{})
	s, d := k.Shard(0), k.Shard(0).DB(0)
	for i := range 100 {
		d.SetString([]byte(strconv.Itoa(i)), []byte("a"), 0)
	}
	v := k.Freeze()
	var b Batch
	v.Slice(0, 50, &b)
	s.Begin()
	sp := s.Savepoint()
	for i := range 100 {
		d.SetString([]byte(strconv.Itoa(i)), bytes.Repeat([]byte("b"), i*10), 0)
	}
	d.Clear()
	d.SetString([]byte("new"), nil, 0)
	s.RollbackTo(sp)
	s.Commit()
	for !v.Slice(0, 5, &b) {
	}
	seen := map[string]bool{}
	b.Range(func(f *Frozen) bool {
		if seen[string(f.Key)] || string(f.Str()) != "a" {
			t.Errorf("%q %q comes twice or changed", f.Key, f.Str())
		}
		seen[string(f.Key)] = true
		return true
	})
	if len(seen) != 100 {
		t.Errorf("%d records", len(seen))
	}
	for i := range 100 {
		if got, _, _ := d.String([]byte(strconv.Itoa(i))); string(got) != "a" {
			t.Errorf("%d is %q after the rollback", i, got)
		}
	}
}

// A collection that a unit moved to another shard comes back whichever shard is taken back first.
func TestRollbackOfMoveBetweenShards(t *testing.T) {
	for _, first := range []int{0, 1} {
		k := New(Options{Shards: 2, Seed: 3})
		name := func(shard int) []byte {
			for i := 0; ; i++ {
				if key := fmt.Appendf(nil, "k%d", i); k.ShardOf(k.HashKey(key)) == shard {
					return key
				}
			}
		}
		src, dst := name(0), name(1)
		a, b := k.Shard(0), k.Shard(1)
		h, _ := a.DB(0).Hash(src)
		for i := range 200 {
			h.Set(strconv.AppendInt(nil, int64(i), 10), []byte("v"))
		}
		a.Begin()
		b.Begin()
		h.Set([]byte("one"), nil)
		a.DB(0).Rename(src, b.DB(0), dst)
		g, _ := b.DB(0).Hash(dst)
		g.Set([]byte("two"), nil)
		a.Savepoint()
		b.Savepoint()
		g.Set([]byte("three"), nil)
		k.Shard(first).RollbackTo(0)
		k.Shard(1 - first).RollbackTo(0)
		a.Commit()
		b.Commit()
		h, _ = a.DB(0).Hash(src)
		if h.Len() != 200 || b.DB(0).Exists(dst) {
			t.Errorf("first %d: %d fields, destination %v", first, h.Len(), b.DB(0).Exists(dst))
		}
		a.DB(0).Delete(src)
		k.checkEmpty(t)
	}
}

func TestDeadlines(t *testing.T) {
	const base = 1_700_000_000_000
	tests := []struct {
		name string
		run  func(t *testing.T, s *Shard, d *DB)
	}{
		{"exact to the millisecond", func(t *testing.T, s *Shard, d *DB) {
			rng := rand.New(rand.NewPCG(1, 2))
			at := map[int64]int{}
			for i := range 3000 {
				dl := base + 1 + rng.Int64N(70000)
				at[dl]++
				d.SetString([]byte(strconv.Itoa(i)), nil, dl)
			}
			for now := int64(base); now <= base+70001; now++ {
				if now < s.NextDue() {
					if at[now] != 0 {
						t.Fatalf("%d are due at %d, NextDue says %d", at[now], now, s.NextDue())
					}
					continue
				}
				for _, e := range s.PopDue(now, 1<<20, nil) {
					if e.Deadline != now {
						t.Fatalf("deadline %d popped at %d", e.Deadline, now)
					}
					at[now]--
				}
				if at[now] != 0 {
					t.Fatalf("%d left at %d", at[now], now)
				}
			}
		}},
		{"a jump of years keeps the order", func(t *testing.T, s *Shard, d *DB) {
			for i := range 2000 {
				d.SetString([]byte(strconv.Itoa(i)), nil, base+int64(i)*37_000_000)
			}
			last, n, now := int64(0), 0, int64(base+4000*37_000_000)
			for s.NextDue() <= now {
				for _, e := range s.PopDue(now, 7, nil) {
					if e.Deadline < last {
						t.Fatalf("%d after %d", e.Deadline, last)
					}
					last = e.Deadline
					n++
				}
			}
			if n != 2000 {
				t.Errorf("%d popped", n)
			}
		}},
		{"extending and shortening", func(t *testing.T, s *Shard, d *DB) {
			k := []byte("k")
			d.SetString(k, nil, base+10)
			for i := range 50 {
				d.SetDeadline(k, base+10+int64(i)*1000)
				if got := s.PopDue(base+9+int64(i)*1000, 10, nil); len(got) != 0 {
					t.Fatalf("popped %v early", got)
				}
			}
			d.SetDeadline(k, base+49_300)
			if got := s.PopDue(base+49_300, 10, nil); len(got) != 1 || got[0].Deadline != base+49_300 {
				t.Fatalf("popped %v", got)
			}
		}},
		{"set in the past, after the wheel has gone on", func(t *testing.T, s *Shard, d *DB) {
			s.PopDue(base+500, 1, nil)
			d.SetString([]byte("first"), nil, base+1000)
			s.PopDue(base+600, 1, nil)
			d.SetString([]byte("k"), nil, base+5)
			if next := s.NextDue(); next > base+5 {
				t.Errorf("NextDue %d", next)
			}
			if got := s.PopDue(base+600, 10, nil); len(got) != 1 {
				t.Errorf("popped %v", got)
			}
		}},
		{"a clock put back", func(t *testing.T, s *Shard, d *DB) {
			d.SetString([]byte("late"), nil, base+2000)
			s.PopDue(base+1000, 1, nil)
			d.SetString([]byte("a"), nil, base+100)
			d.SetString([]byte("b"), nil, base+900)
			if got := s.PopDue(base+200, 10, nil); len(got) != 1 || string(got[0].Key) != "a" {
				t.Errorf("popped %v", got)
			}
			if next := s.NextDue(); next <= base+200 || next > base+900 {
				t.Errorf("NextDue %d", next)
			}
			if got := s.PopDue(base+3000, 10, nil); len(got) != 2 {
				t.Errorf("popped %v", got)
			}
		}},
		{"the end of time", func(t *testing.T, s *Shard, d *DB) {
			d.SetString([]byte("k"), nil, math.MaxInt64)
			d.SetString([]byte("l"), nil, math.MaxInt64-1)
			if got := s.PopDue(base*1000, 10, nil); len(got) != 0 {
				t.Errorf("popped %v", got)
			}
			if got := s.PopDue(math.MaxInt64, 10, nil); len(got) != 2 {
				t.Errorf("popped %v", got)
			}
		}},
		{"replay: set without a clock", func(t *testing.T, s *Shard, d *DB) {
			s.SetNow(0)
			for i := range 500 {
				d.SetString([]byte(strconv.Itoa(i)), nil, base-250+int64(i))
			}
			if got, ok, _ := d.String([]byte("0")); !ok || len(got) != 0 {
				t.Error("a due key is hidden without a clock")
			}
			s.SetNow(base)
			n := 0
			for s.NextDue() <= base {
				n += len(s.PopDue(base, 20, nil))
			}
			if n != 251 {
				t.Errorf("%d popped, want 251", n)
			}
		}},
		{"requeued", func(t *testing.T, s *Shard, d *DB) {
			k := []byte("k")
			d.SetString(k, nil, base-1)
			s.PopDue(base, 10, nil)
			s.Requeue(0, k, base+70_000)
			if d.Exists(k) {
				t.Error("a requeued key is visible")
			}
			if got := s.PopDue(base+69_999, 10, nil); len(got) != 0 || s.NextDue() != base+70_000 {
				t.Errorf("popped %v, next %d", got, s.NextDue())
			}
			if got := s.PopDue(base+70_000, 10, nil); len(got) != 1 || got[0].Deadline != base-1 {
				t.Errorf("popped %v", got)
			}
		}},
		{"all at once, in bounded steps", func(t *testing.T, s *Shard, d *DB) {
			const n = 30000
			for i := range n {
				d.SetString([]byte(strconv.Itoa(i)), nil, base+100_000)
			}
			left := n
			for s.NextDue() <= base+100_000 {
				due := s.PopDue(base+100_000, 200, nil)
				if len(due) > 200 {
					t.Fatalf("%d at once", len(due))
				}
				for _, e := range due {
					d.Delete(e.Key)
				}
				left -= len(due)
			}
			if left != 0 || d.Len() != 0 {
				t.Errorf("%d left, %d keys", left, d.Len())
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := New(Options{})
			s := k.Shard(0)
			s.SetNow(base)
			test.run(t, s, s.DB(0))
		})
	}
}

// Views and frozen records are read without a lock while writes go on. This test is for -race.
func TestFrozenReadsDuringWrites(t *testing.T) {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	var mu sync.Mutex
	name := func(i int) []byte { return []byte("k" + strconv.Itoa(i)) }
	write := func(rng *rand.Rand) {
		i := rng.IntN(300)
		d.Delete(name(rng.IntN(300)))
		key, m := name(i), strconv.AppendInt(nil, int64(rng.IntN(200)), 10)
		switch i % 5 {
		case 0:
			d.SetString(key, bytes.Repeat(m, rng.IntN(3000)), 0)
		case 1:
			h, _ := d.Hash(key)
			for range 30 {
				h.Set(strconv.AppendInt(nil, int64(rng.IntN(200)), 10), m)
			}
		case 2:
			h, _ := d.Set(key)
			h.Add(m)
			h.Add(bytes.Repeat(m, 100))
		case 3:
			h, _ := d.List(key)
			for range 30 {
				h.PushBack(m)
				h.PushFront(m)
			}
		case 4:
			h, _ := d.ZSet(key)
			for range 30 {
				h.Set(strconv.AppendInt(nil, int64(rng.IntN(200)), 10), rng.Float64())
			}
		}
		if i%5 == 0 {
			d.AppendString(key, m)
			d.SetRange(key, 3, m)
		}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(1, 1))
		for {
			select {
			case <-done:
				return
			default:
			}
			mu.Lock()
			write(rng)
			mu.Unlock()
		}
	})
	var b Batch
	for range 20 {
		mu.Lock()
		v := k.Freeze()
		f, ok := d.Freeze(name(int(v.Keys()) % 300))
		mu.Unlock()
		n := int64(0)
		for fin := false; !fin; {
			mu.Lock()
			fin = v.Slice(0, 20, &b)
			mu.Unlock()
			b.Range(func(f *Frozen) bool {
				thaw(f)
				n++
				return true
			})
			b.Reset()
		}
		if n != v.Keys() {
			t.Errorf("%d of %d records", n, v.Keys())
		}
		if ok {
			thaw(&f)
			f.Release()
		}
	}
	close(done)
	wg.Wait()
}

// SPOP, ZPOPMIN and the like remove what the handle has just handed out.
func TestRemoveWhatWasHandedOut(t *testing.T) {
	for _, n := range []int{5, 40, 400} {
		k := New(Options{})
		d := k.Shard(0).DB(0)
		h, _ := d.Hash([]byte("h"))
		s, _ := d.Set([]byte("s"))
		z, _ := d.ZSet([]byte("z"))
		for i := range n {
			m := fmt.Appendf(nil, "member %d", i)
			h.Set(m, m)
			s.Add(m)
			z.Set(m, float64(i%7))
		}
		for i := range n {
			f, _ := h.Random()
			m, _ := z.At(0)
			if !h.Delete(f) || !s.Remove(s.Random()) || !z.Remove(m) {
				t.Fatalf("%d of %d: not found", i, n)
			}
			if left := n - 1 - i; h.Len() != left || s.Len() != left || z.Len() != left {
				t.Fatalf("%d left: %d, %d, %d", left, h.Len(), s.Len(), z.Len())
			}
		}
		k.checkEmpty(t)
	}
}

// A clone must not see what is written after it, nor a string what an undone append left behind it.
func TestAppendAfterUndo(t *testing.T) {
	k := New(Options{})
	s, d := k.Shard(0), k.Shard(0).DB(0)
	key := []byte("k")
	d.SetString(key, bytes.Repeat([]byte("a"), 10000), 0)
	d.AppendString(key, []byte("a"))
	s.Begin()
	sp := s.Savepoint()
	d.AppendString(key, []byte("bbb"))
	f, _ := d.Freeze(key)
	s.RollbackTo(sp)
	s.Commit()
	d.AppendString(key, []byte("ccc"))
	if got := f.Str(); string(got[10001:]) != "bbb" {
		t.Errorf("the frozen string ends with %q", got[10001:])
	}
	if got, _, _ := d.String(key); string(got[10001:]) != "ccc" {
		t.Errorf("the string ends with %q", got[10001:])
	}
	f.Release()
}

func TestRandomKeyIsUniform(t *testing.T) {
	k := New(Options{Seed: 5})
	d := k.Shard(0).DB(0)
	const n = 500
	for i := range n {
		d.SetString([]byte(strconv.Itoa(i)), nil, 0)
	}
	count := map[string]int{}
	const draws = 200 * n
	for range draws {
		key, _ := d.RandomKey()
		count[string(key)]++
	}
	chi := 0.0
	for i := range n {
		diff := float64(count[strconv.Itoa(i)]) - draws/n
		chi += diff * diff / (draws / n)
	}
	if chi > 650 { // 499 degrees of freedom: mean 499, deviation 32
		t.Errorf("chi square %.0f for %d keys", chi, n)
	}
}

func TestPrefetchChangesNothing(t *testing.T) {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	var keys [][]byte
	for i := range 100 {
		keys = append(keys, []byte(strconv.Itoa(i)))
	}
	d.Prefetch(keys)
	for _, key := range keys[:50] {
		d.SetString(key, key, 0)
	}
	d.Prefetch(keys)
	d.Prefetch(nil)
	for i, key := range keys {
		if got, ok, _ := d.String(key); ok != (i < 50) || ok && !bytes.Equal(got, key) {
			t.Errorf("%s: %q %v", key, got, ok)
		}
	}
}

// Scans and views go on while the directory grows under them, by splits, and shrinks, by merges: what
// is there all the time is given, and the view gives each record once.
func TestScanAndViewUnderGrowthAndShrinking(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, step := range []int{3, 40, 400} {
		k := New(Options{Seed: seed | 1})
		d := k.Shard(0).DB(0)
		const stay, most = 500, 20000
		for i := range stay {
			d.SetString([]byte("stay"+strconv.Itoa(i)), nil, 0)
		}
		var b Batch
		for round := range 6 {
			from, to := 0, most // grows
			if round%2 == 1 {
				from, to = most, 0
			}
			v, want := k.Freeze(), d.Len()
			seen := map[string]bool{}
			cursor, scanned, sliced := uint64(0), false, false
			for i := from; i != to; {
				key := []byte("more" + strconv.Itoa(i))
				if from < to {
					d.SetString(key, nil, 0)
					i++
				} else {
					i--
					d.Delete([]byte("more" + strconv.Itoa(i)))
				}
				if rng.IntN(step) != 0 {
					continue
				}
				if !scanned {
					cursor = d.Scan(cursor, 1+rng.IntN(50), func(key []byte, _ Type) { seen[string(key)] = true })
					scanned = cursor == 0
				}
				if !sliced {
					sliced = v.Slice(0, 1+rng.IntN(50), &b)
				}
			}
			for !scanned {
				cursor = d.Scan(cursor, 100, func(key []byte, _ Type) { seen[string(key)] = true })
				scanned = cursor == 0
			}
			for !sliced {
				sliced = v.Slice(0, 100, &b)
			}
			for i := range stay {
				if !seen["stay"+strconv.Itoa(i)] {
					t.Fatalf("step %d, round %d: the scan missed stay%d", step, round, i)
				}
			}
			got := map[string]bool{}
			b.Range(func(f *Frozen) bool {
				got[string(f.Key)] = true
				return true
			})
			if b.Len() != want || len(got) != want {
				t.Fatalf("step %d, round %d: a view of %d records, %d keys, want %d", step, round, b.Len(), len(got), want)
			}
			b.Reset()
		}
		if n := len(d.t.dir); n > 64 { // it had hundreds
			t.Errorf("%d keys have a directory of %d", d.Len(), n)
		}
	}
}

func TestScanTakesAnyCursor(t *testing.T) {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	for i := range 3000 {
		d.SetString([]byte(strconv.Itoa(i)), nil, 0)
	}
	for range 300 {
		if c := d.Scan(rand.Uint64(), 1+rand.IntN(math.MaxInt), func([]byte, Type) {}); c >= 1<<48 {
			t.Fatalf("cursor %d", c)
		}
	}
}

func TestScanCount(t *testing.T) {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	for i := range 10000 {
		d.SetString([]byte(strconv.Itoa(i)), nil, 0)
	}
	calls, most := 0, 0
	for c := uint64(0); ; {
		n := 0
		c = d.Scan(c, 10, func([]byte, Type) { n++ })
		calls, most = calls+1, max(most, n)
		if c == 0 {
			break
		}
	}
	if most > 40 || calls > 1200 {
		t.Errorf("%d calls, at most %d keys", calls, most)
	}
}
