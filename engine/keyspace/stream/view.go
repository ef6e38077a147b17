package stream

import "github.com/kevy-lua/kevy-lua/engine/keyspace/cow"

// Freeze returns the stream as it is now, in constant time.
func (s *Stream) Freeze() *View { return &View{Content: s.Content, hold: s.head.Freeze()} }

// Restore makes the stream what it was when the view was frozen, in constant time. The view stays
// valid. It must be one of this stream.
func (s *Stream) Restore(v *View) { s.Content = v.Content }

// View is a stream at the moment of a Freeze. It is read without a lock, by any number of goroutines,
// while the stream is written. What it hands out is valid until Release.
type View struct {
	Content
	hold *cow.View
}

// Release ends the view. It may be called from any goroutine, without a lock, and more than once. A
// view that is never released makes each part of the stream be copied once.
func (v *View) Release() { v.hold.Release() }

// Copy returns a stream with the same content. The two share the entries that neither has changed;
// the groups, whose tables know the header of their stream, are copied.
func (s *Stream) Copy() *Stream {
	c := &Stream{head: s.head.Fork()}
	c.entries = s.entries.Fork(&c.head)
	c.groups = newSorted[name, *group](&c.head)
	c.last, c.deleted, c.added = s.last, s.deleted, s.added
	s.RangeGroups(func(g Group) bool {
		c.copyGroup(g)
		return true
	})
	return c
}

func (s *Stream) copyGroup(g Group) {
	groupName := []byte(g.Name())
	s.CreateGroup(groupName, g.Last(), g.Read())
	g.RangeConsumers(func(c Consumer) bool {
		return s.CreateConsumer(groupName, []byte(c.Name()), c.Seen())
	})
	g.RangePending(ID{}, func(p Pending) bool {
		s.Assign(groupName, []byte(p.Consumer), p.ID, p.Delivered, p.Count)
		return true
	})
}
