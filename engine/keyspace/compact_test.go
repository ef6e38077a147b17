package keyspace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestCompaction churns a table with values of changing sizes, compacts it between writes and slices
// of a view, and finds every record, deadline and frozen value where it should be.
func TestCompaction(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	k := New(Options{Seed: seed | 1})
	s, d := k.Shard(0), k.Shard(0).DB(0)
	s.SetNow(1000)
	const keys = 40000
	size := make([]int, keys) // -1: absent
	key := func(i int) []byte { return fmt.Appendf(nil, "key:%d", i) }
	val := func(i, n int) []byte {
		b := bytes.Repeat([]byte{byte(i)}, n+4)
		binary.LittleEndian.PutUint32(b, uint32(i))
		return b
	}
	deadline := func(i int) int64 {
		if i%3 != 0 {
			return 0
		}
		return int64(5000 + i)
	}
	for i := range size {
		size[i] = -1
	}
	var v *View
	var b Batch
	frozen := map[int]int{}
	steps, compacted := 6*keys, 0
	for n := range steps {
		i := rng.IntN(keys)
		switch {
		case rng.IntN(3) == 0 || n > steps*3/4 && rng.IntN(3) > 0:
			d.Delete(key(i))
			size[i] = -1
		default:
			size[i] = rng.IntN(16 << (n * 4 / steps * 2))
			d.SetString(key(i), val(i, size[i]), deadline(i))
		}
		if n%10 == 0 {
			compacted += s.Compact(8)
		}
		if n == steps/2 {
			v = k.Freeze()
			for i, n := range size {
				if n >= 0 {
					frozen[i] = n
				}
			}
		}
		if v != nil && n%20 == 0 && v.Slice(0, 50, &b) {
			v = nil
		}
	}
	for v != nil && !v.Slice(0, 500, &b) {
	}
	b.Range(func(f *Frozen) bool {
		var i int
		if _, err := fmt.Sscanf(string(f.Key), "key:%d", &i); err != nil {
			t.Fatal(err)
		}
		n, ok := frozen[i]
		if !ok || !bytes.Equal(f.Str(), val(i, n)) || f.Deadline != deadline(i) {
			t.Fatalf("frozen %s: %d bytes, want %d, %v", f.Key, len(f.Str()), n, ok)
		}
		delete(frozen, i)
		return true
	})
	b.Reset()
	if len(frozen) != 0 {
		t.Fatalf("the view missed %d keys", len(frozen))
	}
	for i := range size {
		if i%5 > 0 {
			d.Delete(key(i))
			size[i] = -1
		}
	}
	for s.Compact(100) > 0 {
		compacted++
	}
	if compacted == 0 {
		t.Error("nothing was compacted")
	}
	a := &d.t.arena
	pages, need := int(a.made-a.nfree-a.ndropped), a.needed()
	if pages > need+need/4+compactSlack {
		t.Errorf("%d pages for records that need %d", pages, need)
	}
	if a.nfree > freeMost && a.ndropped == 0 {
		t.Logf("%d pages are kept: no way to give them back here", a.nfree)
	}
	due := 0
	for i, n := range size {
		got, ok, _ := d.String(key(i))
		if ok != (n >= 0) || ok && !bytes.Equal(got, val(i, n)) {
			t.Fatalf("key %d: %d bytes %v, want %d", i, len(got), ok, n)
		}
		if ok && deadline(i) != 0 {
			due++
		}
	}
	s.SetNow(5000 + keys)
	for s.NextDue() < 5000+keys {
		for _, e := range s.PopDue(5000+keys, 100, nil) {
			var i int
			fmt.Sscanf(string(e.Key), "key:%d", &i)
			if size[i] < 0 || e.Deadline != deadline(i) {
				t.Fatalf("popped %s", e.Key)
			}
			d.Delete(e.Key)
			size[i] = -1
			due--
		}
	}
	if due != 0 {
		t.Errorf("%d deadlines were not popped", due)
	}
	for i := range size {
		d.Delete(key(i))
	}
	k.checkEmpty(t)
}

// TestCompactionOfManyHalves: pages that are all a little more than half full are too many, too.
func TestCompactionOfManyHalves(t *testing.T) {
	d := New(Options{}).Shard(0).DB(0)
	const n = 200_000
	for i := range n {
		d.SetString(element(i), element(i), 0)
	}
	for i := range n {
		if i%5 < 2 {
			d.Delete(element(i))
		}
	}
	steps := 0
	for d.s.Compact(64) > 0 {
		if steps++; steps > n {
			t.Fatal("compaction does not end")
		}
	}
	a := &d.t.arena
	pages, need := int(a.made-a.nfree-a.ndropped), a.needed()
	if pages > need+need/4+compactSlack {
		t.Errorf("%d pages for records that need %d", pages, need)
	}
	for i := range n {
		if got, ok, _ := d.String(element(i)); ok != (i%5 >= 2) || ok && string(got) != string(element(i)) {
			t.Fatalf("key %d: %q, %v", i, got, ok)
		}
	}
}
