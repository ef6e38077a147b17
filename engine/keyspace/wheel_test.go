package keyspace

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// checkCounts fails unless the wheel's counts agree with its blocks.
func (w *wheel) checkCounts(t *testing.T) {
	t.Helper()
	sum := 0
	for slot, no := range w.slots {
		behind := 0
		for at := no; at != 0; at = w.block(at).next {
			b := w.block(at)
			if int(b.slot) != slot || b.n == 0 {
				t.Fatalf("a block of slot %d says slot %d, and has %d entries", slot, b.slot, b.n)
			}
			behind += int(b.n)
		}
		if behind != w.count(slot) {
			t.Fatalf("slot %d has %d entries and counts %d", slot, behind, w.count(slot))
		}
		if used := w.used[min(slot/wheelSlots, wheelLevels-1)][slot%wheelSlots/64]>>(slot%64)&1 == 1; slot != overdue && used != (no != 0) {
			t.Fatalf("slot %d: occupied %v, marked %v", slot, no != 0, used)
		}
		sum += behind
	}
	if sum != w.n {
		t.Fatalf("%d entries in the slots, noted %d", sum, w.n)
	}
}

// TestWheelUnderAnyClock lets the clock creep, jump by years and go back, and finds each key in the
// millisecond in which it is due by that clock, never before.
func TestWheelUnderAnyClock(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	steps := 4000
	if testing.Short() {
		steps = 1000
	}
	s := New(Options{}).Shard(0)
	d := s.DB(0)
	now := int64(1_700_000_000_000)
	s.SetNow(now)
	deadlines := map[string]int64{}
	far := func() int64 { return rng.Int64N(1 << rng.IntN(40)) }
	for range steps {
		for range rng.IntN(40) {
			key, at := strconv.Itoa(rng.IntN(3000)), now+1+far()
			if rng.IntN(8) == 0 {
				at = now + 1000
			}
			if _, ok := deadlines[key]; ok && rng.IntN(2) == 0 {
				d.SetDeadline([]byte(key), at)
			} else {
				d.SetString([]byte(key), nil, at)
			}
			deadlines[key] = at
		}
		switch rng.IntN(12) {
		case 0:
			now += far()
		case 1:
			now -= far() / 2
		case 2:
			now += 1000
		default:
			now += rng.Int64N(30)
		}
		s.SetNow(now)
		for s.NextDue() <= now {
			for _, e := range s.PopDue(now, 1+rng.IntN(50), nil) {
				if e.Deadline > now || deadlines[string(e.Key)] != e.Deadline {
					t.Fatalf("%q popped at %d with deadline %d, has %d", e.Key, now, e.Deadline, deadlines[string(e.Key)])
				}
				d.Delete(e.Key)
				delete(deadlines, string(e.Key))
			}
			if w := d.t.wheel; w != nil && rng.IntN(10) == 0 {
				w.checkCounts(t)
			}
		}
		for key, at := range deadlines {
			if at <= now {
				t.Fatalf("%q is due since %d and was not popped at %d", key, at, now)
			}
		}
	}
	s.ks.checkEmptyAfter(t, deadlines)
}

func (k *Keyspace) checkEmptyAfter(t *testing.T, keys map[string]int64) {
	t.Helper()
	for key := range keys {
		k.Shard(0).DB(0).Delete([]byte(key))
	}
	k.checkEmpty(t)
}

// TestDue counts what is due, before and while it is popped.
func TestDue(t *testing.T) {
	const base, n = 1_700_000_000_000, 5000
	const at = (base + 1000) | 0xff // the end of a slot: no part of one is estimated
	s := New(Options{BornMs: base}).Shard(0)
	d := s.DB(0)
	for i := range n {
		d.SetString([]byte("k"+strconv.Itoa(i)), nil, at)
		d.SetString([]byte("later"+strconv.Itoa(i)), nil, at+1<<20)
	}
	if got := s.Due(base + 100); got != 0 {
		t.Errorf("%d are due at once", got)
	}
	left := n
	for left > 0 {
		due := s.PopDue(at, 97, nil)
		for _, e := range due {
			d.Delete(e.Key)
		}
		left -= len(due)
		if got := s.Due(at); got != left {
			t.Fatalf("%d are due, want %d", got, left)
		}
	}
	if got := s.Due(base + 1<<40); got != n {
		t.Errorf("%d are due later, want %d", got, n)
	}
}

// TestClockBackIsBounded: keys that were set while the clock was ahead are not looked at again and again
// once it is right.
func TestClockBackIsBounded(t *testing.T) {
	const base, n = 1_700_000_000_000, 20000
	s := New(Options{BornMs: base}).Shard(0)
	d := s.DB(0)
	s.SetNow(base + 3_600_000)
	d.SetString([]byte("first"), nil, base+3_600_000)
	s.PopDue(base+3_600_000, 10, nil) // the wheel is an hour ahead
	s.SetNow(base)
	for i := range n {
		d.SetString([]byte(strconv.Itoa(i)), nil, base+60_000+int64(i))
	}
	calls := 0
	for ; s.NextDue() <= base; calls++ {
		if got := s.PopDue(base, 10, nil); len(got) != 0 {
			t.Fatalf("%v is not due", got)
		}
	}
	if calls > n/cascadeBudget+2 {
		t.Errorf("%d calls", calls)
	}
	d.t.wheel.checkCounts(t)
	if d.t.wheel.count(overdue) != 0 {
		t.Errorf("%d entries are still taken for overdue", d.t.wheel.count(overdue))
	}
}
