// Package block is the byte level of the values: how items (fields, members, elements) lie in a
// slice of bytes. A Block is the storage of one page or leaf of a large value; a Seq is a whole
// small value.
//
// It knows lengths and offsets. It must not know what the items mean, how they are ordered or who
// shares them.
//
// An item is a head, uvarint(length<<1 | far), and then its bytes; a far item, one longer than
// Inline, has instead of its bytes a 2-byte index into the block's list of slices. Far slices are
// never changed, so copies of a block share them, and a block stays small whatever it holds.
package block

import (
	"bytes"
	"encoding/binary"
)

// Inline is the length in bytes up to which an item lies in the block itself.
const Inline = 512

const farRef = 2 // bytes of the reference to a far item

// Size returns how many bytes an item takes in a block.
func Size(v []byte) int {
	if len(v) > Inline {
		return headSize(len(v)) + farRef
	}
	return headSize(len(v)) + len(v)
}

func headSize(n int) int {
	size := 1
	for h := uint64(n) << 1; h >= 0x80; h >>= 7 {
		size++
	}
	return size
}

// head reads an item's head: its length, whether it is far, and where it ends.
func head(data []byte, off int) (n int, far bool, next int) {
	if c := data[off]; c < 0x80 {
		return int(c >> 1), c&1 != 0, off + 1
	}
	h, size := binary.Uvarint(data[off:])
	return int(h >> 1), h&1 != 0, off + size
}

func appendInline(data, v []byte) []byte {
	data = binary.AppendUvarint(data, uint64(len(v))<<1)
	return append(data, v...)
}

// Shape is what a record consists of: so many items, then a tail of so many bytes.
type Shape struct{ Items, Tail uint8 }

// Block holds records in the order in which they were added; where they begin is known to the
// owner of the block, who passes the offsets. Removed records stay as dead bytes until Compact.
type Block struct {
	data []byte
	far  *far
	dead uint16 // fits: pages and leaves are split long before 64 KiB
	hole uint16 // offset + 1 of the place that was vacated last, 0 for none; see hole.go
}

type far struct {
	items [][]byte // nil: free
	bytes int64
}

// Len returns the offset that the next record gets.
func (b *Block) Len() int { return len(b.data) }

// Live returns how many bytes the live records take.
func (b *Block) Live() int { return len(b.data) - int(b.dead) }

// Sparse reports whether so much is dead that the block should be compacted.
func (b *Block) Sparse() bool { return int(b.dead) > len(b.data)/2 && b.dead >= 64 }

// Bytes returns the memory that the block holds.
func (b *Block) Bytes() int64 {
	n := int64(cap(b.data))
	if b.far != nil {
		n += 32 + 24*int64(cap(b.far.items)) + b.far.bytes
	}
	return n
}

// Item returns the item at an offset and the offset behind it. The slice is valid until the block is
// written, and must not be changed.
func (b *Block) Item(off int) (v []byte, next int) {
	n, isFar, at := head(b.data, off)
	if isFar {
		return b.far.items[binary.LittleEndian.Uint16(b.data[at:])], at + farRef
	}
	return b.data[at : at+n : at+n], at + n
}

// Skip returns the offset behind the item at an offset.
func (b *Block) Skip(off int) int {
	if c := b.data[off]; c < 0x80 && c&1 == 0 {
		return off + 1 + int(c>>1)
	}
	return b.skip(off)
}

func (b *Block) skip(off int) int {
	end, _ := b.span(off, Shape{Items: 1})
	return end
}

// Tail returns n raw bytes at an offset.
func (b *Block) Tail(off, n int) []byte { return b.data[off : off+n : off+n] }

// Touch reads the byte at an offset, so that it is in the processor's cache.
func (b *Block) Touch(off int) uint64 { return uint64(b.data[off]) }

// Equal reports whether the item at an offset is v.
func (b *Block) Equal(off int, v []byte) bool {
	n, isFar, at := head(b.data, off)
	if n != len(v) {
		return false
	}
	if isFar {
		return bytes.Equal(b.far.items[binary.LittleEndian.Uint16(b.data[at:])], v)
	}
	return string(b.data[at:at+n]) == string(v)
}
