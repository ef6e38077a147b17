package keyspace

import "unsafe"

// A small collection lies packed in its record; a large one is a structure of its own. The limits
// below decide, not Redis': how a value is laid out and what OBJECT ENCODING says are independent.
const (
	packedItems = 64   // elements of a packed collection; integers may be more
	packedItem  = 255  // bytes of one element
	packedBytes = 2048 // bytes of all
	itemHead    = 10   // at most so many bytes beside an element's own, score included
)

// handle is what the handles of all collection types share: a key, and its record as long as no
// write has moved records since it was looked up.
type handle struct {
	d    *DB
	key  []byte // the caller's; it stays as it is while the handle is in use
	hash uint64
	ref  uint32
	r    rec    // nil: absent
	l    *large // nil: packed
	no   uint32 // of l
	gen  uint64
}

// open makes the handle one of key, in place: it is too large to be handed from function to function
// for nothing. It reports whether the key is absent or of that type.
func (h *handle) open(d *DB, key []byte, t Type) bool {
	h.d, h.key = d, key
	h.look()
	if h.r == nil {
		return true
	}
	d.s.access(h.r)
	return h.r.typ() == t
}

func (h *handle) look() {
	e := h.d.peek(h.key)
	h.hash, h.r, h.l, h.gen = e.hash, e.r, nil, h.d.s.gen
	if e.r != nil {
		h.ref = h.d.t.refAt(e.p)
		if e.r.has(flagLarge) {
			h.no = e.r.largeNo()
			h.l = h.d.t.side.get(h.no)
		}
	}
}

// became notes that the record has been written with the large value l, or without one.
func (h *handle) became(l *large) {
	h.l, h.gen = l, h.d.s.gen
	if l != nil {
		h.no = h.r.largeNo()
	}
}

// fresh looks the record up again if records have moved.
func (h *handle) fresh() {
	if h.gen != h.d.s.gen {
		h.look()
	}
}

// col returns the large collection, nil when the key is absent or its value packed.
func (h *handle) col() collection {
	h.fresh()
	if h.l == nil {
		return nil
	}
	return h.l.col
}

// packed returns the packed value, nil when the key is absent. Its capacity is that of the slot.
func (h *handle) packed() []byte {
	h.fresh()
	if h.r == nil {
		return nil
	}
	_, at, _ := h.r.inlineKey()
	return h.r[at : at+h.r.valueLen() : h.d.t.capacity(h.ref)]
}

// room saves the record and returns its packed value with room for so many bytes more: in place, or
// in the shard's scratch memory.
func (h *handle) room(extra int) []byte {
	h.save()
	p := h.packed()
	if len(p)+extra <= cap(p) {
		return p
	}
	s := h.d.s
	s.scratch = append(s.scratch[:0], p...)
	if need := len(p) + extra; cap(s.scratch) < need {
		s.scratch = append(make([]byte, 0, 2*need), p...)
	}
	return s.scratch
}

// own copies the name of an element that is to be removed: it may come from the collection itself.
func (h *handle) own(element []byte) []byte {
	s := h.d.s
	s.member = append(s.member[:0], element...)
	return s.member
}

// outgrows reports whether a packed value of n elements becomes too large by adding one of so many
// bytes.
func (h *handle) outgrows(p []byte, n, bytes int) bool {
	return n > packedItems || bytes > packedItem || len(p)+bytes+2*itemHead > packedBytes || len(h.key) > keyInside
}

// save saves the record, if there is one, before it is written.
func (h *handle) save() {
	h.fresh()
	if h.r != nil {
		h.d.s.before(h.d.t, h.hash, h.key, h.r)
	}
}

// store makes p the packed value, of n elements. With none the key is deleted.
func (h *handle) store(t Type, p []byte, n int, converts bool) {
	switch {
	case n == 0:
		h.remove()
	case h.r == nil:
		h.create(t, p, nil, converts)
	default:
		_, at, _ := h.r.inlineKey()
		if converts {
			h.r.setFlag(flagConv, true)
		}
		inPlace := len(p) > 0 && unsafe.SliceData(p) == &h.r[at]
		if inPlace && (at+len(p))*2 > h.d.t.capacity(h.ref) {
			h.r.setValueLen(len(p))
			return
		}
		h.rewrite(p, nil)
	}
}

// create makes the key a new collection, in the place of a hidden record if there is one.
func (h *handle) create(t Type, p []byte, l *large, converts bool) {
	hd := head{typ: t, conv: converts, access: h.d.s.nextAccess(0)}
	h.ref, h.r = h.d.put(h.d.find(h.key), hd, h.key, p, l)
	h.became(l)
}

// rewrite gives the record another value.
func (h *handle) rewrite(p []byte, l *large) {
	t := h.d.t
	h.ref, h.r = t.replace(t.placeOf(h.hash, h.ref), h.r, h.r.head(), h.key, p, l)
	h.became(l)
}

// promote makes the value a large one, which has already been changed.
func (h *handle) promote(t Type, c collection, converts bool) {
	l := &large{col: c}
	if h.r == nil {
		h.create(t, nil, l, converts)
		return
	}
	h.save()
	if converts {
		h.r.setFlag(flagConv, true)
	}
	h.rewrite(nil, l)
}

func (h *handle) remove() {
	t := h.d.t
	t.remove(h.hash, t.placeOf(h.hash, h.ref), h.r)
	h.r, h.l, h.gen = nil, nil, h.d.s.gen
}

// wrote accounts for a write to a large collection and deletes it when it has become empty.
func (h *handle) wrote(n int, converts bool) {
	if n == 0 {
		h.remove()
		return
	}
	if converts {
		h.r.setFlag(flagConv, true)
	}
	h.d.t.accountLarge(h.no)
}
