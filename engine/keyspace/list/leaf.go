package list

import (
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

// A leaf of 256 elements of 15 bytes is full in both ways. With half as many, the structs and the
// rounding of the allocator take a byte more for each element.
const (
	leafCap = 256
	liveMax = 4096 // bytes of elements above which a leaf is split
)

var elementShape = block.Shape{Items: 1}

// leaf holds elements in order: the slots are in order, the elements lie in the block in the order
// in which they came.
type leaf struct {
	epoch uint64
	block.Block
	n    int
	offs [leafCap]uint16
}

// Len returns the number of elements.
func (l *leaf) Len() int { return l.n }

// Bytes returns the memory that the leaf takes.
func (l *leaf) Bytes() int64 { return int64(unsafe.Sizeof(leaf{})) + l.Block.Bytes() }

// Epoch returns the epoch of the leaf's birth.
func (l *leaf) Epoch() uint64 { return l.epoch }

// Clone returns a copy that can be written.
func (l *leaf) Clone(epoch uint64) *leaf {
	c := *l
	c.epoch = epoch
	c.Block = l.Block.Clone(c.offs[:c.n], elementShape, l.Live()/16)
	return &c
}

// Small reports whether the leaf should be joined with a neighbour.
func (l *leaf) Small() bool { return l.n < leafCap/4 && l.Live() < liveMax/4 }

// Fits reports whether the elements of both leaves fit into one.
func (l *leaf) Fits(right *leaf) bool {
	return l.n+right.n <= leafCap*3/4 && l.Live()+right.Live() <= liveMax*3/4
}

// Append takes copies of the elements of a right neighbour.
func (l *leaf) Append(right *leaf) {
	l.Reserve(right.Live())
	l.take(right, 0, right.n)
}

func (l *leaf) take(from *leaf, lo, hi int) {
	for i := lo; i < hi; i++ {
		l.offs[l.n] = uint16(l.Copy(&from.Block, int(from.offs[i]), elementShape))
		l.n++
	}
}

// Cut removes the elements from slot from up to slot to.
func (l *leaf) Cut(from, to int) {
	for _, off := range l.offs[from:to] {
		l.Free(int(off), elementShape)
	}
	copy(l.offs[from:], l.offs[to:l.n])
	l.n -= to - from
	l.tidy()
}

func (l *leaf) tidy() {
	if l.Sparse() {
		l.Compact(l.offs[:l.n], elementShape, 0)
	}
}

// full reports whether the leaf must be split before an element comes in.
func (l *leaf) full(v []byte) bool {
	return l.n == leafCap || l.n > 0 && l.Live()+block.Size(v) > liveMax
}

func (l *leaf) insert(i int, v []byte) {
	l.Reserve(block.Size(v))
	copy(l.offs[i+1:], l.offs[i:l.n])
	l.offs[i] = uint16(l.Block.Len())
	l.Add(v)
	l.n++
}

// grown reports whether the leaf, with v in slot i, must be split.
func (l *leaf) grown(i int, v []byte) bool {
	live := l.Live() + block.Size(v) - l.Span(int(l.offs[i]), elementShape)
	return l.n > 1 && live > liveMax && live > l.Live()
}

func (l *leaf) set(i int, v []byte) {
	if l.Replace(int(l.offs[i]), v) {
		return
	}
	l.Free(int(l.offs[i]), elementShape)
	l.Reserve(block.Size(v))
	l.offs[i] = uint16(l.Block.Len())
	l.Add(v)
	l.tidy()
}

// split moves the elements from slot i on into a new leaf. At an end of the list
// the new leaf will be as full as the one that is left behind: it gets that much
// room at once, for growing little by little would cost it ten copies.
func (l *leaf) split(i int, epoch uint64) *leaf {
	right := &leaf{epoch: epoch}
	switch i {
	case 0: // all of them
		*right = *l
		right.epoch = epoch
		right.Shrink()
		*l = leaf{epoch: l.epoch}
		l.Provide(right.Live())
	case l.n:
		l.Shrink()
		right.Provide(l.Live())
	default:
		live := 0
		for _, off := range l.offs[i:l.n] {
			live += l.Span(int(off), elementShape)
		}
		right.Reserve(live)
		right.take(l, i, l.n)
		for _, off := range l.offs[i:l.n] {
			l.Free(int(off), elementShape)
		}
		l.n = i
		l.Compact(l.offs[:l.n], elementShape, liveMax/8)
	}
	return right
}

func (l *leaf) element(i int) []byte {
	v, _ := l.Item(int(l.offs[i]))
	return v
}
