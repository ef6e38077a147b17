// Package list is the value of a list: the large form, a counted copy-on-write B+tree by position, and
// the packed form, one slice of bytes that lies in the keyspace's record.
//
// It knows elements and positions, from 0. It must not know keys, locks, deadlines or when a list
// changes its form.
package list

import (
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/tree"
)

type (
	order = tree.Tree[struct{}, leaf, *leaf]
	state = tree.State[struct{}, leaf, *leaf]
	path  = tree.Path[struct{}, leaf]
)

// List is a large list. Its methods are called with the owner's lock held. Slices handed out are
// valid until the next write; slices given in are copied and may not be its own.
type List struct {
	head  cow.Header
	order order
}

// headBytes is about what the struct itself takes.
const headBytes = 128

// New returns an empty list.
func New() *List {
	l := &List{}
	l.order = tree.New[struct{}, leaf, *leaf](&l.head)
	return l
}

// Len returns the number of elements.
func (l *List) Len() int { return l.order.Len() }

// Bytes returns the memory that the list takes, without what views keep alive beside it.
func (l *List) Bytes() int64 { return l.order.Bytes() + headBytes }

// Copied returns how many bytes writers have copied because views were held.
func (l *List) Copied() int64 { return l.head.Copied() }

// Index returns the element at position i, which must be in range.
func (l *List) Index(i int) []byte { return index(&l.order.State, i) }

func index(s *state, i int) []byte {
	var p path
	s.Seek(i, &p)
	return p.Leaf.element(p.Off)
}

// PushFront inserts an element before the first one.
func (l *List) PushFront(v []byte) { l.Insert(0, v) }

// PushBack inserts an element behind the last one.
func (l *List) PushBack(v []byte) { l.Insert(l.Len(), v) }

// Insert inserts an element before position i, from 0 to Len.
func (l *List) Insert(i int, v []byte) {
	var p path
	l.order.Seek(i, &p)
	if p.Leaf == nil {
		f := &leaf{epoch: l.head.Stamp()}
		f.insert(0, v)
		l.order.Plant(f)
		return
	}
	l.order.Own(&p)
	f := p.Leaf
	if !f.full(v) {
		f.insert(p.Off, v)
		l.order.Done(&p)
		return
	}
	// At the ends of the list a full leaf is left behind, else two halves.
	at := f.n / 2
	if i == l.Len() {
		at = f.n
	} else if i == 0 {
		at = 0
	}
	right := f.split(at, l.head.Stamp())
	if p.Off < at || p.Off == 0 {
		f.insert(p.Off, v)
	} else {
		right.insert(p.Off-at, v)
	}
	l.order.DoneSplit(&p, right, struct{}{})
}

// PopFront removes the first element and returns it. The list is not empty. Other than what the
// methods that only read return, the element stays valid when the list is written.
func (l *List) PopFront() []byte { return l.pop(0) }

// PopBack removes the last element and returns it, as PopFront does.
func (l *List) PopBack() []byte { return l.pop(l.Len() - 1) }

// pop relies on removed bytes of a leaf never being written again: leaves are compacted into new
// storage.
func (l *List) pop(i int) []byte {
	var p path
	l.order.Seek(i, &p)
	l.order.Own(&p)
	v := p.Leaf.element(p.Off)
	p.Leaf.Cut(p.Off, p.Off+1)
	l.order.Done(&p)
	return v
}

// Set replaces the element at position i, which must be in range.
func (l *List) Set(i int, v []byte) {
	var p path
	l.order.Seek(i, &p)
	l.order.Own(&p)
	f := p.Leaf
	off := f.off(p.Off)
	if !f.grown(off, v) {
		f.set(p.Off, off, v)
		l.order.Done(&p)
		return
	}
	at := max(f.n/2, 1)
	right := f.split(at, l.head.Stamp())
	slot := p.Off
	if slot >= at {
		f, slot = right, slot-at
	}
	f.set(slot, f.off(slot), v)
	l.order.DoneSplit(&p, right, struct{}{})
}

// Delete removes n elements from position i on. The cost is that of two paths, however many go.
func (l *List) Delete(i, n int) { l.order.Cut(i, i+min(n, l.Len()-i)) }

// Range calls fn for up to n elements from position i on, until it returns false. fn must not write
// to the list.
func (l *List) Range(i, n int, fn func(v []byte) bool) { ascend(&l.order.State, i, n, fn) }

func ascend(s *state, i, n int, fn func(v []byte) bool) {
	if n <= 0 {
		return
	}
	s.Ascend(i, func(f *leaf, slot int) bool {
		for at := f.off(slot); slot < f.n; slot++ {
			v, end := f.Item(at)
			if !fn(v) {
				return false
			}
			if n--; n == 0 {
				return false
			}
			at = f.after(slot, end)
		}
		return true
	})
}

// RangeBack calls fn for up to n elements from position i downwards, until it returns false. fn must
// not write to the list.
func (l *List) RangeBack(i, n int, fn func(v []byte) bool) {
	if n <= 0 {
		return
	}
	l.order.Descent(i, func(f *leaf, off int) bool {
		for ; off >= 0; off-- {
			if !fn(f.element(off)) {
				return false
			}
			if n--; n == 0 {
				return false
			}
		}
		return true
	})
}

// Copy returns a list with the same content, in constant time: the two share what neither has changed.
func (l *List) Copy() *List {
	c := &List{head: l.head.Fork()}
	c.order = l.order.Fork(&c.head)
	return c
}

// Freeze returns the list as it is now, in constant time.
func (l *List) Freeze() *View { return &View{state: l.order.State, hold: l.head.Freeze()} }

// Restore makes the list what it was when the view was frozen, in constant time. The view stays
// valid. It must be one of this list.
func (l *List) Restore(v *View) { l.order.State = v.state }

// View is a list at the moment of a Freeze. It is read without a lock, by any number of goroutines,
// while the list is written. The slices that it hands out are valid until Release.
type View struct {
	state state
	hold  *cow.View
}

// Release ends the view. It may be called from any goroutine, without a lock, and more than once. A
// view that is never released makes each part of the list be copied once.
func (v *View) Release() { v.hold.Release() }

// Len returns the number of elements.
func (v *View) Len() int { return v.state.Len() }

// Bytes returns the memory of the list at the freeze; most of it is shared.
func (v *View) Bytes() int64 { return v.state.Bytes() + headBytes }

// Index returns the element at position i, which must be in range.
func (v *View) Index(i int) []byte { return index(&v.state, i) }

// Range calls fn for up to n elements from position i on, until it returns false.
func (v *View) Range(i, n int, fn func(v []byte) bool) { ascend(&v.state, i, n, fn) }
