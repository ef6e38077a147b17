package keyspace

import "github.com/kevy-lua/kevy-lua/engine/keyspace/hash"

// HashHandle gives access to one hash. A missing key is an empty hash; the first write creates it.
// It is used by value on the caller's stack, under the shard's lock; functions given to Range and
// Scan must not write to the shard. What is given in is copied. What a handle has handed out may be
// given back to it to be removed, but not to be written.
type HashHandle struct{ handle }

// Hash returns a handle of the hash at key; ok is false when the key holds another type. key must
// stay unchanged while the handle is in use.
func (d *DB) Hash(key []byte) (h HashHandle, ok bool) {
	ok = h.open(d, key, Hash)
	return h, ok
}

func (h *HashHandle) large() *hash.Hash {
	if v, ok := h.col().(largeHash); ok {
		return v.Hash
	}
	return nil
}

func (h *HashHandle) small() hash.Packed { return h.packed() }

// Len returns the number of fields.
func (h *HashHandle) Len() int {
	if v := h.large(); v != nil {
		return v.Len()
	}
	return h.small().Len()
}

// Get returns the field's value.
func (h *HashHandle) Get(field []byte) ([]byte, bool) {
	if v := h.large(); v != nil {
		return v.Get(field)
	}
	return h.small().Get(field)
}

// Set sets the field and reports whether it is new.
func (h *HashHandle) Set(field, value []byte) (created bool) {
	limits := &h.d.s.limits
	v := h.large()
	if v != nil {
		h.save()
		created = v.Set(field, value)
		h.wrote(v.Len(), limits.hashConverts(v.Len(), len(field), len(value)))
		return created
	}
	p := h.small()
	bytes := len(field) + len(value)
	if h.outgrows(p, p.Len()+1, max(len(field), len(value))) || len(p)+bytes+2*itemHead > packedBytes {
		v = p.Large(h.d.s.ks.hashSeed)
		created = v.Set(field, value)
		h.promote(Hash, largeHash{v}, limits.hashConverts(v.Len(), len(field), len(value)))
		return created
	}
	p, created = hash.Packed(h.room(bytes+2*itemHead)).Set(field, value)
	h.store(Hash, p, p.Len(), limits.hashConverts(p.Len(), len(field), len(value)))
	return created
}

// Delete removes the field and reports whether it was there.
func (h *HashHandle) Delete(field []byte) bool {
	if _, ok := h.Get(field); !ok {
		return false
	}
	field = h.own(field)
	if v := h.large(); v != nil {
		h.save()
		v.Delete(field)
		h.wrote(v.Len(), false)
		return true
	}
	p, _ := hash.Packed(h.room(0)).Delete(field)
	h.store(Hash, p, p.Len(), false)
	return true
}

// Range calls fn for all fields until it returns false.
func (h *HashHandle) Range(fn func(field, value []byte) bool) {
	if v := h.large(); v != nil {
		v.Range(fn)
		return
	}
	h.small().Range(fn)
}

// Scan calls fn for the fields from cursor on, about count of them, and returns the cursor to go on
// with, 0 at the end. Its guarantee is that of DB.Scan.
func (h *HashHandle) Scan(cursor uint64, count int, fn func(field, value []byte)) uint64 {
	if v := h.large(); v != nil {
		return v.Scan(cursor, count, fn)
	}
	h.small().Range(func(f, v []byte) bool { fn(f, v); return true })
	return 0
}

// Random returns a field, each as likely as another; nil when the hash is empty.
func (h *HashHandle) Random() (field, value []byte) {
	if v := h.large(); v != nil {
		return v.Random(h.d.s.rng)
	}
	if p := h.small(); p.Len() > 0 {
		return p.Random(h.d.s.rng)
	}
	return nil, nil
}

// RangeHash calls fn for all fields of a hash until it returns false.
func (f *Frozen) RangeHash(fn func(field, value []byte) bool) {
	switch {
	case f.Type != Hash:
	case f.snap != nil:
		f.snap.col.(*hash.View).Range(fn)
	default:
		hash.Packed(f.val).Range(fn)
	}
}
