package keyspace

// DB is one database inside one shard.
type DB struct {
	s  *Shard
	id int
	t  *table
}

// entry is a record that was found, with what is needed to change it.
type entry struct {
	hash uint64
	p    place
	r    rec
}

// find returns the entry of a key, also of one that is due and hidden; r is nil when there is none.
func (d *DB) find(key []byte) entry {
	s := d.s
	if f := &s.found; f.gen == s.gen && f.t == d.t && d.t.keyIs(f.r, key) {
		return f.entry
	}
	e := entry{hash: s.hash(key)}
	e.p, e.r, _ = d.t.find(e.hash, key)
	if e.r != nil {
		s.found = found{e, d.t, s.gen}
	}
	return e
}

// found is the entry that was found last: most commands that change a key look it up more than once.
// It holds while nothing has moved.
type found struct {
	entry
	t   *table
	gen uint64
}

// peek is find of visible entries only.
func (d *DB) peek(key []byte) entry {
	e := d.find(key)
	if e.r != nil && d.s.hidden(e.r.deadline()) {
		e.r = nil
	}
	return e
}

// lookup is peek that counts the access.
func (d *DB) lookup(key []byte) entry {
	e := d.peek(key)
	if e.r != nil {
		d.s.access(e.r)
	}
	return e
}

// Len returns the number of keys, those that are due but not yet deleted included.
func (d *DB) Len() int { return d.t.n }

// Expires returns the number of keys with a deadline, those that are due but not yet deleted included.
func (d *DB) Expires() int { return d.t.expires }

// Exists reports whether the key is there; it does not count as an access.
func (d *DB) Exists(key []byte) bool { return d.peek(key).r != nil }

// Type returns the type of the key's value, None when it is absent.
func (d *DB) Type(key []byte) Type {
	if r := d.peek(key).r; r != nil {
		return r.typ()
	}
	return None
}

// Deadline returns the key's deadline in Unix milliseconds, 0 when it has none; ok is false when the
// key is absent.
func (d *DB) Deadline(key []byte) (ms int64, ok bool) {
	if r := d.peek(key).r; r != nil {
		return r.deadline(), true
	}
	return 0, false
}

// SetDeadline sets the key's deadline; 0 removes it. It returns false when the key is absent. A
// deadline in the past is stored as it is: deleting is the engine's business.
func (d *DB) SetDeadline(key []byte, ms int64) bool {
	e := d.peek(key)
	if e.r == nil {
		return false
	}
	old := e.r.deadline()
	if old == ms {
		return true
	}
	d.s.before(d.t, e.hash, key, e.r)
	if e.r.has(flagExt) {
		d.t.moveDeadline(d.t.refAt(e.p), e.r, old, ms)
		return true
	}
	h := e.r.head()
	h.deadline = ms
	d.t.replaceHead(e.p, e.r, h, key)
	return true
}

// Delete removes the key, also when it is due and hidden. It reports whether there was a record.
func (d *DB) Delete(key []byte) bool {
	e := d.find(key)
	if e.r == nil {
		return false
	}
	d.s.before(d.t, e.hash, key, e.r)
	d.t.remove(e.hash, e.p, e.r)
	return true
}

// put makes key what is given, in the place of whatever there was, which e found.
func (d *DB) put(e entry, h head, key, val []byte, l *large) (uint32, rec) {
	d.s.before(d.t, e.hash, key, e.r)
	if e.r != nil {
		return d.t.replace(e.p, e.r, h, key, val, l)
	}
	return d.t.add(e.hash, h, key, val, l)
}

// Rename moves the value and deadline of src to dst in `to`, which may be another database or
// another shard (then both locks are held), replacing what is there. src exists.
func (d *DB) Rename(src []byte, to *DB, dst []byte) {
	from := d.peek(src)
	if from.r == nil || d == to && string(src) == string(dst) {
		return
	}
	d.s.before(d.t, from.hash, src, from.r)
	h := from.r.head()
	var val []byte
	if !from.r.has(flagLarge) {
		val = append([]byte(nil), from.r.value()...) // its slot may be the one that dst gets
	}
	l := d.t.remove(from.hash, from.p, from.r)
	to.put(to.find(dst), h, dst, val, l)
}

// Copy is Rename that leaves src where it is.
func (d *DB) Copy(src []byte, to *DB, dst []byte) {
	from := d.peek(src)
	if from.r == nil || d == to && string(src) == string(dst) {
		return
	}
	h := from.r.head()
	if l := d.t.large(from.r); l != nil {
		to.put(to.find(dst), h, dst, nil, l.copy())
		return
	}
	to.put(to.find(dst), h, dst, append([]byte(nil), from.r.value()...), nil)
}

// Clear removes all keys and returns how many there were. It takes no time, whatever the number.
func (d *DB) Clear() int {
	n, s, t := d.t.n, d.s, d.t
	if n == 0 {
		return 0
	}
	if s.guard&guardUndo != 0 {
		s.undo.noteClear(d)
	}
	s.setTable(d, newTable(s, d.id))
	if s.guard&(guardView|guardUndo) == 0 {
		s.drop(t)
	}
	return n
}

// Memory returns the bytes that the key and its value take, its share of the directory included, 0
// when it is absent.
func (d *DB) Memory(key []byte) int64 {
	e := d.peek(key)
	if e.r == nil {
		return 0
	}
	n := int64(d.t.capacity(d.t.refAt(e.p))) + 10
	if e.r.has(flagLarge) {
		n += d.t.side.at(e.r.largeNo()).size
	}
	return n
}
