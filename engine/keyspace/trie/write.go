package trie

import "unsafe"

// path is the way from the root to the page that covers a position.
type path struct {
	nodes [levels]*node
	n     int // nodes used
	page  *page
}

func (t *Trie) walk(pos uint64) (p path) {
	at, inner := t.root, t.inner
	for inner {
		nd := (*node)(at)
		i := slot(pos, p.n)
		at, inner = nd.child[i], nd.isNode>>i&1 != 0
		p.nodes[p.n] = nd
		p.n++
	}
	p.page = (*page)(at)
	return p
}

// ownNodes makes the nodes of a path writable, from the root down.
func (t *Trie) ownNodes(pos uint64, p *path) {
	for level, nd := range p.nodes[:p.n] {
		if t.head.Owned(nd.epoch) {
			continue
		}
		c := *nd
		c.epoch = t.head.Stamp()
		t.head.Count(nodeBytes)
		t.hangNode(pos, p, level, &c)
	}
}

// hangNode puts a node where the path has one, or ends, on a level.
func (t *Trie) hangNode(pos uint64, p *path, level int, nd *node) {
	if level == 0 {
		t.root, t.inner = unsafe.Pointer(nd), true
	} else {
		parent, i := p.nodes[level-1], slot(pos, level-1)
		parent.child[i] = unsafe.Pointer(nd)
		parent.isNode |= 1 << i
	}
	p.nodes[level] = nd
}

// hangPage puts a page into all children of the path's last node that it fills.
func (t *Trie) hangPage(pos uint64, p *path, pg *page) {
	p.page = pg
	if p.n == 0 {
		t.root, t.inner = unsafe.Pointer(pg), false
		return
	}
	t.fill(p, slot(pos, p.n-1), pg)
}

func (t *Trie) fill(p *path, i int, pg *page) {
	nd, span := p.nodes[p.n-1], pg.span(p.n-1)
	for i &^= span - 1; span > 0; i, span = i+1, span-1 {
		nd.child[i] = unsafe.Pointer(pg)
		nd.isNode &^= 1 << i
	}
}

// ownPage makes the path's page writable, with its overflow pages; the nodes are owned.
func (t *Trie) ownPage(pos uint64, p *path) {
	if pg := p.page; !t.head.Owned(pg.epoch) {
		t.hangPage(pos, p, t.copyPage(pg))
	}
	for pg := p.page; pg.next != nil; pg = pg.next {
		if !t.head.Owned(pg.next.epoch) {
			pg.next = t.copyPage(pg.next)
		}
	}
}

func (t *Trie) copyPage(pg *page) *page {
	c := pg.clone(t.head.Stamp(), t.shape)
	t.head.Count(c.size())
	t.bytes += c.size() - pg.size()
	return c
}

// Set gives a key a value (of 8 bytes, or nil, as the shape says) and reports whether the key is
// new. Key and value are copied; they may not be slices of this trie.
func (t *Trie) Set(key, value []byte) (created bool) { return t.set(t.sum(key), key, value) }

func (t *Trie) set(hash uint64, key, value []byte) (created bool) {
	pos := position(hash)
	if t.root == nil {
		pg := &page{epoch: t.head.Stamp()}
		t.root, t.bytes = unsafe.Pointer(pg), pageBytes
		t.depths[0] = 1
	}
	p := t.walk(pos)
	created = true
	if pg, i := lookup(p.page, tag(hash), key); i >= 0 {
		created = false
		if t.overwrite(pos, &p, pg, i, key, value) {
			return false
		}
	}
	t.insert(hash, &p, key, value)
	return created
}

// Swap gives a key a value of 8 bytes and reports whether it had one before, which goes to old. The
// trie's shape is Words.
func (t *Trie) Swap(key []byte, value, old *[8]byte) (had bool) {
	hash := t.sum(key)
	if t.root != nil {
		pos := position(hash)
		p := t.walk(pos)
		if pg, i := lookup(p.page, tag(hash), key); i >= 0 {
			copy(old[:], pg.value(i, t.shape))
			if *old != *value {
				t.overwrite(pos, &p, pg, i, key, value[:])
			}
			return true
		}
	}
	t.set(hash, key, value[:])
	return false
}

