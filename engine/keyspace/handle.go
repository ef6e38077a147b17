package keyspace

// handle is what the handles of all collection types share: a key, and its record as long as no
// write has moved records since it was looked up.
type handle struct {
	d   *DB
	key []byte // the caller's; it stays as it is while the handle is in use
	e   entry  // e.p is good only right after a lookup: directories split
	l   *large
	gen uint64
}

func (d *DB) handle(key []byte, t Type) (handle, bool) {
	e := d.lookup(key)
	if e.r != nil && e.r.typ() != t {
		return handle{}, false
	}
	h := handle{d: d, key: key, e: e, gen: d.s.gen}
	if e.r != nil {
		h.l = d.t.large(e.r)
	}
	return h, true
}

// fresh looks the record up again if records have moved.
func (h *handle) fresh() {
	if h.gen != h.d.s.gen {
		h.look()
	}
}

func (h *handle) look() {
	h.e, h.l = h.d.peek(h.key), nil
	h.gen = h.d.s.gen
	if h.e.r != nil {
		h.l = h.d.t.large(h.e.r)
	}
}

// col returns the large collection, nil when the key is absent.
func (h *handle) col() collection {
	h.fresh()
	if h.l == nil {
		return nil
	}
	return h.l.col
}

// save saves the record, which is there, before it is written.
func (h *handle) save() { h.d.s.before(h.d.t, h.e.hash, h.key, h.e.r) }

// create makes the key a new collection, in the place of a hidden record if there is one.
func (h *handle) create(t Type, c collection) {
	e := h.d.find(h.key)
	h.d.put(e, head{typ: t, access: h.d.s.nextAccess(0)}, h.key, nil, &large{col: c})
	h.look()
}

// wrote accounts for a write and deletes the collection when it has become empty.
func (h *handle) wrote(n int, converts bool) {
	if n == 0 {
		e := h.d.find(h.key)
		h.d.t.remove(e.hash, e.p, e.r)
		h.e.r, h.l = nil, nil
		h.gen = h.d.s.gen
		return
	}
	if converts {
		h.e.r.setFlag(flagConv, true)
	}
	h.d.t.accountLarge(h.e.r.largeNo())
}
