package keyspace

// undoLog holds the pre-images of what a unit changed, oldest first: raw copies of records, with
// snapshots of large values.
type undoLog struct {
	last    int // position of the newest savepoint: what was saved before it is saved again
	entries []undoEntry
	buf     []byte
	seen    map[undoKey]int32 // where the newest pre-image of a record is, once there are more than scanned
	indexed bool              // seen is kept
}

// scanned is up to how many entries are looked through one by one: most units
// change so few records that this is quicker than a map.
const scanned = 8

type undoKey struct {
	t    *table
	hash uint64
}

type undoKind uint8

const (
	undoCreated undoKind = iota // buf has the key
	undoChanged                 // buf has the record
	undoCleared
	undoSwapped
)

type undoEntry struct {
	undoKey
	kind     undoKind
	off, end int
	prev     int32 // value of seen before this entry; -1: none
	snap     snapshot
	d        *DB // cleared: whose content t was
	i, j     int // swapped
}

// Begin starts to record pre-images. Units do not nest; savepoints do.
func (s *Shard) Begin() {
	s.undo.reset()
	s.guard |= guardUndo
}

// Savepoint marks a point that RollbackTo can return to.
func (s *Shard) Savepoint() int {
	s.undo.last = len(s.undo.entries)
	return s.undo.last
}

// Commit ends the recording; what happened stays.
func (s *Shard) Commit() {
	s.guard &^= guardUndo
	s.undo.reset()
}

// How much of its memory an undo log keeps for the next unit: bytes of records, entries.
const (
	undoKeep        = 1 << 16
	undoKeepEntries = 256
)

func (u *undoLog) reset() {
	for i := range u.entries {
		u.entries[i].snap.release()
	}
	if cap(u.buf) > undoKeep || cap(u.entries) > undoKeepEntries {
		*u = undoLog{}
		return
	}
	clear(u.entries)
	if len(u.seen) > 0 {
		clear(u.seen)
	}
	u.entries, u.buf, u.last, u.indexed = u.entries[:0], u.buf[:0], 0, false
}

// save keeps the record of a key as it is, unless the newest savepoint has it already.
func (u *undoLog) save(t *table, hash uint64, key []byte, r rec) {
	k := undoKey{t, hash}
	prev := u.newest(k)
	if prev >= 0 && int(prev) >= u.last && string(u.keyOf(&u.entries[prev])) == string(key) {
		return
	}
	e := undoEntry{undoKey: k, prev: prev, off: len(u.buf)}
	if r == nil {
		u.buf = append(u.buf, key...)
	} else {
		e.kind = undoChanged
		u.buf = append(u.buf, r[:r.size()]...)
		if r.has(flagLarge) {
			e.snap = t.snapshot(r.largeNo())
		}
	}
	e.end = len(u.buf)
	u.entries = append(u.entries, e)
	if u.indexed {
		u.seen[k] = int32(len(u.entries) - 1)
	} else if len(u.entries) > scanned {
		u.index()
	}
}

// newest is the number of the newest pre-image of a record, or -1.
func (u *undoLog) newest(k undoKey) int32 {
	if u.indexed {
		if i, ok := u.seen[k]; ok {
			return i
		}
		return -1
	}
	for i := len(u.entries) - 1; i >= 0; i-- {
		if e := &u.entries[i]; e.undoKey == k && e.kind <= undoChanged {
			return int32(i)
		}
	}
	return -1
}

func (u *undoLog) index() {
	if u.seen == nil {
		u.seen = map[undoKey]int32{}
	}
	for i := range u.entries {
		if e := &u.entries[i]; e.kind <= undoChanged {
			u.seen[e.undoKey] = int32(i)
		}
	}
	u.indexed = true
}

func (u *undoLog) keyOf(e *undoEntry) []byte {
	raw := u.buf[e.off:e.end]
	if e.kind == undoCreated {
		return raw
	}
	key, _, out := rec(raw).inlineKey()
	if out {
		return e.snap.key
	}
	return key
}

func (u *undoLog) noteSwap(s *Shard, i, j int) {
	if s.guard&guardUndo != 0 {
		u.entries = append(u.entries, undoEntry{kind: undoSwapped, off: len(u.buf), i: i, j: j})
	}
}

func (u *undoLog) noteClear(d *DB) {
	u.entries = append(u.entries, undoEntry{kind: undoCleared, off: len(u.buf), undoKey: undoKey{t: d.t}, d: d})
}

// RollbackTo takes back everything after the savepoint: values, types, deadlines, encodings, Clear
// and SwapDB. It goes on recording. A key that had been popped from the deadline index and comes
// back is in the index again.
func (s *Shard) RollbackTo(sp int) {
	u := &s.undo
	for i := len(u.entries) - 1; i >= sp; i-- {
		e := &u.entries[i]
		switch e.kind {
		case undoSwapped:
			s.swap(e.i, e.j)
		case undoCleared:
			s.setTable(e.d, e.t)
		default:
			s.restore(e)
			switch {
			case !u.indexed:
			case e.prev < 0:
				delete(u.seen, e.undoKey)
			default:
				u.seen[e.undoKey] = e.prev
			}
		}
		u.buf = u.buf[:e.off]
		*e = undoEntry{}
	}
	u.entries = u.entries[:sp]
	u.last = sp
	s.created = nil
	s.gen++
}

// restore makes a key what the entry says. The record that comes back carries the current epoch: a
// running view has had its pre-image, and must not take it twice.
func (s *Shard) restore(e *undoEntry) {
	t, key := e.t, s.undo.keyOf(e)
	if p, r, ok := t.find(e.hash, key); ok {
		t.remove(e.hash, p, r)
	}
	if e.kind == undoCreated {
		return
	}
	r := rec(s.undo.buf[e.off:e.end])
	if r.has(flagLarge) {
		t.add(e.hash, r.head(), key, nil, e.snap.thaw())
		e.snap.release()
	} else {
		t.add(e.hash, r.head(), key, r.value(), nil)
	}
}
