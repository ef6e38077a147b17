package hook

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Observer is the function of an observing hook. ctx carries the depth for
// what the observer does in the store, and ends with the hook's budget.
type Observer func(ctx context.Context, ev Event) error

// Bus carries events to observers. It is safe for concurrent use.
type Bus struct {
	now func() time.Time
	log *slog.Logger

	mu     sync.Mutex
	closed bool
	ctx    context.Context
	cancel context.CancelFunc
	table  atomic.Pointer[table]

	outboxes outboxes
}

// table is an immutable picture of the subscriptions.
type table struct {
	hooks   []*Hook
	queues  map[Kind][]*queue
	kinds   map[Kind]bool
	classes Class // of key events that any hook wants
}

// NewBus returns a bus without subscriptions. now may be nil for time.Now,
// log nil for slog.Default.
func NewBus(now func() time.Time, log *slog.Logger) *Bus {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.Default()
	}
	b := &Bus{now: now, log: log}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.table.Store(&table{})
	b.outboxes.opened = make(chan struct{})
	return b
}

// Observe subscribes fn. Its events come in order, one at a time, on a
// goroutine of the hook's own.
func (b *Bus) Observe(o Options, fn Observer) (*Hook, error) {
	setDefault(&o.Mode, Observe)
	if o.Mode != Observe {
		return nil, fmt.Errorf("hook: %s: an observer cannot have mode %q", o.Name, o.Mode)
	}
	return b.add(o, fn)
}

// Attach lists a hook that the engine runs itself: an atomic one.
func (b *Bus) Attach(o Options) (*Hook, error) {
	o.Mode = Atomic
	return b.add(o, nil)
}

func (b *Bus) add(o Options, fn Observer) (*Hook, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, fmt.Errorf("hook: %s: the bus is closed", o.Name)
	}
	old := b.table.Load()
	for _, h := range old.hooks {
		if h.o.Owner == o.Owner && h.o.Name == o.Name {
			return nil, fmt.Errorf("hook: %s already has a hook %q", o.Owner, o.Name)
		}
	}
	h := &Hook{o: o, now: b.now}
	var q *queue
	if fn != nil {
		q = newQueue(h, fn, b)
		go q.run(b.ctx)
	}
	b.table.Store(old.with(h, q))
	return h, nil
}

// with returns the table with one hook more; q is nil for hooks without a queue.
func (t *table) with(h *Hook, q *queue) *table {
	next := t.filter(func(*Hook) bool { return true })
	next.put(h, q)
	return next
}

func (t *table) put(h *Hook, q *queue) {
	t.hooks = append(t.hooks, h)
	t.kinds[h.o.Kind] = true
	if q != nil {
		t.queues[h.o.Kind] = append(t.queues[h.o.Kind], q)
	}
	if h.o.Kind == KindKey {
		t.classes |= h.o.Class
	}
}

// filter returns a copy with the hooks that keep admits.
func (t *table) filter(keep func(*Hook) bool) *table {
	next := &table{queues: map[Kind][]*queue{}, kinds: map[Kind]bool{}}
	byHook := map[*Hook]*queue{}
	for _, qs := range t.queues {
		for _, q := range qs {
			byHook[q.hook] = q
		}
	}
	for _, h := range t.hooks {
		if keep(h) {
			next.put(h, byHook[h])
		}
	}
	return next
}

// Remove ends all subscriptions of an owner. It returns after their queues
// have drained, so it must not be called from one of its observers.
func (b *Bus) Remove(owner string) {
	b.mu.Lock()
	old := b.table.Load()
	b.table.Store(old.filter(func(h *Hook) bool { return h.o.Owner != owner }))
	b.mu.Unlock()
	b.outboxes.stop(owner)
	for _, qs := range old.queues {
		for _, q := range qs {
			if q.hook.o.Owner == owner {
				q.close()
				<-q.done
			}
		}
	}
}

// Wants reports whether anybody subscribes to events of the kind. Where nobody
// does, an event need not be made.
func (b *Bus) Wants(k Kind) bool { return b.table.Load().kinds[k] }

// WantsClass reports whether anybody subscribes to key events of the class.
func (b *Bus) WantsClass(c Class) bool { return b.table.Load().classes&c != 0 }

// Publish hands ev to the queues of its observers. It must not be called under
// a lock: a full queue with policy block makes it wait. An event that a hook
// caused never waits, for the queue it waits for may be its own: it is dropped
// and counted.
func (b *Bus) Publish(ev Event) {
	for _, q := range b.table.Load().queues[ev.Kind()] {
		if q.hook.Wants(ev) {
			q.put(ev)
		}
	}
}

// Hooks returns the subscriptions in the order of their registration.
func (b *Bus) Hooks() []*Hook { return slices.Clone(b.table.Load().hooks) }

// Flush waits until every queue is empty and every observer idle, or ctx ends.
func (b *Bus) Flush(ctx context.Context) error {
	for {
		busy := false
		for _, qs := range b.table.Load().queues {
			for _, q := range qs {
				waited, err := q.idle(ctx)
				if err != nil {
					return err
				}
				busy = busy || waited
			}
		}
		if !busy { // one pass over idle queues: nobody was feeding another
			return nil
		}
	}
}

// Close ends all subscriptions: what is queued is still delivered until ctx
// ends, then observers are cancelled. It returns when their goroutines have ended.
func (b *Bus) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	t := b.table.Load()
	b.mu.Unlock()
	b.outboxes.stop("")
	var all []*queue
	for _, qs := range t.queues {
		all = append(all, qs...)
	}
	for _, q := range all {
		q.close()
	}
	var err error
	for _, q := range all {
		select {
		case <-q.done:
		case <-ctx.Done():
			err = ctx.Err()
			b.cancel()
			<-q.done
		}
	}
	b.cancel()
	return err
}

// KeyClasses returns the classes of key events that anybody subscribes to.
func (b *Bus) KeyClasses() Class { return b.table.Load().classes }
