package zset

import (
	"bytes"
	"math"
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

const (
	leafCap = 64
	liveMax = 4096 // bytes of members above which a leaf is split
)

var memberShape = block.Shape{Items: 1}

// leaf holds members in order, by score and then by bytes. The slots are sorted; the members lie in
// the block in the order in which they came.
type leaf struct {
	epoch uint64
	block.Block
	n      int
	offs   [leafCap]uint16
	scores [leafCap]float64
}

// Len returns the number of members.
func (l *leaf) Len() int { return l.n }

// Bytes returns the memory that the leaf takes.
func (l *leaf) Bytes() int64 { return int64(unsafe.Sizeof(leaf{})) + l.Block.Bytes() }

// touch reads the lines of a leaf that a search in it begins with.
func (l *leaf) touch() uint64 {
	return uint64(l.n) + math.Float64bits(l.scores[leafCap/4]) + math.Float64bits(l.scores[leafCap/2]) + math.Float64bits(l.scores[leafCap*3/4]) +
		uint64(l.offs[leafCap/2])
}

// Epoch returns the epoch of the leaf's birth.
func (l *leaf) Epoch() uint64 { return l.epoch }

// Clone returns a copy that can be written.
func (l *leaf) Clone(epoch uint64) *leaf {
	c := *l
	c.epoch = epoch
	c.Block = l.Block.Clone(c.offs[:c.n], memberShape, l.Live()/16)
	return &c
}

// Small reports whether the leaf should be joined with a neighbour.
func (l *leaf) Small() bool { return l.n < leafCap/4 && l.Live() < liveMax/4 }

// Fits reports whether the members of both leaves fit into one.
func (l *leaf) Fits(right *leaf) bool {
	return l.n+right.n <= leafCap*3/4 && l.Live()+right.Live() <= liveMax*3/4
}

// Append takes copies of the members of a right neighbour.
func (l *leaf) Append(right *leaf) {
	l.Reserve(right.Live())
	l.take(right, 0, right.n)
}

func (l *leaf) take(from *leaf, lo, hi int) {
	for i := lo; i < hi; i++ {
		l.offs[l.n] = uint16(l.Copy(&from.Block, int(from.offs[i]), memberShape))
		l.scores[l.n] = from.scores[i]
		l.n++
	}
}

// Cut removes the members from slot from up to slot to.
func (l *leaf) Cut(from, to int) {
	for _, off := range l.offs[from:to] {
		l.Free(int(off), memberShape)
	}
	copy(l.offs[from:], l.offs[to:l.n])
	copy(l.scores[from:], l.scores[to:l.n])
	l.n -= to - from
	if l.Sparse() {
		l.Compact(l.offs[:l.n], memberShape, 0)
	}
}

// remove removes the member, which is in slot i.
func (l *leaf) remove(i int, member []byte) {
	l.VacateItem(int(l.offs[i]), member)
	copy(l.offs[i:], l.offs[i+1:l.n])
	copy(l.scores[i:], l.scores[i+1:l.n])
	l.n--
	if l.Sparse() {
		l.Compact(l.offs[:l.n], memberShape, 0)
	}
}

// move gives the member in slot i another score and its place among the others.
func (l *leaf) move(i int, member []byte, score float64) {
	j, _ := l.search(score, member)
	off := l.offs[i]
	if j > i {
		j-- // it leaves a slot before that one
		copy(l.offs[i:j], l.offs[i+1:])
		copy(l.scores[i:j], l.scores[i+1:])
	} else {
		copy(l.offs[j+1:i+1], l.offs[j:])
		copy(l.scores[j+1:i+1], l.scores[j:])
	}
	l.offs[j], l.scores[j] = off, score
}

// full reports whether the leaf must be split before a member comes in.
func (l *leaf) full(member []byte) bool {
	return l.n == leafCap || l.n > 0 && l.Live()+block.Size(member) > liveMax
}

func (l *leaf) insert(i int, member []byte, score float64) {
	copy(l.offs[i+1:], l.offs[i:l.n])
	copy(l.scores[i+1:], l.scores[i:l.n])
	off, end := l.Begin(block.Size(member))
	l.Add(member)
	l.End(end)
	l.offs[i], l.scores[i] = uint16(off), score
	l.n++
}

// split moves the members from slot i on into a new leaf.
func (l *leaf) split(i int, epoch uint64) *leaf {
	right := &leaf{epoch: epoch}
	switch i {
	case 0: // all of them
		*right = *l
		right.epoch = epoch
		right.Shrink()
		*l = leaf{epoch: l.epoch}
	case l.n:
		l.Shrink()
	default:
		live := 0
		for _, off := range l.offs[i:l.n] {
			live += l.Span(int(off), memberShape)
		}
		right.Reserve(live)
		right.take(l, i, l.n)
		for _, off := range l.offs[i:l.n] {
			l.Free(int(off), memberShape)
		}
		l.n = i
		l.Compact(l.offs[:l.n], memberShape, liveMax/8)
	}
	return right
}

func (l *leaf) member(i int) []byte {
	m, _ := l.Item(int(l.offs[i]))
	return m
}

// search returns the first slot that is not before (score, member), and whether it is just that.
func (l *leaf) search(score float64, member []byte) (slot int, found bool) {
	lo, hi := 0, l.n
	for lo < hi {
		mid := (lo + hi) / 2
		c := compare(l.scores[mid], score)
		if c == 0 {
			c = bytes.Compare(l.member(mid), member)
		}
		switch {
		case c < 0:
			lo = mid + 1
		case c > 0:
			hi = mid
		default:
			return mid, true
		}
	}
	return lo, false
}

// place returns the slot of a member that is there. Its bytes, which are far away, are looked at only
// where others have its score.
func (l *leaf) place(score float64, member []byte) int {
	i := l.first(func(i int) bool { return l.scores[i] >= score })
	if i+1 < l.n && l.scores[i+1] == score {
		i, _ = l.search(score, member)
	}
	return i
}

// first returns the first slot from which on after is true.
func (l *leaf) first(after func(i int) bool) int {
	lo, hi := 0, l.n
	for lo < hi {
		if mid := (lo + hi) / 2; after(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
