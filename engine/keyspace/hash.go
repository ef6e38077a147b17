package keyspace

// HashHandle gives access to one hash. A missing key is an empty hash; the first write creates it.
// It is used by value on the caller's stack, under the shard's lock; functions given to Range and
// Scan must not write to the shard.
type HashHandle struct{ handle }

// Hash returns a handle of the hash at key; ok is false when the key holds another type. key must
// stay unchanged while the handle is in use.
func (d *DB) Hash(key []byte) (h HashHandle, ok bool) {
	h.handle, ok = d.handle(key, Hash)
	return h, ok
}

func (h *HashHandle) dict() *dict {
	r := h.rec()
	if r == nil {
		return nil
	}
	return r.val.(*dict)
}

// Len returns the number of fields.
func (h *HashHandle) Len() int {
	if v := h.dict(); v != nil {
		return len(v.keys)
	}
	return 0
}

// Get returns the field's value.
func (h *HashHandle) Get(field []byte) ([]byte, bool) {
	v := h.dict()
	if v == nil {
		return nil, false
	}
	i, ok := v.at[string(field)]
	if !ok {
		return nil, false
	}
	return v.vals[i], true
}

// Set sets the field and reports whether it is new.
func (h *HashHandle) Set(field, value []byte) (created bool) {
	r := h.write(Hash, func() collection { return newDict() })
	v := r.val.(*dict)
	created = v.set(field, value)
	r.conv = r.conv || h.d.s.limits.hashConverts(len(v.keys), len(field), len(value))
	h.wrote(r, len(v.keys))
	return created
}

// Delete removes the field and reports whether it was there.
func (h *HashHandle) Delete(field []byte) bool {
	if _, ok := h.Get(field); !ok {
		return false
	}
	r := h.write(Hash, nil)
	v := r.val.(*dict)
	v.del(field)
	h.wrote(r, len(v.keys))
	return true
}

// Range calls fn for all fields until it returns false.
func (h *HashHandle) Range(fn func(field, value []byte) bool) {
	if v := h.dict(); v != nil {
		v.each(fn)
	}
}

// Scan calls fn for the fields from cursor on, about count of them, and returns the cursor to go on
// with, 0 at the end. Its guarantee is that of DB.Scan.
func (h *HashHandle) Scan(cursor uint64, count int, fn func(field, value []byte)) uint64 {
	h.Range(func(f, v []byte) bool { fn(f, v); return true })
	return 0
}

// Random returns a field, each as likely as another; nil when the hash is empty.
func (h *HashHandle) Random() (field, value []byte) {
	v := h.dict()
	if v == nil {
		return nil, nil
	}
	i := h.d.s.rng.IntN(len(v.keys))
	return bytesOf(v.keys[i]), v.vals[i]
}

func (v *dict) each(fn func(k, val []byte) bool) {
	for i, k := range v.keys {
		if !fn(bytesOf(k), v.vals[i]) {
			return
		}
	}
}
