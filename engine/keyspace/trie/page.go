package trie

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

const (
	pageCap   = 64
	liveMax   = 4096 // bytes of records above which a page is split
	mergeAt   = 16   // a page with fewer records looks for a neighbour to merge with
	mergeMax  = 40   // records of a merged page: far enough from pageCap
	pageBytes = int64(unsafe.Sizeof(page{}))
)

// page holds records densely: the last one takes the place of a removed one.
type page struct {
	epoch uint64
	next  *page // overflow, on depth posBits only
	block.Block
	n     uint8
	depth uint8 // how many first bits all its positions share
	tags  [pageCap]byte
	offs  [pageCap]uint16
}

// size returns the memory that the page takes.
func (p *page) size() int64 { return pageBytes + p.Bytes() }

// span returns how many children of its node, on the given level, the page fills.
func (p *page) span(level int) int { return 1 << (nodeBits*(level+1) - int(p.depth)) }

// room reports whether a record of so many bytes can be added.
func (p *page) room(size int) bool {
	return p.n < pageCap && (p.n == 0 || p.Live()+size <= liveMax)
}

// hits compares eight tags at a time, from one on: bit 7 of a byte says that it is equal. The trick
// may report a wrong one above a right one.
func (p *page) hits(tag byte, from int) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	x := binary.LittleEndian.Uint64(p.tags[from:]) ^ uint64(tag)*ones
	return (x - ones) &^ x & highs
}

// find returns the index of a key's record, or -1.
func (p *page) find(tag byte, key []byte) int {
	n := int(p.n)
	for group := 0; group < n; group += 8 {
		for hit := p.hits(tag, group); hit != 0; hit &= hit - 1 {
			i := group + bits.TrailingZeros64(hit)>>3
			if i >= n {
				return -1
			}
			if p.Equal(int(p.offs[i]), key) {
				return i
			}
		}
	}
	return -1
}

func (p *page) record(i int, s block.Shape) (key, value []byte) {
	key, next := p.Item(int(p.offs[i]))
	return key, p.valueAt(next, s)
}

func (p *page) value(i int, s block.Shape) []byte {
	_, next := p.Item(int(p.offs[i]))
	return p.valueAt(next, s)
}

func (p *page) valueAt(off int, s block.Shape) []byte {
	if s.Tail > 0 {
		return p.Tail(off, int(s.Tail))
	}
	if s.Items < 2 {
		return nil
	}
	value, _ := p.Item(off)
	return value
}

// write appends the bytes of a record to the page's block and returns where.
func (p *page) write(key, value []byte, s block.Shape) uint16 {
	at, end := p.Begin(recordSize(key, value, s))
	p.Add(key)
	if s.Tail > 0 {
		p.AddTail(value)
	} else if s.Items > 1 {
		p.Add(value)
	}
	p.End(end)
	return uint16(at)
}

func recordSize(key, value []byte, s block.Shape) int {
	size := block.Size(key) + int(s.Tail)
	if s.Items > 1 {
		size += block.Size(value)
	}
	return size
}

// add appends a record. The page has room.
func (p *page) add(tag byte, key, value []byte, s block.Shape) {
	p.offs[p.n] = p.write(key, value, s)
	p.tags[p.n] = tag
	p.n++
}

// take appends a copy of a record of another page.
func (p *page) take(from *page, i int, s block.Shape) {
	p.offs[p.n] = uint16(p.Copy(&from.Block, int(from.offs[i]), s))
	p.tags[p.n] = from.tags[i]
	p.n++
}

// remove deletes the record with index i.
func (p *page) remove(i int, s block.Shape) {
	p.Vacate(int(p.offs[i]), s)
	p.n--
	p.offs[i], p.tags[i] = p.offs[p.n], p.tags[p.n]
	p.tidy(s)
}

func (p *page) tidy(s block.Shape) {
	if p.Sparse() {
		p.Compact(p.offs[:p.n], s, 0)
	}
}

// overwrite gives record i another value, which has room.
func (p *page) overwrite(i int, key, value []byte, s block.Shape) {
	off := int(p.offs[i])
	_, next := p.Item(off)
	switch {
	case s.Tail > 0:
		p.ReplaceTail(next, value)
	case !p.Replace(next, value):
		p.Vacate(off, s)
		p.offs[i] = p.write(key, value, s)
		p.tidy(s)
	}
}

// clone returns a copy for a writer, with a little room for what it is about to write.
func (p *page) clone(epoch uint64, s block.Shape) *page {
	c := *p
	c.epoch = epoch
	c.Block = p.Block.Clone(c.offs[:c.n], s, p.Live()/8)
	return &c
}
