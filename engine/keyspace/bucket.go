package keyspace

import (
	"encoding/binary"
	"math/bits"
)

// The directory of a table: segments of 16 buckets, chosen by the high bits of the hash; a bucket is
// one cache line with twelve tags and refs. An entry's home is the bucket that its hash names. When
// the home is full it goes to one of the next three, and home.ovf counts it: as long as that is 0, a
// lookup that misses has touched one line. Nothing is ever displaced and there are no tombstones.
// When the window of four is full, the segment is split by the next bit of the hash (split.go).

const (
	bucketSlots = 12
	segBuckets  = 16
	segSlots    = segBuckets * bucketSlots
	window      = 4
	bucketShift = 8 // the hash bits that choose the bucket: above those of the tag
	segBytes    = segBuckets * 64
)

type bucket struct {
	tags  [bucketSlots]uint8 // 0: empty
	ovf   uint8              // entries of this home that are stored elsewhere
	depth uint8              // in bucket 0: hash bits that the segment stands for
	count uint16             // in bucket 0: entries in the segment
	refs  [bucketSlots]uint32
}

type segment [segBuckets]bucket

func (g *segment) depth() int { return int(g[0].depth) }

func homeOf(hash uint64) int { return int(hash>>bucketShift) & (segBuckets - 1) }

// tagOf is never 0 or 1: the search for equal bytes in a word reports a false hit where byte and tag
// differ by one above a true hit. With tag 1 that could be an empty slot, whose old ref may still
// lead to the same key.
func tagOf(hash uint64) uint8 {
	t := uint8(hash)
	if t < 2 {
		t += 2
	}
	return t
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// matches returns a bit set of the slots that may have this tag.
func (b *bucket) matches(tag uint8) uint32 {
	x := binary.LittleEndian.Uint64(b.tags[:8]) ^ lowBits*uint64(tag)
	y := uint64(binary.LittleEndian.Uint32(b.tags[8:])) ^ lowBits&0xffffffff*uint64(tag)
	x = (x - lowBits) & ^x & highBits
	y = (y - lowBits&0xffffffff) & ^y & (highBits & 0xffffffff)
	return uint32((x>>7)*0x0102040810204080>>56) | uint32((y>>7)*0x0102040810204080>>56)<<8
}

// vacant returns an empty slot, -1 when there is none.
func (b *bucket) vacant() int {
	for i, t := range b.tags {
		if t == 0 {
			return i
		}
	}
	return -1
}

// place is where an entry is: a slot of a bucket, or a position in the spill.
type place struct {
	b *bucket
	i int
}

// find returns the place and record of a key; ok is false when it is not there.
func (t *table) find(hash uint64, key []byte) (p place, r rec, ok bool) {
	if t.n == 0 {
		return place{}, nil, false
	}
	g := t.segment(hash)
	home := homeOf(hash)
	tag := tagOf(hash)
	b := &g[home]
	more := b.ovf
	for i := 0; ; i++ {
		for m := b.matches(tag); m != 0; m &= m - 1 {
			j := bits.TrailingZeros32(m)
			if r := t.at(b.refs[j]); b.tags[j] == tag && t.keyIs(r, key) {
				return place{b, j}, r, true
			}
		}
		if more == 0 || i == window-1 {
			break
		}
		b = &g[(home+i+1)%segBuckets]
	}
	for i, e := range t.spill {
		if r := t.at(e.ref); e.hash == hash && t.keyIs(r, key) {
			return place{nil, i}, r, true
		}
	}
	return place{}, nil, false
}

func (t *table) segment(hash uint64) *segment { return t.dir[hash>>t.shift] }

func (t *table) keyIs(r rec, key []byte) bool {
	k, _, out := r.inlineKey()
	if out {
		k = t.side.at(r.largeNo()).key
	}
	return string(k) == string(key)
}

// key returns the key of a record of this table.
func (t *table) key(r rec) []byte {
	k, _, out := r.inlineKey()
	if out {
		return t.side.at(r.largeNo()).key
	}
	return k
}

func (t *table) refAt(p place) uint32 {
	if p.b == nil {
		return t.spill[p.i].ref
	}
	return p.b.refs[p.i]
}

func (t *table) setRef(p place, ref uint32) {
	if p.b == nil {
		t.spill[p.i].ref = ref
		return
	}
	p.b.refs[p.i] = ref
}

// placeOf finds an entry by its ref, which must be there.
func (t *table) placeOf(hash uint64, ref uint32) place {
	g := t.segment(hash)
	home := homeOf(hash)
	for i := range window {
		b := &g[(home+i)%segBuckets]
		for j, r := range b.refs {
			if r == ref && b.tags[j] != 0 {
				return place{b, j}
			}
		}
	}
	for i, e := range t.spill {
		if e.ref == ref {
			return place{nil, i}
		}
	}
	panic("keyspace: an entry is not in the directory")
}

// put stores an entry in the window of its home; false when that is full.
func (g *segment) put(hash uint64, ref uint32) bool {
	home := homeOf(hash)
	for i := range window {
		b := &g[(home+i)%segBuckets]
		j := b.vacant()
		if j < 0 {
			continue
		}
		b.tags[j], b.refs[j] = tagOf(hash), ref
		if i > 0 {
			g[home].ovf++
		}
		g[0].count++
		return true
	}
	return false
}

// insert adds an entry for a key that is not there.
func (t *table) insert(hash uint64, ref uint32) {
	if t.dir == nil {
		t.dir, t.shift = []*segment{{}}, 64
		t.depths[0] = 1
		t.grow(segBytes)
	}
	t.n++
	for !t.segment(hash).put(hash, ref) {
		if !t.split(hash) {
			t.spill = append(t.spill, spilled{hash, ref})
			return
		}
	}
}

// erase takes an entry out of the directory.
func (t *table) erase(hash uint64, p place) {
	t.n--
	if p.b == nil {
		last := len(t.spill) - 1
		t.spill[p.i] = t.spill[last]
		t.spill = t.spill[:last]
	} else {
		g := t.segment(hash)
		p.b.tags[p.i] = 0
		if home := &g[homeOf(hash)]; home != p.b {
			home.ovf--
		}
		g[0].count--
		t.merge(hash)
	}
	if t.n == 0 {
		t.resetDir()
	}
}
