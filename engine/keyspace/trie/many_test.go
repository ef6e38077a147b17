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
