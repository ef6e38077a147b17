package keyspace

import "bytes"

// KeepTTL given to SetString keeps the deadline that the key has.
const KeepTTL = -1

// String returns the key's value; ok is false when it holds another type.
func (d *DB) String(key []byte) (val []byte, exists, ok bool) {
	r := d.lookup(key)
	if r == nil {
		return nil, false, true
	}
	v, ok := r.val.(*str)
	if !ok {
		return nil, true, false
	}
	return v.b, true, true
}

// SetString makes key a string, whatever it was. deadline is in Unix milliseconds; 0 is none,
// KeepTTL keeps the one that a visible key has.
func (d *DB) SetString(key, val []byte, deadline int64) {
	if deadline == KeepTTL {
		deadline, _ = d.Deadline(key)
	}
	r := d.create(key, String, &str{bytes.Clone(val)})
	if deadline != 0 {
		d.setDeadline(r, deadline)
	}
}

// AppendString appends to the string, creating it when it is absent, and returns its new length.
// The deadline stays. The caller has checked the type.
func (d *DB) AppendString(key, tail []byte) int {
	r := d.lookup(key)
	if r == nil {
		d.SetString(key, tail, 0)
		return len(tail)
	}
	d.s.before(d.t, key)
	v := r.val.(*str)
	v.b = append(v.b, tail...)
	r.conv = true
	d.s.account(r)
	d.s.gen++
	return len(v.b)
}

// SetRange overwrites the string from offset on, padding with zeros, and returns its new length. The
// deadline stays. The caller has checked the type.
func (d *DB) SetRange(key []byte, offset int, val []byte) int {
	r := d.lookup(key)
	if r == nil {
		r = d.create(key, String, &str{})
	}
	d.s.before(d.t, key)
	v := r.val.(*str)
	b := make([]byte, max(len(v.b), offset+len(val)))
	copy(b, v.b)
	copy(b[offset:], val)
	v.b = b
	r.conv = true
	d.s.account(r)
	d.s.gen++
	return len(b)
}
