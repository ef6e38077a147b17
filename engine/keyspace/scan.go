package keyspace

import "math/bits"

// A scan goes through the directory in the order of hashes: segment by segment, and in a segment
// home by home. By homes, not by the buckets where entries lie, because a split may move an entry
// from a bucket that is still to come to one that was passed, but never to another home.
//
// A cursor is the high 32 bits of the hash where the segment begins, the depth that it had and the
// home that comes next. When the segment has become deeper (a split), its homes before that one were
// seen; when it has become less deep (a merge), what joined it was not, and it is begun again. Keys
// may come twice then, but none is missed.

const (
	cursorHomeBits  = 5 // up to segBuckets, included
	cursorDepthBits = 6
	cursorLowBits   = cursorHomeBits + cursorDepthBits
	cursorEnd       = 1<<(32+cursorLowBits) | 1 // what is in no segment comes last
)

// Scan calls fn for the visible keys from cursor on, about count of them, and returns the cursor to
// go on with, 0 at the end. A key that is there from the first call to the last is reported at least
// once, whatever happens between calls. Cursors stay below 2^48. fn must not write.
func (d *DB) Scan(cursor uint64, count int, fn func(key []byte, t Type)) (next uint64) {
	t := d.t
	if t.n == 0 {
		return 0
	}
	count = min(max(count, 1), 1<<30)
	pos, depth, home := cursor>>cursorLowBits<<32, int(cursor>>cursorHomeBits)&(1<<cursorDepthBits-1), int(cursor)&(1<<cursorHomeBits-1)
	if home >= segBuckets {
		home = 0 // no cursor of ours
	}
	found := 0
	for steps := 10 * count; cursor != cursorEnd; steps-- {
		g := t.segment(pos)
		if start := pos &^ (span(g.depth()) - 1); start != pos || g.depth() < depth {
			pos, home = start, 0
		}
		depth = g.depth()
		if found >= count || steps <= 0 {
			return pos>>32<<cursorLowBits | uint64(depth)<<cursorHomeBits | uint64(home)
		}
		found += t.eachOfHome(g, home, d, fn)
		if home++; home == segBuckets {
			home = 0
			if pos = endOf(pos, depth); pos == 0 {
				break
			}
			depth = 0
		}
	}
	if len(t.spill) == 0 {
		return 0
	}
	if cursor != cursorEnd {
		return cursorEnd
	}
	for _, e := range t.spill {
		d.report(t.at(e.ref), fn)
	}
	return 0
}

// span is the number of hashes of a segment of this depth; 0, for all of them, at depth 0.
func span(depth int) uint64 { return 1 << (64 - depth) }

func (d *DB) report(r rec, fn func(key []byte, t Type)) {
	if !d.s.hidden(r.deadline()) {
		fn(d.t.key(r), r.typ())
	}
}

// eachOfHome calls fn for the visible entries of one home and returns how many entries there were.
func (t *table) eachOfHome(g *segment, home int, d *DB, fn func(key []byte, t Type)) int {
	n := 0
	left := int(g[home].ovf)
	for i := range window {
		b := &g[(home+i)%segBuckets]
		for j, tag := range b.tags {
			if tag == 0 {
				continue
			}
			r := t.at(b.refs[j])
			if homeOf(t.s.hash(t.key(r))) != home {
				continue
			}
			n++
			if i > 0 {
				left--
			}
			d.report(r, fn)
		}
		if left == 0 {
			break
		}
	}
	return n
}

// eachSegment calls fn for all segments until it returns false.
func (t *table) eachSegment(fn func(g *segment) bool) bool {
	for i := 0; i < len(t.dir); {
		g := t.dir[i]
		if !fn(g) {
			return false
		}
		i += 1 << (t.depth() - g.depth())
	}
	return true
}

// eachRecord calls fn for all records, hidden ones too, until it returns false.
func (t *table) eachRecord(fn func(r rec) bool) {
	ok := t.eachSegment(func(g *segment) bool {
		for i := range g {
			for j, tag := range g[i].tags {
				if tag != 0 && !fn(t.at(g[i].refs[j])) {
					return false
				}
			}
		}
		return true
	})
	for i := 0; ok && i < len(t.spill); i++ {
		ok = fn(t.at(t.spill[i].ref))
	}
}

// Range calls fn for all visible keys until it returns false. fn must not write.
func (d *DB) Range(fn func(key []byte, t Type) bool) {
	d.t.eachRecord(func(r rec) bool {
		return d.s.hidden(r.deadline()) || fn(d.t.key(r), r.typ())
	})
}

// randomTries bounds the draws of RandomKey, before it takes the next key that it finds.
const randomTries = 1000

// RandomKey returns a visible key. Each has the same chance, unless nearly all keys are hidden.
func (d *DB) RandomKey() ([]byte, bool) {
	t := d.t
	if t.n == 0 {
		return nil, false
	}
	if n := len(t.spill); n > 0 && d.s.rng.IntN(t.n) < n {
		if r := t.at(t.spill[d.s.rng.IntN(n)].ref); !d.s.hidden(r.deadline()) {
			return t.key(r), true
		}
	}
	for range randomTries {
		if r := t.drawRecord(d.s.rng.Uint64()); r != nil && !d.s.hidden(r.deadline()) {
			return t.key(r), true
		}
	}
	return d.anyKey()
}

// drawRecord returns the record in a random slot, nil when that is empty. Of the directory's pointers
// to a segment only the first counts, so that all slots have the same chance.
func (t *table) drawRecord(x uint64) rec {
	hi, lo := bits.Mul64(x, uint64(len(t.dir)))
	g := t.dir[hi]
	if hi&(1<<(t.depth()-g.depth())-1) != 0 {
		return nil
	}
	slot, _ := bits.Mul64(lo, segSlots)
	b := &g[slot/bucketSlots]
	if b.tags[slot%bucketSlots] == 0 {
		return nil
	}
	return t.at(b.refs[slot%bucketSlots])
}

// anyKey returns the first visible key after a random place.
func (d *DB) anyKey() (key []byte, ok bool) {
	t := d.t
	skip := d.s.rng.IntN(t.n)
	t.eachRecord(func(r rec) bool {
		if !d.s.hidden(r.deadline()) {
			key, ok = t.key(r), true
		}
		skip--
		return !ok || skip > 0
	})
	return key, ok
}
