package engine

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// Snapshot is the keyspace as it was at one moment, while writers go on. It is
// what a rewrite of the log dumps.
type Snapshot struct {
	engine *Engine
	view   *keyspace.View
	extra  []command.Record // what plugins keep besides keys
	room   room
	pace   pace
	gone   chan struct{} // closed by Release
	args   [8][]byte     // of the command that is emitted
	digits []byte        // of its deadline
}

var errViewing = errors.New("engine: another snapshot is being dumped")

// FreezeNext is Freeze for who can wait, until ctx ends, for the snapshot that is being dumped.
func (e *Engine) FreezeNext(ctx context.Context, at func() error) (*Snapshot, error) {
	for {
		snap, err := e.Freeze(at)
		if !errors.Is(err, errViewing) {
			return snap, err
		}
		if err := e.dumps.wait(ctx); err != nil {
			return nil, err
		}
	}
}

// Freeze takes all locks, calls at, which switches the log to its next
// increment, and freezes the keyspace: what is in the snapshot is exactly what
// was logged before at. Neither depends on the number of keys. When at fails,
// there is no snapshot. Inside a unit the error is ErrInsideUnit.
func (e *Engine) Freeze(at func() error) (*Snapshot, error) {
	u := &command.Unit{All: true}
	if _, ok := e.lockHeld(u, nil); !ok {
		return nil, ErrInsideUnit
	}
	defer e.unlockHeld(u)
	start := time.Now()
	defer func() { e.dumps.frozen.Store(int64(time.Since(start))) }()
	if e.space.Viewing() {
		return nil, errViewing
	}
	if err := at(); err != nil {
		return nil, err
	}
	s := &Snapshot{engine: e, view: e.space.Freeze(), pace: newPace(), gone: make(chan struct{})}
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
	s.room.limit = max(roomFloor, e.space.Used()/roomShare)
	e.dumps.begin(s)
	return s, nil
}

// Dump calls emit with the commands that rebuild the snapshot. Locks are held
// only for slices of a few dozen microseconds; emit runs without any.
func (s *Snapshot) Dump(ctx context.Context, emit func(db int, args ...[]byte) error) (keys int64, err error) {
	for _, r := range s.extra {
		if err := emit(r.DB, r.Args...); err != nil {
			return 0, err
		}
	}
	return s.each(ctx, func(f *keyspace.Frozen) error { return s.emitValue(f, emit) })
}

// each calls fn with the snapshot's records. Locks are held only for slices of a
// few dozen microseconds; fn runs without any, but must not wait for long:
// writers do, when what they change has been saved up to its limit.
func (s *Snapshot) each(ctx context.Context, fn func(f *keyspace.Frozen) error) (keys int64, err error) {
	var b keyspace.Batch
	defer b.Reset()
	runtime.LockOSThread() // its time tells pauses and slices what they took
	defer runtime.UnlockOSThread()
	var rest breaks
	rest.begin()
	for i := range s.engine.shards {
		for done := false; !done; {
			if err := ctx.Err(); err != nil {
				return keys, err
			}
			b.Reset()
			done = s.slice(i, &b)
			if s.view.Pending() > s.room.limit/2 {
				s.drain(&b)
			}
			s.room.made()
			rest.take(s.view.Pending() > s.room.limit/2)
			b.Range(func(f *keyspace.Frozen) bool {
				keys++
				err = fn(f)
				return err == nil
			})
			if err != nil {
				return keys, err
			}
		}
	}
	return keys, nil
}

// slice copies some records of a shard, as many as its lock may be held for.
func (s *Snapshot) slice(shard int, b *keyspace.Batch) (done bool) {
	sh := s.engine.shards[shard]
	sh.mustLock()
	s.pace.begin()
	s.engine.dumps.peak(s.view.Pending())
	done = s.view.Slice(shard, s.pace.records, b)
	s.engine.dumps.slice(s.pace.end())
	sh.unlock()
	sh.makeWay()
	return done
}

// drain takes the pre-images of all shards, also of those whose turn is far off.
func (s *Snapshot) drain(b *keyspace.Batch) {
	for i, sh := range s.engine.shards {
		sh.mustLock()
		s.view.Slice(i, 0, b)
		sh.unlock()
	}
}

// Release gives the snapshot up.
func (s *Snapshot) Release() {
	u := &command.Unit{All: true}
	s.engine.mustLockHeld(u)
	s.view.Release()
	s.engine.dumps.running.CompareAndSwap(s, nil)
	s.engine.unlockHeld(u)
	s.room.end()
	close(s.gone)
}

// batchElements is how many elements one command of a dump carries, as in
// Redis' own rewrites.
const batchElements = 64

var (
	verbSet       = []byte("SET")
	wordPXAT      = []byte("PXAT")
	verbPExpireAt = []byte("PEXPIREAT")
)

// emitValue writes the commands that rebuild one key. Millions of strings come
// through here, so that it makes no garbage for them.
func (s *Snapshot) emitValue(f *keyspace.Frozen, emit func(db int, args ...[]byte) error) error {
	if f.Deadline != 0 {
		s.digits = appendInt(s.digits[:0], f.Deadline)
	}
	if f.Type == keyspace.String {
		args := append(s.args[:0], verbSet, f.Key, f.Str())
		if f.Deadline != 0 {
			args = append(args, wordPXAT, s.digits)
		}
		return emit(f.DB, args...)
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
		return emit(f.DB, append(s.args[:0], verbPExpireAt, f.Key, s.digits)...)
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
