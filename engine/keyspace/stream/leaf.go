package stream

import (
	"encoding/binary"
	"slices"
	"unsafe"
)

// leaf is a block of entries, oldest first, one behind the other:
//
//	uvarint(bytes of the body <<2 | far <<1 | same)   uvarint(ms - first.Ms)
//	uvarint(seq, or seq - first.Seq in the same millisecond)   body
//
// The body of an entry that has the names of the block's first one (same) is its values, each behind its
// length; of another one, the number of pairs and then names and values in turn. A body above
// inlineBody bytes lies in a slice of its own (far) and data has its number: such slices are never
// changed, so that copies of the block share them and a block stays small whatever it holds.
//
// A removed entry leaves its place at once. It goes on counting for when the block is full.
type leaf struct {
	epoch    uint64
	first    ID     // of the first entry that the block had
	last     ID     // of the last one that it had
	names    []byte // of the first entry; never changed
	pairs    int    // how many names
	data     []byte
	far      [][]byte // nil: free
	farBytes int64
	n        int // entries
	gone     int // entries removed
	node     int // what Redis' node would take, less its head and counters
}

const (
	inlineBody = 1024
	bitSame    = 1
	bitFar     = 2
	bodyShift  = 2
	headMost   = 3 * binary.MaxVarintLen64 // bytes of an entry ahead of its body
	firstData  = 128                       // capacity that a block begins with
)

// newLeaf returns a block for an entry and those that follow it. Most likely they are as many, and as
// long, as those of the block before it, which may be nil: the new one gets as much room at once. To
// grow little by little costs six copies, and what they leave behind are holes between the blocks.
// For the same reason blocks of the same names share them.
func newLeaf(epoch uint64, id ID, fields [][]byte, before *leaf) *leaf {
	l := &leaf{epoch: epoch, first: id, pairs: len(fields) / 2, node: nodeMaster(fields)}
	if before != nil {
		// The varints of IDs may be a little longer here.
		l.data = slices.Grow([]byte(nil), len(before.data)+before.n/4+headMost)
		if before.same(fields) {
			l.names = before.names
			return l
		}
	}
	for i := 0; i < len(fields); i += 2 {
		l.names = appendItem(l.names, fields[i])
	}
	l.names = slices.Clip(l.names)
	return l
}

// Len returns the number of entries.
func (l *leaf) Len() int { return l.n }

// Bytes returns the memory that the leaf takes. Names that blocks share count in each.
func (l *leaf) Bytes() int64 {
	return int64(unsafe.Sizeof(leaf{})) + int64(cap(l.names)+cap(l.data)) + 24*int64(cap(l.far)) + l.farBytes
}

// Epoch returns the epoch of the leaf's birth.
func (l *leaf) Epoch() uint64 { return l.epoch }

// Clone returns a copy that can be written.
func (l *leaf) Clone(epoch uint64) *leaf {
	c := *l
	c.epoch = epoch
	c.data = append(make([]byte, 0, len(l.data)+len(l.data)/8), l.data...)
	c.far = slices.Clone(l.far)
	return &c
}

// Small reports that a leaf is never better joined: trimming goes by blocks.
func (l *leaf) Small() bool { return false }

// Fits reports that two leaves are never joined.
func (l *leaf) Fits(*leaf) bool { return false }

// Append is never called, since no leaf fits another one.
func (l *leaf) Append(*leaf) { panic("stream: blocks are not joined") }

// Cut removes the entries from index from up to index to.
func (l *leaf) Cut(from, to int) {
	start := 0
	for range from {
		start = l.skip(start)
	}
	end := start
	for range to - from {
		l.freeFar(end)
		end = l.skip(end)
	}
	l.data = append(l.data[:start], l.data[end:]...)
	l.n -= to - from
	l.gone += to - from
	if len(l.data) < cap(l.data)/4 {
		l.shrink()
	}
}

// shrink gives unused capacity back when there is much of it. The allocator's sizes lie up to a fifth
// apart: below that nothing would come of it.
func (l *leaf) shrink() {
	if cap(l.data) > len(l.data)+len(l.data)/4 {
		l.data = append(make([]byte, 0, len(l.data)), l.data...)
	}
}

