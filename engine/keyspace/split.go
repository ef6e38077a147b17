package keyspace

// Segments split when a window is full and merge again when two neighbours are nearly empty. The
// directory has 2^depth pointers, depth being that of the deepest segment.

// spilled is an entry for which there is no room in its window, although its segment cannot be split
// further: only a broken hash function gets there.
type spilled struct {
	hash uint64
	ref  uint32
}

const (
	mergeBelow = segSlots / 8 // a segment emptier than this looks for its buddy
	mergeSum   = window * bucketSlots
)

func (t *table) depth() int { return 64 - int(t.shift) }

// split cuts the segment of this hash in two. It returns false when the directory is so large for
// the entries there are that splitting does not help.
func (t *table) split(hash uint64) bool {
	old := t.segment(hash)
	d := old.depth()
	if d == t.depth() {
		if len(t.dir)*2 > t.n+64 {
			return false
		}
		t.double()
	}
	var sum uint64
	for i := range old {
		for j, tag := range old[i].tags {
			if tag != 0 {
				sum += uint64(t.at(old[i].refs[j])[0]) // overlaps the misses of what follows
			}
		}
	}
	t.touched += sum
	var pair [2]*segment
	for i := range pair {
		pair[i] = new(segment)
		pair[i][0].depth = uint8(d + 1)
	}
	t.spread(old, func(h uint64) *segment { return pair[h>>(63-d)&1] })
	span := 1 << (t.depth() - d) // directory slots of the old segment
	first := int(hash>>t.shift) &^ (span - 1)
	for i := range span {
		t.dir[first+i] = pair[i/(span/2)]
	}
	t.depths[d]--
	t.depths[d+1] += 2
	t.grow(segBytes)
	return true
}

// spread puts all entries of a segment where `to` says.
func (t *table) spread(from *segment, to func(hash uint64) *segment) {
	for i := range from {
		b := &from[i]
		for j, tag := range b.tags {
			if tag == 0 {
				continue
			}
			h := t.s.hash(t.key(t.at(b.refs[j])))
			if !to(h).put(h, b.refs[j]) {
				t.spill = append(t.spill, spilled{h, b.refs[j]})
			}
		}
	}
}

func (t *table) double() {
	dir := make([]*segment, 2*len(t.dir))
	for i, g := range t.dir {
		dir[2*i], dir[2*i+1] = g, g
	}
	t.grow(int64(len(t.dir)) * 8)
	t.dir = dir
	t.shift--
}

// merge joins the segment of this hash with its buddy when both have little left.
func (t *table) merge(hash uint64) {
	g := t.segment(hash)
	d := g.depth()
	if d == 0 || g[0].count > mergeBelow {
		return
	}
	buddy := t.segment(hash ^ 1<<(64-d))
	if buddy.depth() != d || g[0].count+buddy[0].count > mergeSum {
		return
	}
	joined := new(segment)
	joined[0].depth = uint8(d - 1)
	to := func(uint64) *segment { return joined }
	t.spread(g, to)
	t.spread(buddy, to)
	span := 1 << (t.depth() - d + 1)
	first := int(hash>>t.shift) &^ (span - 1)
	for i := range span {
		t.dir[first+i] = joined
	}
	t.depths[d] -= 2
	t.depths[d-1]++
	t.grow(-segBytes)
	// Halve at half of what would be needed, so that a table at the border does not double and halve.
	if t.depth() > 4 && t.depths[t.depth()] == 0 && t.depths[t.depth()-1] == 0 {
		t.halve()
	}
}

func (t *table) halve() {
	dir := make([]*segment, len(t.dir)/2)
	for i := range dir {
		dir[i] = t.dir[2*i]
	}
	t.grow(-int64(len(dir)) * 8)
	t.dir = dir
	t.shift++
}

// resetDir gives the directory of an empty table back.
func (t *table) resetDir() {
	segs := 0
	for _, n := range t.depths {
		segs += int(n)
	}
	t.grow(-int64(segs)*segBytes - int64(len(t.dir)-1)*8)
	t.dir, t.shift, t.spill = nil, 64, nil
	if t.wheel != nil {
		t.accountWheel()
	}
	clear(t.depths[:])
}
