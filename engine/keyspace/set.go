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
	ok = h.open(d, key, Set)
	return h, ok
}

func (h *SetHandle) large() *set.Set {
	if v, ok := h.col().(largeSet); ok {
		return v.Set
	}
	return nil
}

func (h *SetHandle) small() set.Packed { return h.packed() }

// Len returns the number of members.
func (h *SetHandle) Len() int {
	if v := h.large(); v != nil {
		return v.Len()
	}
	return h.small().Len()
}

// Has reports whether m is a member.
func (h *SetHandle) Has(m []byte) bool {
	if v := h.large(); v != nil {
		return v.Has(m)
	}
	return h.small().Has(m)
}

// Add adds m and reports whether it is new.
func (h *SetHandle) Add(m []byte) bool {
	if h.Has(m) {
		return false
	}
	limits := &h.d.s.limits
	v := h.large()
	if v != nil {
		h.save()
		v.Add(m)
		h.wrote(v.Len(), limits.setConverts(v.Len(), m))
		return true
	}
	p := h.small()
	if h.crowds(p, m) {
		v = p.Large(h.d.s.ks.hashSeed)
		v.Add(m)
		h.promote(Set, largeSet{v}, limits.setConverts(v.Len(), m))
		return true
	}
	p, _ = set.Packed(h.room(len(m) + itemHead)).Add(m)
	h.store(Set, p, p.Len(), limits.setConverts(p.Len(), m))
	return true
}

// fillFrom is the number of members from which a set that is made at once is built at once: so many
// are never packed.
const fillFrom = 512

// Fill adds n members, of which at returns one by one, valid until it is called again; none of them
// comes twice. A set that does not exist yet is built at once.
func (h *SetHandle) Fill(n int, at func(i int) []byte) {
	if n < fillFrom || h.Len() > 0 {
		for i := range n {
			h.Add(at(i))
		}
		return
	}
	converts := false
	for i := 0; i < n && !converts; i++ {
		converts = h.d.s.limits.setConverts(n, at(i))
	}
	h.promote(Set, largeSet{set.Build(h.d.s.ks.hashSeed, n, at)}, converts)
}

// crowds reports whether a packed set becomes too large by this member. Integers are few bytes each
// and found by bisection: only their bytes count.
func (h *SetHandle) crowds(p set.Packed, m []byte) bool {
	if (p == nil || p.Ints()) && isInteger(m) {
		return (p.Len()+1)*8 > packedBytes || len(h.key) > keyInside
	}
	bytes := len(p)
	if p.Ints() {
		bytes = p.Len() * 21 // in the plain form
	}
	return bytes+len(m)+2*itemHead > packedBytes || h.outgrows(p, p.Len()+1, len(m))
}

// Remove removes m and reports whether it was a member.
func (h *SetHandle) Remove(m []byte) bool {
	if !h.Has(m) {
		return false
	}
	m = h.own(m)
	if v := h.large(); v != nil {
		h.save()
		v.Remove(m)
		h.wrote(v.Len(), false)
		return true
	}
	p, _ := set.Packed(h.room(0)).Remove(m)
	h.store(Set, p, p.Len(), false)
	return true
}

// Range calls fn for all members until it returns false; an intset's in numeric order.
func (h *SetHandle) Range(fn func(m []byte) bool) {
	if v := h.large(); v != nil {
		rangeSet(v.Range, h.r.has(flagConv), fn)
		return
	}
	h.small().Range(fn)
}

// rangeSet goes through the members of a large set in the order that Redis gives: numeric if it calls
// it an intset.
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
	h.small().Range(func(m []byte) bool { fn(m); return true })
	return 0
}

// Random returns a member, each as likely as another; nil when the set is empty.
func (h *SetHandle) Random() []byte {
	if v := h.large(); v != nil {
		return v.Random(h.d.s.rng)
	}
	p := h.small()
	switch {
	case p.Len() == 0:
		return nil
	case p.Ints():
		return p.Random(h.d.s.rng, make([]byte, 0, 20))
	}
	return p.Random(h.d.s.rng, nil)
}

// RangeSet calls fn for all members of a set until it returns false.
func (f *Frozen) RangeSet(fn func(m []byte) bool) {
	switch {
	case f.Type != Set:
	case f.snap != nil:
		rangeSet(f.snap.col.(*set.View).Range, f.conv, fn)
	default:
		set.Packed(f.val).Range(fn)
	}
}
