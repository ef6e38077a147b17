package keyspace

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
)

// Shard is one part of the keyspace, under one lock that its users hold.
type Shard struct {
	ks      *Keyspace
	index   int
	dbs     []*DB
	now     int64
	born    int64 // the time when it was made, or the first one that it was told
	soonest int64 // no entry of the deadline index is due before it
	alarm   int64 // sooner is called when one is that is due before it; 0 for never
	sooner  func()
	gen     uint64 // changes whenever a record or its place moves, so that handles look it up again
	found   found
	limits  Limits
	rng     *rand.Rand
	used    atomic.Int64
	guard   uint8 // what must be told before a record changes: guardView, guardUndo, guardNew
	epoch   byte  // that records of the running view, or newer ones, carry
	aborted int   // views begun since all records were last stamped
	stamp   stamping
	view    *shardView
	undo    undoLog
	spare   *chunkList // memory of cleared tables
	scratch []byte     // for packed values on their way to a larger slot
	popped  []byte     // the element that the last pop returned
	member  []byte     // the element that is being removed
	created []Created  // since the last TakeCreated, while guardNew is set
}

const (
	guardView = 1 << iota
	guardUndo
	guardNew
)

func newShard(k *Keyspace, index int, o Options) *Shard {
	s := &Shard{ks: k, index: index, born: o.BornMs, limits: o.Limits, rng: newRand(o.Seed, index), gen: 1, spare: &chunkList{}}
	runtime.AddCleanup(s, (*chunkList).release, s.spare)
	s.dbs = make([]*DB, o.Databases)
	for i := range s.dbs {
		s.dbs[i] = &DB{s: s, id: i, t: newTable(s, i)}
	}
	return s
}

// DB returns database i of this shard. The pointer stays valid; SwapDB exchanges contents.
func (s *Shard) DB(i int) *DB { return s.dbs[i] }

// SetNow tells the shard the unit's time in Unix milliseconds. Keys whose deadline is not after it
// are hidden from every lookup, scan, random choice and handle until they are deleted. 0 hides
// nothing: nothing expires during replay.
func (s *Shard) SetNow(ms int64) {
	s.now = ms
	if s.born == 0 {
		s.born = ms
	}
}

func (s *Shard) hidden(deadline int64) bool {
	return deadline != 0 && s.now != 0 && deadline <= s.now
}

func (s *Shard) hash(key []byte) uint64 { return s.ks.HashKey(key) }

func (s *Shard) swap(i, j int) {
	a, b := s.dbs[i], s.dbs[j]
	a.t, b.t = b.t, a.t
	a.t.db, b.t.db = a.id, b.id
	s.stamp = stamping{} // what was stamped already may stand elsewhere now
	s.gen++
}

// setTable makes t the content of a database.
func (s *Shard) setTable(d *DB, t *table) {
	s.used.Add(t.used - d.t.used)
	t.db = d.id
	d.t = t
	s.comesDue(0) // when is not known of t
	s.stamp = stamping{}
	s.gen++
	s.found = found{} // it would keep the old table's memory
}

// before is called before a record changes or goes: it saves the pre-image for the view and the undo
// log, where there are such. r is nil when the key is absent.
func (s *Shard) before(t *table, hash uint64, key []byte, r rec) {
	if s.guard == 0 {
		return
	}
	if s.guard&guardView != 0 && r != nil && r.epoch() != s.epoch {
		s.view.save(t, r)
		r.setEpoch(s.epoch)
	}
	if s.guard&guardUndo != 0 {
		s.undo.save(t, hash, key, r)
	}
	if s.guard&guardNew != 0 && r == nil {
		s.created = append(s.created, Created{DB: t.db, Key: append([]byte(nil), key...)})
	}
}

// Created is a key that came into being.
type Created struct {
	DB  int
	Key []byte
}

// ReportCreated says whether the keys that come into being from now on are kept for TakeCreated.
func (s *Shard) ReportCreated(on bool) {
	if on {
		s.guard |= guardNew
	} else {
		s.guard &^= guardNew
	}
	if len(s.created) > 0 {
		s.created = nil
	}
}

// TakeCreated returns the keys that have come into being since the last call, in that order. The
// slice is the caller's until the next key does.
func (s *Shard) TakeCreated() []Created {
	out := s.created
	s.created = s.created[:0]
	return out
}
