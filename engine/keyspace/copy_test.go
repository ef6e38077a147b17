package keyspace

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
)

// filler makes a large value of n elements at a key, in the way of its type.
var fillers = []struct {
	name string
	fill func(d *DB, key []byte, n int)
}{
	{"hash", func(d *DB, key []byte, n int) {
		h, _ := d.Hash(key)
		for i := range n {
			h.Set(element(i), element(i))
		}
	}},
	{"set", func(d *DB, key []byte, n int) {
		h, _ := d.Set(key)
		for i := range n {
			h.Add(element(i))
		}
	}},
	{"list", func(d *DB, key []byte, n int) {
		h, _ := d.List(key)
		for i := range n {
			h.PushBack(element(i))
		}
	}},
	{"zset", func(d *DB, key []byte, n int) {
		h, _ := d.ZSet(key)
		for i := range n {
			h.Set(element(i), float64(i*7919%n))
		}
	}},
	{"stream", func(d *DB, key []byte, n int) {
		h, _ := d.Stream(key)
		h.Write(func(s *stream.Stream) {
			for i := range n {
				s.Add(stream.ID{Ms: uint64(i + 1)}, [][]byte{[]byte("field"), element(i)}, stream.Limits{})
			}
			s.CreateGroup([]byte("g"), stream.ID{}, 0)
			s.CreateConsumer([]byte("g"), []byte("c"), 1)
			s.Assign([]byte("g"), []byte("c"), stream.ID{Ms: 1}, 1, 1)
		})
	}},
	{"string", func(d *DB, key []byte, n int) { d.SetString(key, make([]byte, 10*n), 0) }},
}

func element(i int) []byte { return fmt.Appendf(nil, "element:%08d", i) }

// change writes a little into a large value.
func change(d *DB, key []byte) {
	switch d.Type(key) {
	case Hash:
		h, _ := d.Hash(key)
		h.Set(element(5), []byte("changed........."))
		h.Delete(element(6))
	case Set:
		h, _ := d.Set(key)
		h.Add([]byte("changed"))
		h.Remove(element(6))
	case List:
		h, _ := d.List(key)
		h.Set(5, []byte("changed........."))
		h.Delete(6, 1)
	case ZSet:
		h, _ := d.ZSet(key)
		h.Set(element(5), 1e9)
		h.Remove(element(6))
	case Stream:
		h, _ := d.Stream(key)
		h.Write(func(s *stream.Stream) {
			s.Add(stream.ID{Ms: 1 << 40}, [][]byte{[]byte("f"), []byte("v")}, stream.Limits{})
			s.Delete(stream.ID{Ms: 2})
			s.Ack([]byte("g"), stream.ID{Ms: 1})
		})
	case String:
		d.SetRange(key, 5, []byte("changed"))
		d.AppendString(key, []byte("tail"))
	}
}

// text writes a value out, what has no order in the order of its text.
func text(t *testing.T, d *DB, key []byte) string {
	t.Helper()
	f, ok := d.Freeze(key)
	if !ok {
		t.Fatalf("no %q", key)
	}
	defer f.Release()
	parts := []string{string(f.Str())}
	add := func(what ...any) bool { parts = append(parts, fmt.Sprintf("%s", what)); return true }
	f.RangeHash(func(k, v []byte) bool { return add(k, v) })
	f.RangeSet(func(m []byte) bool { return add(m) })
	if f.Type == Hash || f.Type == Set {
		slices.Sort(parts)
	}
	f.RangeList(func(v []byte) bool { return add(v) })
	f.RangeZSet(func(m []byte, s float64) bool { return add(m, fmt.Sprint(s)) })
	f.RangeStream(func(ms, seq uint64, fields [][]byte) bool { return add(fmt.Sprint(ms, seq), fmt.Sprintf("%s", fields)) })
	if s := f.Stream(); s != nil {
		s.RangeGroups(func(g stream.Group) bool { return add(g.Name(), fmt.Sprint(g.Pending())) })
	}
	return strings.Join(parts, " ")
}

// TestCopyIsConstant: a copy of a large value shares it, and what is written to one of the two does not
// show in the other, nor in views of either.
func TestCopyIsConstant(t *testing.T) {
	for _, f := range fillers {
		t.Run(f.name, func(t *testing.T) {
			k := New(Options{Shards: 2})
			d, other := k.Shard(0).DB(0), k.Shard(1).DB(0)
			a, b := []byte("a"), []byte("b")
			f.fill(d, a, 3000)
			want := text(t, d, a)
			view, _ := d.Freeze(a)
			allocs := testing.AllocsPerRun(1, func() { d.Copy(a, other, b) })
			if allocs > 100 {
				t.Errorf("%v allocations", allocs)
			}
			if got := text(t, other, b); got != want {
				t.Fatal("the copy differs")
			}
			change(d, a)
			changed := text(t, d, a)
			if changed == want || text(t, other, b) != want {
				t.Error("a write to the original shows in the copy, or not at all")
			}
			view.Release()
			change(d, a)
			change(other, b)
			if text(t, other, b) == want {
				t.Error("a write to the copy does not show")
			}
			d.Copy(a, other, b) // over what is there
			again := text(t, d, a)
			d.Delete(a)
			f.fill(d, a, 3000)
			change(d, a)
			if text(t, other, b) != again {
				t.Error("after the original is gone")
			}
			d.Delete(a)
			other.Delete(b)
			k.checkEmpty(t)
		})
	}
}

// TestLargeValuesGoBack: the side table of large values shrinks, and its numbers are used again.
func TestLargeValuesGoBack(t *testing.T) {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	const n = 20 * sideChunk
	val := make([]byte, slotMax+1)
	for round := range 3 {
		for i := range n {
			d.SetString(element(i), val, 0)
		}
		if got := len(d.t.side.chunks); got > n/sideChunk+1 {
			t.Fatalf("round %d: %d chunks", round, got)
		}
		for i := range n {
			if (i*7919+round)%n != 0 {
				d.Delete(element(i * 7919 % n))
			}
		}
		live := 0
		for _, p := range d.t.side.chunks {
			if p != nil {
				live++
			}
		}
		if live > d.Len()+1 {
			t.Errorf("round %d: %d chunks for %d values", round, live, d.Len())
		}
	}
	for i := range n {
		d.Delete(element(i))
	}
	k.checkEmpty(t)
}
