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

// Prune deletes the records for which drop says so; it is asked about all of them, about some twice. Where
// many go, that is cheaper than to name each: pages are read in their order, and none is looked for.
func (t *Trie) Prune(drop func(key, value []byte) bool) {
	t.eachPath(func(pos uint64, p *path) { t.prunePage(pos, p, drop) })
	t.eachPath(func(pos uint64, p *path) {
		if p.page.next == nil && p.page.n < mergeAt {
			t.ownNodes(pos, p)
			t.ownPage(pos, p)
			t.merge(pos, p)
		}
	})
}

// eachPath calls fn for the ways to all pages. It may change the page, and join it with its neighbour.
func (t *Trie) eachPath(fn func(pos uint64, p *path)) {
	for pos := uint64(0); pos < 1<<posBits && t.root != nil; {
		p := t.walk(pos)
		fn(pos, &p)
		width := uint64(1) << (posBits - int(p.page.depth))
		pos = pos&^(width-1) + width
	}
}

func (t *Trie) prunePage(pos uint64, p *path, drop func(key, value []byte) bool) {
	if !t.any(p.page, drop) {
		return
	}
	t.ownNodes(pos, p)
	t.ownPage(pos, p)
	for pg := p.page; pg != nil; pg = pg.next {
		before := pg.size()
		for i := int(pg.n) - 1; i >= 0; i-- { // what takes the place of a removed one has been asked about
			if drop(pg.record(i, t.shape)) {
				pg.remove(i, t.shape)
				t.n--
			}
		}
		t.bytes += pg.size() - before
	}
	if p.page.next != nil {
		t.unlink(pos, p)
	}
}

func (t *Trie) any(pg *page, drop func(key, value []byte) bool) bool {
	for ; pg != nil; pg = pg.next {
		for i := range int(pg.n) {
			if drop(pg.record(i, t.shape)) {
				return true
			}
		}
	}
	return false
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
