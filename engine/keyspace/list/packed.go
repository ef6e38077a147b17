package list

import "github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"

// Packed is a small list as one slice of bytes: the elements in order. Nil is empty. Positions are
// found by walking from the front.
//
// Like append, the methods that change it write in place where its capacity allows, else into a new
// slice, and return the result; the old one must not be used any more. Elements given in are copied
// and may not be part of it; those handed out are part of it.
type Packed []byte

// Len returns the number of elements.
func (p Packed) Len() int { return block.Seq(p).Len(elementShape) }

// Index returns the element at position i, which must be in range.
func (p Packed) Index(i int) []byte {
	s := block.Seq(p)
	v, _ := s.Item(s.Nth(i, elementShape))
	return v
}

// PushFront inserts an element before the first one.
func (p Packed) PushFront(v []byte) Packed { return p.put(block.SeqHead, v) }

// PushBack inserts an element behind the last one.
func (p Packed) PushBack(v []byte) Packed { return p.put(max(len(p), block.SeqHead), v) }

// Insert inserts an element before position i, from 0 to Len.
func (p Packed) Insert(i int, v []byte) Packed { return p.put(block.Seq(p).Nth(i, elementShape), v) }

func (p Packed) put(off int, v []byte) Packed {
	s := block.Seq(p).Splice(off, off, block.ItemSize(v), 1, elementShape)
	s.Put(off, v)
	return Packed(s)
}

// Set replaces the element at position i, which must be in range.
func (p Packed) Set(i int, v []byte) Packed {
	s := block.Seq(p)
	off := s.Nth(i, elementShape)
	s = s.Splice(off, s.Skip(off, elementShape), block.ItemSize(v), 0, elementShape)
	s.Put(off, v)
	return Packed(s)
}

// Delete removes n elements from position i on, or as many as there are.
func (p Packed) Delete(i, n int) Packed {
	s := block.Seq(p)
	if n = min(n, p.Len()-i); n <= 0 {
		return p
	}
	from := s.Nth(i, elementShape)
	to := from
	for range n {
		to = s.Skip(to, elementShape)
	}
	return Packed(s.Splice(from, to, 0, -n, elementShape))
}

// Range calls fn for up to n elements from position i on, until it returns false.
func (p Packed) Range(i, n int, fn func(v []byte) bool) {
	if n = min(n, p.Len()-i); n <= 0 {
		return
	}
	s := block.Seq(p)
	off := s.Nth(i, elementShape)
	for range n {
		var v []byte
		if v, off = s.Item(off); !fn(v) {
			return
		}
	}
}

// RangeBack calls fn for up to n elements from position i downwards, until it returns false.
func (p Packed) RangeBack(i, n int, fn func(v []byte) bool) {
	i = min(i, p.Len()-1)
	var room [64]int // more are rare
	s := block.Seq(p)
	offs := s.Offsets(room[:0], i+1, elementShape)
	for ; n > 0 && i >= 0; n, i = n-1, i-1 {
		if v, _ := s.Item(offs[i]); !fn(v) {
			return
		}
	}
}

// Valid reports whether the bytes are a packed list. Any bytes may be asked.
func (p Packed) Valid() bool { return block.Seq(p).Valid(elementShape) }

// Large returns the list in its large form.
func (p Packed) Large() *List {
	l := New()
	p.Range(0, p.Len(), func(v []byte) bool {
		l.PushBack(v)
		return true
	})
	return l
}
