package keyspace

import "github.com/kevy-lua/kevy-lua/engine/keyspace/list"

// ListHandle gives access to one list, as HashHandle does to a hash. Positions count from 0 and are
// in range: the caller has checked them against Len.
type ListHandle struct{ handle }

// List returns a handle of the list at key; ok is false when the key holds another type. key must
// stay unchanged while the handle is in use.
func (d *DB) List(key []byte) (h ListHandle, ok bool) {
	ok = h.open(d, key, List)
	return h, ok
}

func (h *ListHandle) large() *list.List {
	if v, ok := h.col().(largeList); ok {
		return v.List
	}
	return nil
}

func (h *ListHandle) small() list.Packed { return h.packed() }

// Len returns the number of elements.
func (h *ListHandle) Len() int {
	if v := h.large(); v != nil {
		return v.Len()
	}
	return h.small().Len()
}

// Index returns element i.
func (h *ListHandle) Index(i int) []byte {
	if v := h.large(); v != nil {
		return v.Index(i)
	}
	return h.small().Index(i)
}

// PushFront puts v before the first element.
func (h *ListHandle) PushFront(v []byte) { h.Insert(0, v) }

// PushBack puts v behind the last element.
func (h *ListHandle) PushBack(v []byte) { h.Insert(h.Len(), v) }

// Insert puts v before element i; i may be Len.
func (h *ListHandle) Insert(i int, v []byte) {
	l := h.grown(1, v)
	if l == nil {
		p := list.Packed(h.room(len(v)+itemHead)).Insert(i, v)
		h.store(List, p, p.Len(), false)
		return
	}
	l.Insert(i, v)
	h.wrote(l.Len(), false)
}

// Set replaces element i.
func (h *ListHandle) Set(i int, v []byte) {
	l := h.grown(0, v)
	if l == nil {
		p := list.Packed(h.room(len(v)+itemHead)).Set(i, v)
		h.store(List, p, p.Len(), false)
		return
	}
	l.Set(i, v)
	h.wrote(l.Len(), false)
}

// grown returns the large list, saved for undo, that is to take v: what it is or what it becomes now;
// nil when it stays packed.
func (h *ListHandle) grown(more int, v []byte) *list.List {
	l := h.large()
	if l != nil {
		h.save()
		return l
	}
	p := h.small()
	if !h.outgrows(p, p.Len()+more, len(v)) {
		return nil
	}
	l = p.Large()
	h.promote(List, largeList{l}, false)
	return l
}

// PopFront removes the first element and returns it, valid until the next write; nil when the list
// is empty.
func (h *ListHandle) PopFront() []byte { return h.pop(0) }

// PopBack removes the last element and returns it, valid until the next write; nil when the list is
// empty.
func (h *ListHandle) PopBack() []byte { return h.pop(h.Len() - 1) }

func (h *ListHandle) pop(i int) []byte {
	if h.Len() == 0 {
		return nil
	}
	s := h.d.s
	s.popped = append(s.popped[:0], h.Index(i)...)
	h.Delete(i, 1)
	return s.popped
}

// Delete removes n elements from position i on.
func (h *ListHandle) Delete(i, n int) {
	if n <= 0 {
		return
	}
	if l := h.large(); l != nil {
		h.save()
		l.Delete(i, n)
		h.wrote(l.Len(), false)
		return
	}
	p := list.Packed(h.room(0)).Delete(i, n)
	h.store(List, p, p.Len(), false)
}

// Range calls fn for n elements from position i on, until it returns false.
func (h *ListHandle) Range(i, n int, fn func(v []byte) bool) {
	if n = min(n, h.Len()-i); n <= 0 {
		return
	}
	if v := h.large(); v != nil {
		v.Range(i, n, fn)
		return
	}
	h.small().Range(i, n, fn)
}

// RangeBack calls fn for n elements from position i downwards, until it returns false.
func (h *ListHandle) RangeBack(i, n int, fn func(v []byte) bool) {
	if n = min(n, i+1); n <= 0 {
		return
	}
	if v := h.large(); v != nil {
		v.RangeBack(i, n, fn)
		return
	}
	h.small().RangeBack(i, n, fn)
}

// RangeList calls fn for all elements of a list, in order, until it returns false.
func (f *Frozen) RangeList(fn func(v []byte) bool) {
	switch {
	case f.Type != List:
	case f.snap != nil:
		v := f.snap.col.(*list.View)
		v.Range(0, v.Len(), fn)
	default:
		p := list.Packed(f.val)
		p.Range(0, p.Len(), fn)
	}
}
