package keyspace

// handle is what the handles of all collection types share: a key, and its record as long as no
// write has moved records since it was looked up.
type handle struct {
	d   *DB
	key []byte // the caller's; it stays as it is while the handle is in use
	r   *record
	gen uint64
}

func (d *DB) handle(key []byte, t Type) (handle, bool) {
	r := d.lookup(key)
	if r != nil && r.typ != t {
		return handle{}, false
	}
	return handle{d, key, r, d.s.gen}, true
}

func (h *handle) rec() *record {
	if h.gen != h.d.s.gen {
		h.r, h.gen = h.d.peek(h.key), h.d.s.gen
	}
	return h.r
}

// write returns the record to be written, saved for undo, and creates it when it is absent.
func (h *handle) write(t Type, create func() collection) *record {
	r := h.rec()
	if r == nil {
		r = h.d.create(h.key, t, create())
		h.r, h.gen = r, h.d.s.gen
		return r
	}
	h.d.s.before(h.d.t, h.key)
	return r
}

// wrote accounts for a write and deletes the collection when it has become empty.
func (h *handle) wrote(r *record, n int) {
	if n == 0 {
		h.d.drop(r)
		h.r, h.gen = nil, h.d.s.gen
		return
	}
	h.d.s.account(r)
}
