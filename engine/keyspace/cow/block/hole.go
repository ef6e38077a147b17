package block

import "encoding/binary"

// Elements of one collection often have the same length. So the place of a removed record is kept for
// one of just its size: a collection whose elements come and go does not grow garbage. The places
// are a list inside the dead bytes: each holds the offset + 1 of the next one and its own size.

// holeBytes is what a place must have for that.
const holeBytes = 4

// Vacate is Free, and lets a record of the same size take the place: its bytes do not stay as they are.
func (b *Block) Vacate(off int, s Shape) {
	dead := b.dead
	b.Free(off, s)
	b.vacant(off, int(b.dead-dead))
}

// VacateItem is Vacate for a record that is v and nothing else. Unless v is far, which takes no look
// at the record.
func (b *Block) VacateItem(off int, v []byte) {
	if len(v) > Inline {
		b.Vacate(off, Shape{Items: 1})
		return
	}
	size := Size(v)
	b.dead += uint16(size)
	b.vacant(off, size)
}

func (b *Block) vacant(off, size int) {
	if size < holeBytes {
		return
	}
	binary.LittleEndian.PutUint16(b.data[off:], b.hole)
	binary.LittleEndian.PutUint16(b.data[off+2:], uint16(size))
	b.hole = uint16(off + 1)
}

// Begin returns where a record of so many bytes goes: to a place that was vacated or behind the last
// record, where there is room. Its parts are added next, then End is called with what came along.
func (b *Block) Begin(size int) (off, end int) {
	if b.hole != 0 {
		off = int(b.hole - 1)
		if int(binary.LittleEndian.Uint16(b.data[off+2:])) == size {
			end = len(b.data)
			b.hole = binary.LittleEndian.Uint16(b.data[off:])
			b.dead -= uint16(size)
			b.data = b.data[:off]
			return off, end
		}
	}
	b.Reserve(size)
	return len(b.data), len(b.data) + size
}

// End ends what Begin has begun.
func (b *Block) End(end int) { b.data = b.data[:end] }
