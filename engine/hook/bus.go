package hook

import (
	"context"
	"errors"
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
	now  func() time.Time
	base time.Time
	log  *slog.Logger

	mu       sync.Mutex
	closed   bool
	defaults Defaults
	ctx      context.Context
	cancel   context.CancelFunc
	table    atomic.Pointer[table]

	gatherers sync.Pool // of *Keys: what is gathered next goes into the same block
	outboxes  outboxes
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
	b := &Bus{now: now, log: log, base: time.Now(), defaults: standard}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.table.Store(&table{})
	b.outboxes.opened = make(chan struct{})
	return b
}

// elapsed measures runs. Budgets are wall clock, whatever clock now is.
func (b *Bus) elapsed() time.Duration { return time.Since(b.base) }

// SetDefaults changes the limits of all hooks that have none of their own.
func (b *Bus) SetDefaults(d Defaults) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.defaults = d
	for _, h := range b.table.Load().hooks {
		h.limit(&d)
		if h.writer != nil {
			h.writer.limit(&d)
		}
	}
}

// Observe subscribes fn. Its events come in order, one at a time, on a
// goroutine of the hook's own.
func (b *Bus) Observe(o Options, fn Observer) (*Hook, error) {
	setDefault(&o.Mode, Observe)
	switch {
	case o.Mode != Observe:
		return nil, fmt.Errorf("hook: %s: an observer cannot have mode %q", o.Name, o.Mode)
	case o.Phase == Before:
		return nil, fmt.Errorf("hook: %s: who is to be asked before does not observe", o.Name)
	}
	return b.add(o, func(h *Hook) { h.queue = newQueue(h, fn, b) })
}

// Attach lists a hook that somebody else runs, with Hook.Run: the engine an
// atomic one, a scheduler a timer.
func (b *Bus) Attach(o Options) (*Hook, error) {
	if o.Kind != KindTimer {
		o.Mode = Atomic
	}
	return b.add(o, nil)
}

func (b *Bus) add(o Options, equip func(*Hook)) (*Hook, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, fmt.Errorf("hook: %s: the bus is closed", o.Name)
	}
	old := b.table.Load()
	for _, h := range old.hooks {
		if h.given.Owner == o.Owner && h.given.Name == o.Name {
			return nil, fmt.Errorf("hook: %s already has a hook %q", o.Owner, o.Name)
		}
	}
	h := b.newHook(o)
	if equip != nil {
		equip(h)
	}
	switch {
	case h.queue != nil:
		go h.queue.run(b.ctx)
	case h.outbox != nil:
		go h.outbox.run(h, b.outboxes.opened)
	}
	b.table.Store(newTable(append(slices.Clone(old.hooks), h)))
	return h, nil
}

// newHook returns a hook that is not listed. b.mu is held.
func (b *Bus) newHook(o Options) *Hook {
	h := &Hook{given: o, bus: b}
	h.limit(&b.defaults)
	if o.Match != "" {
		h.match = []byte(o.Match)
	}
	return h
}

// Remove ends all subscriptions of an owner at once. wait returns when what
// was in their queues has been delivered and consumers of outboxes have ended,
// or with ctx; it must not be called by one of the observers.
func (b *Bus) Remove(owner string) (wait func(ctx context.Context) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.table.Load()
	var kept, gone []*Hook
	for _, h := range old.hooks {
		if h.given.Owner == owner {
			gone = append(gone, h)
		} else {
			kept = append(kept, h)
		}
	}
	b.table.Store(newTable(kept))
	for _, h := range gone {
		h.close()
	}
	return func(ctx context.Context) error { return ended(ctx, gone) }
}

// ended waits for the goroutines of hooks that are closed.
func ended(ctx context.Context, hooks []*Hook) error {
	var errs []error
	for _, h := range hooks {
		done := h.done()
		if done == nil {
			continue
		}
		select {
		case <-done:
		case <-ctx.Done():
			select {
			case <-done:
			default:
				errs = append(errs, fmt.Errorf("hook: %s/%s does not end: %w", h.given.Owner, h.given.Name, ctx.Err()))
			}
		}
	}
	return errors.Join(errs...)
}

