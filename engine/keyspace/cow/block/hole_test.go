package block

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestHoles adds and vacates records at random, with few sizes, and compares the block with a map.
func TestHoles(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	one := Shape{Items: 1}
	var b Block
	want := map[uint16][]byte{}
	for i := range 20_000 {
		v := bytes.Repeat([]byte{byte(i)}, []int{0, 2, 3, 16, 17, Inline + 1}[r.IntN(6)])
		if len(want) < 50 && r.IntN(2) == 0 {
			at, end := b.Begin(Size(v))
			b.Add(v)
			b.End(end)
			if want[uint16(at)] != nil {
				t.Fatalf("seed %d: a record was written over", seed)
			}
			want[uint16(at)] = append([]byte{}, v...)
		} else {
			for off, v := range want {
				if r.IntN(2) == 0 {
					b.VacateItem(int(off), v)
				} else {
					b.Vacate(int(off), one)
				}
				delete(want, off)
				break
			}
		}
		live := 0
		for off, v := range want {
			live += b.Span(int(off), one)
			if !b.Equal(int(off), v) {
				t.Fatalf("seed %d: record at %d differs after %d steps", seed, off, i)
			}
		}
		if live != b.Live() {
			t.Fatalf("seed %d: %d bytes live, noted %d", seed, live, b.Live())
		}
		if b.Sparse() {
			var offs []uint16
			var values [][]byte
			for off, v := range want {
				offs, values = append(offs, off), append(values, v)
			}
			b.Compact(offs, one, 0)
			clear(want)
			for i, off := range offs {
				want[off] = values[i]
			}
		}
	}
}

// TestHolesEndGarbage: records of one size that come and go need no new storage.
func TestHolesEndGarbage(t *testing.T) {
	var b Block
	v := bytes.Repeat([]byte("x"), 20)
	var offs []int
	for range 40 {
		off, end := b.Begin(Size(v))
		b.Add(v)
		b.End(end)
		offs = append(offs, off)
	}
	if n := testing.AllocsPerRun(1000, func() {
		b.VacateItem(offs[7], v)
		off, end := b.Begin(Size(v))
		b.Add(v)
		b.End(end)
		offs[7] = off
	}); n > 0 {
		t.Errorf("%v allocations for a record that comes and one that goes", n)
	}
}
