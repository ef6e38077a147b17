package block

import (
	"encoding/binary"
	"slices"
)

// Seq is a small value as one slice of bytes: a 2-byte count and then records one after another, in
// the items' encoding without far items. Nil is empty.
//
// Like append, the methods that change a Seq write in place where its capacity allows, else into a new
// slice, and return the result; the old one must not be used any more. What they are given may not
// be part of it.
type Seq []byte

const (
	// SeqHead is the number of bytes before the first record.
	SeqHead = 2
	// SeqMany is the count that means "so many or more". Counts above it never occur: the owner may
	// use them to mark other forms.
	SeqMany = 0xfff0
)

// Len returns the number of records of the given shape.
func (s Seq) Len(shape Shape) int {
	if len(s) == 0 {
		return 0
	}
	if n := binary.LittleEndian.Uint16(s); n != SeqMany {
		return int(n)
	}
	n := 0
	for off := SeqHead; off < len(s); n++ {
		off = s.Skip(off, shape)
	}
	return n
}

// Item returns the item at an offset and the offset behind it.
func (s Seq) Item(off int) (v []byte, next int) {
	n, _, at := head(s, off)
	return s[at : at+n : at+n], at + n
}

// Skip returns the offset behind the record at an offset.
func (s Seq) Skip(off int, shape Shape) int {
	for range shape.Items {
		n, _, at := head(s, off)
		off = at + n
	}
	return off + int(shape.Tail)
}

// Nth returns the offset of the record with index i, from 0, or the end if there are just i.
func (s Seq) Nth(i int, shape Shape) int {
	off := SeqHead
	for ; i > 0; i-- {
		off = s.Skip(off, shape)
	}
	return off
}

// Offsets appends the offsets of the first n records to offs.
func (s Seq) Offsets(offs []int, n int, shape Shape) []int {
	off := SeqHead
	for ; n > 0; n-- {
		offs = append(offs, off)
		off = s.Skip(off, shape)
	}
	return offs
}

// Splice replaces the bytes from offset from up to offset to by a gap of size bytes, which the caller
// fills, and counts so many records more.
func (s Seq) Splice(from, to, size, more int, shape Shape) Seq {
	if len(s) == 0 {
		s = append(s, 0, 0)
		from, to = SeqHead, SeqHead
	}
	n, old, grow := s.Len(shape)+more, len(s), size-(to-from)
	if grow > 0 {
		s = slices.Grow(s, grow)[:old+grow]
	}
	copy(s[from+size:], s[to:old])
	s = s[:old+grow]
	binary.LittleEndian.PutUint16(s, uint16(min(n, SeqMany)))
	return s
}

// Put writes an item at an offset and returns the offset behind it.
func (s Seq) Put(off int, v []byte) int {
	off += binary.PutUvarint(s[off:], uint64(len(v))<<1)
	return off + copy(s[off:], v)
}

// ItemSize returns how many bytes an item takes in a Seq.
func ItemSize(v []byte) int { return headSize(len(v)) + len(v) }

// Valid reports whether the bytes are a Seq of records of the given shape. Any bytes may be asked.
func (s Seq) Valid(shape Shape) bool {
	if len(s) == 0 {
		return true
	}
	if len(s) < SeqHead {
		return false
	}
	n := 0
	for off := SeqHead; off < len(s); n++ {
		for range shape.Items {
			h, size := binary.Uvarint(s[off:])
			if size <= 0 || h&1 != 0 || h>>1 > uint64(len(s)-off-size) {
				return false
			}
			off += size + int(h>>1)
		}
		if off += int(shape.Tail); off > len(s) {
			return false
		}
	}
	count := int(binary.LittleEndian.Uint16(s))
	return count == n && n < SeqMany || count == SeqMany && n >= SeqMany
}