// Wants reports whether anybody subscribes to events of the kind. Where nobody
// does, an event need not be made.
func (b *Bus) Wants(k Kind) bool { return b.table.Load().kinds[k] }

// WantsCommands is Wants for what follows a command.
func (b *Bus) WantsCommands() bool { return len(b.table.Load().commands) > 0 }

// Wanted reports whether an observer wants this very event.
func (b *Bus) Wanted(ev Event) bool {
	for _, h := range b.table.Load().observers[ev.Kind()] {
		if h.Wants(ev) {
			return true
		}
	}
	return false
}

// KeyClasses returns the classes of key events that observers subscribe to.
func (b *Bus) KeyClasses() Class { return b.table.Load().classes }

// Publish hands ev to the queues of its observers. It must not be called under
// a lock: a full queue with policy block makes it wait, after it has told from,
// which may be nil. An event that a hook caused never waits, for the queue it
// waits for may be its own: it is dropped and counted.
func (b *Bus) Publish(ev Event, from Giver) { b.publish(ev, true, from) }

// Offer is Publish for events whose cause does not wait, or may hold locks:
// for a queue that is full, the event is dropped and counted.
func (b *Bus) Offer(ev Event) { b.publish(ev, false, nil) }

func (b *Bus) publish(ev Event, wait bool, from Giver) {
	for _, h := range b.table.Load().observers[ev.Kind()] {
		if h.Wants(ev) {
			h.queue.put(ev, wait, from)
		}
	}
}

// Hooks returns the subscriptions in the order of their registration.
func (b *Bus) Hooks() []*Hook { return slices.Clone(b.table.Load().hooks) }

// Flush waits until every queue is empty and every observer idle, or ctx ends.
func (b *Bus) Flush(ctx context.Context) error {
	for {
		busy := false
		for _, h := range b.table.Load().hooks {
			if h.queue == nil {
				continue
			}
			waited, err := h.queue.idle(ctx)
			if err != nil {
				return err
			}
			busy = busy || waited
		}
		if !busy { // one pass over idle queues: nobody was feeding another
			return nil
		}
	}
}

// closeGrace is what observers get, after their context has been cancelled, to
// notice that.
const closeGrace = time.Second

// Close ends all subscriptions: what is queued is still delivered until ctx
// ends, then observers are cancelled. Those that do not end a moment later are
// left behind; the error names them.
func (b *Bus) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	hooks := b.table.Load().hooks
	b.mu.Unlock()
	for _, h := range hooks {
		h.close()
	}
	err := ended(ctx, hooks)
	b.cancel()
	if err == nil {
		return nil
	}
	last, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	return errors.Join(err, ended(last, hooks))
}

// table is an immutable picture of the subscriptions.
type table struct {
	hooks     []*Hook
	observers map[Kind][]*Hook
	keys      []*Hook // observers of key events
	commands  []*Hook // observers of command events
	judges    map[Kind][]*Hook
	asked     []*Hook // judges of commands
	kinds     map[Kind]bool
	classes   Class // of key events that observers want
}

func newTable(hooks []*Hook) *table {
	t := &table{hooks: hooks, observers: map[Kind][]*Hook{}, judges: map[Kind][]*Hook{}, kinds: map[Kind]bool{}}
	for _, h := range hooks {
		k := h.given.Kind
		switch {
		case h.judge != nil:
			t.judges[k] = append(t.judges[k], h)
			continue
		case h.queue != nil:
			t.observers[k] = append(t.observers[k], h)
		}
		t.kinds[k] = true
	}
	t.keys, t.commands, t.asked = t.observers[KindKey], t.observers[KindCommand], t.judges[KindCommand]
	for _, h := range t.keys {
		t.classes |= h.given.Class
	}
	return t
}
