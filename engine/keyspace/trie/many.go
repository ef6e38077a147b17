package trie

import (
	"cmp"
	"slices"
)

// Many records at once that lie all over a large trie would each miss the processor's cache. In the
// order of their hashes each is near the one before it.

// Fill sets n records, of which at returns one by one; what it returns is copied before it is called
// again.
func (t *Trie) Fill(n int, at func(i int) (key, value []byte)) {
	t.inOrder(n, func(i int) []byte { key, _ := at(i); return key }, func(hash uint64, i int) {
		key, value := at(i)
		t.set(hash, key, value)
	})
}

// Drop deletes n keys, of which at returns one by one. Those that are not there are passed over.
func (t *Trie) Drop(n int, at func(i int) []byte) {
	t.inOrder(n, at, func(hash uint64, i int) { t.delete(hash, at(i)) })
}

func (t *Trie) inOrder(n int, at func(i int) []byte, fn func(hash uint64, i int)) {
	type hashed struct {
		hash uint64
		i    int
	}
	rows := make([]hashed, n)
	for i := range rows {
		rows[i] = hashed{t.sum(at(i)), i}
	}
	slices.SortFunc(rows, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.i, b.i)) })
	for _, row := range rows {
		fn(row.hash, row.i)
	}
}
