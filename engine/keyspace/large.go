package keyspace

// large is a value that is too long for a record, or a collection with a structure of its own. The
// record holds its number in the table's side table.
type large struct {
	str    []byte     // a string
	shared bool       // a snapshot has str: its bytes are not written in place
	col    collection // a collection; nil for a string

	// A unit that moves a collection to another shard is taken back shard by shard, in any order.
	// Whichever shard goes back furthest is right: snapshots are numbered, and one that is newer than
	// what the collection has been put back to is not put back.
	taken    uint64 // number of the newest snapshot
	restored uint64 // number of the snapshot that was put back; 0: none since the newest
}

// collection is a large list, set, sorted set or hash.
type collection interface {
	freeze() frozenCollection // O(1); readable without a lock
	restore(frozenCollection) // makes the value what it was at the freeze
	bytes() int64
}

// frozenCollection is a collection at one moment. Release needs no lock.
type frozenCollection interface{ Release() }

// snapshot is a large value at one moment.
type snapshot struct {
	of  *large
	no  uint64
	key []byte // only when it is out of the record, too
	str []byte
	col frozenCollection
}

// snapshot freezes the large value of a record.
func (t *table) snapshot(no uint32) snapshot {
	e := t.side.at(no)
	l := e.l
	s := snapshot{of: l, key: e.key}
	if l.col != nil {
		l.taken++
		l.restored = 0
		s.no = l.taken
		s.col = l.col.freeze()
		return s
	}
	// Appending past the length of a snapshot is harmless; so is not appending to it after undo.
	s.str = l.str[:len(l.str):len(l.str)]
	l.shared = true
	return s
}

func (s *snapshot) release() {
	if s.col != nil {
		s.col.Release()
	}
	*s = snapshot{}
}

// thaw returns the value that undo puts back.
func (s *snapshot) thaw() *large {
	l := s.of
	if l.col != nil {
		if l.restored == 0 || s.no < l.restored {
			l.col.restore(s.col)
			l.restored = s.no
		}
		return l
	}
	return &large{str: s.str, shared: true}
}

const (
	largeOverhead = 128
	sideChunk     = 256
)

func (l *large) bytes() int64 {
	n := largeOverhead + int64(cap(l.str))
	if l.col != nil {
		n += l.col.bytes()
	}
	return n
}

// side numbers the large values of a table. It grows by chunks, so that no write copies it, and gives
// an empty chunk back.
type side struct {
	chunks []*sidePart
	room   []uint32 // chunks that may have room; the last one is used first
	vacant []uint32 // numbers of chunks that were given back
}

type sidePart struct {
	entries [sideChunk]sideEntry
	free    uint16 // first free entry + 1; the next one is in its size
	made    uint16 // entries ever used
	used    uint16
	queued  bool // in room
}

// sideEntry has key and accounted size beside the value, not in it: while a unit that moved the value
// to another table is taken back, both tables know the value.
type sideEntry struct {
	l    *large
	key  []byte // only when it is out of the record, too
	size int64
}

func (t *side) at(no uint32) *sideEntry { return &t.chunks[no/sideChunk].entries[no%sideChunk] }

func (t *side) get(no uint32) *large { return t.at(no).l }

func (t *side) add(l *large, key []byte) uint32 {
	chunk := t.withRoom()
	p := t.chunks[chunk]
	var i uint16
	if p.free != 0 {
		i = p.free - 1
		p.free = uint16(p.entries[i].size)
	} else {
		i = p.made
		p.made++
	}
	p.used++
	p.entries[i] = sideEntry{l: l, key: key}
	return chunk*sideChunk + uint32(i)
}

// withRoom returns the number of a chunk that has room.
func (t *side) withRoom() uint32 {
	for n := len(t.room); n > 0; n-- {
		chunk := t.room[n-1]
		p := t.chunks[chunk]
		if p != nil && p.used < sideChunk {
			return chunk
		}
		if p != nil {
			p.queued = false
		}
		t.room = t.room[:n-1]
	}
	var chunk uint32
	if n := len(t.vacant); n > 0 {
		chunk = t.vacant[n-1]
		t.vacant = t.vacant[:n-1]
	} else {
		chunk = uint32(len(t.chunks))
		t.chunks = append(t.chunks, nil)
	}
	t.chunks[chunk] = &sidePart{queued: true}
	t.room = append(t.room, chunk)
	return chunk
}

func (t *side) remove(no uint32) {
	chunk, i := no/sideChunk, uint16(no%sideChunk)
	p := t.chunks[chunk]
	p.entries[i] = sideEntry{size: int64(p.free)}
	p.free = i + 1
	if p.used--; p.used == 0 && len(t.chunks) > 1 {
		t.chunks[chunk] = nil // in room its number may stay, and is passed over
		t.vacant = append(t.vacant, chunk)
		return
	}
	if !p.queued {
		p.queued = true
		t.room = append(t.room, chunk)
	}
}
