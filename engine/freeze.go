package engine

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// Snapshot is the keyspace as it was at one moment, while writers go on. It is
// what a rewrite of the log dumps.
type Snapshot struct {
	engine  *Engine
	view    *keyspace.View
	extra   []command.Record // what plugins keep besides keys
	longest time.Duration
}

// Freeze takes all locks, calls at, which switches the log to its next
// increment, and freezes the keyspace: what is in the snapshot is exactly what
// was logged before at. Neither depends on the number of keys. When at fails,
// there is no snapshot.
func (e *Engine) Freeze(at func() error) (*Snapshot, error) {
	u := &command.Unit{All: true}
	e.lockHeld(u, nil)
	defer e.unlockHeld(u)
	if e.space.Viewing() {
		return nil, errors.New("engine: another snapshot is being dumped")
	}
	if err := at(); err != nil {
		return nil, err
	}
	s := &Snapshot{engine: e, view: e.space.Freeze()}
	for _, dump := range e.parts.dumps() {
		err := dump(func(db int, args ...[]byte) error {
			kept := make([][]byte, len(args))
			for i, a := range args {
				kept[i] = append([]byte(nil), a...)
			}
			s.extra = append(s.extra, command.Record{DB: db, Args: kept})
			return nil
		})
		if err != nil {
			s.view.Release()
			return nil, err
		}
	}
	return s, nil
}

// sliceRecords is how many records a slice takes under its shard's lock.
const sliceRecords = 256

// Dump calls emit with the commands that rebuild the snapshot. Locks are held
// only for slices of a few hundred records; emit runs without any.
func (s *Snapshot) Dump(ctx context.Context, emit func(db int, args ...[]byte) error) (keys int64, err error) {
	for _, r := range s.extra {
		if err := emit(r.DB, r.Args...); err != nil {
			return 0, err
		}
	}
	var b keyspace.Batch
	defer b.Reset()
	for i, sh := range s.engine.shards {
		for done := false; !done; {
			if err := ctx.Err(); err != nil {
				return keys, err
			}
			b.Reset()
			sh.lock(nil)
			start := time.Now()
			done = s.view.Slice(i, sliceRecords, &b)
			s.longest = max(s.longest, time.Since(start))
			sh.unlock()
			b.Range(func(f *keyspace.Frozen) bool {
				keys++
				err = emitValue(f, emit)
				return err == nil
			})
			if err != nil {
				return keys, err
			}
		}
	}
	return keys, nil
}

// LongestPause is the longest time that a slice has held a shard's lock.
func (s *Snapshot) LongestPause() time.Duration { return s.longest }

// Release gives the snapshot up.
func (s *Snapshot) Release() {
	u := &command.Unit{All: true}
	s.engine.lockHeld(u, nil)
	defer s.engine.unlockHeld(u)
	s.view.Release()
}

// batchElements is how many elements one command of a dump carries, as in
// Redis' own rewrites.
const batchElements = 64

// emitValue writes the commands that rebuild one key.
func emitValue(f *keyspace.Frozen, emit func(db int, args ...[]byte) error) error {
	if f.Type == keyspace.String {
		if f.Deadline != 0 {
			return emit(f.DB, []byte("SET"), f.Key, f.Str(), []byte("PXAT"), appendInt(nil, f.Deadline))
		}
		return emit(f.DB, []byte("SET"), f.Key, f.Str())
	}
	b := elementBatch{f: f, emit: emit}
	switch f.Type {
	case keyspace.List:
		b.verb = []byte("RPUSH")
		f.RangeList(func(v []byte) bool { return b.add(v) })
	case keyspace.Set:
		b.verb = []byte("SADD")
		f.RangeSet(func(m []byte) bool { return b.add(m) })
	case keyspace.Hash:
		b.verb = []byte("HSET")
		f.RangeHash(func(field, value []byte) bool { return b.add(field, value) })
	case keyspace.ZSet:
		b.verb = []byte("ZADD")
		f.RangeZSet(func(m []byte, score float64) bool {
			return b.add(strconv.AppendFloat(nil, score, 'g', 17, 64), m)
		})
	case keyspace.Stream:
		b.err = emitStream(f, emit)
	}
	if err := b.flush(); err != nil {
		return err
	}
	if f.Deadline != 0 {
		return emit(f.DB, []byte("PEXPIREAT"), f.Key, appendInt(nil, f.Deadline))
	}
	return nil
}

// elementBatch gathers elements of a collection into commands.
type elementBatch struct {
	f    *keyspace.Frozen
	emit func(db int, args ...[]byte) error
	verb []byte
	args [][]byte
	// arena holds the elements until they are emitted.
	arena []byte
	n     int
	err   error
}

func (b *elementBatch) add(parts ...[]byte) bool {
	if len(b.args) == 0 {
		b.args = append(b.args, b.verb, b.f.Key)
	}
	for _, p := range parts {
		// Copied, since small integers are printed into one buffer for all.
		start := len(b.arena)
		b.arena = append(b.arena, p...)
		b.args = append(b.args, b.arena[start:len(b.arena):len(b.arena)])
	}
	if b.n++; b.n == batchElements {
		b.flush()
	}
	return b.err == nil
}

func (b *elementBatch) flush() error {
	if b.n > 0 && b.err == nil {
		b.err = b.emit(b.f.DB, b.args...)
		b.args, b.arena, b.n = b.args[:0], b.arena[:0], 0
	}
	return b.err
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// compactStep is how many records a step of compaction moves under a shard's
// lock, and compactSteps how many steps a call of Compact takes at most.
const (
	compactStep  = 64
	compactSteps = 32
)

// Compact gives memory back that deletions have left half-empty, in steps of a
// few dozen microseconds. The background calls it ten times a second.
func (e *Engine) Compact() {
	for _, s := range e.shards {
		for range compactSteps {
			s.lock(nil)
			moved := s.Compact(compactStep)
			s.unlock()
			if moved == 0 {
				break
			}
		}
	}
}
