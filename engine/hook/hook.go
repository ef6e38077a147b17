package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/glob"
)

// Hook is one subscription, with what has become of it. It is safe for
// concurrent use.
type Hook struct {
	given  Options // as subscribed; o has the bus's limits besides
	o      atomic.Pointer[Options]
	match  []byte
	bus    *Bus
	queue  *queue  // of an observer
	judge  Judge   // of a hook that is asked before
	outbox *outbox // of a hook of mode outbox
	writer *Hook   // of a hook of mode outbox: writes its events into the stream
	figures

	off     atomic.Bool                   // disabled or tripped: see mu
	asking  atomic.Int32                  // runs of judge
	aside   atomic.Pointer[chan struct{}] // closed when the last run of a judge on a goroutine of its own has ended
	stuck   atomic.Bool                   // the present run goes on past its budget, and cannot be stopped
	resting atomic.Bool                   // it had to rest, and no run has done well since: see queue.rest

	mu       sync.Mutex
	disabled bool      // by command
	tripped  time.Time // zero when armed
	inRow    int       // failures since the last success
	lastErr  string
	lastAt   time.Time
	told     time.Time // when a failure was last logged
	untold   int64     // failures since
}

// maxErrText bounds what is kept of an error's text.
const maxErrText = 1 << 10

// limit puts the limits in force that the subscription does not have itself.
func (h *Hook) limit(d *Defaults) {
	o := h.given.with(d)
	h.o.Store(&o)
}

// close lets the goroutine of the hook end: a queue is emptied first, what is in
// an outbox stays there.
func (h *Hook) close() {
	switch {
	case h.queue != nil:
		h.queue.close()
	case h.outbox != nil:
		h.outbox.cancel()
	}
}

// done is closed when the goroutine of the hook has ended; nil when it has, or had, none.
func (h *Hook) done() <-chan struct{} {
	switch {
	case h.queue != nil:
		return h.queue.done
	case h.outbox != nil:
		return h.outbox.done
	}
	if aside := h.aside.Load(); aside != nil {
		return *aside
	}
	return nil
}

// Options returns the subscription with the limits that are in force.
func (h *Hook) Options() Options { return *h.o.Load() }

// Kind is the kind of events subscribed to.
func (h *Hook) Kind() Kind { return h.given.Kind }

// Budget is the wall clock of one run.
func (h *Hook) Budget() time.Duration { return h.o.Load().Budget }

// Retries is how often an atomic hook that fails has its cause put off; 0 when
// its policy is to continue.
func (h *Hook) Retries() int {
	if o := h.o.Load(); o.OnError == "retry" {
		return o.Retries
	}
	return 0
}

// Wants reports whether the subscription is for ev. A disabled or tripped
// hook wants nothing.
func (h *Hook) Wants(ev Event) bool {
	if ev.Kind() != h.given.Kind {
		return false
	}
	switch ev := ev.(type) {
	case *Key:
		return h.wantsKey(ev)
	case *Command:
		if !h.wantsPhase(ev.Phase) {
			return false
		}
	case *Rewrite:
		if !h.wantsPhase(ev.Phase) {
			return false
		}
	}
	return h.wants(ev.Database(), ev.Subject(), ev.Depth())
}

func (h *Hook) wantsKey(k *Key) bool {
	if h.given.Class&k.Class == 0 {
		return false
	}
	if len(h.given.Names) > 0 && !h.wantsName(k.Name) {
		return false
	}
	return h.wants(k.DB, k.Key, k.Nest)
}

func (h *Hook) wantsName(name string) bool {
	for _, n := range h.given.Names {
		if n == name {
			return true
		}
	}
	return false
}

func (h *Hook) wantsPhase(phase string) bool {
	if h.given.Phase == "" {
		return phase != Before
	}
	return h.given.Phase == phase
}

// wants looks at what all events have.
func (h *Hook) wants(db int, subject []byte, depth int) bool {
	if h.given.DB != AnyDB && db >= 0 && db != h.given.DB {
		return false
	}
	if h.match != nil && !glob.Match(h.match, subject, false) {
		return false
	}
	if h.off.Load() && !h.armed() {
		return false
	}
	if depth > h.o.Load().MaxDepth {
		h.deep.Add(1)
		return false
	}
	return true
}

// Ready reports whether a hook that is not told of events may run now.
func (h *Hook) Ready() bool { return !h.off.Load() || h.armed() }

