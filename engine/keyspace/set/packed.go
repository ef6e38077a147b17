package set

import (
	"encoding/binary"
	"hash/maphash"
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/trie"
)

// Packed is a small set as one slice of bytes, in one of two forms: integers, a sorted array of
// numbers that are all 2, 4 or 8 bytes wide, or plain members in the order in which they came. Nil is
// empty; the first member decides for integers if it is one, and the first member that is none turns
// them into the plain form. The plain form stays.
//
// Like append, the methods that change it write in place where its capacity allows, else into a new
// slice, and return the result; the old one must not be used any more. Members given in are copied and
// may not be part of it; those handed out are valid until the next call of the same method.
type Packed []byte

// marks are the values of the first two bytes that no count of plain members has. Behind them the
// width of the integers is added.
const marks = block.SeqMany

// width returns how many bytes each integer takes, 0 for the plain form.
func (p Packed) width() int {
	if len(p) < block.SeqHead {
		return 0
	}
	return max(int(binary.LittleEndian.Uint16(p))-marks, 0)
}

// Ints reports whether the set has the form of integers. Range then gives them in numeric order.
func (p Packed) Ints() bool { return p.width() > 0 }

// Len returns the number of members.
func (p Packed) Len() int {
	if w := p.width(); w > 0 {
		return (len(p) - block.SeqHead) / w
	}
	return block.Seq(p).Len(trie.Keys)
}

// Has reports whether m is a member.
func (p Packed) Has(m []byte) bool {
	if w := p.width(); w > 0 {
		v, ok := parse(m)
		if ok {
			_, ok = p.search(w, v)
		}
		return ok
	}
	_, ok := p.find(m)
	return ok
}

func (p Packed) find(m []byte) (off int, ok bool) {
	s := block.Seq(p)
	for off = block.SeqHead; off < len(s); {
		v, next := s.Item(off)
		if string(v) == string(m) {
			return off, true
		}
		off = next
	}
	return off, false
}

// Add adds a member and reports whether it is new.
func (p Packed) Add(m []byte) (changed Packed, added bool) {
	if w := p.width(); w > 0 || len(p) == 0 {
		if v, ok := parse(m); ok {
			return p.addInt(v)
		}
		p = p.Plain()
	}
	at, ok := p.find(m)
	if ok {
		return p, false
	}
	s := block.Seq(p).Splice(at, at, block.ItemSize(m), 1, trie.Keys)
	s.Put(at, m)
	return Packed(s), true
}

// Remove removes a member and reports whether it was there.
func (p Packed) Remove(m []byte) (changed Packed, ok bool) {
	if w := p.width(); w > 0 {
		v, ok := parse(m)
		if !ok {
			return p, false
		}
		return p.removeInt(w, v)
	}
	at, ok := p.find(m)
	if !ok {
		return p, false
	}
	s := block.Seq(p)
	return Packed(s.Splice(at, s.Skip(at, trie.Keys), 0, -1, trie.Keys)), true
}

// Plain returns the set in the plain form: a new slice if it had the form of integers.
func (p Packed) Plain() Packed {
	if p.width() == 0 && len(p) > 0 {
		return p
	}
	s := make(block.Seq, block.SeqHead, block.SeqHead+4*len(p))
	p.Range(func(m []byte) bool {
		at := len(s)
		s = s.Splice(at, at, block.ItemSize(m), 1, trie.Keys)
		s.Put(at, m)
		return true
	})
	return Packed(s)
}

// Range calls fn for each member until it returns false.
func (p Packed) Range(fn func(m []byte) bool) {
	if w := p.width(); w > 0 {
		p.rangeInts(w, fn)
		return
	}
	s := block.Seq(p)
	for off := block.SeqHead; off < len(s); {
		m, next := s.Item(off)
		if !fn(m) {
			return
		}
		off = next
	}
}

// At returns the member with index i, which must be in range, in the order of Range. An integer is
// formatted into room's capacity.
func (p Packed) At(i int, room []byte) []byte {
	if w := p.width(); w > 0 {
		return format(room, p.int(w, i))
	}
	s := block.Seq(p)
	m, _ := s.Item(s.Nth(i, trie.Keys))
	return m
}

// Random returns a member, each with the same probability, as At does. The set is not empty.
func (p Packed) Random(r *rand.Rand, room []byte) []byte { return p.At(r.IntN(p.Len()), room) }

// Valid reports whether the bytes are a packed set. Any bytes may be asked.
func (p Packed) Valid() bool {
	if w := p.width(); w > 0 {
		return p.validInts(w)
	}
	if !block.Seq(p).Valid(trie.Keys) {
		return false
	}
	seen, unique := map[string]bool{}, true
	p.Range(func(m []byte) bool {
		unique = !seen[string(m)]
		seen[string(m)] = true
		return unique
	})
	return unique
}

// Large returns the set in its large form.
func (p Packed) Large(seed maphash.Seed) *Set {
	s := New(seed)
	p.Range(func(m []byte) bool {
		s.Add(m)
		return true
	})
	return s
}
