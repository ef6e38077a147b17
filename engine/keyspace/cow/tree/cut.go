package tree

import "unsafe"

// Cut removes the elements from position from up to position to. Whole subtrees are dropped without a
// look at what is in them: the cost is that of two paths, and of one if the range lies in one leaf.
func (t *Tree[K, E, L]) Cut(from, to int) {
	from, to = max(from, 0), min(to, t.n)
	if from >= to {
		return
	}
	if from == 0 && to == t.n {
		t.Clear()
		return
	}
	var p Path[K, E]
	t.Seek(from, &p)
	if end := p.Off + to - from; end < L(p.Leaf).Len() || p.Off > 0 && end == L(p.Leaf).Len() {
		t.Own(&p)
		L(p.Leaf).Cut(p.Off, end)
		t.Done(&p)
		return
	}
	var bytes int64
	t.root, bytes = t.cut(t.root, 0, from, to)
	t.n -= to - from
	t.bytes += bytes
	t.collapse()
	t.seam(from)
}

// cut removes positions below a subtree that keeps some, and returns its owned root and by how
// much its bytes changed.
func (t *Tree[K, E, L]) cut(at unsafe.Pointer, level, from, to int) (unsafe.Pointer, int64) {
	if level == t.height {
		leaf := (*E)(at)
		was := L(leaf).Bytes()
		if !t.head.Owned(L(leaf).Epoch()) {
			leaf = t.copyLeaf(leaf)
		}
		L(leaf).Cut(from, to)
		return unsafe.Pointer(leaf), L(leaf).Bytes() - was
	}
	nd := (*node[K])(at)
	if !t.head.Owned(nd.epoch) {
		nd = t.copyNode(nd)
	}
	var bytes int64
	kept, pos := 0, 0
	for i := range nd.n {
		count := nd.count[i]
		lo, hi := max(from-pos, 0), min(to-pos, count)
		pos += count
		switch {
		case lo == 0 && hi == count:
			bytes -= t.bytesAt(nd.child[i], level+1)
			continue
		case lo < hi:
			var b int64
			nd.child[i], b = t.cut(nd.child[i], level+1, lo, hi)
			bytes += b
			count -= hi - lo
		}
		nd.child[kept], nd.count[kept], nd.sep[kept] = nd.child[i], count, nd.sep[i]
		kept++
	}
	nd.truncate(kept)
	nd.bytes += bytes
	return unsafe.Pointer(nd), bytes
}

// seam joins what a cut left small on both sides of a position. Joining on one level brings nodes
// together on the next, so it goes on until nothing changes.
func (t *Tree[K, E, L]) seam(i int) {
	for again := true; again && t.n > 0; {
		again = false
		for _, pos := range [2]int{i - 1, i} {
			var p Path[K, E]
			t.Seek(min(max(pos, 0), t.n-1), &p)
			t.Own(&p)
			bytes := L(p.Leaf).Bytes() - p.was
			t.credit(&p, t.height, bytes)
			for level := t.height - 1; level >= 0; level-- {
				if done, bytes := t.joinAt(&p, level); done {
					t.credit(&p, level+1, bytes)
					again = true
				}
			}
			t.collapse()
		}
	}
}

// mend joins the path's leaf with a neighbour if it is small, and so on upwards.
func (t *Tree[K, E, L]) mend(p *Path[K, E]) {
	if t.n == 0 {
		t.Clear()
		return
	}
	for level := t.height - 1; level >= 0; level-- {
		done, bytes := t.joinAt(p, level)
		if nd := p.nodes[level]; !done && nd.count[p.at[level]] > 0 {
			break // an only child that is empty goes with its node
		}
		t.credit(p, level+1, bytes)
	}
	t.collapse()
}

// credit adds bytes to the path's nodes above a level.
func (t *Tree[K, E, L]) credit(p *Path[K, E], level int, bytes int64) {
	for _, nd := range p.nodes[:level] {
		nd.bytes += bytes
	}
	t.bytes += bytes
}

// collapse drops roots with one child.
func (t *Tree[K, E, L]) collapse() {
	for t.height > 0 && (*node[K])(t.root).n == 1 {
		t.root = (*node[K])(t.root).child[0]
		t.height--
		t.bytes -= nodeBytes[K]()
	}
}

// joinAt joins the child of the path's node on a level with a neighbour, or drops it if it is empty.
// It returns whether it did and by how much the bytes below the node changed.
func (t *Tree[K, E, L]) joinAt(p *Path[K, E], level int) (done bool, bytes int64) {
	nd, i := p.nodes[level], int(p.at[level])
	if nd.n > 1 && nd.count[i] == 0 {
		bytes = -t.bytesAt(nd.child[i], level+1)
		nd.remove(i)
		return true, bytes
	}
	if level == t.height-1 {
		if !L((*E)(nd.child[i])).Small() {
			return false, 0
		}
		if i+1 < nd.n {
			done, bytes = t.joinLeaves(nd, i)
		}
		if !done && i > 0 {
			done, bytes = t.joinLeaves(nd, i-1)
		}
		return done, bytes
	}
	if (*node[K])(nd.child[i]).n >= small {
		return false, 0
	}
	if i+1 < nd.n {
		done, bytes = t.joinNodes(nd, i)
	}
	if !done && i > 0 {
		done, bytes = t.joinNodes(nd, i-1)
	}
	return done, bytes
}

// remove takes child i out of the node.
func (nd *node[K]) remove(i int) {
	copy(nd.count[i:], nd.count[i+1:nd.n])
	copy(nd.child[i:], nd.child[i+1:nd.n])
	copy(nd.sep[i:], nd.sep[i+1:nd.n])
	nd.truncate(nd.n - 1)
}

// joinLeaves moves the elements of leaf i+1 of an owned node into leaf i.
func (t *Tree[K, E, L]) joinLeaves(nd *node[K], i int) (done bool, bytes int64) {
	left, right := (*E)(nd.child[i]), (*E)(nd.child[i+1])
	if !L(left).Fits(right) {
		return false, 0
	}
	was := L(left).Bytes() + L(right).Bytes()
	if !t.head.Owned(L(left).Epoch()) {
		left = t.copyLeaf(left)
		nd.child[i] = unsafe.Pointer(left)
	}
	L(left).Append(right)
	nd.count[i] += nd.count[i+1]
	nd.remove(i + 1)
	return true, L(left).Bytes() - was
}

// joinNodes moves the children of child i+1 of an owned node into child i. The first of them gets the
// separator of the node that goes, for its own was never looked at and may be out of date.
func (t *Tree[K, E, L]) joinNodes(nd *node[K], i int) (done bool, bytes int64) {
	left, right := (*node[K])(nd.child[i]), (*node[K])(nd.child[i+1])
	if left.n+right.n > joined {
		return false, 0
	}
	if !t.head.Owned(left.epoch) {
		left = t.copyNode(left)
		nd.child[i] = unsafe.Pointer(left)
	}
	copy(left.count[left.n:], right.count[:right.n])
	copy(left.child[left.n:], right.child[:right.n])
	copy(left.sep[left.n:], right.sep[:right.n])
	left.sep[left.n] = nd.sep[i+1]
	left.n += right.n
	bytes = -nodeBytes[K]()
	left.bytes += right.bytes + bytes
	nd.count[i] += nd.count[i+1]
	nd.remove(i + 1)
	return true, bytes
}
