package list

import (
	"fmt"
	"slices"
	"testing"
)

func packedElements(p Packed) []string {
	got := []string{}
	p.Range(0, p.Len(), func(v []byte) bool {
		got = append(got, string(v))
		return true
	})
	return got
}

func TestPackedAgainstSlice(t *testing.T) {
	r := random(t)
	var p Packed
	want := []string{}
	for i := range 20000 {
		v := fmt.Sprintf("%0*d", r.IntN(100), i)
		n := len(want)
		switch op := r.IntN(7); {
		case op == 0:
			p, want = p.PushFront([]byte(v)), slices.Insert(want, 0, v)
		case op == 1:
			p, want = p.PushBack([]byte(v)), append(want, v)
		case op == 2:
			k := r.IntN(n + 1)
			p, want = p.Insert(k, []byte(v)), slices.Insert(want, k, v)
		case n == 0:
		case op == 3:
			k := r.IntN(n)
			p, want[k] = p.Set(k, []byte(v)), v
		case op < 6:
			k, c := r.IntN(n), 1+r.IntN(2)
			p, want = p.Delete(k, c), slices.Delete(want, k, min(k+c, n))
		default:
			k, c := r.IntN(n), r.IntN(200)
			if c > 190 {
				p, want = p.Delete(0, n), want[:0]
				break
			}
			var got []string
			p.RangeBack(k, c, func(v []byte) bool {
				got = append(got, string(v))
				return true
			})
			w := slices.Clone(want[max(0, k-c+1) : k+1])
			slices.Reverse(w)
			if !slices.Equal(got, w) {
				t.Fatalf("RangeBack(%d, %d) gave %d elements, want %d", k, c, len(got), len(w))
			}
			if string(p.Index(k)) != want[k] {
				t.Fatalf("Index(%d) = %q", k, p.Index(k))
			}
		}
		if i%50 == 0 && (!p.Valid() || p.Len() != len(want) || !slices.Equal(packedElements(p), want)) {
			t.Fatalf("%d elements differ from the %d wanted, valid %v", p.Len(), len(want), p.Valid())
		}
	}
	same(t, &p.Large().order.State, want)
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(nil), []byte("v"), uint(0))
	f.Add([]byte{2, 0, 2, 'a', 2, 'b'}, []byte("v"), uint(1))
	f.Add([]byte{9, 0, 2, 'a'}, []byte("v"), uint(1))
	f.Fuzz(func(t *testing.T, data, v []byte, at uint) {
		p := Packed(slices.Clone(data)) // written in place below
		if !p.Valid() {
			return
		}
		want := packedElements(p)
		if p.Len() != len(want) {
			t.Fatalf("Len %d, Range gave %d", p.Len(), len(want))
		}
		i := int(at % uint(len(want)+1))
		p, want = p.Insert(i, v), slices.Insert(want, i, string(v))
		p, want = p.PushFront(v), slices.Insert(want, 0, string(v))
		p, want = p.PushBack(v), append(want, string(v))
		if !p.Valid() || !slices.Equal(packedElements(p), want) {
			t.Fatal("wrong after insertions")
		}
		p, want[i] = p.Set(i, append(v, 'x')), string(v)+"x"
		p, want = p.Delete(i+1, 2), slices.Delete(want, i+1, min(i+3, len(want)))
		if !p.Valid() || !slices.Equal(packedElements(p), want) {
			t.Fatal("wrong after Set and Delete")
		}
	})
}
