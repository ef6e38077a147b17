// Package set is the value of a set: the large form, a copy-on-write trie of members, and the packed
// form, one slice of bytes that lies in the keyspace's record, an array of integers if all members
// are integers.
//
// It knows members. It must not know keys, locks, deadlines or when a set changes its form.
package set

import (
	"hash/maphash"
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/trie"
)

// Set is a large set. Its methods are called with the owner's lock held. Slices handed out are valid
// until the next write to the set; slices given in are copied and may not be its own.
type Set struct {
	head    cow.Header
	members trie.Trie
}

// headBytes is about what the struct itself takes.
const headBytes = 400

// New returns an empty set. The seed decides the order of the members.
func New(seed maphash.Seed) *Set {
	s := &Set{}
	s.members = trie.New(seed, trie.Keys, &s.head)
	return s
}

// Build returns a set of n members, of which at returns one by one: faster than adding them if they are
// many.
func Build(seed maphash.Seed, n int, at func(i int) []byte) *Set {
	s := New(seed)
	s.members.Fill(n, func(i int) (m, _ []byte) { return at(i), nil })
	return s
}

// Len returns the number of members.
func (s *Set) Len() int { return s.members.Len() }

// Bytes returns the memory that the set takes, without what views keep alive beside it.
func (s *Set) Bytes() int64 { return s.members.Bytes() + headBytes }

// Prefetch reads what lookups of these members will need; see trie.State.Prefetch.
func (s *Set) Prefetch(members [][]byte) uint64 { return s.members.Prefetch(members) }

// Has reports whether m is a member.
func (s *Set) Has(m []byte) bool {
	_, ok := s.members.Get(m)
	return ok
}

// Add adds a member and reports whether it is new.
func (s *Set) Add(m []byte) bool { return s.members.Set(m, nil) }

// Remove removes a member and reports whether it was there.
func (s *Set) Remove(m []byte) bool { return s.members.Delete(m) }

// Range calls fn for each member until it returns false. fn must not write to the set.
func (s *Set) Range(fn func(m []byte) bool) {
	s.members.Range(func(m, _ []byte) bool { return fn(m) })
}

// Scan gives at least count members, if there are as many behind the cursor, and returns the next
// cursor (below 2^48); 0 begins and ends. A member that is there during the whole scan is given at
// least once. fn must not write to the set.
func (s *Set) Scan(cursor uint64, count int, fn func(m []byte)) (next uint64) {
	return s.members.Scan(cursor, count, func(m, _ []byte) { fn(m) })
}

// Random returns a member, each with the same probability. The set is not empty.
func (s *Set) Random(r *rand.Rand) []byte {
	m, _ := s.members.Random(r)
	return m
}

// Copy returns a set with the same content, in constant time: the two share what neither has changed.
func (s *Set) Copy() *Set {
	c := &Set{head: s.head.Fork()}
	c.members = s.members.Fork(&c.head)
	return c
}

// Freeze returns the set as it is now, in constant time.
func (s *Set) Freeze() *View { return &View{members: s.members.State, hold: s.head.Freeze()} }

// Restore makes the set what it was when the view was frozen, in constant time. The view stays
// valid. It must be one of this set.
func (s *Set) Restore(v *View) { s.members.State = v.members }

// Copied returns how many bytes writers have copied because views were held.
func (s *Set) Copied() int64 { return s.head.Copied() }

// View is a set at the moment of a Freeze. It is read without a lock, by any number of goroutines,
// while the set is written. The slices that it hands out are valid until Release.
type View struct {
	members trie.State
	hold    *cow.View
}

// Release ends the view. It may be called from any goroutine, without a lock, and more than once. A
// view that is never released makes each part of the set be copied once.
func (v *View) Release() { v.hold.Release() }

// Len returns the number of members.
func (v *View) Len() int { return v.members.Len() }

// Bytes returns the memory of the set at the freeze; most of it is shared.
func (v *View) Bytes() int64 { return v.members.Bytes() + headBytes }

// Has reports whether m was a member.
func (v *View) Has(m []byte) bool {
	_, ok := v.members.Get(m)
	return ok
}

// Range calls fn for each member until it returns false.
func (v *View) Range(fn func(m []byte) bool) {
	v.members.Range(func(m, _ []byte) bool { return fn(m) })
}
