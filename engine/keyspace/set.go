package keyspace

import (
	"slices"
)

// SetHandle gives access to one set, as HashHandle does to a hash.
type SetHandle struct{ handle }

// Set returns a handle of the set at key; ok is false when the key holds another type. key must stay
// unchanged while the handle is in use.
func (d *DB) Set(key []byte) (h SetHandle, ok bool) {
	h.handle, ok = d.handle(key, Set)
	return h, ok
}

func (h *SetHandle) dict() *dict {
	r := h.rec()
	if r == nil {
		return nil
	}
	return r.val.(*dict)
}

// Len returns the number of members.
func (h *SetHandle) Len() int {
	if v := h.dict(); v != nil {
		return len(v.keys)
	}
	return 0
}

// Has reports whether m is a member.
func (h *SetHandle) Has(m []byte) bool {
	v := h.dict()
	if v == nil {
		return false
	}
	_, ok := v.at[string(m)]
	return ok
}

// Add adds m and reports whether it is new.
func (h *SetHandle) Add(m []byte) bool {
	if h.Has(m) {
		return false
	}
	r := h.write(Set, func() collection { return newDict() })
	v := r.val.(*dict)
	v.set(m, nil)
	r.conv = r.conv || h.d.s.limits.setConverts(len(v.keys), m)
	h.wrote(r, len(v.keys))
	return true
}

// Remove removes m and reports whether it was a member.
func (h *SetHandle) Remove(m []byte) bool {
	if !h.Has(m) {
		return false
	}
	r := h.write(Set, nil)
	v := r.val.(*dict)
	v.del(m)
	h.wrote(r, len(v.keys))
	return true
}

// Range calls fn for all members until it returns false; an intset's in numeric order.
func (h *SetHandle) Range(fn func(m []byte) bool) {
	if r := h.rec(); r != nil {
		r.eachMember(fn)
	}
}

// Scan calls fn for the members from cursor on, about count of them, and returns the cursor to go on
// with, 0 at the end. Its guarantee is that of DB.Scan.
func (h *SetHandle) Scan(cursor uint64, count int, fn func(m []byte)) uint64 {
	h.Range(func(m []byte) bool { fn(m); return true })
	return 0
}

// Random returns a member, each as likely as another; nil when the set is empty.
func (h *SetHandle) Random() []byte {
	v := h.dict()
	if v == nil {
		return nil
	}
	return bytesOf(v.keys[h.d.s.rng.IntN(len(v.keys))])
}

func (r *record) eachMember(fn func(m []byte) bool) {
	keys := r.val.(*dict).keys
	if !r.conv {
		keys = slices.Clone(keys)
		slices.SortFunc(keys, func(a, b string) int {
			x, _ := parseInteger(bytesOf(a))
			y, _ := parseInteger(bytesOf(b))
			if x < y {
				return -1
			}
			return 1
		})
	}
	for _, m := range keys {
		if !fn(bytesOf(m)) {
			return
		}
	}
}