func appendItem(b, v []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

// item cuts the first item off b.
func item(b []byte) (v, rest []byte) {
	n, size := uvarint(b)
	return b[size : size+int(n) : size+int(n)], b[size+int(n):]
}

// uvarint is binary.Uvarint with a short way for one byte.
func uvarint(b []byte) (uint64, int) {
	if b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

// same reports whether the fields have the names of the block's first entry.
func (l *leaf) same(fields [][]byte) bool {
	if len(fields) != 2*l.pairs {
		return false
	}
	names := l.names
	for i := 0; i < len(fields); i += 2 {
		var name []byte
		if name, names = item(names); string(name) != string(fields[i]) {
			return false
		}
	}
	return true
}

// add appends an entry, whose ID is above all others.
func (l *leaf) add(id ID, fields [][]byte) {
	same := l.same(fields)
	bits, step, off, size := uint64(0), 1, 0, 0
	if same {
		bits, step, off = bitSame, 2, 1
	} else {
		size = uvarintSize(len(fields) / 2)
	}
	for i := off; i < len(fields); i += step {
		size += uvarintSize(len(fields[i])) + len(fields[i])
	}
	seq := id.Seq
	if id.Ms == l.first.Ms {
		seq -= l.first.Seq
	}
	far := -1
	inline := size
	if size > inlineBody {
		far = l.addFar(make([]byte, 0, size), fields, same)
		bits |= bitFar
		inline = uvarintSize(far)
	}
	l.grow(headMost + inline)
	l.data = binary.AppendUvarint(l.data, uint64(inline)<<bodyShift|bits)
	l.data = binary.AppendUvarint(l.data, id.Ms-l.first.Ms)
	l.data = binary.AppendUvarint(l.data, seq)
	if far >= 0 {
		l.data = binary.AppendUvarint(l.data, uint64(far))
	} else {
		l.data = appendBody(l.data, fields, same)
	}
	l.node += nodeEntry(l.first, id, fields, same)
	l.last = id
	l.n++
}

func appendBody(b []byte, fields [][]byte, same bool) []byte {
	if same {
		for i := 1; i < len(fields); i += 2 {
			b = appendItem(b, fields[i])
		}
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(fields)/2))
	for _, f := range fields {
		b = appendItem(b, f)
	}
	return b
}

func (l *leaf) addFar(body []byte, fields [][]byte, same bool) int {
	body = appendBody(body, fields, same)
	l.farBytes += int64(cap(body))
	for i, b := range l.far {
		if b == nil {
			l.far[i] = body
			return i
		}
	}
	l.far = append(l.far, body)
	return len(l.far) - 1
}

func (l *leaf) freeFar(off int) {
	h := l.head(off)
	if h.bits&bitFar != 0 {
		i, _ := uvarint(l.data[h.body:])
		l.farBytes -= int64(cap(l.far[i]))
		l.far[i] = nil
	}
}

// grow makes room for n more bytes, at first by doubling.
func (l *leaf) grow(n int) {
	if need := len(l.data) + n; need > cap(l.data) {
		l.data = append(make([]byte, 0, max(firstData, need, min(2*cap(l.data), cap(l.data)+2048))), l.data...)
	}
}

func uvarintSize(n int) int {
	size := 1
	for v := uint64(n); v >= 0x80; v >>= 7 {
		size++
	}
	return size
}

// entryHead is what stands before a body.
type entryHead struct {
	id        ID
	bits      uint64
	body, end int // offsets
}

func (l *leaf) head(off int) (h entryHead) {
	v, size := uvarint(l.data[off:])
	off += size
	ms, size := uvarint(l.data[off:])
	off += size
	seq, size := uvarint(l.data[off:])
	off += size
	if ms == 0 {
		seq += l.first.Seq
	}
	return entryHead{
		id: ID{l.first.Ms + ms, seq}, bits: v & (1<<bodyShift - 1),
		body: off, end: off + int(v>>bodyShift),
	}
}

func (l *leaf) skip(off int) int { return l.head(off).end }

// entry returns the entry with the given head.
func (l *leaf) entry(h entryHead) Entry {
	e := Entry{ID: h.id, body: l.data[h.body:h.end:h.end]}
	if h.bits&bitFar != 0 {
		i, _ := uvarint(e.body)
		e.body = l.far[i]
	}
	if h.bits&bitSame != 0 {
		e.names, e.pairs = l.names, l.pairs
		return e
	}
	pairs, size := uvarint(e.body)
	e.pairs, e.body, e.own = int(pairs), e.body[size:], true
	return e
}

// search returns the index of the first entry that is not before id, Len when there is none, and
// whether it is that entry.
func (l *leaf) search(id ID) (i int, found bool) {
	for off := 0; i < l.n; i++ {
		h := l.head(off)
		if !h.id.Less(id) {
			return i, h.id == id
		}
		off = h.end
	}
	return i, false
}

// ascend calls fn for the entries from index i on, until it returns false.
func (l *leaf) ascend(i int, fn func(e Entry) bool) bool {
	off := 0
	for k := range l.n {
		h := l.head(off)
		if k >= i && !fn(l.entry(h)) {
			return false
		}
		off = h.end
	}
	return true
}

// descend calls fn for the entries from index i down to the first, until it returns false.
func (l *leaf) descend(i int, fn func(e Entry) bool) bool {
	var offs [maxEntries]int32
	off := 0
	for k := range i + 1 {
		offs[k] = int32(off)
		off = l.skip(off)
	}
	for ; i >= 0; i-- {
		if !fn(l.entry(l.head(int(offs[i])))) {
			return false
		}
	}
	return true
}

// Entry is one entry of a stream. It is valid until the next write to the stream.
type Entry struct {
	ID    ID
	names []byte
	body  []byte
	pairs int
	own   bool // names stand in the body
}

// Len returns the number of fields.
func (e *Entry) Len() int { return e.pairs }

// Each calls fn for the fields, in the order in which they were given.
func (e *Entry) Each(fn func(name, value []byte)) {
	names, body := e.names, e.body
	for range e.pairs {
		var name, value []byte
		if e.own {
			name, body = item(body)
		} else {
			name, names = item(names)
		}
		value, body = item(body)
		fn(name, value)
	}
}