func lookup(pg *page, tag byte, key []byte) (*page, int) {
	for ; pg != nil; pg = pg.next {
		if i := pg.find(tag, key); i >= 0 {
			return pg, i
		}
	}
	return nil, -1
}

// overwrite changes the value of the record i of pg, one of the path's pages. When the page would
// become too large, it takes the record out instead and returns false.
func (t *Trie) overwrite(pos uint64, p *path, pg *page, i int, key, value []byte) bool {
	if t.shape == Keys {
		return true
	}
	t.ownNodes(pos, p)
	t.ownPage(pos, p)
	pg, i = p.page.at(key, pg, i)
	before := pg.size()
	fits := true
	if t.shape.Items > 1 {
		size := pg.Live() - pg.Span(int(pg.offs[i]), t.shape) + recordSize(key, value, t.shape)
		fits = pg.n == 1 || size <= liveMax || size <= pg.Live()
	}
	if fits {
		pg.overwrite(i, key, value, t.shape)
	} else {
		pg.remove(i, t.shape)
		t.n--
	}
	t.bytes += pg.size() - before
	return fits
}

// at finds the record again that was found in old before the pages from p on were made owned.
// Copies keep the order of records.
func (p *page) at(key []byte, old *page, i int) (*page, int) {
	if p.next == nil || p == old {
		return p, i
	}
	return lookup(p, old.tags[i], key)
}

// insert adds a record that is not there.
func (t *Trie) insert(hash uint64, p *path, key, value []byte) {
	pos, size := position(hash), recordSize(key, value, t.shape)
	t.ownNodes(pos, p)
	for !p.page.room(size) && p.page.depth < posBits {
		t.split(pos, p)
	}
	t.ownPage(pos, p)
	pg := p.page
	for !pg.room(size) && pg.next != nil {
		pg = pg.next
	}
	if !pg.room(size) {
		pg = &page{epoch: t.head.Stamp(), depth: posBits, next: p.page.next}
		p.page.next = pg
		t.spare++
		t.bytes += pageBytes
	}
	before := pg.size()
	pg.add(tag(hash), key, value, t.shape)
	t.bytes += pg.size() - before
	t.n++
}

// split replaces the path's page by two that differ in one more bit, and lets the path lead to the
// one that covers pos. The nodes are owned; the page is only read.
func (t *Trie) split(pos uint64, p *path) {
	old := p.page
	if int(old.depth) == nodeBits*p.n {
		nd := &node{epoch: t.head.Stamp()}
		t.hangNode(pos, p, p.n, nd)
		p.n++
		t.bytes += nodeBytes
	}
	var half [2]*page
	for i := range half {
		half[i] = &page{epoch: t.head.Stamp(), depth: old.depth + 1}
	}
	shift := posBits - 1 - old.depth
	var side [pageCap]uint8
	var live [2]int
	for i := range int(old.n) {
		key, _ := old.Item(int(old.offs[i]))
		side[i] = uint8(position(t.sum(key)) >> shift & 1)
		live[side[i]] += old.Span(int(old.offs[i]), t.shape)
	}
	for i, pg := range half {
		if live[i] > 0 {
			pg.Reserve(live[i])
		}
	}
	for i := range int(old.n) {
		half[side[i]].take(old, i, t.shape)
	}
	t.depths[old.depth]--
	t.depths[old.depth+1] += 2
	t.bytes += half[0].size() + half[1].size() - old.size()
	i := slot(pos, p.n-1) &^ (2*half[0].span(p.n-1) - 1)
	t.fill(p, i, half[0])
	t.fill(p, i+half[0].span(p.n-1), half[1])
	p.page = half[pos>>shift&1]
}
