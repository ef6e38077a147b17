// Package tree is a copy-on-write B+tree that counts: the structure under large lists and large
// sorted sets.
//
// It knows inner nodes, how many elements and bytes lie below each child, and separators, one per
// child, that it keeps but does not compare. It must not know what lies in a leaf, what order the
// elements have, locks or who holds its views.
//
// The position of an element is the sum of the counts left of its path, so a descent by position
// and the position at the end of a descent by key both cost one path. Separators are lower bounds of
// their child, the first one of a node excepted, which is never looked at: a removal may make a
// bound looser, never wrong.
package tree

import (
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
)

const (
	fanout    = 16
	small     = fanout / 4     // an inner node with fewer children looks for one to join with
	joined    = fanout * 3 / 4 // most children of a joined node
	maxHeight = 24             // nodes have 4 children on average even at worst: 4^24 leaves
)

// Leaf is what the tree asks of a leaf.
type Leaf[E any] interface {
	*E
	Len() int
	Bytes() int64          // memory, the struct included
	Epoch() uint64         // of birth
	Clone(epoch uint64) *E // shares nothing that is ever written
	Small() bool           // better joined with a neighbour
	Fits(right *E) bool    // the elements of both fit into one leaf, with room to spare
	Append(right *E)       // takes copies of the elements of a right neighbour
	Cut(from, to int)      // removes elements
}

// node is an inner node.
type node[K any] struct {
	epoch uint64
	bytes int64 // of the whole subtree
	n     int
	count [fanout]int // elements below each child
	sep   [fanout]K
	child [fanout]unsafe.Pointer // leaves on the last level, else nodes
}

// State is everything that a tree is at one moment, so that a frozen view is a copy of it and undo
// puts one back. Its methods only read: on the State of a view they need no lock.
type State[K, E any, L Leaf[E]] struct {
	root   unsafe.Pointer // nil: empty
	height int            // levels of inner nodes
	n      int
	bytes  int64
}

// Tree is a tree that can be written. All methods are called with the owner's lock held.
type Tree[K, E any, L Leaf[E]] struct {
	State[K, E, L]
	head *cow.Header
}

// New returns an empty tree. The header decides what may be written in place; whoever freezes it
// copies the tree's State together with it.
func New[K, E any, L Leaf[E]](head *cow.Header) Tree[K, E, L] {
	return Tree[K, E, L]{head: head}
}

// Fork returns a tree of the same elements. The header is a fork of this one's, made with it.
func (t *Tree[K, E, L]) Fork(head *cow.Header) Tree[K, E, L] {
	return Tree[K, E, L]{State: t.State, head: head}
}

// Len returns the number of elements.
func (s *State[K, E, L]) Len() int { return s.n }

// Bytes returns the memory of the leaves and nodes of this state.
func (s *State[K, E, L]) Bytes() int64 { return s.bytes }

// Path is the way from the root to a leaf.
type Path[K, E any] struct {
	nodes [maxHeight]*node[K]
	at    [maxHeight]uint8
	was   int64 // bytes of the leaf when it was made owned
	Leaf  *E    // nil in an empty tree
	Off   int   // of the element, after Seek
}

// Seek leads to the element at a position, or behind the last one of the last leaf when there is none.
func (s *State[K, E, L]) Seek(i int, p *Path[K, E]) {
	at := s.root
	for level := range s.height {
		nd := (*node[K])(at)
		k := 0
		for k < nd.n-1 && i >= nd.count[k] {
			i -= nd.count[k]
			k++
		}
		p.nodes[level], p.at[level] = nd, uint8(k)
		at = nd.child[k]
	}
	p.Leaf, p.Off = (*E)(at), i
}

// Descend leads to the leaf that choose decides on: it gets the separators of the second and further
// children of a node and returns how many of them are not above what it seeks.
func (s *State[K, E, L]) Descend(choose func(seps []K) int, p *Path[K, E]) {
	at := s.root
	for level := range s.height {
		nd := (*node[K])(at)
		k := choose(nd.sep[1:nd.n])
		p.nodes[level], p.at[level] = nd, uint8(k)
		at = nd.child[k]
	}
	p.Leaf, p.Off = (*E)(at), 0
}

// Before returns how many elements lie left of the path's leaf.
func (s *State[K, E, L]) Before(p *Path[K, E]) int {
	n := 0
	for level := range s.height {
		nd := p.nodes[level]
		for _, c := range nd.count[:p.at[level]] {
			n += c
		}
	}
	return n
}

// Edges reports whether the path leads to the first leaf and whether it leads to the last one.
func (s *State[K, E, L]) Edges(p *Path[K, E]) (first, last bool) {
	first, last = true, true
	for level := range s.height {
		first = first && p.at[level] == 0
		last = last && int(p.at[level]) == p.nodes[level].n-1
	}
	return first, last
}

// Ascend calls fn for the leaves from the one with the element at position i on, with the offset at
// which to begin, until fn returns false.
func (s *State[K, E, L]) Ascend(i int, fn func(leaf *E, off int) bool) {
	if s.root != nil && i < s.n {
		s.ascend(s.root, s.height, max(i, 0), fn)
	}
}

func (s *State[K, E, L]) ascend(at unsafe.Pointer, height, i int, fn func(*E, int) bool) bool {
	if height == 0 {
		return fn((*E)(at), i)
	}
	nd := (*node[K])(at)
	for k := range nd.n {
		if i >= nd.count[k] {
			i -= nd.count[k]
			continue
		}
		if !s.ascend(nd.child[k], height-1, i, fn) {
			return false
		}
		i = 0
	}
	return true
}

// Descent calls fn for the leaves from the one with the element at position i down to the first, with
// the offset at which to begin, until fn returns false.
func (s *State[K, E, L]) Descent(i int, fn func(leaf *E, off int) bool) {
	if s.root != nil && i >= 0 {
		s.descent(s.root, s.height, min(i, s.n-1), fn)
	}
}

// descent begins at position i below the node, at its last element if i is not below it.
func (s *State[K, E, L]) descent(at unsafe.Pointer, height, i int, fn func(*E, int) bool) bool {
	if height == 0 {
		leaf := (*E)(at)
		return fn(leaf, min(i, L(leaf).Len()-1))
	}
	nd := (*node[K])(at)
	k := 0
	for k < nd.n-1 && i >= nd.count[k] {
		i -= nd.count[k]
		k++
	}
	for ; k >= 0; k-- {
		if nd.count[k] > 0 && !s.descent(nd.child[k], height-1, i, fn) {
			return false
		}
		i = int(^uint(0) >> 1)
	}
	return true
}

func nodeBytes[K any]() int64 { return int64(unsafe.Sizeof(node[K]{})) }
