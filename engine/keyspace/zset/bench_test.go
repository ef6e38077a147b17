package zset

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
)

func filled(n int, r *rand.Rand) *ZSet {
	z := New(maphash.MakeSeed())
	for i := range n {
		z.Set(fmt.Appendf(nil, "%016d", i), float64(r.IntN(1e9)))
	}
	return z
}

// TestCopiedBytes: the first write after a freeze copies a path in each of the two structures.
func TestCopiedBytes(t *testing.T) {
	n := 1 << 20
	if testing.Short() {
		n >>= 6
	}
	r := random(t)
	z := Build(maphash.MakeSeed(), n, func(i int) ([]byte, float64) {
		return fmt.Appendf(nil, "%016d", i), float64(i) * 1e3
	})
	t.Logf("%.1f bytes a member", float64(z.Bytes())/float64(n))
	member := func() []byte { return fmt.Appendf(nil, "%016d", r.IntN(n)) }
	// A page of the index with the nodes above it, and the leaf with the nodes above it where the
	// member leaves and where it comes.
	for _, write := range []struct {
		name string
		most int64
		do   func()
	}{
		{"new score", 24 << 10, func() { z.Set(member(), float64(r.IntN(n))*1e3) }},
		{"next score", 16 << 10, func() { m := member(); s, _ := z.Score(m); z.Set(m, s+1) }},
		{"new member", 16 << 10, func() { z.Set(append(member(), 'x'), float64(r.IntN(1e9))) }},
		{"remove", 16 << 10, func() { z.Remove(member()) }},
		{"no effect", 0, func() { m, s := z.At(r.IntN(z.Len())); z.Set(append([]byte(nil), m...), s); z.Remove([]byte("?")) }},
	} {
		var most, sum int64
		for range 300 {
			v := z.Freeze()
			before := z.Copied()
			write.do()
			d := z.Copied() - before
			most, sum = max(most, d), sum+d
			v.Release()
		}
		t.Logf("%s: at most %d bytes, %d on average", write.name, most, sum/300)
		if most > write.most {
			t.Errorf("%s copied %d bytes", write.name, most)
		}
	}
}

func BenchmarkZSet(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		r := rand.New(rand.NewPCG(1, 2))
		z := filled(n, r)
		key := make([]byte, 16)
		pick := func() []byte {
			for x, i := r.IntN(n), 15; i >= 0; x, i = x/10, i-1 {
				key[i] = byte('0' + x%10)
			}
			return key
		}
		run := func(name string, fn func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					fn()
				}
			})
		}
		run("score", func() { z.Score(pick()) })
		run("rank", func() { z.Rank(pick()) })
		run("set", func() { z.Set(pick(), float64(r.IntN(1e9))) })
		run("incr", func() { k := pick(); s, _ := z.Score(k); z.Set(k, s+1) })
		run("countless", func() { z.CountLess(float64(r.IntN(1e9)), true) })
		run("range10", func() { z.Range(r.IntN(n), 10, func([]byte, float64) bool { return true }) })
		run("freeze+set", func() {
			v := z.Freeze()
			z.Set(pick(), float64(r.IntN(1e9)))
			v.Release()
		})
	}
}
