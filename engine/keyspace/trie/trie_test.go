package trie

import (
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"maps"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

func fnv64(key []byte) uint64 {
	h := fnv.New64a()
	h.Write(key)
	return h.Sum64()
}

func TestAgainstMap(t *testing.T) {
	bad := map[string]func([]byte) uint64{
		"seeded":            nil,
		"two positions":     func(k []byte) uint64 { return uint64(len(k)&1)<<63 | uint64(len(k)) },
		"one hash":          func([]byte) uint64 { return 42 },
		"one position":      func(k []byte) uint64 { return 0xffffffffffff<<16 | fnv64(k)&0xff },
		"few positions":     func(k []byte) uint64 { return fnv64(k) % 7 << 16 },
		"long common start": func(k []byte) uint64 { return fnv64(k) >> 30 },
	}
	shapes := map[string]block.Shape{"pairs": Pairs, "keys": Keys, "words": Words}
	for hashName, hash := range bad {
		for shapeName, shape := range shapes {
			t.Run(hashName+"/"+shapeName, func(t *testing.T) {
				rounds, space := 12, 2500
				if hash != nil {
					rounds, space = 8, 400
				}
				if testing.Short() {
					rounds = 4
				}
				againstMap(t, newModel(shape, hash), rounds, space)
			})
		}
	}
}

// againstMap grows and shrinks in turn, with views that are held for a while and sometimes restored.
func againstMap(t *testing.T, m *model, rounds, space int) {
	r := random(t)
	for round := range rounds {
		deletes := []float64{0.1, 0.5, 0.95, 0.3}[round%4]
		for range space / 2 {
			m.write(t, r, space, deletes)
			if r.IntN(100) == 0 {
				m.views = append(m.views, &held{State: m.State, hold: m.head.Freeze(), want: maps.Clone(m.want)})
			}
			if len(m.views) > 0 && r.IntN(120) == 0 {
				i := r.IntN(len(m.views))
				v := m.views[i]
				same(t, &v.State, v.want)
				if r.IntN(4) == 0 {
					m.State, m.want = v.State, maps.Clone(v.want)
				}
				v.hold.Release()
				m.views = append(m.views[:i], m.views[i+1:]...)
			}
			if len(m.views) > 5 {
				m.views[0].hold.Release()
				m.views = m.views[1:]
			}
		}
		check(t, &m.State)
		same(t, &m.State, m.want)
		for _, v := range m.views {
			check(t, &v.State)
			same(t, &v.State, v.want)
		}
	}
	for k := range m.want {
		m.Delete([]byte(k))
	}
	check(t, &m.State)
	if m.Len() != 0 || m.Bytes() != 0 {
		t.Fatalf("empty: %d records, %d bytes", m.Len(), m.Bytes())
	}
}

func TestEmptyKeyAndValue(t *testing.T) {
	m := newModel(Pairs, nil)
	if !m.Set(nil, nil) || m.Set([]byte{}, nil) {
		t.Fatal("the empty key is not one key")
	}
	if v, ok := m.Get(nil); !ok || len(v) != 0 {
		t.Fatalf("Get = %q, %v", v, ok)
	}
}

// TestTagOne: the search for equal bytes may report byte 1 above a true hit.
func TestTagOne(t *testing.T) {
	m := newModel(Keys, func(k []byte) uint64 { return uint64(k[0]) })
	for i := range 8 {
		m.Set([]byte{byte(i)}, nil)
	}
	m.Delete([]byte{1})
	if _, ok := m.Get([]byte{1}); ok {
		t.Fatal("a deleted key was found")
	}
}

func TestScanGuarantee(t *testing.T) {
	for _, c := range []struct {
		name  string
		churn func(m *model, i int)
	}{
		{"grows", func(m *model, i int) {
			for k := range 3 {
				m.Set(fmt.Appendf(nil, "new%d", 3*i+k), nil)
			}
		}},
		{"shrinks", func(m *model, i int) {
			for k := range 40 {
				m.Delete(fmt.Appendf(nil, "old%d", 40*i+k))
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newModel(Keys, nil)
			stay := map[string]bool{}
			for i := range 2000 {
				m.Set(fmt.Appendf(nil, "stay%d", i), nil)
				stay[fmt.Sprintf("stay%d", i)] = true
			}
			for i := range 40000 {
				m.Set(fmt.Appendf(nil, "old%d", i), nil)
			}
			step := 0
			for cursor := uint64(0); ; step++ {
				cursor = m.Scan(cursor, 10, func(k, _ []byte) { delete(stay, string(k)) })
				if cursor == 0 {
					break
				}
				if cursor >= 1<<48 {
					t.Fatalf("cursor %d", cursor)
				}
				for k := range 3 {
					c.churn(m, 3*step+k)
				}
			}
			if len(stay) > 0 {
				t.Fatalf("%d of 2000 keys were not given in %d calls", len(stay), step)
			}
		})
	}
}

func TestScanEveryStableRecordOnce(t *testing.T) {
	m := newModel(Keys, nil)
	for i := range 20000 {
		m.Set(fmt.Appendf(nil, "%d", i), nil)
	}
	seen := map[string]int{}
	for cursor := uint64(0); ; {
		if cursor = m.Scan(cursor, 1, func(k, _ []byte) { seen[string(k)]++ }); cursor == 0 {
			break
		}
	}
	if len(seen) != 20000 {
		t.Fatalf("%d of 20000 keys", len(seen))
	}
	for k, n := range seen {
		if n != 1 {
			t.Fatalf("%q was given %d times", k, n)
		}
	}
	for _, cursor := range []uint64{1 << 48, 1<<64 - 1} {
		if next := m.Scan(cursor, 10, func(_, _ []byte) {}); next != 0 {
			t.Errorf("Scan(%d) = %d", cursor, next)
		}
	}
}

// chiSquare draws often and compares with the bound that chance passes once in a million times.
func chiSquare(t *testing.T, m *model, draws int) {
	t.Helper()
	r := random(t)
	hits := map[string]int{}
	for range draws {
		k, _ := m.Random(r)
		hits[string(k)]++
	}
	expected := float64(draws) / float64(m.Len())
	sum := 0.0
	m.Range(func(k, _ []byte) bool {
		d := float64(hits[string(k)]) - expected
		sum += d * d / expected
		return true
	})
	// Normal approximation: mean dof, variance 2·dof; 4.75 sigma.
	dof := float64(m.Len() - 1)
	if bound := dof + 4.75*1.4143*math.Sqrt(dof); sum > bound {
		t.Fatalf("chi-square %.0f, bound %.0f", sum, bound)
	}
}

func TestRandomIsUniform(t *testing.T) {
	t.Run("grown", func(t *testing.T) {
		m := newModel(Keys, nil)
		for i := range 1000 {
			m.Set(fmt.Appendf(nil, "%d", i), nil)
		}
		chiSquare(t, m, 200000)
	})
	t.Run("shrunk", func(t *testing.T) {
		m := newModel(Keys, nil)
		for i := range 30000 {
			m.Set(fmt.Appendf(nil, "%d", i), nil)
		}
		for i := range 29500 {
			m.Delete(fmt.Appendf(nil, "%d", i))
		}
		chiSquare(t, m, 100000)
	})
	t.Run("overflow pages", func(t *testing.T) {
		m := newModel(Keys, func([]byte) uint64 { return 7 })
		for i := range 300 {
			m.Set(fmt.Appendf(nil, "%d", i), nil)
		}
		chiSquare(t, m, 3000)
	})
}

// TestWalkersWithoutLock is for the race detector: views are read while the trie is written.
func TestWalkersWithoutLock(t *testing.T) {
	r := random(t)
	m := newModel(Pairs, nil)
	for range 3000 {
		m.write(t, r, 4000, 0)
	}
	var walkers sync.WaitGroup
	for range 10 {
		v := &held{State: m.State, hold: m.head.Freeze(), want: maps.Clone(m.want)}
		walkers.Go(func() {
			defer v.hold.Release()
			n := 0
			v.Range(func(k, val []byte) bool {
				if v.want[string(k)] != string(val) {
					t.Errorf("%.20q changed in a view", k)
				}
				n++
				return true
			})
			if n != len(v.want) {
				t.Errorf("%d records in the view, want %d", n, len(v.want))
			}
		})
		for range 2000 {
			m.write(t, r, 4000, 0.5)
		}
	}
	walkers.Wait()
	check(t, &m.State)
}

// TestCopiedBytes: the first write after a freeze copies one page and the nodes above it, no more.
func TestCopiedBytes(t *testing.T) {
	n := 1 << 20
	if testing.Short() {
		n >>= 5
	}
	var head cow.Header
	tr := New(maphash.MakeSeed(), Pairs, &head)
	key := make([]byte, 0, 16)
	for i := range n {
		key = fmt.Appendf(key[:0], "%016d", i)
		tr.Set(key, key)
	}
	t.Logf("%.1f bytes a record", float64(tr.Bytes())/float64(n))
	r := random(t)
	for _, write := range []struct {
		name string
		do   func(key []byte)
	}{
		{"overwrite", func(k []byte) { tr.Set(k, k) }},
		{"longer value", func(k []byte) { tr.Set(k, append(k, k...)) }},
		{"new", func(k []byte) { tr.Set(append(k, 'x'), k) }},
		{"delete", func(k []byte) { tr.Delete(k) }},
	} {
		var most int64
		for range 300 {
			hold := head.Freeze()
			before := head.Copied()
			write.do(fmt.Appendf(nil, "%016d", r.IntN(n)))
			most = max(most, head.Copied()-before)
			hold.Release()
		}
		t.Logf("%s: at most %d bytes", write.name, most)
		if most > 4*nodeBytes+pageBytes+2*liveMax {
			t.Errorf("%s copied %d bytes", write.name, most)
		}
	}
	for range 1000 {
		k := fmt.Appendf(nil, "%016d", r.IntN(n))
		before := head.Copied()
		tr.Set(k, k)
		if head.Copied() != before {
			t.Fatal("a write copied without a view")
		}
	}
}

func benchTrie(b *testing.B, n int) (*Trie, *cow.Header) {
	head := &cow.Header{}
	tr := New(maphash.MakeSeed(), Pairs, head)
	key := make([]byte, 0, 16)
	for i := range n {
		key = fmt.Appendf(key[:0], "%016d", i)
		tr.Set(key, key)
	}
	b.ReportMetric(float64(tr.Bytes())/float64(n), "B/record")
	return &tr, head
}

func BenchmarkTrie(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		tr, head := benchTrie(b, n)
		r := rand.New(rand.NewPCG(1, 2))
		key := make([]byte, 16)
		pick := func() []byte {
			for x, i := r.IntN(n), 15; i >= 0; x, i = x/10, i-1 {
				key[i] = byte('0' + x%10)
			}
			return key
		}
		b.Run(fmt.Sprintf("get/%d", n), func(b *testing.B) {
			for b.Loop() {
				tr.Get(pick())
			}
		})
		b.Run(fmt.Sprintf("overwrite/%d", n), func(b *testing.B) {
			for b.Loop() {
				k := pick()
				tr.Set(k, k)
			}
		})
		b.Run(fmt.Sprintf("random/%d", n), func(b *testing.B) {
			for b.Loop() {
				tr.Random(r)
			}
		})
		b.Run(fmt.Sprintf("freeze+overwrite/%d", n), func(b *testing.B) {
			for b.Loop() {
				hold := head.Freeze()
				k := pick()
				tr.Set(k, k)
				hold.Release()
			}
		})
		b.Run(fmt.Sprintf("range/%d", n), func(b *testing.B) {
			for b.Loop() {
				tr.Range(func(_, _ []byte) bool { return true })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
		})
	}
}

func BenchmarkInsert(b *testing.B) {
	const n = 200_000
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "%016d", i)
	}
	for b.Loop() {
		var head cow.Header
		tr := New(maphash.MakeSeed(), Pairs, &head)
		for _, k := range keys {
			tr.Set(k, k)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/insert")
}
