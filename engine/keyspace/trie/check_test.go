package trie

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

func random(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// check verifies everything that the structure promises of itself.
func check(t testing.TB, s *State) {
	t.Helper()
	var n, spare int
	var bytes int64
	var depths [posBits + 1]uint32
	var walk func(p unsafe.Pointer, inner bool, level int, from uint64)
	walk = func(p unsafe.Pointer, inner bool, level int, from uint64) {
		if inner {
			bytes += nodeBytes
			nd := (*node)(p)
			for i := 0; i < fanout; {
				isNode := nd.isNode>>i&1 != 0
				walk(nd.child[i], isNode, level+1, from+uint64(i)<<(posBits-nodeBits*(level+1)))
				if isNode {
					i++
					continue
				}
				pg := (*page)(nd.child[i])
				if int(pg.depth) <= nodeBits*level || int(pg.depth) > nodeBits*(level+1) {
					t.Fatalf("a page of depth %d on level %d", pg.depth, level)
				}
				for range pg.span(level) {
					if nd.child[i] != unsafe.Pointer(pg) {
						t.Fatalf("a page of depth %d does not fill its children", pg.depth)
					}
					i++
				}
			}
			return
		}
		pg := (*page)(p)
		depths[pg.depth]++
		for first := true; pg != nil; pg, first = pg.next, false {
			if !first {
				spare++
			}
			checkPage(t, s, pg, from)
			n += int(pg.n)
			bytes += pg.size()
		}
	}
	if s.root != nil {
		walk(s.root, s.inner, 0, 0)
	}
	if n != s.n || spare != s.spare || bytes != s.bytes || depths != s.depths {
		t.Fatalf("counted n %d spare %d bytes %d depths %v, noted %d %d %d %v",
			n, spare, bytes, depths, s.n, s.spare, s.bytes, s.depths)
	}
}

func checkPage(t testing.TB, s *State, pg *page, from uint64) {
	t.Helper()
	live := 0
	for i := range int(pg.n) {
		key, value := pg.record(i, s.shape)
		if pos := position(s.sum(key)); pos>>(posBits-pg.depth) != from>>(posBits-pg.depth) {
			t.Fatalf("key %q lies in the wrong page", key)
		}
		if pg.tags[i] != tag(s.sum(key)) {
			t.Fatalf("key %q has the wrong tag", key)
		}
		live += recordSize(key, value, s.shape)
	}
	if live != pg.Live() {
		t.Fatalf("live bytes are %d, noted %d", live, pg.Live())
	}
	if live > liveMax+2*(block.Inline+2) {
		t.Fatalf("a page has %d live bytes", live)
	}
}

// model is a trie beside a plain map, with views beside copies taken at their freeze.
type model struct {
	Trie
	head  cow.Header
	want  map[string]string
	views []*held
}

type held struct {
	State
	hold *cow.View
	want map[string]string
}

func newModel(shape block.Shape, hash func([]byte) uint64) *model {
	m := &model{want: map[string]string{}}
	m.Trie = New(maphash.MakeSeed(), shape, &m.head)
	m.hash = hash
	return m
}

func (m *model) value(r *rand.Rand) []byte {
	switch m.shape {
	case Keys:
		return nil
	case Words:
		return fmt.Appendf(nil, "%08d", r.IntN(1e8))
	}
	size := r.IntN(20)
	switch r.IntN(40) {
	case 0:
		size = 500 + r.IntN(30)
	case 1:
		size = r.IntN(3000)
	}
	return fmt.Appendf(nil, "%0*d", size, r.IntN(1000))
}

func (m *model) key(r *rand.Rand, space int) []byte {
	k := r.IntN(space)
	if k%97 == 0 {
		return fmt.Appendf(nil, "%0700d", k)
	}
	return fmt.Appendf(nil, "k%d", k)
}

func (m *model) write(t testing.TB, r *rand.Rand, space int, deletes float64) {
	key := m.key(r, space)
	_, had := m.want[string(key)]
	if r.Float64() < deletes {
		if got := m.Delete(key); got != had {
			t.Fatalf("Delete %.20q = %v", key, got)
		}
		delete(m.want, string(key))
		return
	}
	value := m.value(r)
	if got := m.Set(key, value); got == had {
		t.Fatalf("Set %.20q = %v", key, got)
	}
	m.want[string(key)] = string(value)
}

func same(t testing.TB, s *State, want map[string]string) {
	t.Helper()
	if s.Len() != len(want) {
		t.Fatalf("Len %d, want %d", s.Len(), len(want))
	}
	for k, v := range want {
		if got, ok := s.Get([]byte(k)); !ok || string(got) != v {
			t.Fatalf("Get %.20q = %.20q, %v; want %.20q", k, got, ok, v)
		}
	}
	n := 0
	s.Range(func(k, v []byte) bool {
		if w, ok := want[string(k)]; !ok || w != string(v) {
			t.Fatalf("Range gave %.20q %.20q", k, v)
		}
		n++
		return true
	})
	if n != len(want) {
		t.Fatalf("Range gave %d records, want %d", n, len(want))
	}
}
