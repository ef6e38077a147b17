package zset

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"testing"
)

func packedPairs(p Packed) []pair {
	got := []pair{}
	p.Range(0, p.Len(), func(m []byte, s float64) bool {
		got = append(got, pair{string(m), s})
		return true
	})
	return got
}

func TestPackedAgainstMap(t *testing.T) {
	r := random(t)
	var p Packed
	want := map[string]float64{}
	for i := range 20000 {
		m := fmt.Sprintf("%0*d", 1+r.IntN(2), r.IntN(70))
		_, had := want[m]
		switch op := r.IntN(20); {
		case op == 0 && len(want) > 0:
			ps := sorted(want)
			k, n := r.IntN(len(ps)), r.IntN(10)
			p = p.DeleteRange(k, n)
			for _, x := range ps[k:min(k+n, len(ps))] {
				delete(want, x.member)
			}
		case op < 8:
			var ok bool
			if p, ok = p.Remove([]byte(m)); ok != had {
				t.Fatalf("Remove %s = %v", m, ok)
			}
			delete(want, m)
		default:
			s := float64(r.IntN(20)) / 2
			var created bool
			if p, created = p.Set([]byte(m), s); created == had {
				t.Fatalf("Set %s = %v", m, created)
			}
			want[m] = s
		}
		w, has := want[m]
		if s, ok := p.Score([]byte(m)); ok != has || s != w {
			t.Fatalf("Score %s = %v, %v", m, s, ok)
		}
		if i%50 == 0 {
			packedSame(t, p, want)
		}
	}
	z := p.Large(maphash.MakeSeed())
	checkOrder(t, &z.order.State)
	same(t, z, want)
}

// packedSame compares the packed form with the map, and its ranks and counts with the large form's.
func packedSame(t *testing.T, p Packed, want map[string]float64) {
	t.Helper()
	ps := sorted(want)
	if !p.Valid() || p.Len() != len(ps) || !slices.Equal(packedPairs(p), ps) {
		t.Fatalf("%d members differ from the %d wanted, valid %v", p.Len(), len(ps), p.Valid())
	}
	z := p.Large(maphash.MakeSeed())
	for i, x := range ps {
		if rank, ok := p.Rank([]byte(x.member)); !ok || rank != i {
			t.Fatalf("Rank %s = %d, %v, want %d", x.member, rank, ok, i)
		}
		if m, s := p.At(i); string(m) != x.member || s != x.score {
			t.Fatalf("At(%d) = %s, %v", i, m, s)
		}
		for _, orEqual := range []bool{false, true} {
			if a, b := p.CountLess(x.score, orEqual), z.CountLess(x.score, orEqual); a != b {
				t.Fatalf("CountLess(%v, %v) = %d, want %d", x.score, orEqual, a, b)
			}
		}
	}
	var back, large []pair
	p.RangeBack(len(ps)/2, 20, func(m []byte, s float64) bool { back = append(back, pair{string(m), s}); return true })
	z.RangeBack(len(ps)/2, 20, func(m []byte, s float64) bool { large = append(large, pair{string(m), s}); return true })
	if !slices.Equal(back, large) {
		t.Fatalf("RangeBack gave %v, want %v", back, large)
	}
}

func TestPackedLex(t *testing.T) {
	var p Packed
	for _, m := range []string{"b", "d", "a", "c"} {
		p, _ = p.Set([]byte(m), 1)
	}
	for _, c := range []struct {
		m        string
		less, eq int
	}{{"", 0, 0}, {"a", 0, 1}, {"b", 1, 2}, {"bb", 2, 2}, {"d", 3, 4}, {"e", 4, 4}} {
		if a, b := p.CountLexLess([]byte(c.m), false), p.CountLexLess([]byte(c.m), true); a != c.less || b != c.eq {
			t.Errorf("CountLexLess(%q) = %d and %d", c.m, a, b)
		}
	}
}

func TestPackedSpecialScores(t *testing.T) {
	var p Packed
	p, _ = p.Set([]byte("zero"), math.Copysign(0, -1))
	p, _ = p.Set([]byte("top"), math.Inf(1))
	p, _ = p.Set([]byte("bottom"), math.Inf(-1))
	if s, _ := p.Score([]byte("zero")); math.Signbit(s) || !p.Valid() {
		t.Error("-0 was stored")
	}
	if rank, _ := p.Rank([]byte("zero")); rank != 1 {
		t.Errorf("zero has rank %d", rank)
	}
	nan := slices.Clone(p)
	copy(nan[len(nan)-8:], []byte{1, 0, 0, 0, 0, 0, 0xf8, 0x7f})
	if nan.Valid() {
		t.Error("NaN is valid")
	}
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(nil), []byte("m"), 1.5)
	p, _ := Packed(nil).Set([]byte("m"), 1)
	p, _ = p.Set([]byte("n"), 1)
	f.Add([]byte(p), []byte("m"), 2.5)
	f.Add([]byte(p[:len(p)-1]), []byte("m"), 2.5)
	f.Fuzz(func(t *testing.T, data, m []byte, score float64) {
		p := Packed(slices.Clone(data)) // written in place below
		if !p.Valid() || math.IsNaN(score) {
			return
		}
		n := p.Len()
		_, had := p.Score(m)
		p, created := p.Set(m, score)
		if created == had || !p.Valid() || created && p.Len() != n+1 {
			t.Fatal("wrong after Set")
		}
		if s, ok := p.Score(m); !ok || s != score {
			t.Fatalf("Score = %v, %v", s, ok)
		}
		rank, _ := p.Rank(m)
		if p = p.DeleteRange(rank, 1); !p.Valid() {
			t.Fatal("wrong after DeleteRange")
		}
		if _, ok := p.Rank(m); ok {
			t.Fatal("the member is still there")
		}
	})
}
