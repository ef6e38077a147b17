package list

import (
	"slices"
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

// A leaf of 256 elements of 15 bytes is full in both ways. With half as many, the structs and the
// rounding of the allocator take a byte more for each element.
const (
	leafCap = 256
	liveMax = 4096 // bytes of elements above which a leaf is split
	stride  = 4    // each so many elements a sealed leaf has an offset
)

var elementShape = block.Shape{Items: 1}

// leaf holds elements in order. Of one that is open the slots are in order, and the elements lie in the
// block in the order in which they came. One that is left behind full at an end of the list is sealed:
// its elements lie in order, so that few offsets lead to all of them. It may lose elements at both ends;
// it is opened when others come or go.
type leaf struct {
	epoch uint64
	block.Block
	n     int
	offs  *[leafCap]uint16         // where the elements begin; nil: sealed
	marks [leafCap / stride]uint16 // of a sealed leaf: where each fourth that it had began
	first int                      // of a sealed leaf: how many are gone from its front
}

// Len returns the number of elements.
func (l *leaf) Len() int { return l.n }

// Bytes returns the memory that the leaf takes.
func (l *leaf) Bytes() int64 {
	n := int64(unsafe.Sizeof(leaf{})) + l.Block.Bytes()
	if l.offs != nil {
		n += int64(unsafe.Sizeof(*l.offs))
	}
	return n
}

// Epoch returns the epoch of the leaf's birth.
func (l *leaf) Epoch() uint64 { return l.epoch }

// Clone returns a copy that can be written.
func (l *leaf) Clone(epoch uint64) *leaf {
	c := *l
	c.epoch = epoch
	var offs []uint16
	switch {
	case l.offs != nil:
		own := *l.offs
		c.offs = &own
	case l.Live() < l.Block.Len():
		c.open()
	}
	if c.offs != nil {
		offs = c.offs[:c.n]
	}
	c.Block = l.Block.Clone(offs, elementShape, l.Live()/16)
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
	l.open()
	for i := lo; i < hi; i++ {
		l.offs[l.n] = uint16(l.Copy(&from.Block, from.off(i), elementShape))
		l.n++
	}
}

// Cut removes the elements from slot from up to slot to.
func (l *leaf) Cut(from, to int) {
	if from > 0 && to < l.n {
		l.open()
	}
	at := l.off(from)
	for slot := from; slot < to; slot++ {
		end := l.Skip(at)
		l.Free(at, elementShape)
		at = l.after(slot, end)
	}
	switch {
	case l.offs != nil:
		copy(l.offs[from:], l.offs[to:l.n])
	case from == 0:
		l.first += to
	}
	l.n -= to - from
	l.tidy()
}

func (l *leaf) tidy() {
	if l.Sparse() {
		l.open()
		l.Compact(l.offs[:l.n], elementShape, 0)
	}
}

// full reports whether the leaf must be split before an element comes in.
func (l *leaf) full(v []byte) bool {
	return l.n == leafCap || l.n > 0 && l.Live()+block.Size(v) > liveMax
}

func (l *leaf) insert(i int, v []byte) {
	l.open()
	l.Reserve(block.Size(v))
	copy(l.offs[i+1:], l.offs[i:l.n])
	l.offs[i] = uint16(l.Block.Len())
	l.Add(v)
	l.n++
}

// grown reports whether the leaf, with v in the place of the element at off, must be split.
func (l *leaf) grown(off int, v []byte) bool {
	live := l.Live() + block.Size(v) - (l.Skip(off) - off)
	return l.n > 1 && live > liveMax && live > l.Live()
}

// set replaces the element in slot i, which begins at off.
func (l *leaf) set(i, off int, v []byte) {
	if l.Replace(off, v) {
		return
	}
	l.open()
	l.Free(off, elementShape)
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
		*l = leaf{epoch: l.epoch, offs: right.seal()}
		l.Provide(right.Live())
	case l.n:
		right.offs = l.seal()
		right.Provide(l.Live())
	default:
		l.open()
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

// seal puts the elements in order. It returns the memory of the offsets, which another leaf may have.
func (l *leaf) seal() *[leafCap]uint16 {
	spare := l.offs
	if spare == nil {
		return nil
	}
	offs := spare[:l.n]
	switch {
	case l.Live() < l.Block.Len():
		l.Compact(offs, elementShape, 0)
	case !slices.IsSorted(offs):
		l.Sort(offs)
	}
	l.Shrink()
	for i := 0; i < l.n; i += stride {
		l.marks[i/stride] = offs[i]
	}
	l.offs = nil
	return spare
}

// open finds the offsets of all elements, so that they can move.
func (l *leaf) open() {
	if l.offs != nil {
		return
	}
	offs := new([leafCap]uint16)
	if l.n > 0 {
		at := l.off(0)
		for i := range l.n {
			offs[i] = uint16(at)
			at = l.Skip(at)
		}
	}
	l.offs, l.first = offs, 0
}

// off returns where element i begins.
func (l *leaf) off(i int) int {
	if l.offs != nil {
		return int(l.offs[i])
	}
	i += l.first
	at := int(l.marks[i/stride])
	for range i % stride {
		at = l.Skip(at)
	}
	return at
}

// after returns where the element behind slot i begins; the one in the slot ends at end.
func (l *leaf) after(i, end int) int {
	if l.offs == nil || i+1 == l.n {
		return end
	}
	return int(l.offs[i+1])
}

func (l *leaf) element(i int) []byte {
	v, _ := l.Item(l.off(i))
	return v
}
