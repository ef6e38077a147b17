package keyspace

// undoLog holds the pre-images of what a unit changed, oldest first.
type undoLog struct {
	on      bool
	last    int // position of the newest savepoint: what was saved before it is saved again
	entries []undoEntry
	seen    map[undoKey]int // where the newest pre-image of a record is
}

type undoKey struct {
	t   *table
	key string
}

type undoEntry struct {
	undoKey
	pre  *record // nil: there was none
	prev int     // value of seen before this entry; -1: none
	d    *DB     // a Clear: the table that it replaced is t
	swap bool
	i, j int
}

// Begin starts to record pre-images. Units do not nest; savepoints do.
func (s *Shard) Begin() {
	s.undo = undoLog{on: true, seen: map[undoKey]int{}}
}

// Savepoint marks a point that RollbackTo can return to.
func (s *Shard) Savepoint() int {
	s.undo.last = len(s.undo.entries)
	return s.undo.last
}

// Commit ends the recording; what happened stays.
func (s *Shard) Commit() { s.undo = undoLog{} }

// RollbackTo takes back everything after the savepoint: values, types, deadlines, encodings, Clear
// and SwapDB. It goes on recording. A key that had been popped from the deadline index and comes
// back is in the index again.
func (s *Shard) RollbackTo(sp int) {
	u := &s.undo
	for len(u.entries) > sp {
		e := u.entries[len(u.entries)-1]
		u.entries = u.entries[:len(u.entries)-1]
		switch {
		case e.swap:
			s.swap(e.i, e.j)
		case e.d != nil:
			s.setTable(e.d, e.t)
		default:
			s.restore(e.t, e.key, e.pre)
			if e.prev < 0 {
				delete(u.seen, e.undoKey)
			} else {
				u.seen[e.undoKey] = e.prev
			}
		}
	}
	u.last = sp
	s.gen++
}

func (s *Shard) restore(t *table, key string, pre *record) {
	if r := t.get(bytesOf(key)); r != nil {
		t.remove(r)
		s.used.Add(-r.size)
	}
	if pre != nil {
		t.put(pre)
		s.used.Add(pre.size)
		if pre.deadline != 0 {
			t.index(pre, pre.dueAt)
		}
	}
}

// before saves the record of key as it is, unless the newest savepoint has it already.
func (s *Shard) before(t *table, key []byte) {
	u := &s.undo
	if !u.on {
		return
	}
	k := undoKey{t, string(key)}
	prev, seen := u.seen[k]
	if seen && prev >= u.last {
		return
	}
	if !seen {
		prev = -1
	}
	e := undoEntry{undoKey: k, prev: prev}
	if r := t.get(key); r != nil {
		e.pre = r.copy()
	}
	u.seen[k] = len(u.entries)
	u.entries = append(u.entries, e)
}

func (r *record) copy() *record {
	c := *r
	c.val = r.val.clone()
	c.duePos = 0
	return &c
}

func (u *undoLog) noteSwap(s *Shard, i, j int) {
	if u.on {
		u.entries = append(u.entries, undoEntry{swap: true, i: i, j: j})
	}
}
