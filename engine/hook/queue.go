package hook

import (
	"context"
	"sync"
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
	bus  *Bus
	done chan struct{}

	hurry    chan struct{} // one token: no more rest
	mu       sync.Mutex
	news     sync.Cond // for the goroutine: an event came, or the queue closed
	room     sync.Cond // for publishers and Flush: events went, or the hook is off or stuck
	ring     []item
	head     int
	items    int           // in the ring
	n        int           // events in them
	sleeping bool          // the goroutine waits for news
	woken    time.Duration // bus.elapsed when it was last woken
	alarm    *time.Timer   // wakes it, see wake
	alarmed  bool          // alarm is set
	waiting  int           // goroutines that wait for room
	closed   bool

	runs
}

// maxBatch is how many events the goroutine takes at a time. With a small queue
// it is fewer, so that the bound means something.
const maxBatch = 64

func newQueue(h *Hook, fn Observer, b *Bus) *queue {
	q := &queue{hook: h, bus: b, done: make(chan struct{}), hurry: make(chan struct{}, 1)}
	q.fn = fn
	q.news.L, q.room.L = &q.mu, &q.mu
	return q
}

// put queues ev, or does with it what the hook's policy says. It waits for room
// only where wait is set, and never for a hook that is off, stuck or failing.
func (q *queue) put(ev Event, wait bool, from Giver) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.admit(ev.Depth(), wait, from) {
		q.push(item{ev: ev}, 1)
	}
}

// putKeys is put for the events of a block that mask names.
func (q *queue) putKeys(b *block, mask uint64, from Giver) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for rest := (item{keys: b, mask: mask}); rest.mask != 0; {
		if n := rest.len(); q.n+n <= q.hook.o.Load().Queue && !q.closed {
			q.push(rest, n)
			return
		}
		one := rest.cut(1)
		if q.admit(one.depth(), true, from) {
			q.push(one, 1)
		}
	}
}

// admit reports whether one more event is to be queued. Called with mu held.
func (q *queue) admit(depth int, wait bool, from Giver) bool {
	for limit := q.hook.o.Load(); q.n >= limit.Queue && !q.closed; limit = q.hook.o.Load() {
		switch {
		case limit.Full == DropOldest:
			q.take(1)
			q.hook.drops.Add(1)
		case limit.Full == DropNewest || !wait || depth > 0 || q.hook.stuck.Load() || q.hook.resting.Load() || q.hook.off.Load():
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

// push queues an item of n events. Called with mu held.
func (q *queue) push(it item, n int) {
	q.n += n
	if last := q.last(); last != nil && it.keys != nil && last.keys == it.keys {
		last.mask |= it.mask
	} else {
		if q.items == len(q.ring) {
			q.grow()
		}
		q.ring[(q.head+q.items)%len(q.ring)] = it
		q.items++
	}
	if q.sleeping {
		q.wake()
	}
}

// last is the newest item, nil when there is none.
func (q *queue) last() *item {
	if q.items == 0 {
		return nil
	}
	return &q.ring[(q.head+q.items-1)%len(q.ring)]
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
	next := make([]item, max(16, 2*len(q.ring)))
	for i := range q.items {
		next[i] = q.ring[(q.head+i)%len(q.ring)]
	}
	q.ring, q.head = next, 0
}

// take removes the oldest item, or as much of it as max allows.
func (q *queue) take(max int) (it item, n int) {
	oldest := &q.ring[q.head]
	if n = oldest.len(); n > max {
		q.n -= max
		return oldest.cut(max), max
	}
	it, *oldest = *oldest, item{}
	q.head = (q.head + 1) % len(q.ring)
	q.items--
	q.n -= n
	return it, n
}

// run delivers events until the queue is closed and empty.
func (q *queue) run(ctx context.Context) {
	defer close(q.done)
	q.parent = ctx
	var batch []item
	for {
		batch = q.next(batch[:0])
		if len(batch) == 0 {
			return
		}
		q.deliver(batch)
	}
}

// next waits for events and takes some; none when the queue is closed and empty.
func (q *queue) next(batch []item) []item {
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
	size := min(max(q.hook.o.Load().Queue/16, 1), maxBatch)
	for q.n > 0 && size > 0 {
		it, n := q.take(size)
		batch = append(batch, it)
		size -= n
		q.taken.Add(int64(n))
	}
	if q.waiting > 0 {
		q.room.Broadcast()
	}
	return batch
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
	queued += q.taken.Load() - q.turn.Load()
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
	q.hasten()
	q.news.Signal()
	q.room.Broadcast()
}
