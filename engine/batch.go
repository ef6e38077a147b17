package engine

import (
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// A batch is a run of commands that one client has sent together. They share
// what would cost more than a short command itself: one full reading of the
// clock, from which the others are measured; the cache misses of their keys,
// which are made to overlap; and the counters, which are added to once for a
// run of the same command, and the locks of hooks' queues, for which the events
// about keys are gathered. Nothing else: each command is a unit of its own.

// maxBatch is how many requests of a batch are prefetched.
const maxBatch = 64

// prefetchFrom is the size of a database from which prefetching pays: smaller
// ones stay in the processor's cache.
const prefetchFrom = 8192

// longKey is the length in bytes above which an argument is not taken for a
// key to prefetch: hashing a script would cost more than the miss.
const longKey = 256

// batch is the state of a session's batch.
type batch struct {
	on       bool
	anchor   time.Time     // the clock when the batch began
	anchorNs int64         // the same, Unix nanoseconds
	elapsed  time.Duration // from the anchor to the latest reading
	share    bool          // brief commands may share a reading
	tally    tally
	events   *hook.Keys // of its commands so far; nil for none
	keys     [maxBatch][]byte
}

// gather is where the events of the batch's present command go. Those of a nil batch
// do not wait.
func (b *batch) gather(e *Engine) *hook.Keys {
	if b != nil && b.events == nil && e.bus.KeyClasses() != 0 {
		b.events = e.bus.Gather()
	}
	if b == nil {
		return nil
	}
	return b.events
}

// tell hands the events that were gathered to the hooks. No lock is held.
func (b *batch) tell(from hook.Giver) {
	if b != nil && b.events != nil {
		events := b.events
		b.events = nil
		events.Publish(from)
	}
}

// nowMs is the latest reading in Unix milliseconds.
func (b *batch) nowMs() int64 { return (b.anchorNs + int64(b.elapsed)) / int64(time.Millisecond) }

// now is the latest reading.
func (b *batch) now() time.Time { return b.anchor.Add(b.elapsed) }

// Batch says that the session's next calls of Do, up to EndBatch, come one
// right after the other and are for these requests, of which it may be given
// none. It is called by the session's own goroutine; a further call continues
// the batch. A call of Do outside a batch is a batch of one.
func (s *Session) Batch(requests [][][]byte) {
	b := &s.batch
	if !b.on {
		b.on, b.anchor, b.elapsed = true, s.engine.now(), 0
		b.anchorNs = b.anchor.UnixNano()
		b.share = s.engine.sharesReadings()
		s.lastMs.Store(b.nowMs())
	}
	if len(requests) > 1 && s.multi == nil {
		s.prefetch(requests)
	}
}

// EndBatch ends a batch. It is called even when the session has been closed or
// blocked meanwhile.
func (s *Session) EndBatch() {
	s.batch.on = false
	s.batch.tally.fold(s)
	s.batch.tell(s.outbox)
}

// tick reads the clock and returns the time since the last reading.
func (s *Session) tick() time.Duration {
	b := &s.batch
	before := b.elapsed
	b.elapsed = s.engine.since(b.anchor)
	return b.elapsed - before
}

// since is the time since t, which is a reading of the engine's clock. Of the
// system's clock that costs half of a full reading.
func (e *Engine) since(t time.Time) time.Duration {
	if e.systemClock {
		return time.Since(t)
	}
	return e.now().Sub(t)
}

// prefetch touches the records of the requests' first arguments, which nearly
// always are their first keys; for another argument the touch is in vain, and
// does no harm. It is a help, so it waits for no lock.
func (s *Session) prefetch(requests [][][]byte) {
	e, keys := s.engine, s.batch.keys[:0]
	for _, args := range requests {
		if len(args) < 2 || len(args[1]) > longKey {
			continue
		}
		if n := len(keys); n > 0 && string(keys[n-1]) == string(args[1]) {
			continue
		}
		if keys = append(keys, args[1]); len(keys) == maxBatch {
			break
		}
	}
	switch {
	case len(keys) < 2:
	case len(e.shards) == 1:
		e.shards[0].prefetch(s.db, keys)
	default:
		s.prefetchShards(keys)
	}
	for len(requests) > 1 {
		n := sameKey(requests)
		if n >= elementsFrom {
			s.prefetchElements(requests[:n])
		}
		requests = requests[n:]
	}
}

// elementsFrom is how many requests of one collection in a row are worth the trouble.
const elementsFrom = 4

// sameKey returns how many of the requests, from the first on, have its key.
func sameKey(requests [][][]byte) int {
	n := 1
	for len(requests[0]) > 2 && n < len(requests) && len(requests[n]) > 2 && string(requests[n][1]) == string(requests[0][1]) {
		n++
	}
	return n
}

// prefetchElements touches the elements that requests of one key name.
func (s *Session) prefetchElements(requests [][][]byte) {
	first := requests[0]
	spec, err := s.engine.table.Resolve(first)
	if err != nil || spec.Element == 0 {
		return
	}
	elements := s.batch.keys[:0]
	for _, args := range requests[:min(len(requests), maxBatch)] {
		if len(args) > spec.Element && len(args[spec.Element]) <= longKey && string(args[0]) == string(first[0]) {
			elements = append(elements, args[spec.Element])
		}
	}
	s.engine.shards[s.engine.shardOf(first[1])].prefetchElements(s.db, first[1], elements)
}

// prefetchShards prefetches the keys shard by shard. keys is reordered.
func (s *Session) prefetchShards(keys [][]byte) {
	e := s.engine
	var homes [maxBatch]int
	for i, key := range keys {
		homes[i] = e.shardOf(key)
	}
	for from := 0; from < len(keys); {
		to := from + 1
		for i := to; i < len(keys); i++ {
			if homes[i] == homes[from] {
				keys[i], keys[to] = keys[to], keys[i]
				homes[i], homes[to] = homes[to], homes[i]
				to++
			}
		}
		if to-from > 1 {
			e.shards[homes[from]].prefetch(s.db, keys[from:to])
		}
		from = to
	}
}

func (s *shard) prefetch(db int, keys [][]byte) {
	if !s.mu.TryLock() {
		return
	}
	if d := s.DB(db); d.Len() >= prefetchFrom {
		d.Prefetch(keys)
	}
	s.unlock()
}

func (s *shard) prefetchElements(db int, key []byte, elements [][]byte) {
	if s.mu.TryLock() {
		s.DB(db).PrefetchElements(key, elements)
		s.unlock()
	}
}

// A reading of the clock costs as much as a lookup in the keyspace. So a run
// of the same brief command has one for up to maxShared of them: each counts as
// having taken its part of the time. One that can have taken long, because
// much goes in or comes out, has a reading of its own behind it.
const (
	maxShared  = 16
	sharedArgs = 8
	sharedSize = 4096 // bytes of arguments, and of the reply
)

// slowShared is the slowlog's threshold from which readings are shared: with a
// lower one the operator wants to see each command as it is.
const slowShared = time.Millisecond

// sharesReadings reports whether nobody wants to know each command's own time.
func (e *Engine) sharesReadings() bool {
	cfg := &e.live.Get().Server
	slow := cfg.SlowlogLogSlowerThan
	return (slow < 0 || slow >= slowShared) && cfg.LatencyMonitorThreshold == 0 && e.monitors.Load() == 0 && !e.bus.WantsCommands()
}

// shares reports whether the command that was just executed can leave the
// reading of the clock to a later one.
func (b *batch) shares(spec *command.Spec, args [][]byte, replied int) bool {
	if !b.share || !spec.Any(command.Fast|command.Brief) || b.tally.open >= maxShared-1 || len(args) > sharedArgs || replied > sharedSize {
		return false
	}
	size := 0
	for _, a := range args {
		size += len(a)
	}
	return size <= sharedSize
}

// untallied are the commands that are counted one by one: what shows counters,
// what may run such commands inside, and what may be counted by another goroutine.
const untallied = command.NoUnit | command.Revocable | command.Blocking | command.AllShards

// tally gathers what a run of one command adds to the counters. It belongs to
// the session's goroutine, and is empty while a command runs that is not the
// one it has gathered, so that INFO shows all that came before it.
type tally struct {
	spec  *command.Spec
	calls int64
	took  time.Duration
	open  int64 // further runs, since the latest reading of the clock

	changes int64 // that the runs have made

	bucket int // of the histogram
	runs   int64
}

// before makes room for a command that is about to run.
func (t *tally) before(s *Session, spec *command.Spec) {
	if t.calls+t.open+t.changes > 0 && (t.spec != spec || spec.Any(untallied)) {
		t.fold(s)
	}
}

// add counts n runs of spec, which took that long together.
func (t *tally) add(s *Session, spec *command.Spec, n int64, took time.Duration) {
	t.spec = spec
	t.calls += n
	t.took += took
	if !s.engine.tracksLatency.Load() {
		return
	}
	b := bucketOf(took / time.Duration(n))
	if b != t.bucket {
		t.foldRuns(s)
		t.bucket = b
	}
	t.runs += n
}

// fold adds what was gathered to the counters.
func (t *tally) fold(s *Session) {
	if n := t.open; n > 0 {
		t.open = 0
		t.add(s, t.spec, n, s.tick())
	}
	if t.changes > 0 {
		s.engine.stats.dirty.Add(t.changes)
		t.changes = 0
	}
	if t.calls == 0 {
		return
	}
	s.engine.stats.commands.Add(t.calls)
	st := t.spec.Stats()
	st.Calls.Add(t.calls)
	st.Usec.Add(t.took.Microseconds())
	t.foldRuns(s)
	t.calls, t.took = 0, 0
}

func (t *tally) foldRuns(s *Session) {
	if t.runs > 0 {
		s.histogram(t.spec.Stats()).buckets[t.bucket].Add(t.runs)
		t.runs = 0
	}
}
