package hook

import (
	"context"
	"sync"
)

// queue is the bounded queue of one observer and the goroutine that empties it.
type queue struct {
	hook *Hook
	fn   Observer
	bus  *Bus
	done chan struct{}

	mu      sync.Mutex
	changed *sync.Cond // an event came or went, the observer came to rest, or the queue closed
	ring    []Event
	head, n int
	busy    bool
	closed  bool
}

func newQueue(h *Hook, fn Observer, b *Bus) *queue {
	q := &queue{hook: h, fn: fn, bus: b, done: make(chan struct{})}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// put queues ev, or does with it what the hook's policy says.
func (q *queue) put(ev Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == q.hook.o.Queue && !q.closed {
		switch {
		case q.hook.o.Full == DropOldest:
			q.take()
			q.hook.drops.Add(1)
		case q.hook.o.Full == DropNewest || ev.Depth() > 0:
			q.hook.drops.Add(1)
			return
		default:
			q.changed.Wait()
		}
	}
	if q.closed {
		q.hook.drops.Add(1)
		return
	}
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)%len(q.ring)] = ev
	q.n++
	q.hook.queued.Store(int64(q.n))
	q.changed.Broadcast()
}

func (q *queue) grow() {
	next := make([]Event, min(max(16, 2*len(q.ring)), q.hook.o.Queue))
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
	q.hook.queued.Store(int64(q.n))
	return ev
}

// run delivers events until the queue is closed and empty.
func (q *queue) run(ctx context.Context) {
	defer close(q.done)
	for {
		q.mu.Lock()
		q.busy = false
		q.changed.Broadcast()
		for q.n == 0 && !q.closed {
			q.changed.Wait()
		}
		if q.n == 0 {
			q.mu.Unlock()
			return
		}
		ev := q.take()
		q.busy = true
		q.changed.Broadcast()
		q.mu.Unlock()
		q.deliver(ctx, ev)
	}
}

func (q *queue) deliver(ctx context.Context, ev Event) {
	ctx, cancel := context.WithTimeout(WithDepth(ctx, ev.Depth()+1), q.hook.o.Budget)
	defer cancel()
	if err := q.hook.Run(func() error { return q.fn(ctx, ev) }); err != nil {
		q.bus.log.Warn("hook failed", "owner", q.hook.o.Owner, "hook", q.hook.o.Name, "event", ev.Kind(), "error", err)
	}
}

// idle waits until nothing is queued or running. waited tells that something was.
func (q *queue) idle(ctx context.Context) (waited bool, err error) {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n > 0 || q.busy {
		if err := ctx.Err(); err != nil {
			return waited, err
		}
		waited = true
		q.changed.Wait()
	}
	return waited, nil
}

// close lets the goroutine end once the queue is empty.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}
