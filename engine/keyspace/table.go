package keyspace

import (
	"encoding/binary"
	"runtime"
)

// table is the content of one database in one shard: a directory of buckets, the arena of its
// records, the side table of its large values and its deadline index. Each table has its own, so that
// clearing a database is forgetting a table.
type table struct {
	s       *Shard
	db      int // the number under which it is reachable now
	viewDB  int // and when the running view began
	n       int
	expires int   // keys with a deadline
	used    int64 // bytes
	dir     []*segment
	shift   uint       // 64 - depth of the directory
	depths  [65]uint32 // segments of each depth
	spill   []spilled
	arena
	side       side
	wheel      *wheel
	requeued   requeueHeap
	wheelBytes int64 // accounted for
	cleanup    runtime.Cleanup
	touched    uint64 // sum of what was read only to have it in the cache
}

func newTable(s *Shard, db int) *table {
	t := &table{s: s, db: db, shift: 64}
	t.chunks = &chunkList{}
	t.cleanup = runtime.AddCleanup(t, (*chunkList).release, t.chunks)
	return t
}

// grow accounts for bytes.
func (t *table) grow(bytes int64) {
	t.used += bytes
	t.s.used.Add(bytes)
}

// head is what a new record is made of, beside key and value.
type head struct {
	typ      Type
	conv     bool
	access   uint32
	deadline int64
}

func (r rec) head() head {
	return head{r.typ(), r.has(flagConv), r.access(), r.deadline()}
}

// newRecord allocates a record in the arena; the caller puts it into the directory and the deadline
// index. l is nil for a value inside the record; a value for which there is no room is made a large one.
func (t *table) newRecord(h head, key, val []byte, l *large) (ref uint32, r rec) {
	n := len(val)
	if l != nil {
		n = 4
	}
	s := shapeOf(len(key), n, h.deadline != 0)
	if l != nil {
		s.large = true
	} else if s.large {
		l = t.s.enlarge(h.typ, val)
	}
	bytes := s.bytes()
	ref = t.alloc(t.s, bytes)
	t.grow(int64(t.capacity(ref)))
	r = t.at(ref)
	to := r.write(h.typ, s, key)
	if s.large {
		t.addLarge(to, l, key)
	} else {
		copy(to, val)
	}
	r.setFlag(flagConv, h.conv)
	r.setEpoch(t.s.epoch)
	r.setAccess(h.access)
	if h.deadline != 0 {
		r.setDeadline(h.deadline)
	}
	return ref, r
}

func (t *table) addLarge(to []byte, l *large, key []byte) {
	if len(key) <= keyInside {
		key = nil
	}
	no := t.side.add(l, append([]byte(nil), key...))
	binary.LittleEndian.PutUint32(to, no)
	t.accountLarge(no)
}

// accountLarge accounts for what a large value takes now.
func (t *table) accountLarge(no uint32) {
	e := t.side.at(no)
	if size := e.l.bytes() + int64(cap(e.key)); size != e.size {
		t.grow(size - e.size)
		e.size = size
	}
}

// dropLarge takes a large value out of the side table and the account.
func (t *table) dropLarge(no uint32) *large {
	e := *t.side.at(no)
	t.grow(-e.size)
	t.side.remove(no)
	return e.l
}

// freeRecord gives a record's slot and large value back; it is in no index any more. It returns the
// large value.
func (t *table) freeRecord(ref uint32, r rec) (l *large) {
	if r.has(flagLarge) {
		l = t.dropLarge(r.largeNo())
	}
	t.grow(-int64(t.capacity(ref)))
	t.release(ref)
	t.s.gen++
	return l
}

// large returns the large value of a record, nil when its value is inside.
func (t *table) large(r rec) *large {
	if !r.has(flagLarge) {
		return nil
	}
	return t.side.get(r.largeNo())
}

// add makes a record for a key that is not there.
func (t *table) add(hash uint64, h head, key, val []byte, l *large) (ref uint32, r rec) {
	ref, r = t.newRecord(h, key, val, l)
	t.insert(hash, ref)
	t.s.gen++
	if h.deadline != 0 {
		t.expires++
		t.index(ref, r)
	}
	return ref, r
}

// remove deletes an entry and returns its large value, nil when it had none.
func (t *table) remove(hash uint64, p place, r rec) *large {
	ref := t.refAt(p)
	if r.deadline() != 0 {
		t.expires--
	}
	t.unindex(r)
	t.erase(hash, p)
	return t.freeRecord(ref, r)
}

// replace writes a record anew, in place where it fits, and returns it. l is the large value of the
// new record, which may be that of the old one. The deadline is h's; position in the index follows.
func (t *table) replace(p place, r rec, h head, key, val []byte, l *large) (uint32, rec) {
	ref := t.refAt(p)
	old := r.deadline()
	ext := h.deadline != 0 || r.has(flagExt)
	if l == nil && !r.has(flagLarge) {
		s := shapeOf(len(key), len(val), ext)
		if !s.large && ext == r.has(flagExt) && int(classUnits[sizeClass(s.bytes())])*unitBytes == t.capacity(ref) {
			_, at, _ := r.inlineKey()
			copy(r[at:at+len(val)], val)
			r.setValueLen(len(val))
			r[0] = r[0]&^0x0f | byte(h.typ)
			r.setFlag(flagConv, h.conv)
			r.setEpoch(t.s.epoch)
			r.setAccess(h.access)
			t.moveDeadline(ref, r, old, h.deadline)
			return ref, r
		}
	}
	if l != nil && r.has(flagLarge) && t.large(r) == l {
		// The value stays where it is; it leaves the side table for a moment.
		t.dropLarge(r.largeNo())
		r.setFlag(flagLarge, false)
	}
	newRef, n := t.newRecord(h, key, val, l)
	pos := r.wheelPos()
	if pos != 0 && h.deadline != 0 {
		*t.wheel.at(pos) = newRef
		n.setWheelPos(pos)
	} else {
		t.unindex(r)
	}
	t.setRef(p, newRef)
	t.freeRecord(ref, r)
	// newRecord has set the deadline already: say so to the index and the counter.
	t.moveDeadline(newRef, n, old, h.deadline)
	return newRef, n
}

// replaceHead writes a record anew with the same value.
func (t *table) replaceHead(p place, r rec, h head, key []byte) {
	if l := t.large(r); l != nil {
		t.replace(p, r, h, key, nil, l)
		return
	}
	t.replace(p, r, h, key, r.value(), nil)
}

// moveDeadline sets a deadline for which the record has room. A later one leaves the index as it is:
// the entry comes up early and is put again.
func (t *table) moveDeadline(ref uint32, r rec, old, ms int64) {
	switch {
	case old == 0 && ms != 0:
		t.expires++
	case old != 0 && ms == 0:
		t.expires--
	}
	if !r.has(flagExt) {
		return
	}
	r.setDeadline(ms)
	if pos := r.wheelPos(); pos != 0 && ms >= old && ms != 0 {
		return
	}
	t.unindex(r)
	if ms != 0 {
		t.index(ref, r)
	}
}

// drop gives the memory of a table that nobody reads any more to the shard's other tables.
func (s *Shard) drop(t *table) {
	t.cleanup.Stop()
	s.spare.list = append(s.spare.list, t.chunks.list...)
	t.chunks.list = nil
}

// takeChunk returns a chunk of a table that was dropped, else a new one.
func (s *Shard) takeChunk() *chunk {
	n := len(s.spare.list)
	if n == 0 {
		return newChunk()
	}
	c := s.spare.list[n-1]
	s.spare.list[n-1] = nil
	s.spare.list = s.spare.list[:n-1]
	return c
}
