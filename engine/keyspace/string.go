package keyspace

// KeepTTL given to SetString keeps the deadline that the key has.
const KeepTTL = -1

// string returns the value of a string record.
func (t *table) string(r rec) []byte {
	if l := t.large(r); l != nil {
		return l.str[:len(l.str):len(l.str)]
	}
	return r.value()
}

// String returns the key's value; ok is false when it holds another type.
func (d *DB) String(key []byte) (val []byte, exists, ok bool) {
	r := d.lookup(key).r
	if r == nil {
		return nil, false, true
	}
	if r.typ() != String {
		return nil, true, false
	}
	return d.t.string(r), true, true
}

// SetString makes key a string, whatever it was. deadline is in Unix milliseconds; 0 is none,
// KeepTTL keeps the one that a visible key has.
func (d *DB) SetString(key, val []byte, deadline int64) {
	e := d.find(key)
	h := head{typ: String, deadline: deadline}
	if e.r != nil {
		h.access = e.r.access()
	}
	if deadline == KeepTTL {
		h.deadline = 0
		if e.r != nil && !d.s.hidden(e.r.deadline()) {
			h.deadline = e.r.deadline()
		}
	}
	h.access = d.s.nextAccess(h.access)
	d.put(e, h, key, val, nil)
}

// AppendString appends to the string, creating it when it is absent, and returns its new length.
// The deadline stays. The caller has checked the type.
func (d *DB) AppendString(key, tail []byte) int {
	e := d.lookup(key)
	if e.r == nil {
		d.SetString(key, tail, 0)
		return len(tail)
	}
	d.s.before(d.t, e.hash, key, e.r)
	if l := d.t.large(e.r); l != nil {
		// What is behind the length is in no snapshot.
		l.str = append(l.str, tail...)
		d.wroteString(e.r)
		return len(l.str)
	}
	was := e.r.value()
	d.growString(e, key, was, len(was), tail)
	return len(was) + len(tail)
}

// SetRange overwrites the string from offset on, padding with zeros, and returns its new length. The
// deadline stays. The caller has checked the type.
func (d *DB) SetRange(key []byte, offset int, val []byte) int {
	e := d.lookup(key)
	if e.r == nil {
		e = d.find(key)
		if e.r == nil || d.s.hidden(e.r.deadline()) {
			d.put(e, head{typ: String, access: d.s.nextAccess(0)}, key, nil, nil)
			e = d.find(key)
		}
	}
	d.s.before(d.t, e.hash, key, e.r)
	if l := d.t.large(e.r); l != nil {
		l.setRange(offset, val)
		d.wroteString(e.r)
		return len(l.str)
	}
	was := e.r.value()
	if end := offset + len(val); end <= len(was) {
		copy(was[offset:], val)
		e.r.setFlag(flagConv, true)
		return len(was)
	}
	d.growString(e, key, was, offset, val)
	return offset + len(val)
}

func (d *DB) wroteString(r rec) {
	r.setFlag(flagConv, true)
	d.t.accountLarge(r.largeNo())
	d.s.gen++
}

// growString makes the value of a string inside its record longer: the tail goes to offset, and what
// is between becomes zeros.
func (d *DB) growString(e entry, key, was []byte, offset int, tail []byte) {
	end := offset + len(tail)
	_, at, _ := e.r.inlineKey()
	if at+end <= d.t.capacity(d.t.refAt(e.p)) {
		copy(e.r[at+offset:], tail)
		if offset > len(was) {
			clear(e.r[at+len(was) : at+offset])
		}
		e.r.setValueLen(end)
		e.r.setFlag(flagConv, true)
		d.s.gen++
		return
	}
	val := make([]byte, end, growth(end))
	copy(val, was)
	copy(val[offset:], tail)
	h := e.r.head()
	h.conv = true
	if shapeOf(len(key), len(val), true).large {
		d.t.replace(e.p, e.r, h, key, nil, &large{str: val}) // with room to grow
		return
	}
	d.t.replace(e.p, e.r, h, key, val, nil)
}

// growth is the capacity for a string that grew to n bytes.
func growth(n int) int { return n + n/4 }

// setRange overwrites a large string, in place unless a snapshot has it.
func (l *large) setRange(offset int, val []byte) {
	end := offset + len(val)
	switch {
	case end > cap(l.str):
		b := make([]byte, end, growth(end))
		copy(b, l.str)
		l.str, l.shared = b, false
	case l.shared:
		b := make([]byte, max(end, len(l.str)), max(cap(l.str), end))
		copy(b, l.str)
		l.str, l.shared = b, false
	case end > len(l.str):
		was := len(l.str)
		l.str = l.str[:end]
		clear(l.str[was:])
	}
	copy(l.str[offset:], val)
}
