package keyspace

import (
	"fmt"
	"testing"
)

// TestFill: a set that is built at once has the members and the encoding of one that is added to.
func TestFill(t *testing.T) {
	members := map[string]func(i int) []byte{
		"integers": func(i int) []byte { return fmt.Appendf(nil, "%d", i*3) },
		"strings":  element,
		"long":     func(i int) []byte { return fmt.Appendf(nil, "%0*d", 60+i%10, i) },
	}
	for name, member := range members {
		for _, n := range []int{1, 100, 511, 512, 513, 3000} {
			for _, limit := range []int{64, 10000} {
				t.Run(fmt.Sprintf("%s/%d/%d", name, n, limit), func(t *testing.T) {
					l := DefaultLimits()
					l.SetIntset, l.ZSetEntries = limit, limit
					k := New(Options{Limits: l})
					d := k.Shard(0).DB(0)
					one, all := []byte("one"), []byte("all")
					a, _ := d.Set(one)
					b, _ := d.Set(all)
					for i := range n {
						a.Add(member(i))
					}
					b.Fill(n, member)
					if d.Encoding(one) != d.Encoding(all) || a.Len() != b.Len() || text(t, d, one) != text(t, d, all) {
						t.Errorf("sets differ: %s of %d, want %s of %d", d.Encoding(all), b.Len(), d.Encoding(one), a.Len())
					}
					d.Delete(one)
					d.Delete(all)
					y, _ := d.ZSet(one)
					z, _ := d.ZSet(all)
					score := func(i int) float64 { return float64(i / 3 * 2) }
					for i := range n {
						y.Set(member(i), score(i))
					}
					z.Fill(n, func(i int) ([]byte, float64) { return member(i), score(i) })
					if d.Encoding(one) != d.Encoding(all) || y.Len() != z.Len() || text(t, d, one) != text(t, d, all) {
						t.Errorf("sorted sets differ: %s of %d, want %s of %d", d.Encoding(all), z.Len(), d.Encoding(one), y.Len())
					}
					d.Delete(one)
					d.Delete(all)
					k.checkEmpty(t)
				})
			}
		}
	}
}

// BenchmarkFill builds a set and a sorted set of a million at once and one by one; per member.
func BenchmarkFill(b *testing.B) {
	const n = 1_000_000
	names := make([][]byte, n)
	for i := range names {
		names[i] = element(i * 7919 % n)
	}
	at := func(i int) []byte { return names[i] }
	ranked := func(i int) ([]byte, float64) { return names[i], float64(i) }
	key := []byte("k")
	for _, bench := range []struct {
		name string
		fill func(d *DB)
	}{
		{"set/at once", func(d *DB) { h, _ := d.Set(key); h.Fill(n, at) }},
		{"set/one by one", func(d *DB) {
			h, _ := d.Set(key)
			for i := range n {
				h.Add(at(i))
			}
		}},
		{"zset/at once", func(d *DB) { h, _ := d.ZSet(key); h.Fill(n, ranked) }},
		{"zset/one by one", func(d *DB) {
			h, _ := d.ZSet(key)
			for i := range n {
				h.Set(ranked(i))
			}
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				bench.fill(New(Options{}).Shard(0).DB(0))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/member")
		})
	}
}
