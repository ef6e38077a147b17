package hash

import (
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func packedFields(p Packed) map[string]string {
	got := map[string]string{}
	p.Range(func(f, v []byte) bool {
		got[string(f)] = string(v)
		return true
	})
	return got
}

func TestPackedAgainstMap(t *testing.T) {
	r := random(t)
	var p Packed
	want := map[string]string{}
	for i := range 20000 {
		f := fmt.Sprintf("%0*d", 1+r.IntN(3), r.IntN(100))
		if r.IntN(50) == 0 {
			f = fmt.Sprintf("%0200d", r.IntN(5))
		}
		_, had := want[f]
		if r.IntN(2) == 0 {
			var ok bool
			if p, ok = p.Delete([]byte(f)); ok != had {
				t.Fatalf("Delete %s = %v", f, ok)
			}
			delete(want, f)
		} else {
			v := fmt.Sprintf("%0*d", r.IntN(150), i)
			var created bool
			if p, created = p.Set([]byte(f), []byte(v)); created == had {
				t.Fatalf("Set %s = %v", f, created)
			}
			want[f] = v
		}
		w, has := want[f]
		if v, ok := p.Get([]byte(f)); ok != has || string(v) != w {
			t.Fatalf("Get %s = %q, %v", f, v, ok)
		}
		if i%100 == 0 {
			if !p.Valid() || p.Len() != len(want) || !maps.Equal(packedFields(p), want) {
				t.Fatalf("%d fields differ from the %d wanted, valid %v", p.Len(), len(want), p.Valid())
			}
		}
	}
	same(t, p.Large(maphash.MakeSeed()), want)
}

func TestPackedMany(t *testing.T) {
	const n = 65700
	p := Packed{}
	for i := range n {
		// Appended as Set would, without its search.
		p = append(p, 0, 0)[:max(len(p), 2)]
		f := fmt.Sprintf("%05d", i)
		p = append(append(append(append(p, 10), f...), 2), 'v')
	}
	p[0], p[1] = 0xf0, 0xff
	if p.Len() != n || !p.Valid() {
		t.Fatalf("Len %d, valid %v", p.Len(), p.Valid())
	}
	for i := range 400 {
		p, _ = p.Delete(fmt.Appendf(nil, "%05d", i))
	}
	if p.Len() != n-400 || p[0] == 0xf0 && p[1] == 0xff || !p.Valid() {
		t.Fatalf("Len %d, head % x, valid %v", p.Len(), p[:2], p.Valid())
	}
}

func TestPackedRandom(t *testing.T) {
	r := random(t)
	var p Packed
	for i := range 10 {
		p, _ = p.Set(fmt.Append(nil, i), fmt.Append(nil, i))
	}
	hits := map[string]int{}
	for range 10000 {
		f, v := p.Random(r)
		if string(f) != string(v) {
			t.Fatalf("field %s came with value %s", f, v)
		}
		hits[string(f)]++
	}
	for i := range 10 {
		if n := hits[fmt.Sprint(i)]; n < 800 || n > 1200 {
			t.Errorf("field %d was drawn %d of 10000 times", i, n)
		}
	}
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(nil), []byte("f"), []byte("v"))
	f.Add([]byte{1, 0, 2, 'f', 2, 'v'}, []byte("f"), []byte("other"))
	f.Add([]byte{2, 0, 2, 'f', 2, 'v', 2, 'f', 0}, []byte("f"), []byte("other"))
	f.Add([]byte{1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, []byte(""), []byte(""))
	f.Fuzz(func(t *testing.T, data, field, value []byte) {
		p := Packed(slices.Clone(data)) // written in place below
		if !p.Valid() {
			return
		}
		want := packedFields(p)
		if p.Len() != len(want) {
			t.Fatalf("Len %d, Range gave %d", p.Len(), len(want))
		}
		p, _ = p.Set(field, value)
		want[string(field)] = string(value)
		if !p.Valid() || !maps.Equal(packedFields(p), want) {
			t.Fatal("wrong after Set")
		}
		p, ok := p.Delete(field)
		delete(want, string(field))
		if !ok || !p.Valid() || !maps.Equal(packedFields(p), want) {
			t.Fatal("wrong after Delete")
		}
	})
}

func BenchmarkPacked(b *testing.B) {
	for _, n := range []int{10, 64} {
		var p Packed
		for i := range n {
			p, _ = p.Set(fmt.Appendf(nil, "field%02d", i), []byte("0123456789"))
		}
		field := []byte("field00")
		r := rand.New(rand.NewPCG(1, 2))
		pick := func() []byte {
			i := r.IntN(n)
			field[5], field[6] = byte('0'+i/10), byte('0'+i%10)
			return field
		}
		b.Run(fmt.Sprintf("get/%d", n), func(b *testing.B) {
			for b.Loop() {
				p.Get(pick())
			}
		})
		b.Run(fmt.Sprintf("overwrite/%d", n), func(b *testing.B) {
			for b.Loop() {
				p, _ = p.Set(pick(), []byte("9876543210"))
			}
		})
	}
}
