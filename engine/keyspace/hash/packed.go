package hash

import (
	"hash/maphash"
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/trie"
)

// Packed is a small hash as one slice of bytes: fields and values in the order in which the fields
// came. Nil is empty. Lookups are linear.
//
// Like append, the methods that change it write in place where its capacity allows, else into a new
// slice, and return the result; the old one must not be used any more. Fields and values given in
// are copied and may not be part of it; those handed out are part of it.
type Packed []byte

// Len returns the number of fields.
func (p Packed) Len() int { return block.Seq(p).Len(trie.Pairs) }

// find returns where the record of a field begins, and where its value; or the end.
func (p Packed) find(field []byte) (off, value int, ok bool) {
	s := block.Seq(p)
	for off = block.SeqHead; off < len(s); {
		f, next := s.Item(off)
		if string(f) == string(field) {
			return off, next, true
		}
		_, off = s.Item(next)
	}
	return off, 0, false
}

// Get returns the value of a field.
func (p Packed) Get(field []byte) (value []byte, ok bool) {
	_, at, ok := p.find(field)
	if !ok {
		return nil, false
	}
	value, _ = block.Seq(p).Item(at)
	return value, true
}

// Set gives a field a value and reports whether the field is new.
func (p Packed) Set(field, value []byte) (changed Packed, created bool) {
	s := block.Seq(p)
	if _, at, ok := p.find(field); ok {
		_, end := s.Item(at)
		s = s.Splice(at, end, block.ItemSize(value), 0, trie.Pairs)
		s.Put(at, value)
		return Packed(s), false
	}
	s = s.Splice(len(s), len(s), block.ItemSize(field)+block.ItemSize(value), 1, trie.Pairs)
	at := len(s) - block.ItemSize(field) - block.ItemSize(value)
	s.Put(s.Put(at, field), value)
	return Packed(s), true
}

// Delete removes a field and reports whether it was there.
func (p Packed) Delete(field []byte) (changed Packed, ok bool) {
	off, at, ok := p.find(field)
	if !ok {
		return p, false
	}
	s := block.Seq(p)
	_, end := s.Item(at)
	return Packed(s.Splice(off, end, 0, -1, trie.Pairs)), true
}

// Range calls fn for each field until it returns false.
func (p Packed) Range(fn func(field, value []byte) bool) {
	s := block.Seq(p)
	for off := block.SeqHead; off < len(s); {
		f, next := s.Item(off)
		v, end := s.Item(next)
		if !fn(f, v) {
			return
		}
		off = end
	}
}

// Random returns a field, each with the same probability. The hash is not empty.
func (p Packed) Random(r *rand.Rand) (field, value []byte) {
	s := block.Seq(p)
	field, at := s.Item(s.Nth(r.IntN(p.Len()), trie.Pairs))
	value, _ = s.Item(at)
	return field, value
}

// Valid reports whether the bytes are a packed hash. Any bytes may be asked.
func (p Packed) Valid() bool {
	if !block.Seq(p).Valid(trie.Pairs) {
		return false
	}
	seen, unique := map[string]bool{}, true
	p.Range(func(f, _ []byte) bool {
		unique = !seen[string(f)]
		seen[string(f)] = true
		return unique
	})
	return unique
}

// Large returns the hash in its large form.
func (p Packed) Large(seed maphash.Seed) *Hash {
	h := New(seed)
	p.Range(func(f, v []byte) bool {
		h.Set(f, v)
		return true
	})
	return h
}
