package keyspace

// ListHandle gives access to one list, as HashHandle does to a hash. Positions count from 0 and are
// in range: the caller has checked them against Len.
type ListHandle struct{ handle }

// List returns a handle of the list at key; ok is false when the key holds another type. key must
// stay unchanged while the handle is in use.
func (d *DB) List(key []byte) (h ListHandle, ok bool) {
	h.handle, ok = d.handle(key, List)
	return h, ok
}

func newList() collection { return &list{} }

func (h *ListHandle) live() [][]byte {
	if r := h.rec(); r != nil {
		return r.val.(*list).live()
	}
	return nil
}

func (h *ListHandle) change(fn func(v *list)) {
	r := h.write(List, newList)
	v := r.val.(*list)
	fn(v)
	h.wrote(r, len(v.live()))
}

// Len returns the number of elements.
func (h *ListHandle) Len() int { return len(h.live()) }

// Index returns element i.
func (h *ListHandle) Index(i int) []byte { return h.live()[i] }

// PushFront puts v before the first element.
func (h *ListHandle) PushFront(v []byte) { h.change(func(l *list) { l.pushFront(v) }) }

// PushBack puts v behind the last element.
func (h *ListHandle) PushBack(v []byte) {
	h.change(func(l *list) { l.insert(len(l.live()), v) })
}

// PopFront removes the first element and returns it, valid until the next write; nil when the list
// is empty.
func (h *ListHandle) PopFront() []byte {
	if h.Len() == 0 {
		return nil
	}
	b := h.Index(0)
	h.Delete(0, 1)
	return b
}

// PopBack removes the last element and returns it, valid until the next write; nil when the list is
// empty.
func (h *ListHandle) PopBack() []byte {
	n := h.Len()
	if n == 0 {
		return nil
	}
	b := h.Index(n - 1)
	h.Delete(n-1, 1)
	return b
}

// Set replaces element i.
func (h *ListHandle) Set(i int, v []byte) { h.change(func(l *list) { l.set(i, v) }) }

// Insert puts v before element i; i may be Len.
func (h *ListHandle) Insert(i int, v []byte) { h.change(func(l *list) { l.insert(i, v) }) }

// Delete removes n elements from position i on.
func (h *ListHandle) Delete(i, n int) {
	if n > 0 {
		h.change(func(l *list) { l.cut(i, n) })
	}
}

// Range calls fn for n elements from position i on, until it returns false.
func (h *ListHandle) Range(i, n int, fn func(v []byte) bool) {
	live := h.live()
	for ; n > 0 && i < len(live); i, n = i+1, n-1 {
		if !fn(live[i]) {
			return
		}
	}
}

// RangeBack calls fn for n elements from position i downwards, until it returns false.
func (h *ListHandle) RangeBack(i, n int, fn func(v []byte) bool) {
	live := h.live()
	for ; n > 0 && i >= 0; i, n = i-1, n-1 {
		if !fn(live[i]) {
			return
		}
	}
}
