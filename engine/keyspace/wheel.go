package keyspace

import (
	"math"
	"math/bits"
)

// The deadline index of a table is a hierarchical timing wheel: 8 levels of 256 slots, a slot of
// level L standing for 256^L milliseconds. A deadline lies on the level of the highest byte in which
// it differs from the wheel's time, in the slot that this byte names; so all that comes due next is
// in the first occupied slot of the lowest level, and an entry moves down at most seven times. What
// is due already lies in a slot of its own.
//
// A slot is a chain of blocks of refs. Entries come to the first block and leave it: taking out
// another one moves the last of the first block into the hole. Blocks, not links in the records,
// because then the entries of a slot are walked as an array and their cache misses overlap.
//
// A deadline that is moved to a later time changes only the record. The stale entry comes due too
// early and is put again. So nothing is late, and refreshing a session's TTL costs one write.

const (
	wheelLevels = 8
	wheelSlots  = 256
	overdue     = wheelLevels * wheelSlots // the slot of what is due
	blockRefs   = 29
	blockChunk  = 128
	blockBytes  = 128
)

type wheelBlock struct {
	next   uint32 // number + 1
	behind uint32 // entries in the blocks behind this one
	slot   uint16
	n      uint16
	refs   [blockRefs]uint32
}

type wheel struct {
	now    int64 // is set while it is empty; all that was due before has been taken out or is overdue
	first  int64 // no overdue entry is due before
	slots  [overdue + 1]uint32
	used   [wheelLevels][wheelSlots / 64]uint64
	blocks []*[blockChunk]wheelBlock
	made   uint32
	free   uint32
	n      int
}

func newWheel() *wheel { return &wheel{first: math.MaxInt64} }

func (w *wheel) block(no uint32) *wheelBlock {
	return &w.blocks[(no-1)/blockChunk][(no-1)%blockChunk]
}

func (w *wheel) slotOf(deadline int64) int {
	if deadline <= w.now {
		return overdue
	}
	level := (63 - bits.LeadingZeros64(uint64(deadline^w.now))) / 8
	return level*wheelSlots + int(deadline>>(8*level))&(wheelSlots-1)
}

// add puts an entry into the slot of its deadline and returns its position, never 0.
func (w *wheel) add(ref uint32, deadline int64) uint32 {
	slot := w.slotOf(deadline)
	if slot == overdue {
		w.first = min(w.first, deadline)
	}
	no := w.slots[slot]
	if no == 0 || w.block(no).n == blockRefs {
		no = w.newBlock(slot)
	}
	b := w.block(no)
	b.refs[b.n] = ref
	b.n++
	w.n++
	return position(no, int(b.n-1))
}

func position(no uint32, i int) uint32 { return (no-1)<<5 | uint32(i) + 1 }

func (w *wheel) newBlock(slot int) uint32 {
	no := w.free
	if no != 0 {
		w.free = w.block(no).next
	} else {
		if int(w.made) == len(w.blocks)*blockChunk {
			w.blocks = append(w.blocks, new([blockChunk]wheelBlock))
		}
		w.made++
		no = w.made
	}
	b := w.block(no)
	b.next, b.behind, b.slot, b.n = w.slots[slot], uint32(w.count(slot)), uint16(slot), 0
	w.slots[slot] = no
	if slot != overdue {
		w.used[slot/wheelSlots][slot%wheelSlots/64] |= 1 << (slot % 64)
	}
	return no
}

// at returns the ref at a position.
func (w *wheel) at(pos uint32) *uint32 {
	pos--
	return &w.block(pos>>5 + 1).refs[pos&31]
}

// remove takes out the entry at a position. When that moved another entry, it returns that one's ref,
// and its new position is the one given.
func (w *wheel) remove(pos uint32) (moved uint32, ok bool) {
	b := w.block((pos-1)>>5 + 1)
	slot := int(b.slot)
	head := w.block(w.slots[slot])
	last := head.refs[head.n-1]
	hole := w.at(pos)
	ok = hole != &head.refs[head.n-1]
	*hole = last
	w.dropLast(slot)
	return last, ok
}

// dropLast forgets the last entry of a slot's first block.
func (w *wheel) dropLast(slot int) {
	w.n--
	no := w.slots[slot]
	b := w.block(no)
	b.n--
	if b.n > 0 {
		return
	}
	w.slots[slot] = b.next
	if b.next == 0 {
		w.emptied(slot)
	}
	b.next = w.free
	w.free = no
	if w.n == 0 {
		w.reset()
	}
}

