// Package stream is the value of a stream: entries in blocks under a counted copy-on-write B+tree, and
// consumer groups with what is pending in them.
//
// It knows entries, IDs, consumers and deliveries. It must not know keys, locks, the clock, or how
// clients wait for entries.
//
// A stream may be empty. What has happened to it stays in its counters: the last ID, how many entries
// there ever were, the highest ID that was deleted.
package stream

import (
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/tree"
)

type (
	order = tree.Tree[ID, leaf, *leaf]
	path  = tree.Path[ID, leaf]
)

// Content is all that a stream is at one moment, and the methods that read it. It is the part that
// Stream and View have in common.
type Content struct {
	entries    order
	groups     sorted[name, *group]
	groupBytes int64 // of what the table of groups points to
	last       ID
	deleted    ID
	added      uint64
}

// Stream is a stream that can be written. Its methods are called with the owner's lock held. Entries,
// groups and slices handed out are valid until the next write; slices given in are copied.
type Stream struct {
	Content
	head cow.Header // of everything: entries and groups are frozen together
}

// headBytes is about what the struct itself takes.
const headBytes = 256

// New returns an empty stream.
func New() *Stream {
	s := &Stream{}
	s.entries = tree.New[ID, leaf, *leaf](&s.head)
	s.groups = newSorted[name, *group](&s.head)
	return s
}

// Len returns the number of entries.
func (c *Content) Len() int { return c.entries.Len() }

// Last returns the ID of the entry that was added last, deleted or not.
func (c *Content) Last() ID { return c.last }

// MaxDeleted returns the highest ID that was deleted by name; trimming does not count.
func (c *Content) MaxDeleted() ID { return c.deleted }

// Added returns how many entries were ever added.
func (c *Content) Added() uint64 { return c.added }

// Bytes returns the memory that the stream takes, without what views keep alive beside it.
func (c *Content) Bytes() int64 {
	return headBytes + c.entries.Bytes() + c.groups.Bytes() + c.groupBytes
}

// Copied returns how many bytes writers have copied because views were held.
func (s *Stream) Copied() int64 { return s.head.Copied() }

// Add appends an entry of fields, each name followed by its value. The ID is above Last, and there is
// at least one field. lim decides whether the entry begins a new block.
func (s *Stream) Add(id ID, fields [][]byte, lim Limits) {
	s.last = id
	s.added++
	var p path
	s.entries.Seek(s.Len(), &p)
	if p.Leaf == nil {
		l := newLeaf(s.head.Stamp(), id, fields, nil)
		l.add(id, fields)
		s.entries.Plant(l)
		return
	}
	if !p.Leaf.full(fields, lim) {
		s.entries.Own(&p)
		p.Leaf.add(id, fields)
		s.entries.Done(&p)
		return
	}
	s.entries.Own(&p)
	p.Leaf.shrink()
	l := newLeaf(s.head.Stamp(), id, fields, p.Leaf)
	l.add(id, fields)
	s.entries.DoneSplit(&p, l, id)
}

// Delete removes an entry and reports whether it was there.
func (s *Stream) Delete(id ID) bool {
	var p path
	i, found := s.find(id, &p)
	if !found {
		return false
	}
	s.entries.Own(&p)
	p.Leaf.Cut(i, i+1)
	s.entries.Done(&p)
	if s.deleted.Less(id) {
		s.deleted = id
	}
	return true
}

// SetID sets the three counters. The last ID must not be below that of an entry.
func (s *Stream) SetID(last ID, added uint64, maxDeleted ID) {
	s.last, s.added, s.deleted = last, added, maxDeleted
}

// Trim removes the oldest entries. Exact trimming removes all that the bound excludes; approximate
// trimming only whole blocks, and, when limit is not 0, no block that would make it more than limit
// entries. It returns how many entries it removed.
func (s *Stream) Trim(b Bound, approx bool, limit int64) int {
	n := 0
	if approx {
		n = s.wholeBlocks(b, limit)
	} else if b.ByID {
		n = s.rank(b.MinID)
	} else if length := uint64(s.Len()); length > b.MaxLen {
		n = int(length - b.MaxLen)
	}
	if n > 0 {
		s.entries.Cut(0, n)
	}
	return n
}

// Bound is what a trimmed stream keeps: the newest MaxLen entries, or those from MinID on.
type Bound struct {
	ByID   bool
	MaxLen uint64
	MinID  ID
}

// wholeBlocks returns how many entries lie in the first blocks that hold nothing within the bound.
func (s *Stream) wholeBlocks(b Bound, limit int64) (n int) {
	length := uint64(s.Len())
	s.entries.Ascend(0, func(l *leaf, _ int) bool {
		gone := n + l.n
		outside := length-min(length, uint64(gone)) >= b.MaxLen
		if b.ByID {
			outside = l.last.Less(b.MinID)
		}
		if !outside || limit != 0 && int64(gone) > limit {
			return false
		}
		n = gone
		return true
	})
	return n
}

// find leads to the block of an ID, nil in an empty stream, and to the index in it of the first entry
// that is not before the ID.
func (c *Content) find(id ID, p *path) (i int, found bool) {
	c.entries.Descend(func(seps []ID) int {
		n := 0
		for n < len(seps) && !id.Less(seps[n]) {
			n++
		}
		return n
	}, p)
	if p.Leaf == nil {
		return 0, false
	}
	return p.Leaf.search(id)
}

// rank returns how many entries come before an ID.
func (c *Content) rank(id ID) int {
	var p path
	i, _ := c.find(id, &p)
	if p.Leaf == nil {
		return 0
	}
	return c.entries.Before(&p) + i
}

// After returns how many entries come after an ID.
func (c *Content) After(id ID) int {
	next, ok := id.Next()
	if !ok {
		return 0
	}
	return c.Len() - c.rank(next)
}

// Has reports whether there is an entry with the ID.
func (c *Content) Has(id ID) bool {
	var p path
	_, found := c.find(id, &p)
	return found
}

// First returns the ID of the first entry, the zero ID when there is none.
func (c *Content) First() (id ID) {
	c.Range(ID{}, MaxID, func(e Entry) bool {
		id = e.ID
		return false
	})
	return id
}

// Top returns the ID of the last entry that is there, the zero ID when there is none.
func (c *Content) Top() (id ID) {
	c.RangeBack(ID{}, MaxID, func(e Entry) bool {
		id = e.ID
		return false
	})
	return id
}

// Range calls fn for the entries from an ID up to another, both included, until it returns false. fn
// must not write to the stream.
func (c *Content) Range(from, to ID, fn func(e Entry) bool) {
	if to.Less(from) {
		return
	}
	c.entries.Ascend(c.rank(from), func(l *leaf, off int) bool {
		return l.ascend(off, func(e Entry) bool { return !to.Less(e.ID) && fn(e) })
	})
}

// RangeBack calls fn for the same entries as Range, the last one first.
func (c *Content) RangeBack(from, to ID, fn func(e Entry) bool) {
	if to.Less(from) {
		return
	}
	n := c.Len()
	if next, ok := to.Next(); ok {
		n = c.rank(next)
	}
	c.entries.Descent(n-1, func(l *leaf, off int) bool {
		return l.descend(off, func(e Entry) bool { return !e.ID.Less(from) && fn(e) })
	})
}

// Blocks returns the IDs with which the blocks of the stream begin. It walks over them.
func (c *Content) Blocks() (first []ID) {
	c.entries.Ascend(0, func(l *leaf, _ int) bool {
		first = append(first, l.first)
		return true
	})
	return first
}
