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

// Copy returns a stream with the same content. The two share nothing that is ever written.
func (c *Content) Copy() *Stream {
	s := New()
	stamp := s.head.Stamp()
	var leaves []*leaf
	var seps []ID
	c.entries.Ascend(0, func(l *leaf, _ int) bool {
		leaves, seps = append(leaves, l.Clone(stamp)), append(seps, l.first)
		return true
	})
	s.entries.Build(leaves, seps)
	s.last, s.deleted, s.added = c.last, c.deleted, c.added
	c.RangeGroups(func(g Group) bool {
		s.copyGroup(g)
		return true
	})
	return s
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
