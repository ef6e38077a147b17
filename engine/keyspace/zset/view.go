package zset

import "github.com/kevy-lua/kevy-lua/engine/keyspace/cow"

// Copy returns a sorted set with the same content, in constant time: the two share what neither has
// changed.
func (z *ZSet) Copy() *ZSet {
	c := &ZSet{head: z.head.Fork()}
	c.index, c.order = z.index.Fork(&c.head), z.order.Fork(&c.head)
	return c
}

// Freeze returns the sorted set as it is now, in constant time.
func (z *ZSet) Freeze() *View {
	return &View{state: state{z.index.State, z.order.State}, hold: z.head.Freeze()}
}

// Restore makes the sorted set what it was when the view was frozen, in constant time. The view
// stays valid. It must be one of this sorted set.
func (z *ZSet) Restore(v *View) { z.index.State, z.order.State = v.state.index, v.state.order }

// View is a sorted set at the moment of a Freeze. It is read without a lock, by any number of
// goroutines, while the sorted set is written. The slices that it hands out are valid until Release.
type View struct {
	state state
	hold  *cow.View
}

// Release ends the view. It may be called from any goroutine, without a lock, and more than once. A
// view that is never released makes each part of the sorted set be copied once.
func (v *View) Release() { v.hold.Release() }

// Len returns the number of members.
func (v *View) Len() int { return v.state.order.Len() }

// Bytes returns the memory of the sorted set at the freeze; most of it is shared.
func (v *View) Bytes() int64 { return v.state.index.Bytes() + v.state.order.Bytes() + headBytes }

// Score returns the score of a member.
func (v *View) Score(member []byte) (score float64, ok bool) { return scoreOf(&v.state.index, member) }

// Range calls fn for up to n members from a rank on, in order, until it returns false.
func (v *View) Range(rank, n int, fn func(member []byte, score float64) bool) {
	ascend(&v.state.order, rank, n, fn)
}
