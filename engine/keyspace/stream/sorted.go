package stream

import (
	"slices"
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow/tree"
)

// key is what a sorted table is ordered by.
type key[K any] interface {
	Less(K) bool
	weight() int64 // bytes beside the key itself
}

func (ID) weight() int64 { return 0 }

type name string

func (n name) Less(other name) bool { return n < other }
func (n name) weight() int64        { return int64(len(n)) }

type number uint32

func (n number) Less(other number) bool { return n < other }
func (number) weight() int64            { return 0 }

const pageCap = 64

// page is a leaf of a sorted table.
type page[K key[K], V any] struct {
	epoch  uint64
	weight int64
	keys   []K
	vals   []V
}

// Len returns the number of keys.
func (p *page[K, V]) Len() int { return len(p.keys) }

// Bytes returns the memory of the page, without what its values point to.
func (p *page[K, V]) Bytes() int64 {
	var k K
	var v V
	return int64(unsafe.Sizeof(*p)) + p.weight +
		int64(cap(p.keys))*int64(unsafe.Sizeof(k)) + int64(cap(p.vals))*int64(unsafe.Sizeof(v))
}

// Epoch returns the epoch of the page's birth.
func (p *page[K, V]) Epoch() uint64 { return p.epoch }

// Clone returns a copy that can be written.
func (p *page[K, V]) Clone(epoch uint64) *page[K, V] {
	return &page[K, V]{epoch: epoch, weight: p.weight, keys: slices.Clone(p.keys), vals: slices.Clone(p.vals)}
}

// Small reports whether the page should be joined with a neighbour.
func (p *page[K, V]) Small() bool { return len(p.keys) < pageCap/4 }

// Fits reports whether the keys of both pages fit into one.
func (p *page[K, V]) Fits(right *page[K, V]) bool {
	return len(p.keys)+len(right.keys) <= pageCap*3/4
}

// Append takes copies of what is in a right neighbour.
func (p *page[K, V]) Append(right *page[K, V]) {
	p.keys = append(p.keys, right.keys...)
	p.vals = append(p.vals, right.vals...)
	p.weight += right.weight
}

// Cut removes the keys from index from up to index to.
func (p *page[K, V]) Cut(from, to int) {
	for _, k := range p.keys[from:to] {
		p.weight -= k.weight()
	}
	p.keys = slices.Delete(p.keys, from, to)
	p.vals = slices.Delete(p.vals, from, to)
	if len(p.keys) < cap(p.keys)/4 {
		p.keys, p.vals = slices.Clone(p.keys), slices.Clone(p.vals)
	}
}

func (p *page[K, V]) insert(i int, k K, v V) {
	p.keys = slices.Insert(p.keys, i, k)
	p.vals = slices.Insert(p.vals, i, v)
	p.weight += k.weight()
}

// split moves what is from index i on into a new page.
func (p *page[K, V]) split(i int, epoch uint64) *page[K, V] {
	right := &page[K, V]{epoch: epoch, keys: slices.Clone(p.keys[i:]), vals: slices.Clone(p.vals[i:])}
	for _, k := range right.keys {
		right.weight += k.weight()
	}
	p.keys = slices.Delete(p.keys, i, len(p.keys))
	p.vals = slices.Delete(p.vals, i, len(p.vals))
	p.weight -= right.weight
	return right
}

func (p *page[K, V]) search(k K) (i int, found bool) {
	lo, hi := 0, len(p.keys)
	for lo < hi {
		if mid := (lo + hi) / 2; p.keys[mid].Less(k) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(p.keys) && !k.Less(p.keys[lo])
}

// sorted is a copy-on-write table in the order of its keys. Copied as a value, it is what a view
// remembers.
type sorted[K key[K], V any] struct {
	tree.Tree[K, page[K, V], *page[K, V]]
}

func newSorted[K key[K], V any](head *cow.Header) sorted[K, V] {
	return sorted[K, V]{tree.New[K, page[K, V], *page[K, V]](head)}
}

// find leads to the page of a key, nil in an empty table, and to the key's index in it.
func (s *sorted[K, V]) find(k K, p *tree.Path[K, page[K, V]]) (i int, found bool) {
	s.Descend(func(seps []K) int {
		n := 0
		for n < len(seps) && !k.Less(seps[n]) {
			n++
		}
		return n
	}, p)
	if p.Leaf == nil {
		return 0, false
	}
	return p.Leaf.search(k)
}

func (s *sorted[K, V]) get(k K) (v V, ok bool) {
	var p tree.Path[K, page[K, V]]
	i, ok := s.find(k, &p)
	if ok {
		v = p.Leaf.vals[i]
	}
	return v, ok
}

// set gives a key a value and reports whether the key is new. stamp is the epoch of what is born now.
func (s *sorted[K, V]) set(k K, v V, stamp uint64) (created bool) {
	var p tree.Path[K, page[K, V]]
	i, found := s.find(k, &p)
	if p.Leaf == nil {
		leaf := &page[K, V]{epoch: stamp}
		leaf.insert(0, k, v)
		s.Plant(leaf)
		return true
	}
	s.Own(&p)
	if found {
		p.Leaf.vals[i] = v
		s.Done(&p)
		return false
	}
	if p.Leaf.Len() < pageCap {
		p.Leaf.insert(i, k, v)
		s.Done(&p)
		return true
	}
	at := pageCap / 2
	if _, last := s.Edges(&p); last && i == pageCap {
		right := &page[K, V]{epoch: stamp}
		right.insert(0, k, v)
		s.DoneSplit(&p, right, k)
		return true
	}
	right := p.Leaf.split(at, stamp)
	if i <= at {
		p.Leaf.insert(i, k, v)
	} else {
		right.insert(i-at, k, v)
	}
	s.DoneSplit(&p, right, right.keys[0])
	return true
}

func (s *sorted[K, V]) remove(k K) bool {
	var p tree.Path[K, page[K, V]]
	i, found := s.find(k, &p)
	if !found {
		return false
	}
	s.Own(&p)
	p.Leaf.Cut(i, i+1)
	s.Done(&p)
	return true
}

// ascend calls fn for the keys from k on, in order, until it returns false.
func (s *sorted[K, V]) ascend(k K, fn func(k K, v V) bool) {
	var p tree.Path[K, page[K, V]]
	i, _ := s.find(k, &p)
	if p.Leaf == nil {
		return
	}
	s.Ascend(s.Before(&p)+i, func(l *page[K, V], off int) bool {
		for ; off < len(l.keys); off++ {
			if !fn(l.keys[off], l.vals[off]) {
				return false
			}
		}
		return true
	})
}

// last returns the last key.
func (s *sorted[K, V]) last() (k K, v V, ok bool) {
	s.Descent(s.Len()-1, func(l *page[K, V], off int) bool {
		k, v, ok = l.keys[off], l.vals[off], true
		return false
	})
	return k, v, ok
}
