package tree

import "unsafe"

// Build makes a tree of leaves in order, each with at least one element; seps[i] bounds leaf i.
// The tree must be empty. It is built bottom-up, so the cost is that of the nodes.
func (t *Tree[K, E, L]) Build(leaves []*E, seps []K) {
	if len(leaves) == 0 {
		return
	}
	row := make([]entry[K], len(leaves))
	for i, leaf := range leaves {
		row[i] = entry[K]{unsafe.Pointer(leaf), L(leaf).Len(), seps[i]}
		t.n += row[i].count
		t.bytes += L(leaf).Bytes()
	}
	for len(row) > 1 {
		row = t.buildRow(row)
		t.height++
	}
	t.root = row[0].at
}

// buildRow hangs a row of subtrees under as few nodes as can be, spread evenly.
func (t *Tree[K, E, L]) buildRow(row []entry[K]) []entry[K] {
	nodes := (len(row) + fanout - 1) / fanout
	above := make([]entry[K], nodes)
	leaves := t.height == 0
	for i := range above {
		part := row[i*len(row)/nodes : (i+1)*len(row)/nodes]
		nd := &node[K]{epoch: t.head.Stamp(), bytes: nodeBytes[K]()}
		for _, e := range part {
			nd.insert(nd.n, e)
			if leaves {
				nd.bytes += L((*E)(e.at)).Bytes()
			} else {
				nd.bytes += (*node[K])(e.at).bytes
			}
		}
		t.bytes += nodeBytes[K]()
		above[i] = entry[K]{unsafe.Pointer(nd), nd.total(), part[0].sep}
	}
	return above
}
