package hook

import "math/bits"

// Key events are many. So they travel in blocks: who causes them gathers some of
// one goroutine's, which costs no lock, and hands them over together. A block is
// filled once and never changed where it has been handed over: the queues of all
// observers refer to the same one, each to the events that its hook wants, and an
// observer may keep an event.

// blockSize is how many events a block has room for: one for each bit of a mask.
const blockSize = 64

// block is events with their keys.
type block struct {
	events [blockSize]Key
	n      int    // filled; the gatherer's
	buf    []byte // of the next keys; the gatherer's
}

// keyBytes is how much room for keys a block makes at a time.
const keyBytes = 1 << 10

// add copies ev into the block, which has room.
func (b *block) add(ev *Key) {
	if cap(b.buf)-len(b.buf) < len(ev.Key) {
		b.buf = make([]byte, 0, max(keyBytes, len(ev.Key)))
	}
	start := len(b.buf)
	b.buf = append(b.buf, ev.Key...)
	to := &b.events[b.n]
	*to = *ev
	to.Key = b.buf[start:len(b.buf):len(b.buf)]
	b.n++
}

// Keys gathers key events of one goroutine.
type Keys struct {
	bus   *Bus
	table *table
	masks []uint64 // for each observer, the events of the block that it is to be handed
	block *block
}

// Gather begins to gather. Publish ends it.
func (b *Bus) Gather() *Keys {
	k, ok := b.gatherers.Get().(*Keys)
	if !ok {
		k = &Keys{bus: b}
	}
	return k
}

// Add adds an event whose key belongs to the caller, if anybody wants it. It must
// not be called under a lock: when much has been gathered, that is handed over as
// Publish does.
func (k *Keys) Add(ev *Key, from Giver) {
	t := k.bus.table.Load()
	if t != k.table {
		k.hand(from)
		k.table, k.masks = t, make([]uint64, len(t.keys))
	}
	bit := uint64(0)
	for i, h := range t.keys {
		if !h.wantsKey(ev) {
			continue
		}
		if bit == 0 {
			if k.block == nil {
				k.block = &block{}
			}
			bit = 1 << k.block.n
			k.block.add(ev)
		}
		k.masks[i] |= bit
	}
	if bit == 1<<(blockSize-1) {
		k.hand(from)
		k.block = nil
	}
}

// Publish hands what was gathered to the queues of the observers. It waits as
// Bus.Publish does. k is not to be used any more.
func (k *Keys) Publish(from Giver) {
	k.hand(from)
	k.bus.gatherers.Put(k)
}

func (k *Keys) hand(from Giver) {
	for i, mask := range k.masks {
		if mask != 0 {
			k.masks[i] = 0
			k.table.keys[i].queue.putKeys(k.block, mask, from)
		}
	}
}

// item is what waits in a queue: an event, or some of a block.
type item struct {
	ev   Event
	keys *block
	mask uint64 // of keys
}

func (it *item) len() int {
	if it.keys == nil {
		return 1
	}
	return bits.OnesCount64(it.mask)
}

// first removes the first event; when none is left, the item is empty.
func (it *item) first() Event {
	if it.keys == nil {
		return it.ev
	}
	i := bits.TrailingZeros64(it.mask)
	it.mask &^= 1 << i
	return &it.keys.events[i]
}

// cut removes the first n events, of more, and returns them.
func (it *item) cut(n int) item {
	rest := it.mask
	for range n {
		rest &= rest - 1
	}
	head := item{keys: it.keys, mask: it.mask &^ rest}
	it.mask = rest
	return head
}

// depth is that of the first event.
func (it *item) depth() int {
	if it.keys == nil {
		return it.ev.Depth()
	}
	return it.keys.events[bits.TrailingZeros64(it.mask)].Nest
}
