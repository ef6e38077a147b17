package trie

import "unsafe"

// Delete removes a key and reports whether it was there.
func (t *Trie) Delete(key []byte) bool { return t.delete(t.sum(key), key) }

func (t *Trie) delete(hash uint64, key []byte) bool {
	pos := position(hash)
	p := t.walk(pos)
	pg, i := lookup(p.page, tag(hash), key)
	if i < 0 {
		return false
	}
	t.ownNodes(pos, &p)
	t.ownPage(pos, &p)
	pg, i = p.page.at(key, pg, i)
	before := pg.size()
	pg.remove(i, t.shape)
	t.bytes += pg.size() - before
	t.n--
	if p.page.next != nil {
		t.unlink(pos, &p)
	} else {
		t.merge(pos, &p)
	}
	return true
}

// unlink drops the pages of an overflow chain that have become empty, the last page excepted.
func (t *Trie) unlink(pos uint64, p *path) {
	drop := func(pg *page) {
		t.spare--
		t.bytes -= pg.size()
	}
	if first := p.page; first.n == 0 {
		t.hangPage(pos, p, first.next)
		drop(first)
	}
	for pg := p.page; pg.next != nil; {
		if pg.next.n == 0 {
			drop(pg.next)
			pg.next = pg.next.next
		} else {
			pg = pg.next
		}
	}
}

// merge joins the path's page, which is owned, with its neighbour as long as both are small, and
// lets a page take the place of a node that it fills alone.
func (t *Trie) merge(pos uint64, p *path) {
	for p.page.n < mergeAt && p.page.depth > 0 && t.absorb(pos, p) {
		if int(p.page.depth) == nodeBits*(p.n-1) {
			p.n--
			t.bytes -= nodeBytes
			t.hangPage(pos, p, p.page)
		}
	}
	if t.n == 0 && !t.inner && t.root != nil {
		t.root, t.bytes = unsafe.Pointer(nil), 0
		t.depths[0] = 0
	}
}

// absorb takes the records of the neighbour that differs in the last bit into the path's page.
func (t *Trie) absorb(pos uint64, p *path) bool {
	pg, nd := p.page, p.nodes[p.n-1]
	span := pg.span(p.n - 1)
	i := slot(pos, p.n-1)&^(span-1) ^ span
	if nd.isNode>>i&1 != 0 {
		return false
	}
	other := (*page)(nd.child[i])
	if other.depth != pg.depth || other.next != nil || pg.next != nil ||
		int(pg.n)+int(other.n) > mergeMax || pg.Live()+other.Live() > liveMax/2 {
		return false
	}
	before := pg.size() + other.size()
	if other.n > 0 {
		pg.Reserve(other.Live())
	}
	for i := range int(other.n) {
		pg.take(other, i, t.shape)
	}
	t.depths[pg.depth] -= 2
	pg.depth--
	t.depths[pg.depth]++
	t.bytes += pg.size() - before
	t.hangPage(pos, p, pg)
	return true
}
