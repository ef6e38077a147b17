package keyspace

import "github.com/kevy-lua/kevy-lua/engine/keyspace/list"

// ListHandle gives access to one list, as HashHandle does to a hash. Positions count from 0 and are
// in range: the caller has checked them against Len.
type ListHandle struct{ handle }

// List returns a handle of the list at key; ok is false when the key holds another type. key must
// stay unchanged while the handle is in use.
func (d *DB) List(key []byte) (h ListHandle, ok bool) {
	h.handle, ok = d.handle(key, List)
	return h, ok
}

func (h *ListHandle) large() *list.List {
	if v, ok := h.col().(largeList); ok {
		return v.List
	}
	return nil
}

// write returns the list to be written, creating it when it is absent.
func (h *ListHandle) write() *list.List {
	v := h.large()
	if v == nil {
		v = list.New()
		h.create(List, largeList{v})
		return v
	}
	h.save()
	return v
}

// Len returns the number of elements.
func (h *ListHandle) Len() int {
	if v := h.large(); v != nil {
		return v.Len()
	}
	return 0
}

// Index returns element i.
func (h *ListHandle) Index(i int) []byte { return h.large().Index(i) }

// PushFront puts v before the first element.
func (h *ListHandle) PushFront(v []byte) {
	l := h.write()
	l.PushFront(v)
	h.wrote(l.Len(), false)
}

// PushBack puts v behind the last element.
func (h *ListHandle) PushBack(v []byte) {
	l := h.write()
	l.PushBack(v)
	h.wrote(l.Len(), false)
}

// PopFront removes the first element and returns it, valid until the next write; nil when the list
// is empty.
func (h *ListHandle) PopFront() []byte {
	if h.Len() == 0 {
		return nil
	}
	l := h.write()
	v := l.PopFront()
	h.wrote(l.Len(), false)
	return v
}

// PopBack removes the last element and returns it, valid until the next write; nil when the list is
// empty.
func (h *ListHandle) PopBack() []byte {
	if h.Len() == 0 {
		return nil
	}
	l := h.write()
	v := l.PopBack()
	h.wrote(l.Len(), false)
	return v
}

// Set replaces element i.
func (h *ListHandle) Set(i int, v []byte) {
	l := h.write()
	l.Set(i, v)
	h.wrote(l.Len(), false)
}

// Insert puts v before element i; i may be Len.
func (h *ListHandle) Insert(i int, v []byte) {
	l := h.write()
	l.Insert(i, v)
	h.wrote(l.Len(), false)
}

// Delete removes n elements from position i on.
func (h *ListHandle) Delete(i, n int) {
	if n <= 0 {
		return
	}
	l := h.write()
	l.Delete(i, n)
	h.wrote(l.Len(), false)
}

// Range calls fn for n elements from position i on, until it returns false.
func (h *ListHandle) Range(i, n int, fn func(v []byte) bool) {
	if v := h.large(); v != nil && n > 0 && i < v.Len() {
		v.Range(i, n, fn)
	}
}

// RangeBack calls fn for n elements from position i downwards, until it returns false.
func (h *ListHandle) RangeBack(i, n int, fn func(v []byte) bool) {
	if v := h.large(); v != nil && n > 0 && i >= 0 {
		v.RangeBack(i, n, fn)
	}
}

// RangeList calls fn for all elements of a list, in order, until it returns false.
func (f *Frozen) RangeList(fn func(v []byte) bool) {
	if f.Type == List {
		v := f.snap.col.(*list.View)
		v.Range(0, v.Len(), fn)
	}
}
