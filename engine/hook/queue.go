package hook

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Giver is told before a publisher waits for room in a queue, so that others
// need not wait with it: a connection gives its event loop away.
type Giver interface{ GiveAway() }

// queue is the bounded queue of one observer and the goroutine that empties it.
//
// The goroutine takes events in small batches, and is woken only when it sleeps:
// a publisher pays for a lock and, now and then, for a wake-up.
type queue struct {
	hook *Hook
	fn   Observer
	bus  *Bus
	done chan struct{}

	mu       sync.Mutex
	news     sync.Cond // for the goroutine: an event came, or the queue closed
	room     sync.Cond // for publishers and Flush: events went, or the hook is off or stuck
	ring     []Event
	head, n  int
	sleeping bool          // the goroutine waits for news
	woken    time.Duration // bus.elapsed when it was last woken
	alarm    *time.Timer   // wakes it, see wake
	alarmed  bool          // alarm is set
	waiting  int           // goroutines that wait for room
	closed   bool

	keys  []keyEvent   // for the next key events
	runs  []runContext // of the goroutine: for the next runs, see context
	taken atomic.Int64 // events of the present batch that are not delivered yet
	began atomic.Int64 // bus.elapsed at the begin of the present run, 0 between runs
	watch atomic.Bool  // a timer looks at the present run
}

// maxBatch is how many events the goroutine takes at a time. With a small queue
// it is fewer, so that the bound means something.
const maxBatch = 64

func newQueue(h *Hook, fn Observer, b *Bus) *queue {
	q := &queue{hook: h, fn: fn, bus: b, done: make(chan struct{})}
	q.news.L, q.room.L = &q.mu, &q.mu
	return q
}

// put queues ev, or does with it what the hook's policy says. It waits for room
// only where wait is set, and never for a hook that is off or stuck.
func (q *queue) put(ev Event, wait bool, from Giver) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.admit(ev.Depth(), wait, from) {
		q.push(ev)
	}
}

// putKey is put for a copy of a key event.
func (q *queue) putKey(k *Key, from Giver) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.admit(k.Nest, true, from) {
		return
	}
	if len(q.keys) == 0 {
		q.keys = make([]keyEvent, dozen)
	}
	ev := &q.keys[0]
	q.keys = q.keys[1:]
	ev.Key = *k
	ev.Key.Key = append(ev.buf[:0:len(ev.buf)], k.Key...)
	q.push(&ev.Key)
}

// dozen is how many objects are made at a time, where each event takes one that
// somebody may keep.
const dozen = 32

// keyEvent is a key event with room for a short key.
type keyEvent struct {
	Key
	buf [48]byte
}

// admit reports whether one more event is to be queued. Called with mu held.
func (q *queue) admit(depth int, wait bool, from Giver) bool {
	for limit := q.hook.o.Load(); q.n >= limit.Queue && !q.closed; limit = q.hook.o.Load() {
		switch {
		case limit.Full == DropOldest:
			q.take()
			q.hook.drops.Add(1)
		case limit.Full == DropNewest || !wait || depth > 0 || q.hook.stuck.Load() || q.hook.off.Load():
			q.hook.drops.Add(1)
			return false
		case from != nil:
			q.mu.Unlock()
			from.GiveAway()
			from = nil
			q.mu.Lock()
		default:
			q.await()
		}
	}
	if q.closed {
		q.hook.drops.Add(1)
	}
	return !q.closed
}

// push queues ev. Called with mu held.
func (q *queue) push(ev Event) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)%len(q.ring)] = ev
	q.n++
	if q.sleeping {
		q.wake()
	}
}

// To wake a goroutine costs more than most observers take for an event. So one
// that was woken a lull ago, and has slept since, is not woken for each event again:
// it is when the lull is over, or when many events wait.
const (
	lull      = 500 * time.Microsecond
	manyQueue = 8 // many is this part of the queue
)

// wake wakes the goroutine now or soon. Called with mu held, while it sleeps.
func (q *queue) wake() {
	if q.n <= q.hook.o.Load().Queue/manyQueue {
		if q.alarmed {
			return
		}
		now := q.bus.elapsed()
		if rest := q.woken + lull - now; rest > 0 && q.woken > 0 {
			q.alarmed = true
			if q.alarm == nil {
				q.alarm = time.AfterFunc(rest, q.lullOver)
			} else {
				q.alarm.Reset(rest)
			}
			return
		}
		q.woken = now
	}
	q.sleeping = false
	q.news.Signal()
}

// lullOver wakes the goroutine when a lull is over.
func (q *queue) lullOver() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.alarmed = false
	q.rouse()
}

// rouse wakes the goroutine if something waits for it. Called with mu held.
func (q *queue) rouse() {
	if q.sleeping && q.n > 0 {
		q.woken = q.bus.elapsed()
		q.sleeping = false
		q.news.Signal()
	}
}

// await waits for room. Called with mu held.
func (q *queue) await() {
	q.waiting++
	q.room.Wait()
	q.waiting--
}

