package zset

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/tree"
)

func random(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

type pair struct {
	member string
	score  float64
}

func sorted(want map[string]float64) []pair {
	ps := make([]pair, 0, len(want))
	for m, s := range want {
		ps = append(ps, pair{m, s})
	}
	slices.SortFunc(ps, func(a, b pair) int {
		if c := cmp.Compare(a.score, b.score); c != 0 {
			return c
		}
		return cmp.Compare(a.member, b.member)
	})
	return ps
}

func below(b *bound, score float64, member []byte) bool {
	return b.score < score || b.score == score && b.member <= string(member)
}

func checkOrder(t testing.TB, s *tree.State[bound, leaf, *leaf]) {
	t.Helper()
	err := s.Check(func(l *leaf, low, high *bound) error {
		live := 0
		for i := range l.n {
			live += l.Span(int(l.offs[i]), memberShape)
			if low != nil && !below(low, l.scores[i], l.member(i)) {
				return fmt.Errorf("a member lies below its separator")
			}
			if high != nil && below(high, l.scores[i], l.member(i)) {
				return fmt.Errorf("a member lies above the next separator")
			}
			if i > 0 && (l.scores[i-1] > l.scores[i] ||
				l.scores[i-1] == l.scores[i] && bytes.Compare(l.member(i-1), l.member(i)) >= 0) {
				return fmt.Errorf("members are out of order")
			}
		}
		if live != l.Live() || live > liveMax+600 {
			return fmt.Errorf("a leaf has %d live bytes, noted %d", live, l.Live())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

type view interface {
	Len() int
	Score(m []byte) (float64, bool)
	Range(rank, n int, fn func(m []byte, score float64) bool)
}

func same(t testing.TB, z view, want map[string]float64) {
	t.Helper()
	ps := sorted(want)
	got := make([]pair, 0, len(ps))
	z.Range(0, len(ps)+1, func(m []byte, s float64) bool {
		got = append(got, pair{string(m), s})
		return true
	})
	if !slices.Equal(got, ps) || z.Len() != len(ps) {
		t.Fatalf("%d members (Len %d) differ from the %d wanted", len(got), z.Len(), len(ps))
	}
	for _, p := range ps {
		if s, ok := z.Score([]byte(p.member)); !ok || s != p.score {
			t.Fatalf("Score %.20q = %v, %v, want %v", p.member, s, ok, p.score)
		}
	}
}

// ranks compares everything that depends on ranks.
func ranks(t testing.TB, r *rand.Rand, z *ZSet, want map[string]float64) {
	t.Helper()
	ps := sorted(want)
	for i, p := range ps {
		if got, ok := z.Rank([]byte(p.member)); !ok || got != i {
			t.Fatalf("Rank %.20q = %d, %v, want %d", p.member, got, ok, i)
		}
		if m, s := z.At(i); string(m) != p.member || s != p.score {
			t.Fatalf("At(%d) = %.20q %v", i, m, s)
		}
	}
	for range 30 {
		score := float64(r.IntN(1000)) / 2
		if len(ps) > 0 && r.IntN(2) == 0 {
			score = ps[r.IntN(len(ps))].score
		}
		less, upTo := 0, 0
		for _, p := range ps {
			if p.score < score {
				less++
			}
			if p.score <= score {
				upTo++
			}
		}
		if a, b := z.CountLess(score, false), z.CountLess(score, true); a != less || b != upTo {
			t.Fatalf("CountLess(%v) = %d and %d, want %d and %d", score, a, b, less, upTo)
		}
	}
	if len(ps) == 0 {
		return
	}
	for range 10 {
		i, n := r.IntN(len(ps)), r.IntN(200)
		var got []pair
		z.RangeBack(i, n, func(m []byte, s float64) bool {
			got = append(got, pair{string(m), s})
			return true
		})
		w := slices.Clone(ps[max(0, i-n+1) : i+1])
		slices.Reverse(w)
		if !slices.Equal(got, w) {
			t.Fatalf("RangeBack(%d, %d) gave %d members, want %d", i, n, len(got), len(w))
		}
	}
}

type held struct {
	*View
	want map[string]float64
}

func name(r *rand.Rand, space int) string {
	k := r.IntN(space)
	if k%50 == 0 {
		return fmt.Sprintf("%0600d", k)
	}
	return fmt.Sprintf("m%d", k)
}

func write(t testing.TB, r *rand.Rand, z *ZSet, want map[string]float64, space, scores int, removes float64) {
	m := name(r, space)
	_, had := want[m]
	switch {
	case r.IntN(2000) == 0 && len(want) > 0:
		ps := sorted(want)
		i := r.IntN(len(ps))
		n := 1 + r.IntN(1+r.IntN(len(ps)-i))
		z.DeleteRange(i, n)
		for _, p := range ps[i : i+n] {
			delete(want, p.member)
		}
	case r.Float64() < removes:
		if z.Remove([]byte(m)) != had {
			t.Fatalf("Remove %.20q", m)
		}
		delete(want, m)
	default:
		s := float64(r.IntN(scores)) / 2
		if z.Set([]byte(m), s) == had {
			t.Fatalf("Set %.20q", m)
		}
		want[m] = s
	}
}

func TestAgainstMap(t *testing.T) {
	for _, scores := range []int{1, 5, 1000, 1e9} {
		t.Run(fmt.Sprintf("%d scores", scores), func(t *testing.T) {
			r := random(t)
			z, want := New(maphash.MakeSeed()), map[string]float64{}
			var views []held
			for round := range 6 {
				for range 1500 {
					write(t, r, z, want, 3000, scores, []float64{0.1, 0.5, 0.9}[round%3])
					if r.IntN(150) == 0 {
						views = append(views, held{z.Freeze(), maps.Clone(want)})
					}
					if len(views) > 0 && r.IntN(200) == 0 {
						i := r.IntN(len(views))
						same(t, views[i], views[i].want)
						if r.IntN(4) == 0 {
							z.Restore(views[i].View)
							want = maps.Clone(views[i].want)
						}
						views[i].Release()
						views = slices.Delete(views, i, i+1)
					}
				}
				checkOrder(t, &z.order.State)
				same(t, z, want)
				ranks(t, r, z, want)
				for _, v := range views {
					checkOrder(t, &v.state.order)
					same(t, v, v.want)
				}
			}
			for m := range want {
				z.Remove([]byte(m))
			}
			if checkOrder(t, &z.order.State); z.Len() != 0 || z.Bytes() != headBytes {
				t.Fatalf("empty: %d members, %d bytes", z.Len(), z.Bytes())
			}
		})
	}
}

func TestInOrder(t *testing.T) {
	const n = 12000
	for _, c := range []struct {
		name  string
		score func(i int) float64
	}{
		{"ascending", func(i int) float64 { return float64(i) }},
		{"descending", func(i int) float64 { return float64(-i) }},
		{"same score", func(int) float64 { return 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, want := New(maphash.MakeSeed()), map[string]float64{}
			for i := range n {
				m := fmt.Sprintf("%08d", i)
				z.Set([]byte(m), c.score(i))
				want[m] = c.score(i)
			}
			checkOrder(t, &z.order.State)
			same(t, z, want)
			if per := z.order.Bytes() / n; per > 28 {
				t.Errorf("%d bytes a member in the order: leaves are not full", per)
			}
			for i := range n - 10 {
				z.Remove(fmt.Appendf(nil, "%08d", i))
				delete(want, fmt.Sprintf("%08d", i))
			}
			checkOrder(t, &z.order.State)
			same(t, z, want)
		})
	}
}

func TestLex(t *testing.T) {
	r := random(t)
	z, want := New(maphash.MakeSeed()), map[string]float64{}
	for range 4000 {
		m := fmt.Sprintf("%05x", r.IntN(1<<20))[:1+r.IntN(3)] + fmt.Sprintf("%x", r.IntN(1<<12))
		z.Set([]byte(m), 0)
		want[m] = 0
	}
	ps := sorted(want)
	for range 2000 {
		q := fmt.Sprintf("%x", r.IntN(1<<16))
		if r.IntN(2) == 0 {
			q = ps[r.IntN(len(ps))].member
		}
		less, upTo := 0, 0
		for _, p := range ps {
			if p.member < q {
				less++
			}
			if p.member <= q {
				upTo++
			}
		}
		if a, b := z.CountLexLess([]byte(q), false), z.CountLexLess([]byte(q), true); a != less || b != upTo {
			t.Fatalf("CountLexLess(%q) = %d and %d, want %d and %d", q, a, b, less, upTo)
		}
	}
}

func TestSpecialScores(t *testing.T) {
	z := New(maphash.MakeSeed())
	z.Set([]byte("zero"), math.Copysign(0, -1))
	z.Set([]byte("top"), math.Inf(1))
	z.Set([]byte("bottom"), math.Inf(-1))
	if s, _ := z.Score([]byte("zero")); math.Signbit(s) {
		t.Error("-0 was stored")
	}
	if z.Set([]byte("zero"), 0) || z.Len() != 3 {
		t.Error("0 is another score than -0")
	}
	if a, b := z.CountLess(math.Inf(-1), true), z.CountLess(math.Inf(1), false); a != 1 || b != 2 {
		t.Errorf("counts at the infinities are %d and %d", a, b)
	}
	empty := New(maphash.MakeSeed())
	if empty.CountLess(1, true) != 0 || empty.CountLexLess([]byte("x"), true) != 0 {
		t.Error("an empty set counts members")
	}
	empty.DeleteRange(0, 10)
	empty.Range(0, 10, func([]byte, float64) bool { t.Error("an empty set gives a member"); return true })
}

func TestDeleteRange(t *testing.T) {
	const n = 8000
	for _, c := range []struct{ rank, n int }{
		{0, n}, {0, n - 10}, {10, n}, {0, 2000}, {n - 2000, 2000}, {3000, 1200}, {5, n - 10},
		{-3, 10}, {100, math.MaxInt}, {n, 5}, {50, 0}, {50, -1},
	} {
		t.Run(fmt.Sprintf("%d of %d", c.n, c.rank), func(t *testing.T) {
			z, want := New(maphash.MakeSeed()), map[string]float64{}
			for i := range n {
				m := fmt.Sprint(i)
				z.Set([]byte(m), float64(i%1000))
				want[m] = float64(i % 1000)
			}
			v := held{z.Freeze(), maps.Clone(want)}
			z.DeleteRange(c.rank, c.n)
			lo := max(c.rank, 0)
			for _, p := range sorted(want)[lo : lo+max(min(c.n, n-lo), 0)] {
				delete(want, p.member)
			}
			checkOrder(t, &z.order.State)
			same(t, z, want)
			same(t, v, v.want)
		})
	}
}

func TestBuild(t *testing.T) {
	r := random(t)
	inputs := map[string]func(i int) pair{
		"sorted":     func(i int) pair { return pair{fmt.Sprintf("%07d", i), float64(i / 3)} },
		"unsorted":   func(i int) pair { return pair{fmt.Sprint(i), float64(r.IntN(100))} },
		"late turn":  func(i int) pair { return pair{fmt.Sprintf("%07d", i), float64(i % 4000)} },
		"duplicates": func(i int) pair { return pair{fmt.Sprintf("%07d", i%4000), float64(i)} },
	}
	for title, input := range inputs {
		for _, n := range []int{0, 1, 64, 65, 1024, 1025, 5000} {
			t.Run(fmt.Sprintf("%s/%d", title, n), func(t *testing.T) {
				want := map[string]float64{}
				var room []byte
				pairs := make([]pair, n)
				for i := range pairs {
					pairs[i] = input(i)
					want[pairs[i].member] = pairs[i].score
				}
				z := Build(maphash.MakeSeed(), n, func(i int) ([]byte, float64) {
					room = append(room[:0], pairs[i].member...)
					return room, pairs[i].score
				})
				checkOrder(t, &z.order.State)
				same(t, z, want)
				for range 500 {
					write(t, r, z, want, 5000, 100, 0.3)
				}
				checkOrder(t, &z.order.State)
				same(t, z, want)
			})
		}
	}
}

func TestScanAndRandom(t *testing.T) {
	r := random(t)
	z, want := New(maphash.MakeSeed()), map[string]float64{}
	for range 3000 {
		write(t, r, z, want, 2000, 100, 0.1)
	}
	got := map[string]float64{}
	for cursor := uint64(0); ; {
		if cursor = z.Scan(cursor, 10, func(m []byte, s float64) { got[string(m)] = s }); cursor == 0 {
			break
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("Scan gave %d members, want %d", len(got), len(want))
	}
	for range 100 {
		if m, s := z.Random(r); want[string(m)] != s {
			t.Errorf("Random gave %q with %v", m, s)
		}
	}
}

// TestWalkersWithoutLock is for the race detector: views are read while the set is written.
func TestWalkersWithoutLock(t *testing.T) {
	r := random(t)
	z, want := New(maphash.MakeSeed()), map[string]float64{}
	for range 3000 {
		write(t, r, z, want, 4000, 100, 0)
	}
	var walkers sync.WaitGroup
	for range 10 {
		v := held{z.Freeze(), maps.Clone(want)}
		walkers.Go(func() {
			same(t, v, v.want)
			v.Release()
		})
		for range 800 {
			write(t, r, z, want, 4000, 100, 0.4)
		}
	}
	walkers.Wait()
	checkOrder(t, &z.order.State)
	same(t, z, want)
}
