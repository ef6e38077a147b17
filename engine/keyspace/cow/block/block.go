package block

import (
	"encoding/binary"
	"slices"
)

// Reserve makes room for n more bytes, with some slack so that a block that grows is not copied for
// each record. The slack is small, since the allocator's size classes add to it: a quarter instead of
// a sixteenth costs 8 % more memory in a large hash, and no faster insertion showed for it.
func (b *Block) Reserve(n int) {
	if need := len(b.data) + n; need > cap(b.data) {
		b.data = sized(b.data, need+need/16)
	}
}

// Provide makes an empty block have room for n bytes, and no slack.
func (b *Block) Provide(n int) { b.data = sized(nil, n) }

// sized returns a copy of data with at least the given capacity, rounded up to what the allocator
// gives anyway.
func sized(data []byte, capacity int) []byte {
	return append(slices.Grow([]byte(nil), capacity), data...)
}

// Add appends an item to the record that is being added.
func (b *Block) Add(v []byte) {
	if len(v) <= Inline {
		b.data = appendInline(b.data, v)
		return
	}
	b.addFar(slices.Clone(v))
}

// addFar appends a far item; the block keeps v.
func (b *Block) addFar(v []byte) {
	if b.far == nil {
		b.far = &far{}
	}
	i := slices.IndexFunc(b.far.items, func(s []byte) bool { return s == nil })
	if i < 0 {
		i = len(b.far.items)
		b.far.items = append(b.far.items, nil)
	}
	b.far.items[i] = v
	b.far.bytes += int64(cap(v))
	b.data = binary.AppendUvarint(b.data, uint64(len(v))<<1|1)
	b.data = binary.LittleEndian.AppendUint16(b.data, uint16(i))
}

// AddTail appends raw bytes to the record that is being added.
func (b *Block) AddTail(v []byte) { b.data = append(b.data, v...) }

// Replace writes v over the item at an offset, if v takes exactly the same place, and reports
// whether it did.
func (b *Block) Replace(off int, v []byte) bool {
	n, isFar, at := head(b.data, off)
	if n != len(v) {
		return false
	}
	if !isFar {
		copy(b.data[at:], v)
		return true
	}
	i := binary.LittleEndian.Uint16(b.data[at:])
	b.far.bytes -= int64(cap(b.far.items[i]))
	b.far.items[i] = slices.Clone(v) // views share the old slice
	b.far.bytes += int64(cap(b.far.items[i]))
	return true
}

// ReplaceTail writes raw bytes at an offset.
func (b *Block) ReplaceTail(off int, v []byte) { copy(b.data[off:], v) }

// Free marks the record at an offset as dead. Its inline bytes stay as they are until the block is
// compacted, and compacting makes new storage: a slice taken before stays good.
func (b *Block) Free(off int, s Shape) {
	end := off
	for range s.Items {
		n, isFar, at := head(b.data, end)
		if end = at + n; isFar {
			i := binary.LittleEndian.Uint16(b.data[at:])
			b.far.bytes -= int64(cap(b.far.items[i]))
			b.far.items[i] = nil
			end = at + farRef
		}
	}
	b.dead += uint16(end + int(s.Tail) - off)
}

// Span returns how many bytes the record at an offset takes.
func (b *Block) Span(off int, s Shape) int {
	end, _ := b.span(off, s)
	return end - off
}

func (b *Block) span(off int, s Shape) (end int, hasFar bool) {
	end = off
	for range s.Items {
		n, isFar, at := head(b.data, end)
		if end = at + n; isFar {
			end, hasFar = at+farRef, true
		}
	}
	return end + int(s.Tail), hasFar
}

// Copy appends a copy of a record of another block and returns its offset. Far items are shared.
func (b *Block) Copy(from *Block, off int, s Shape) int {
	at := len(b.data)
	end, hasFar := from.span(off, s)
	if !hasFar {
		b.data = append(b.data, from.data[off:end]...)
		return at
	}
	for range s.Items {
		v, next := from.Item(off)
		if len(v) > Inline {
			b.addFar(v)
		} else {
			b.data = appendInline(b.data, v)
		}
		off = next
	}
	b.data = append(b.data, from.data[off:end]...)
	return at
}

// Compact rewrites the block into new storage without its dead bytes, with room for extra bytes
// more; offs are the offsets of all live records and are changed.
func (b *Block) Compact(offs []uint16, s Shape, extra int) {
	fresh := Block{}
	live := b.Live()
	fresh.data = slices.Grow(fresh.data, live+extra)
	for i, off := range offs {
		offs[i] = uint16(fresh.Copy(b, int(off), s))
	}
	*b = fresh
}

// Sort puts the records, each a single item, in the order of their offsets in offs, which are changed.
// None is dead.
func (b *Block) Sort(offs []uint16) {
	var room [5 << 10]byte // more are rare
	old := Block{data: append(room[:0], b.data...)}
	at := 0
	for i, off := range offs {
		offs[i] = uint16(at)
		at += copy(b.data[at:], old.data[off:old.Skip(int(off))])
	}
}

// Clone returns a copy that shares nothing but the far slices; dead bytes are left out. offs are the
// offsets of the live records in the copy's owner, and are changed when need be.
func (b *Block) Clone(offs []uint16, s Shape, extra int) Block {
	c := *b
	if b.dead > 0 {
		c.Compact(offs, s, extra)
		return c
	}
	c.data = sized(b.data, len(b.data)+extra)
	if b.far != nil {
		c.far = &far{items: slices.Clone(b.far.items), bytes: b.far.bytes}
	}
	return c
}

// Shrink gives unused capacity back when there is much of it.
func (b *Block) Shrink() {
	if cap(b.data) > len(b.data)+len(b.data)/2+64 {
		b.data = sized(b.data, len(b.data))
	}
}
