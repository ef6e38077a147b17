package stream

import (
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
)

// A group is written by the rule that all nodes follow: one that a view may see is copied first. The
// tables inside it are frozen with it, since copying the struct copies their roots.
type group struct {
	epoch     uint64
	name      string
	last      ID
	read      int64
	pending   sorted[ID, delivery]
	consumers sorted[number, *consumer]
	numbers   sorted[name, number]
	nested    int64 // bytes of what the table of consumers points to
}

// delivery is an entry that a consumer was given and has not acknowledged. It has no pointer, so that
// millions of them cost the garbage collector nothing.
type delivery struct {
	at    int64
	count uint64
	to    number
}

type consumer struct {
	epoch   uint64
	name    string
	seen    int64
	pending sorted[ID, struct{}]
}

func newGroup(head *cow.Header, n string, last ID, read int64) *group {
	return &group{
		epoch: head.Stamp(), name: n, last: last, read: read,
		pending:   newSorted[ID, delivery](head),
		consumers: newSorted[number, *consumer](head),
		numbers:   newSorted[name, number](head),
	}
}

func (g *group) bytes() int64 {
	return int64(unsafe.Sizeof(*g)) + int64(len(g.name)) + g.nested +
		g.pending.Bytes() + g.consumers.Bytes() + g.numbers.Bytes()
}

func (c *consumer) bytes() int64 {
	return int64(unsafe.Sizeof(*c)) + int64(len(c.name)) + c.pending.Bytes()
}

// edit calls fn with the group, made writable; it reports whether there is one of that name.
func (s *Stream) edit(groupName []byte, fn func(g *group)) bool {
	g, ok := s.groups.get(name(groupName))
	if !ok {
		return false
	}
	if !s.head.Owned(g.epoch) {
		c := *g
		c.epoch = s.head.Stamp()
		g = &c
		s.head.Count(int64(unsafe.Sizeof(c)))
		s.groups.set(name(g.name), g, g.epoch)
	}
	was := g.bytes()
	fn(g)
	s.groupBytes += g.bytes() - was
	return true
}

// edit calls fn with the consumer, made writable.
func (g *group) edit(head *cow.Header, no number, fn func(c *consumer)) {
	c, ok := g.consumers.get(no)
	if !ok {
		return
	}
	if !head.Owned(c.epoch) {
		fresh := *c
		fresh.epoch = head.Stamp()
		c = &fresh
		head.Count(int64(unsafe.Sizeof(fresh)))
		g.consumers.set(no, c, c.epoch)
	}
	was := c.bytes()
	fn(c)
	g.nested += c.bytes() - was
}

// CreateGroup makes a group that has read up to an ID, and reports whether there was none of that
// name. read is how many entries that are, -1 when it is not known.
func (s *Stream) CreateGroup(groupName []byte, last ID, read int64) bool {
	if _, had := s.groups.get(name(groupName)); had {
		return false
	}
	g := newGroup(&s.head, string(groupName), last, read)
	s.groups.set(name(g.name), g, g.epoch)
	s.groupBytes += g.bytes()
	return true
}

// SetGroup says up to where a group has read, as CreateGroup does.
func (s *Stream) SetGroup(groupName []byte, last ID, read int64) bool {
	return s.edit(groupName, func(g *group) { g.last, g.read = last, read })
}

// DestroyGroup removes a group with all that is pending in it.
func (s *Stream) DestroyGroup(groupName []byte) bool {
	g, ok := s.groups.get(name(groupName))
	if !ok {
		return false
	}
	s.groupBytes -= g.bytes()
	return s.groups.remove(name(groupName))
}

// CreateConsumer adds a consumer to a group and reports whether it is new. seen is the Unix time in
// milliseconds.
func (s *Stream) CreateConsumer(groupName, consumerName []byte, seen int64) (created bool) {
	s.edit(groupName, func(g *group) {
		if _, had := g.numbers.get(name(consumerName)); had {
			return
		}
		created = true
		g.create(&s.head, string(consumerName), seen)
	})
	return created
}

func (g *group) create(head *cow.Header, n string, seen int64) number {
	no := g.free()
	c := &consumer{epoch: head.Stamp(), name: n, seen: seen, pending: newSorted[ID, struct{}](head)}
	g.consumers.set(no, c, c.epoch)
	g.numbers.set(name(n), no, c.epoch)
	g.nested += c.bytes()
	return no
}

// free returns a number that no consumer has: the one above all others, unless that has come round.
func (g *group) free() number {
	top, _, ok := g.consumers.last()
	if !ok {
		return 0
	}
	no := top + 1
	for {
		if _, taken := g.consumers.get(no); !taken {
			return no
		}
		no++
	}
}

// DeleteConsumer removes a consumer and what is pending for it, and returns how many entries that were.
func (s *Stream) DeleteConsumer(groupName, consumerName []byte) (pending int, ok bool) {
	s.edit(groupName, func(g *group) {
		var no number
		if no, ok = g.numbers.get(name(consumerName)); !ok {
			return
		}
		c, _ := g.consumers.get(no)
		pending = c.pending.Len()
		c.pending.ascend(ID{}, func(id ID, _ struct{}) bool { return g.pending.remove(id) })
		g.nested -= c.bytes()
		g.consumers.remove(no)
		g.numbers.remove(name(consumerName))
	})
	return pending, ok
}

// See notes when a consumer was last active, Unix milliseconds.
func (s *Stream) See(groupName, consumerName []byte, seen int64) {
	s.edit(groupName, func(g *group) {
		if no, ok := g.numbers.get(name(consumerName)); ok {
			g.edit(&s.head, no, func(c *consumer) { c.seen = seen })
		}
	})
}

// Assign makes an entry pending for a consumer, which exists, and for no other one any more: at is
// the Unix time of the delivery in milliseconds, count which delivery of the entry it was.
func (s *Stream) Assign(groupName, consumerName []byte, id ID, at int64, count uint64) {
	s.edit(groupName, func(g *group) {
		no, ok := g.numbers.get(name(consumerName))
		if !ok {
			return
		}
		old, had := g.pending.get(id)
		stamp := s.head.Stamp()
		g.pending.set(id, delivery{at: at, count: count, to: no}, stamp)
		if had && old.to == no {
			return
		}
		if had {
			g.edit(&s.head, old.to, func(c *consumer) { c.pending.remove(id) })
		}
		g.edit(&s.head, no, func(c *consumer) { c.pending.set(id, struct{}{}, stamp) })
	})
}

// Ack ends the delivery of an entry and reports whether it was pending.
func (s *Stream) Ack(groupName []byte, id ID) (acked bool) {
	s.edit(groupName, func(g *group) {
		var d delivery
		if d, acked = g.pending.get(id); !acked {
			return
		}
		g.pending.remove(id)
		g.edit(&s.head, d.to, func(c *consumer) { c.pending.remove(id) })
	})
	return acked
}