func (w *wheel) emptied(slot int) {
	if slot == overdue {
		w.first = math.MaxInt64
		return
	}
	w.used[slot/wheelSlots][slot%wheelSlots/64] &^= 1 << (slot % 64)
}

// count returns how many entries a slot has.
func (w *wheel) count(slot int) int {
	no := w.slots[slot]
	if no == 0 {
		return 0
	}
	b := w.block(no)
	return int(b.behind) + int(b.n)
}

// rewind follows a clock that was put back. On the levels below the highest byte of the time that
// changes, slots are named by bytes of a time that is not now: what lies there becomes overdue, to be
// sorted in again as overdue entries are that turn out to be due later. What lies on higher levels is
// where it would be put now. The work is one step for each block.
func (w *wheel) rewind(now int64) {
	top := (63 - bits.LeadingZeros64(uint64(now^w.now))) / 8
	for level := range top {
		for i := range wheelSlots {
			if slot := level*wheelSlots + i; w.slots[slot] != 0 {
				w.expose(slot)
			}
		}
	}
	w.now = now
	if w.slots[overdue] != 0 {
		w.first = min(w.first, now)
	}
}

// expose puts the blocks of a slot in front of the overdue ones.
func (w *wheel) expose(slot int) {
	behind := uint32(w.count(overdue))
	no := w.slots[slot]
	for {
		b := w.block(no)
		b.slot = overdue
		b.behind += behind
		if b.next == 0 {
			b.next = w.slots[overdue]
			break
		}
		no = b.next
	}
	w.slots[overdue] = w.slots[slot]
	w.slots[slot] = 0
	w.emptied(slot)
}

// due returns how many entries are due at a time. Where a slot of a higher level is due in part, it is
// an estimate; entries whose deadline was moved since they were put are counted too.
func (w *wheel) due(at int64) int {
	n := w.count(overdue)
	for level := range wheelLevels {
		shift := 8 * level
		base := uint64(w.now) >> shift &^ (wheelSlots - 1)
		for i := w.firstUsed(level, int(w.now>>shift)&(wheelSlots-1)); i >= 0 && i < wheelSlots; i++ {
			slot := level*wheelSlots + i
			if w.slots[slot] == 0 {
				continue
			}
			begin := int64((base | uint64(i)) << shift)
			if begin > at {
				break
			}
			count, span := w.count(slot), int64(1)<<shift
			if passed := at - begin + 1; passed < span {
				count = int(float64(count) * float64(passed) / float64(span))
			}
			n += count
		}
	}
	return n
}

// next returns the first occupied slot and the time at which it begins; ok is false when all are
// empty. The overdue slot is not looked at.
func (w *wheel) next() (slot int, at int64, ok bool) {
	at = math.MaxInt64
	for level := range wheelLevels {
		shift := 8 * level
		// The slot of the present byte is occupied only while it is being emptied.
		i := w.firstUsed(level, int(w.now>>shift)&(wheelSlots-1))
		if i < 0 {
			continue
		}
		begin := int64(uint64(w.now)>>shift&^(wheelSlots-1)|uint64(i)) << shift
		if !ok || begin < at {
			slot, at, ok = level*wheelSlots+i, begin, true
		}
	}
	return slot, at, ok
}

func (w *wheel) firstUsed(level, from int) int {
	word := w.used[level][from/64] &^ (1<<(from%64) - 1)
	for i := from / 64; ; word = w.used[level][i] {
		if word != 0 {
			return i*64 + bits.TrailingZeros64(word)
		}
		if i++; i == wheelSlots/64 {
			return -1
		}
	}
}

// nextDue returns a time not later than the earliest deadline, math.MaxInt64 when there is none.
func (w *wheel) nextDue() int64 {
	next := w.first
	if _, at, ok := w.next(); ok {
		next = min(next, at)
	}
	return next
}

// bytes returns what the blocks take; the first chunk is not counted, it stays with the wheel.
func (w *wheel) bytes() int64 {
	return int64(max(len(w.blocks)-1, 0)) * blockChunk * blockBytes
}

// reset gives the blocks of an empty wheel back, but for the first chunk.
func (w *wheel) reset() {
	w.made, w.free = 0, 0
	clear(w.blocks[1:])
	w.blocks = w.blocks[:1]
}
