package tree

import "unsafe"

// Plant makes the leaf the only one of an empty tree.
func (t *Tree[K, E, L]) Plant(leaf *E) {
	t.root, t.height = unsafe.Pointer(leaf), 0
	t.n, t.bytes = L(leaf).Len(), L(leaf).Bytes()
}

// Clear drops everything.
func (t *Tree[K, E, L]) Clear() { t.State = State[K, E, L]{} }

// Own makes the path writable, from the root to the leaf. Whoever changes the leaf then says so with
// Done or DoneSplit, also when nothing was changed.
func (t *Tree[K, E, L]) Own(p *Path[K, E]) {
	p.was = L(p.Leaf).Bytes()
	for level := range t.height {
		if nd := p.nodes[level]; !t.head.Owned(nd.epoch) {
			p.nodes[level] = t.copyNode(nd)
			t.hang(p, level, unsafe.Pointer(p.nodes[level]))
		}
	}
	if !t.head.Owned(L(p.Leaf).Epoch()) {
		p.Leaf = t.copyLeaf(p.Leaf)
		t.hang(p, t.height, unsafe.Pointer(p.Leaf))
	}
}

func (t *Tree[K, E, L]) hang(p *Path[K, E], level int, at unsafe.Pointer) {
	if level == 0 {
		t.root = at
	} else {
		p.nodes[level-1].child[p.at[level-1]] = at
	}
}

func (t *Tree[K, E, L]) copyNode(nd *node[K]) *node[K] {
	c := *nd
	c.epoch = t.head.Stamp()
	t.head.Count(nodeBytes[K]())
	return &c
}

func (t *Tree[K, E, L]) copyLeaf(leaf *E) *E {
	c := L(leaf).Clone(t.head.Stamp())
	t.head.Count(L(c).Bytes())
	return c
}

// Done takes over what was changed in the path's leaf. Then it joins the leaf with a neighbour if it
// has become small.
func (t *Tree[K, E, L]) Done(p *Path[K, E]) {
	had := t.n
	if t.height > 0 {
		had = p.nodes[t.height-1].count[p.at[t.height-1]]
	}
	more, bytes := L(p.Leaf).Len()-had, L(p.Leaf).Bytes()-p.was
	for level := range t.height {
		nd := p.nodes[level]
		nd.count[p.at[level]] += more
		nd.bytes += bytes
	}
	t.n += more
	t.bytes += bytes
	if more < 0 {
		t.mend(p)
	}
}

// entry is a child that is to be hung into a node.
type entry[K any] struct {
	at    unsafe.Pointer
	count int
	sep   K
}

// DoneSplit takes over that the path's leaf was changed and that right is a new leaf behind it, which
// the separator bounds. The path must not be used any more.
func (t *Tree[K, E, L]) DoneSplit(p *Path[K, E], right *E, sep K) {
	had := t.n
	if t.height > 0 {
		had = p.nodes[t.height-1].count[p.at[t.height-1]]
	}
	more := L(p.Leaf).Len() + L(right).Len() - had
	bytes := L(p.Leaf).Bytes() + L(right).Bytes() - p.was
	first, last := t.Edges(p)
	e, pending := entry[K]{unsafe.Pointer(right), L(right).Len(), sep}, true
	for level := t.height - 1; level >= 0; level-- {
		nd, i := p.nodes[level], int(p.at[level])
		nd.count[i] += more
		if !pending {
			nd.bytes += bytes
			continue
		}
		nd.count[i] -= e.count
		if nd.n < fanout {
			nd.insert(i+1, e)
			nd.bytes += bytes
			pending = false
			continue
		}
		bytes += nodeBytes[K]()
		keep := (fanout + 1) / 2
		if last {
			keep = fanout
		} else if first {
			keep = 1
		}
		e = t.splitNode(nd, i+1, e, keep)
		t.weigh(nd, level)
		t.weigh((*node[K])(e.at), level)
	}
	if pending {
		root := &node[K]{epoch: t.head.Stamp(), n: 2}
		bytes += nodeBytes[K]()
		root.bytes = t.bytes + bytes
		root.child[0], root.count[0] = t.root, t.n+more-e.count
		root.child[1], root.count[1], root.sep[1] = e.at, e.count, e.sep
		t.root = unsafe.Pointer(root)
		t.height++
	}
	t.n += more
	t.bytes += bytes
}

func (nd *node[K]) insert(i int, e entry[K]) {
	copy(nd.count[i+1:], nd.count[i:nd.n])
	copy(nd.child[i+1:], nd.child[i:nd.n])
	copy(nd.sep[i+1:], nd.sep[i:nd.n])
	nd.child[i], nd.count[i], nd.sep[i] = e.at, e.count, e.sep
	nd.n++
}

// splitNode divides the children of a full node and one more, that comes at index i, between the node,
// which keeps so many, and a new one, which it returns. At the edges of the tree a full node is left
// behind, since elements that come in order all come there.
func (t *Tree[K, E, L]) splitNode(nd *node[K], i int, e entry[K], keep int) entry[K] {
	right := &node[K]{epoch: t.head.Stamp()}
	late := i >= keep // e goes to the new node
	from := keep
	if !late {
		from--
	}
	right.n = fanout - from
	copy(right.count[:], nd.count[from:])
	copy(right.child[:], nd.child[from:])
	copy(right.sep[:], nd.sep[from:])
	nd.truncate(from)
	if late {
		right.insert(i-from, e)
	} else {
		nd.insert(i, e)
	}
	return entry[K]{unsafe.Pointer(right), right.total(), right.sep[0]}
}

// truncate drops the children from index n on.
func (nd *node[K]) truncate(n int) {
	clear(nd.count[n:nd.n])
	clear(nd.child[n:nd.n])
	clear(nd.sep[n:nd.n])
	nd.n = n
}

func (nd *node[K]) total() int {
	n := 0
	for _, c := range nd.count[:nd.n] {
		n += c
	}
	return n
}

// weigh counts the bytes below a node anew.
func (t *Tree[K, E, L]) weigh(nd *node[K], level int) {
	nd.bytes = nodeBytes[K]()
	for _, at := range nd.child[:nd.n] {
		nd.bytes += t.bytesAt(at, level+1)
	}
}

func (t *Tree[K, E, L]) bytesAt(at unsafe.Pointer, level int) int64 {
	if level == t.height {
		return L((*E)(at)).Bytes()
	}
	return (*node[K])(at).bytes
}
