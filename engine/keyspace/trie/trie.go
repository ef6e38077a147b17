// Package trie is a copy-on-write hash trie of packed pages: the structure under large hashes and
// sets, and the index from member to score under large sorted sets.
//
// It knows records (a key and its value) and their hashes. It must not know which type of value it
// serves, locks or who holds its views.
//
// The upper 48 bits of a key's hash are its position. A node spreads six of them over 64 children; a
// page holds up to 64 records and covers all positions that share its first bits, as many as its
// depth says, so that a page of low depth fills several children of its node. A full page is split by
// its next bit and small neighbours are merged: there is no rehash, and the dearest insertion splits
// one page. Records whose positions are all equal end in overflow pages; only a broken hash gets
// there, and then lookups are linear.
package trie

import (
	"hash/maphash"
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/block"
)

const (
	posBits  = 48 // bits of the hash that are a position; SCAN cursors are positions
	nodeBits = 6
	fanout   = 1 << nodeBits
	levels   = posBits / nodeBits
)

// The shapes of records: a key with a value of any length, a key alone, a key with 8 bytes.
var (
	Pairs = block.Shape{Items: 2}
	Keys  = block.Shape{Items: 1}
	Words = block.Shape{Items: 1, Tail: 8}
)

// State is everything that a trie is at one moment, so that a frozen view is a copy of it and undo
// puts one back. Its methods only read: on the State of a view they need no lock.
type State struct {
	root   unsafe.Pointer // nil when there was never a record, else *page or, if inner, *node
	inner  bool
	shape  block.Shape
	seed   maphash.Seed
	hash   func([]byte) uint64 // in place of the seed, for tests of bad hashes
	n      int
	bytes  int64
	spare  int                 // overflow pages
	depths [posBits + 1]uint32 // pages (without overflow pages) per depth
}

// Trie is a trie that can be written. All methods are called with the owner's lock held.
type Trie struct {
	State
	head *cow.Header
}

// New returns an empty trie of records of one of the shapes above. The header decides what may be
// written in place; whoever freezes it copies the trie's State together with it.
func New(seed maphash.Seed, shape block.Shape, head *cow.Header) Trie {
	return Trie{State: State{seed: seed, shape: shape}, head: head}
}

// Fork returns a trie of the same records. The header is a fork of this one's, made with it.
func (t *Trie) Fork(head *cow.Header) Trie { return Trie{State: t.State, head: head} }

// node is an inner node. Bit i of isNode tells what child[i] points to. No child is nil.
type node struct {
	epoch  uint64
	isNode uint64
	child  [fanout]unsafe.Pointer
}

const nodeBytes = int64(unsafe.Sizeof(node{}))

// slot returns the child of a node on the given level in which a position lies.
func slot(pos uint64, level int) int {
	return int(pos>>(posBits-nodeBits*(level+1))) & (fanout - 1)
}

func (s *State) sum(key []byte) uint64 {
	if s.hash != nil {
		return s.hash(key)
	}
	return maphash.Bytes(s.seed, key)
}

// position and tag are the two parts of a hash that are used; they do not overlap.
func position(hash uint64) uint64 { return hash >> (64 - posBits) }
func tag(hash uint64) byte        { return byte(hash) }

// Len returns the number of records.
func (s *State) Len() int { return s.n }

// Bytes returns the memory that the records, pages and nodes of this state take. What views keep
// alive beside it is not counted.
func (s *State) Bytes() int64 { return s.bytes }

// Get returns the value of a key, valid until the next write.
func (s *State) Get(key []byte) (value []byte, ok bool) {
	hash := s.sum(key)
	for pg := s.page(position(hash)); pg != nil; pg = pg.next {
		if i := pg.find(tag(hash), key); i >= 0 {
			return pg.value(i, s.shape), true
		}
	}
	return nil, false
}

// page returns the page that covers a position, nil in an empty trie.
func (s *State) page(pos uint64) *page {
	p, inner := s.root, s.inner
	for shift := posBits - nodeBits; inner; shift -= nodeBits {
		nd := (*node)(p)
		i := pos >> shift & (fanout - 1)
		p, inner = nd.child[i], nd.isNode>>i&1 != 0
	}
	return (*page)(p)
}

// Range calls fn for each record until it returns false. The slices are valid until the next write.
func (s *State) Range(fn func(key, value []byte) bool) {
	s.pages(func(pg *page) bool {
		for i := range int(pg.n) {
			if key, value := pg.record(i, s.shape); !fn(key, value) {
				return false
			}
		}
		return true
	})
}

// pages calls fn for each page, overflow pages too, in the order of positions.
func (s *State) pages(fn func(*page) bool) {
	if s.root != nil {
		pagesBelow(s.root, s.inner, 0, fn)
	}
}

func pagesBelow(p unsafe.Pointer, inner bool, level int, fn func(*page) bool) bool {
	if !inner {
		for pg := (*page)(p); pg != nil; pg = pg.next {
			if !fn(pg) {
				return false
			}
		}
		return true
	}
	nd := (*node)(p)
	for i := 0; i < fanout; {
		isNode := nd.isNode>>i&1 != 0
		if !pagesBelow(nd.child[i], isNode, level+1, fn) {
			return false
		}
		if isNode {
			i++
		} else {
			i += (*page)(nd.child[i]).span(level)
		}
	}
	return true
}

// Clear drops all records.
func (t *Trie) Clear() { t.State = State{seed: t.seed, shape: t.shape, hash: t.hash} }
