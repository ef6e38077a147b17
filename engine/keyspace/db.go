package keyspace

import "math/rand/v2"

// DB is one database inside one shard.
type DB struct {
	s  *Shard
	id int
	t  *table
}

// lookup returns the visible record of key and counts the access.
func (d *DB) lookup(key []byte) *record {
	r := d.peek(key)
	if r != nil {
		d.s.access(r)
	}
	return r
}

func (d *DB) peek(key []byte) *record {
	r := d.t.get(key)
	if r == nil || d.s.hidden(r.deadline) {
		return nil
	}
	return r
}

// Len returns the number of keys, those that are due but not yet deleted included.
func (d *DB) Len() int { return d.t.n }

// Expires returns the number of keys with a deadline, those that are due but not yet deleted included.
func (d *DB) Expires() int { return d.t.expires() }

// Exists reports whether the key is there; it does not count as an access.
func (d *DB) Exists(key []byte) bool { return d.peek(key) != nil }

// Type returns the type of the key's value, None when it is absent.
func (d *DB) Type(key []byte) Type {
	if r := d.peek(key); r != nil {
		return r.typ
	}
	return None
}

// Deadline returns the key's deadline in Unix milliseconds, 0 when it has none; ok is false when the
// key is absent.
func (d *DB) Deadline(key []byte) (ms int64, ok bool) {
	r := d.peek(key)
	if r == nil {
		return 0, false
	}
	return r.deadline, true
}

// SetDeadline sets the key's deadline; 0 removes it. It returns false when the key is absent. A
// deadline in the past is stored as it is: deleting is the engine's business.
func (d *DB) SetDeadline(key []byte, ms int64) bool {
	r := d.peek(key)
	if r == nil {
		return false
	}
	if r.deadline != ms {
		d.s.before(d.t, key)
		d.setDeadline(r, ms)
	}
	return true
}

func (d *DB) setDeadline(r *record, ms int64) {
	d.t.unindex(r)
	r.deadline = ms
	if ms != 0 {
		d.t.index(r, ms)
	}
}

// Delete removes the key, also when it is due and hidden. It reports whether there was a record.
func (d *DB) Delete(key []byte) bool {
	r := d.t.get(key)
	if r == nil {
		return false
	}
	d.s.before(d.t, key)
	d.drop(r)
	return true
}

func (d *DB) drop(r *record) {
	d.t.remove(r)
	d.s.used.Add(-r.size)
	d.s.gen++
}

// create puts a new record in the place of whatever there was.
func (d *DB) create(key []byte, t Type, v collection) *record {
	d.s.before(d.t, key)
	if r := d.t.get(key); r != nil {
		d.drop(r)
	}
	r := &record{key: string(key), typ: t, val: v}
	d.t.put(r)
	d.s.gen++
	d.s.access(r)
	d.s.account(r)
	return r
}

const recordOverhead = 96

func (s *Shard) account(r *record) {
	size := recordOverhead + int64(len(r.key)) + r.val.bytes()
	s.used.Add(size - r.size)
	r.size = size
}

// Rename moves the value and deadline of src to dst in `to`, which may be another database or
// another shard (then both locks are held), replacing what is there. src exists.
func (d *DB) Rename(src []byte, to *DB, dst []byte) {
	r := d.peek(src)
	if r == nil || d == to && string(src) == string(dst) {
		return
	}
	d.s.before(d.t, src)
	conv, deadline, v, typ := r.conv, r.deadline, r.val, r.typ
	d.drop(r)
	n := to.create(dst, typ, v)
	n.conv = conv
	to.setDeadline(n, deadline)
}

// Copy is Rename that leaves src where it is.
func (d *DB) Copy(src []byte, to *DB, dst []byte) {
	r := d.peek(src)
	if r == nil || d == to && string(src) == string(dst) {
		return
	}
	conv, deadline, v, typ := r.conv, r.deadline, r.val.clone(), r.typ
	n := to.create(dst, typ, v)
	n.conv = conv
	to.setDeadline(n, deadline)
}

// Clear removes all keys and returns how many there were.
func (d *DB) Clear() int {
	n := d.t.n
	if n == 0 {
		return 0
	}
	if u := &d.s.undo; u.on {
		u.entries = append(u.entries, undoEntry{undoKey: undoKey{t: d.t}, d: d})
	}
	d.s.setTable(d, newTable(d.id))
	return n
}

func (s *Shard) setTable(d *DB, t *table) {
	s.used.Add(t.bytes() - d.t.bytes())
	t.db = d.id
	d.t = t
	s.gen++
}

func (t *table) bytes() int64 {
	var n int64
	for _, m := range t.segs {
		for _, r := range m {
			n += r.size
		}
	}
	return n
}

// Scan calls fn for the visible keys from cursor on, at least count of them where there are that
// many, and returns the cursor to go on with, 0 at the end. A key that is there from the first call
// to the last is reported at least once, whatever happens between calls. Cursors stay below 2^48.
// fn must not write.
func (d *DB) Scan(cursor uint64, count int, fn func(key []byte, t Type)) (next uint64) {
	seen := 0
	for ; cursor < segments; cursor++ {
		if seen >= max(count, 1) {
			return cursor
		}
		for _, r := range d.t.segs[cursor] {
			seen++
			if !d.s.hidden(r.deadline) {
				fn(bytesOf(r.key), r.typ)
			}
		}
	}
	return 0
}

// Range calls fn for all visible keys until it returns false. fn must not write.
func (d *DB) Range(fn func(key []byte, t Type) bool) {
	for _, m := range d.t.segs {
		for _, r := range m {
			if !d.s.hidden(r.deadline) && !fn(bytesOf(r.key), r.typ) {
				return
			}
		}
	}
}

// RandomKey returns a visible key, each about as likely as another.
func (d *DB) RandomKey() ([]byte, bool) {
	start := d.s.rng.IntN(segments)
	for i := range segments {
		m := d.t.segs[(start+i)%segments]
		if key, ok := d.randomOf(m, d.s.rng); ok {
			return key, true
		}
	}
	return nil, false
}

func (d *DB) randomOf(m map[string]*record, rng *rand.Rand) ([]byte, bool) {
	var visible []string
	for _, r := range m {
		if !d.s.hidden(r.deadline) {
			visible = append(visible, r.key)
		}
	}
	if len(visible) == 0 {
		return nil, false
	}
	return []byte(visible[rng.IntN(len(visible))]), true
}

// Memory returns the bytes that the key and its value take, 0 when it is absent.
func (d *DB) Memory(key []byte) int64 {
	if r := d.peek(key); r != nil {
		return r.size
	}
	return 0
}
