package trie

import (
	"fmt"
	"hash/maphash"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
)

// TestFillAndDrop: many at once are the same as one by one, the last of equal keys counts, and what a
// view holds stays.
func TestFillAndDrop(t *testing.T) {
	var head cow.Header
	tr := New(maphash.MakeSeed(), Pairs, &head)
	key := func(i int) []byte { return fmt.Appendf(nil, "key%d", i%4000) }
	value := func(i int) []byte { return fmt.Appendf(nil, "value%d", i) }
	tr.Fill(5000, func(i int) (k, v []byte) { return key(i), value(i) })
	check(t, &tr.State)
	held, hold := tr.State, head.Freeze()
	tr.Drop(3000, func(i int) []byte { return key(2 * i) })
	check(t, &tr.State)
	check(t, &held)
	hold.Release()
	for i := range 4000 {
		want := string(value(i))
		if i < 1000 {
			want = string(value(i + 4000))
		}
		if v, ok := held.Get(key(i)); !ok || string(v) != want {
			t.Fatalf("%s is %q in the view, want %q", key(i), v, want)
		}
		if v, ok := tr.Get(key(i)); ok != (i%2 == 1) || ok && string(v) != want {
			t.Fatalf("%s is %q, %v", key(i), v, ok)
		}
	}
}

// TestPrune: what it leaves is what was to stay, in pages that are as full as after single deletions, and what
// a view holds stays.
func TestPrune(t *testing.T) {
	for _, keep := range []int{0, 1, 2, 3, 10, 500, 4000} { // each so many
		for _, bad := range []bool{false, true} {
			var head cow.Header
			tr := New(maphash.MakeSeed(), Words, &head)
			n := 4000
			if bad { // overflow pages
				tr.hash = func(key []byte) uint64 { return uint64(len(key)) << 40 }
				n = 300
			}
			key := func(i int) []byte { return fmt.Appendf(nil, "key%d", i) }
			for i := range n {
				tr.Set(key(i), fmt.Appendf(nil, "%08d", i))
			}
			stays := func(i int) bool { return keep > 0 && i%keep == 0 }
			for _, hold := range []bool{true, false} {
				held, view := tr.State, (*cow.View)(nil)
				if hold {
					view = head.Freeze()
				}
				tr.Prune(func(key, value []byte) bool {
					var i int
					if _, err := fmt.Sscanf(string(value), "%d", &i); err != nil || string(key) != fmt.Sprint("key", i) {
						t.Fatalf("asked about %q, %q", key, value)
					}
					return !stays(i)
				})
				check(t, &tr.State)
				if hold {
					check(t, &held)
					if held.Len() != n {
						t.Fatalf("the view has %d records", held.Len())
					}
					view.Release()
				}
			}
			for i := range n {
				if _, ok := tr.Get(key(i)); ok != stays(i) {
					t.Fatalf("one of %d stays: %s: %v", keep, key(i), ok)
				}
			}
		}
	}
}
