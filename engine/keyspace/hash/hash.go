// Package hash is the value of a hash: the large form, a copy-on-write trie of fields, and the
// packed form, one slice of bytes that lies in the keyspace's record.
//
// It knows fields and values. It must not know keys, locks, deadlines or when a hash changes its form.
package hash

import (
	"hash/maphash"
	"math/rand/v2"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/trie"
)

// Hash is a large hash. Its methods are called with the owner's lock held. Slices handed out are
// valid until the next write to the hash; slices given in are copied and may not be its own.
type Hash struct {
	head   cow.Header
	fields trie.Trie
}

// New returns an empty hash. The seed decides the order of the fields.
func New(seed maphash.Seed) *Hash {
	h := &Hash{}
	h.fields = trie.New(seed, trie.Pairs, &h.head)
	return h
}

// Len returns the number of fields.
func (h *Hash) Len() int { return h.fields.Len() }

// Bytes returns the memory that the hash takes, without what views keep alive beside it.
func (h *Hash) Bytes() int64 { return h.fields.Bytes() + headBytes }

// headBytes is about what the struct itself takes.
const headBytes = 400

// Get returns the value of a field.
func (h *Hash) Get(field []byte) (value []byte, ok bool) { return h.fields.Get(field) }

// Prefetch reads what lookups of these fields will need; see trie.State.Prefetch.
func (h *Hash) Prefetch(fields [][]byte) uint64 { return h.fields.Prefetch(fields) }

// Set gives a field a value and reports whether the field is new.
func (h *Hash) Set(field, value []byte) (created bool) { return h.fields.Set(field, value) }

// Delete removes a field and reports whether it was there.
func (h *Hash) Delete(field []byte) bool { return h.fields.Delete(field) }

// Range calls fn for each field until it returns false. fn must not write to the hash.
func (h *Hash) Range(fn func(field, value []byte) bool) { h.fields.Range(fn) }

// Scan gives at least count fields, if there are as many behind the cursor, and returns the next
// cursor (below 2^48); 0 begins and ends. A field that is there during the whole scan is given at
// least once. fn must not write to the hash.
func (h *Hash) Scan(cursor uint64, count int, fn func(field, value []byte)) (next uint64) {
	return h.fields.Scan(cursor, count, fn)
}

// Random returns a field, each with the same probability. The hash is not empty.
func (h *Hash) Random(r *rand.Rand) (field, value []byte) { return h.fields.Random(r) }

// Copy returns a hash with the same content, in constant time: the two share what neither has changed.
func (h *Hash) Copy() *Hash {
	c := &Hash{head: h.head.Fork()}
	c.fields = h.fields.Fork(&c.head)
	return c
}

// Freeze returns the hash as it is now, in constant time.
func (h *Hash) Freeze() *View { return &View{fields: h.fields.State, hold: h.head.Freeze()} }

// Restore makes the hash what it was when the view was frozen, in constant time. The view stays
// valid. It must be one of this hash.
func (h *Hash) Restore(v *View) { h.fields.State = v.fields }

// Copied returns how many bytes writers have copied because views were held.
func (h *Hash) Copied() int64 { return h.head.Copied() }

// View is a hash at the moment of a Freeze. It is read without a lock, by any number of goroutines,
// while the hash is written. The slices that it hands out are valid until Release.
type View struct {
	fields trie.State
	hold   *cow.View
}

// Release ends the view. It may be called from any goroutine, without a lock, and more than once. A
// view that is never released makes each part of the hash be copied once.
func (v *View) Release() { v.hold.Release() }

// Len returns the number of fields.
func (v *View) Len() int { return v.fields.Len() }

// Bytes returns the memory of the hash at the freeze; most of it is shared.
func (v *View) Bytes() int64 { return v.fields.Bytes() + headBytes }

// Get returns the value of a field.
func (v *View) Get(field []byte) (value []byte, ok bool) { return v.fields.Get(field) }

// Range calls fn for each field until it returns false.
func (v *View) Range(fn func(field, value []byte) bool) { v.fields.Range(fn) }
