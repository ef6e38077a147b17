package keyspace

import "encoding/binary"

// Records live in chunks without pointers, so that the garbage collector has nothing to mark however
// many keys there are. A chunk is cut into pages, a page into slots of one size class. A record is
// named by a ref: its offset in units of 8 bytes over all chunks of the arena. The class of its page
// is the record's capacity. Slabs by page, and no free lists over the whole arena, because only a
// page can be emptied (compact.go) and given back.

const (
	unitBytes     = 8
	chunkBytes    = 2 << 20
	chunkUnits    = chunkBytes / unitBytes
	pageBytes     = 64 << 10
	pageUnits     = pageBytes / unitBytes
	pagesPerChunk = chunkBytes / pageBytes
	slotMax       = 4096                // bytes of the largest slot
	pagesMax      = 1 << 32 / pageUnits // what 32-bit refs can name
)

type chunk struct {
	mem    *[chunkBytes]byte
	mapped bool
}

// classUnits are the slot sizes in units: at most an eighth of a slot is waste.
var classUnits = func() (sizes []uint16) {
	for _, s := range []struct{ to, by uint16 }{{16, 1}, {32, 2}, {64, 4}, {128, 8}, {256, 16}, {512, 32}} {
		from := uint16(2)
		if len(sizes) > 0 {
			from = sizes[len(sizes)-1] + s.by
		}
		for u := from; u <= s.to; u += s.by {
			sizes = append(sizes, u)
		}
	}
	return sizes
}()

const classes = 55 // 15 + 5*8, checked by a test

// classOf maps a size in units to its class.
var classOf = func() (of [slotMax/unitBytes + 1]uint8) {
	c := 0
	for u := range of {
		if u > int(classUnits[c]) {
			c++
		}
		of[u] = uint8(c)
	}
	return of
}()

func sizeClass(bytes int) uint8 { return classOf[(bytes+unitBytes-1)/unitBytes] }

const (
	pageFree = iota
	pageActive
	pageLeaving // being evacuated: nothing is allocated from it
)

// page is what the arena knows of one page. Page numbers are kept plus one, 0 being none.
type page struct {
	class      uint8
	state      uint8
	live       uint16 // slots in use
	bump       uint16 // slots ever used
	free       uint16 // first free slot + 1; the next is in its bytes [2:4]
	next, prev int32  // list of the class's pages with room, or of free pages
}

// freeSlot in the first byte marks a slot without record.
const freeSlot = 0xff

// arena is the memory of one table.
type arena struct {
	chunks   *chunkList
	meta     []*[pagesPerChunk]page
	made     int32 // pages ever used
	partial  [classes]int32
	free     int32 // free pages
	nfree    int32
	dropped  int32 // free pages whose memory the system has
	ndropped int32
	live     int64           // bytes of slots in use
	slots    [classes]uint32 // in use, by class
	compact  compaction
}

// chunkList is held apart, for the cleanup that unmaps the chunks of a table that nobody reads any
// more.
type chunkList struct{ list []*chunk }

func (c *chunkList) release() {
	for _, ch := range c.list {
		ch.release()
	}
	c.list = nil
}

// at returns the bytes from ref on. They run to the end of the chunk: the record itself says where
// it ends, its page how much room it has.
func (a *arena) at(ref uint32) rec {
	return a.chunks.list[ref/chunkUnits].mem[ref%chunkUnits*unitBytes:]
}

func (a *arena) page(no int32) *page {
	return &a.meta[(no-1)/pagesPerChunk][(no-1)%pagesPerChunk]
}

func pageOf(ref uint32) int32 { return int32(ref/pageUnits) + 1 }

// capacity returns the bytes of the slot at ref.
func (a *arena) capacity(ref uint32) int {
	return int(classUnits[a.page(pageOf(ref)).class]) * unitBytes
}

// alloc returns a slot for so many bytes. What it holds is undefined.
func (a *arena) alloc(s *Shard, bytes int) uint32 {
	class := sizeClass(bytes)
	no := a.partial[class]
	if no == 0 {
		no = a.newPage(s, class)
	}
	p := a.page(no)
	units := uint32(classUnits[class])
	base := uint32(no-1) * pageUnits
	var ref uint32
	if p.free != 0 {
		ref = base + uint32(p.free-1)*units
		p.free = binary.LittleEndian.Uint16(a.at(ref)[2:])
	} else {
		ref = base + uint32(p.bump)*units
		p.bump++
	}
	p.live++
	a.slots[class]++
	if p.free == 0 && uint32(p.bump+1)*units > pageUnits {
		a.unlink(&a.partial[class], p)
	}
	a.live += int64(units) * unitBytes
	return ref
}

// release frees the slot at ref.
func (a *arena) release(ref uint32) {
	no := pageOf(ref)
	p := a.page(no)
	units := uint32(classUnits[p.class])
	full := p.free == 0 && uint32(p.bump+1)*units > pageUnits
	b := a.at(ref)
	b[0] = freeSlot
	binary.LittleEndian.PutUint16(b[2:], p.free)
	p.free = uint16(ref%pageUnits/units) + 1
	p.live--
	a.slots[p.class]--
	a.live -= int64(units) * unitBytes
	if p.live > 0 {
		if full && p.state == pageActive {
			a.link(&a.partial[p.class], no, p)
		}
		return
	}
	if p.state == pageActive && !full {
		a.unlink(&a.partial[p.class], p)
	}
	*p = page{}
	a.link(&a.free, no, p)
	a.nfree++
}

func (a *arena) newPage(s *Shard, class uint8) int32 {
	no := a.free
	if no != 0 {
		a.unlink(&a.free, a.page(no))
		a.nfree--
	} else if no = a.dropped; no != 0 {
		a.unlink(&a.dropped, a.page(no))
		a.ndropped--
	} else {
		if a.made == pagesMax {
			panic("keyspace: more than 32 GiB of small records in one database of one shard")
		}
		if int(a.made) == len(a.meta)*pagesPerChunk {
			a.chunks.list = append(a.chunks.list, s.takeChunk())
			a.meta = append(a.meta, new([pagesPerChunk]page))
		}
		a.made++
		no = a.made
	}
	p := a.page(no)
	*p = page{class: class, state: pageActive}
	a.link(&a.partial[class], no, p)
	return no
}

func (a *arena) link(head *int32, no int32, p *page) {
	p.prev, p.next = 0, *head
	if *head != 0 {
		a.page(*head).prev = no
	}
	*head = no
}

func (a *arena) unlink(head *int32, p *page) {
	if p.prev != 0 {
		a.page(p.prev).next = p.next
	} else {
		*head = p.next
	}
	if p.next != 0 {
		a.page(p.next).prev = p.prev
	}
	p.next, p.prev = 0, 0
}
