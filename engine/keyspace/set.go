package keyspace

import (
	"cmp"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/set"
)

// SetHandle gives access to one set, as HashHandle does to a hash.
type SetHandle struct{ handle }

// Set returns a handle of the set at key; ok is false when the key holds another type. key must stay
// unchanged while the handle is in use.
func (d *DB) Set(key []byte) (h SetHandle, ok bool) {
	h.handle, ok = d.handle(key, Set)
	return h, ok
}

func (h *SetHandle) large() *set.Set {
	if v, ok := h.col().(largeSet); ok {
		return v.Set
	}
	return nil
}

// Len returns the number of members.
func (h *SetHandle) Len() int {
	if v := h.large(); v != nil {
		return v.Len()
	}
	return 0
}

// Has reports whether m is a member.
func (h *SetHandle) Has(m []byte) bool {
	v := h.large()
	return v != nil && v.Has(m)
}

// Add adds m and reports whether it is new.
func (h *SetHandle) Add(m []byte) bool {
	v := h.large()
	switch {
	case v == nil:
		v = set.New(h.d.s.ks.hashSeed)
		h.create(Set, largeSet{v})
	case v.Has(m):
		return false
	default:
		h.save()
	}
	v.Add(m)
	h.wrote(v.Len(), h.d.s.limits.setConverts(v.Len(), m))
	return true
}

// Remove removes m and reports whether it was a member.
func (h *SetHandle) Remove(m []byte) bool {
	if !h.Has(m) {
		return false
	}
	h.save()
	v := h.large()
	v.Remove(m)
	h.wrote(v.Len(), false)
	return true
}

// Range calls fn for all members until it returns false; an intset's in numeric order.
func (h *SetHandle) Range(fn func(m []byte) bool) {
	if v := h.large(); v != nil {
		rangeSet(v.Range, h.e.r.has(flagConv), fn)
	}
}

// rangeSet goes through the members in the order that Redis gives: numeric in an intset.
func rangeSet(members func(func(m []byte) bool), conv bool, fn func(m []byte) bool) {
	if conv {
		members(fn)
		return
	}
	type integer struct {
		n int64
		m []byte
	}
	var sorted []integer
	members(func(m []byte) bool {
		n, _ := parseInteger(m)
		sorted = append(sorted, integer{n, m})
		return true
	})
	slices.SortFunc(sorted, func(a, b integer) int { return cmp.Compare(a.n, b.n) })
	for _, i := range sorted {
		if !fn(i.m) {
			return
		}
	}
}

// Scan calls fn for the members from cursor on, about count of them, and returns the cursor to go on
// with, 0 at the end. Its guarantee is that of DB.Scan.
func (h *SetHandle) Scan(cursor uint64, count int, fn func(m []byte)) uint64 {
	if v := h.large(); v != nil {
		return v.Scan(cursor, count, fn)
	}
	return 0
}

// Random returns a member, each as likely as another; nil when the set is empty.
func (h *SetHandle) Random() []byte {
	if v := h.large(); v != nil {
		return v.Random(h.d.s.rng)
	}
	return nil
}

// RangeSet calls fn for all members of a set until it returns false.
func (f *Frozen) RangeSet(fn func(m []byte) bool) {
	if f.Type == Set {
		rangeSet(f.snap.col.(*set.View).Range, f.conv, fn)
	}
}