// armed reports whether a hook that is off may run again: a pause that has
// passed re-arms it.
func (h *Hook) armed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch rearm := h.o.Load().Rearm; {
	case h.disabled:
		return false
	case h.tripped.IsZero():
		return true
	case rearm <= 0 || h.bus.now().Sub(h.tripped) < rearm:
		return false
	}
	// One more failure trips it again at once.
	h.tripped, h.inRow = time.Time{}, max(h.o.Load().TripAfter-1, 0)
	h.off.Store(false)
	h.say(slog.LevelInfo, "hook is tried again after a pause")
	return true
}

// PanicError is what a panic in a hook has been turned into.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// protect runs fn and makes an error of a panic.
func protect(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{p, debug.Stack()}
		}
	}()
	return fn()
}

// Run runs fn on behalf of the hook: a panic becomes an error, the run is
// counted and measured, and too many failures in a row trip the hook.
func (h *Hook) Run(fn func() error) error {
	start := h.bus.elapsed()
	err := protect(fn)
	h.record(1, h.bus.elapsed()-start, err)
	return err
}

// record takes n runs into account that took so long together; err is what the last
// ended with, the others did well. A run that ends well, but later than its budget
// allows, counts as a failure for tripping: what it did stands.
func (h *Hook) record(n int, took time.Duration, err error) {
	o := h.o.Load()
	h.count(n, took)
	if err != nil {
		h.failed(err, true)
		return
	}
	if took > o.Budget {
		h.late.Add(1)
		h.failed(fmt.Errorf("ran for %s, longer than its time budget of %s", took.Round(time.Millisecond), o.Budget), false)
		return
	}
	if h.failing.Load() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.inRow = 0
		h.failing.Store(false)
	}
}

// failed notes a failure, tells about it and trips the hook when there were too many.
func (h *Hook) failed(err error, isError bool) {
	if isError {
		h.errs.Add(1)
	}
	h.failing.Store(true)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inRow++
	h.lastErr, h.lastAt = err.Error(), h.bus.now()
	if len(h.lastErr) > maxErrText {
		h.lastErr = h.lastErr[:maxErrText] + "…"
	}
	h.tell(err)
	if limit := h.o.Load().TripAfter; limit > 0 && h.inRow >= limit && h.tripped.IsZero() {
		h.tripped = h.lastAt
		h.off.Store(true)
		h.trips.Add(1)
		h.say(slog.LevelError, "hook is tripped: it failed too often", "failures", h.inRow, "error", h.lastErr, "rearm", h.o.Load().Rearm)
		if h.queue != nil {
			h.queue.nudge()
		}
	}
}

// tell logs a failure, at most one a second for each hook. Called with mu held.
func (h *Hook) tell(err error) {
	if !h.told.IsZero() && h.lastAt.Sub(h.told) < time.Second && h.lastAt.Sub(h.told) >= 0 {
		h.untold++
		return
	}
	args := []any{"error", h.lastErr}
	if h.untold > 0 {
		args = append(args, "failures_not_logged", h.untold)
	}
	var p *PanicError
	if errors.As(err, &p) {
		args = append(args, "stack", string(p.Stack))
	}
	h.told, h.untold = h.lastAt, 0
	h.say(slog.LevelWarn, "hook failed", args...)
}

func (h *Hook) say(level slog.Level, text string, args ...any) {
	args = append([]any{"owner", h.given.Owner, "hook", h.given.Name, "event", h.given.Kind, "mode", h.given.Mode}, args...)
	h.bus.log.Log(context.Background(), level, text, args...)
}

// Enable lets a disabled or tripped hook run again.
func (h *Hook) Enable() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disabled, h.tripped, h.inRow = false, time.Time{}, 0
	h.off.Store(false)
	h.refresh()
}

// Disable keeps the hook from running until Enable. What waits in its queue is
// dropped and counted.
func (h *Hook) Disable() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disabled = true
	h.off.Store(true)
	if h.queue != nil {
		h.queue.nudge()
	}
}

// Reset sets the figures back and re-arms the hook. A disabled one stays so.
func (h *Hook) Reset() {
	h.figures.reset()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tripped, h.inRow, h.lastErr, h.lastAt = time.Time{}, 0, "", time.Time{}
	h.off.Store(h.disabled)
	h.refresh()
}

// refresh ends the rest of a hook whose runs have failed.
func (h *Hook) refresh() {
	h.resting.Store(false)
	if h.queue != nil {
		h.queue.hasten()
	}
}
