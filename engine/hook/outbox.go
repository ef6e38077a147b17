package hook

import (
	"context"
	"fmt"
	"sync"
)

// outbox is the consumer of one hook of mode outbox, and the goroutine that it
// runs on. Its events wait in a stream, so there is nothing to drain at the end.
type outbox struct {
	consume func(ctx context.Context, h *Hook)
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}
}

// outboxes is what those of a bus have in common.
type outboxes struct {
	opened chan struct{}
	open   sync.Once
}

// OpenOutboxes lets the consumers of outboxes begin. The engine calls it once its data
// is loaded: before, what they have to read is not there yet.
func (b *Bus) OpenOutboxes() { b.outboxes.open.Do(func() { close(b.outboxes.opened) }) }

// Outbox lists a hook of mode outbox. consume gets the events and runs the
// hook until ctx ends, on a goroutine that the bus waits for; it begins after
// OpenOutboxes. The writer stands for the hook where its events arise: it is not listed,
// and cannot be disabled or trip, since an event that is not written is lost.
func (b *Bus) Outbox(o Options, consume func(ctx context.Context, h *Hook)) (listed, writer *Hook, err error) {
	o.Mode = Outbox
	if o.Stream == "" {
		return nil, nil, fmt.Errorf("hook: %s: mode outbox needs a stream", o.Name)
	}
	listed, err = b.add(o, func(h *Hook) {
		w := h.given
		w.TripAfter, w.OnError, w.Keys = -1, "retry", []string{o.Stream}
		h.writer = b.newHook(w)
		x := &outbox{consume: consume, done: make(chan struct{})}
		x.ctx, x.cancel = context.WithCancel(b.ctx)
		h.outbox = x
	})
	if err != nil {
		return nil, nil, err
	}
	return listed, listed.writer, nil
}

// run consumes the events of h from when the outboxes are opened.
func (x *outbox) run(h *Hook, opened <-chan struct{}) {
	defer close(x.done)
	select {
	case <-x.ctx.Done():
	case <-opened:
		x.consume(x.ctx, h)
	}
}

// Armed reports whether the hook may run now: it is neither disabled nor tripped.
func (h *Hook) Armed() bool { return h.armed() }

// Lost counts events that did not come through: an outbox could not be written.
func (h *Hook) Lost(n int64) { h.drops.Add(n) }

// DeadLetter counts an event that was given up.
func (h *Hook) DeadLetter() { h.dead.Add(1) }

type entryKey struct{}

// WithEntry returns a context that says which entry of an outbox a run is about.
func WithEntry(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, entryKey{}, id)
}

// EntryOf returns the ID of the outbox's entry that a run is about, "" for other modes.
// A run after a crash has the same ID as the one that it repeats.
func EntryOf(ctx context.Context) string {
	id, _ := ctx.Value(entryKey{}).(string)
	return id
}