// nudge makes those who wait for room look again.
func (q *queue) nudge() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.room.Broadcast()
}

func (q *queue) grow() {
	next := make([]Event, max(16, 2*len(q.ring)))
	for i := range q.n {
		next[i] = q.ring[(q.head+i)%len(q.ring)]
	}
	q.ring, q.head = next, 0
}

func (q *queue) take() Event {
	ev := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	return ev
}

// run delivers events until the queue is closed and empty.
func (q *queue) run(ctx context.Context) {
	defer close(q.done)
	var batch []Event
	for {
		batch = q.next(batch[:0])
		if len(batch) == 0 {
			return
		}
		now := q.bus.elapsed()
		for i, ev := range batch {
			batch[i] = nil
			now = q.deliver(ctx, ev, now)
			q.taken.Add(-1)
		}
	}
}

// next waits for events and takes some; none when the queue is closed and empty.
func (q *queue) next(batch []Event) []Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 {
		if q.waiting > 0 {
			q.room.Broadcast()
		}
		if q.closed {
			return batch
		}
		q.sleeping = true
		q.news.Wait()
	}
	q.sleeping = false
	for size := min(max(q.hook.o.Load().Queue/16, 1), maxBatch); q.n > 0 && len(batch) < size; {
		batch = append(batch, q.take())
	}
	q.taken.Store(int64(len(batch)))
	if q.waiting > 0 {
		q.room.Broadcast()
	}
	return batch
}

// context is the context of one run that begins at start. A run may keep it, so
// each has one of its own, but they are made by the dozen.
func (q *queue) context(parent context.Context, depth int, start, budget time.Duration) *runContext {
	if len(q.runs) == 0 {
		q.runs = make([]runContext, dozen)
	}
	c := &q.runs[0]
	q.runs = q.runs[1:]
	c.parent, c.depth, c.deadline = parent, depth, q.bus.base.Add(start+budget)
	return c
}

// deliver runs the observer, unless its hook has been switched off meanwhile. It
// is told what the time is, and tells it.
func (q *queue) deliver(ctx context.Context, ev Event, start time.Duration) (now time.Duration) {
	h := q.hook
	if h.off.Load() && !h.armed() {
		h.drops.Add(1)
		return start
	}
	budget := h.o.Load().Budget
	run := q.context(ctx, ev.Depth()+1, start, budget)
	q.began.Store(int64(max(start, 1)))
	if !q.watch.Load() {
		q.guard(budget)
	}
	err := protect(func() error { return q.fn(run, ev) })
	q.began.Store(0)
	now = q.bus.elapsed()
	run.end(context.Canceled)
	if h.stuck.Load() && h.stuck.Swap(false) { // it has been counted as a failure already
		h.count(now - start)
		h.say(slog.LevelWarn, "hook that was stuck has ended", "elapsed", now-start)
		return now
	}
	h.record(now-start, err)
	return now
}

// guard sees to it that somebody looks after the present run when its budget is over.
func (q *queue) guard(after time.Duration) {
	if q.watch.CompareAndSwap(false, true) {
		time.AfterFunc(after+grace(after), q.look)
	}
}

// grace is what a run may take beyond its budget before it counts as stuck: Lua
// is ended at its budget, and needs a moment for that.
func grace(budget time.Duration) time.Duration { return budget/4 + 100*time.Millisecond }

// look finds out whether the present run is stuck. Go code cannot be ended from
// outside: from here on nobody waits for it.
func (q *queue) look() {
	q.watch.Store(false)
	began := time.Duration(q.began.Load())
	if began == 0 {
		return // the next run is guarded again
	}
	budget := q.hook.o.Load().Budget
	limit := budget + grace(budget)
	age := q.bus.elapsed() - began
	if age < limit {
		if q.watch.CompareAndSwap(false, true) {
			time.AfterFunc(limit-age, q.look)
		}
		return
	}
	q.hook.stuck.Store(true)
	if time.Duration(q.began.Load()) != began { // it ended just now
		q.hook.stuck.Store(false)
		return
	}
	q.hook.failed(fmt.Errorf("still running after its time budget of %s", budget), true)
	q.nudge()
}

// idle waits until nothing is queued or running. waited tells that something was.
func (q *queue) idle(ctx context.Context) (waited bool, err error) {
	stop := context.AfterFunc(ctx, q.nudge)
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n > 0 || !q.sleeping && !q.closed {
		if err := ctx.Err(); err != nil {
			return waited, err
		}
		waited = true
		q.rouse()
		q.await()
	}
	return waited, nil
}

// figures returns how many events wait, and how long the present run has taken.
func (q *queue) figures() (queued int64, running time.Duration) {
	q.mu.Lock()
	queued = int64(q.n)
	q.mu.Unlock()
	queued += max(q.taken.Load()-1, 0)
	if began := q.began.Load(); began != 0 {
		running = q.bus.elapsed() - time.Duration(began)
	}
	return queued, running
}

// close lets the goroutine end once the queue is empty.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.news.Signal()
	q.room.Broadcast()
}
