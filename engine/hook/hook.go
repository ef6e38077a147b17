package hook

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/glob"
)

// Mode says what a subscriber may rely on.
type Mode string

// The modes of delivery.
const (
	Observe Mode = "observe" // after the unit, outside all locks, at most once over a crash
	Outbox  Mode = "outbox"  // through a stream, at least once over crashes
	Atomic  Mode = "atomic"  // inside the unit, with it or not at all
)

// QueuePolicy says what a full queue does with a further event.
type QueuePolicy string

// The policies of a full queue.
const (
	Block      QueuePolicy = "block" // the publisher waits
	DropOldest QueuePolicy = "drop-oldest"
	DropNewest QueuePolicy = "drop-newest"
)

// Options describe a subscription. Zero values mean the defaults named here;
// the plugin host fills them from the [hooks] section first.
type Options struct {
	Name  string // unique among its owner's hooks
	Owner string // the plugin or script library
	Kind  Kind
	Match string   // glob on Event.Subject; "" for all
	DB    int      // only events of this database; AnyDB for all
	Names []string // key events: only these Redis event names; nil for all
	Class Class    // key events: only these classes; 0 for All, and the classes of Names beside it
	Mode  Mode     // default Observe
	Keys  []string // atomic: the keys it touches (globs); nil takes all locks

	Stream     string // outbox: the key of the stream, in DB or, for AnyDB, database 0
	DeadLetter string // outbox: the stream for events that are given up; default Stream + ":dead"
	Tries      int    // outbox: runs of an event that fail before it is given up; default Retries

	Queue     int           // events waiting at most; default 4096
	Full      QueuePolicy   // default Block
	Budget    time.Duration // wall clock of one run; default 1 s
	OnError   string        // atomic: continue (default) or retry
	Retries   int           // atomic with retry: tries before it goes on without; default 5
	TripAfter int           // failures in a row that disable the hook; default 10
	Rearm     time.Duration // pause after which a tripped hook is tried again; default 60 s
	MaxDepth  int           // events caused by more hooks than this are dropped; default 8
}

// AnyDB in Options.DB admits every database.
const AnyDB = -1

func (o *Options) fill() error {
	if o.Name == "" || o.Owner == "" || o.Kind == "" {
		return errors.New("hook: a subscription needs a name, an owner and an event")
	}
	if o.Class == 0 {
		o.Class = All
		for _, name := range o.Names {
			o.Class |= named[name]
		}
	}
	setDefault(&o.Mode, Observe)
	setDefault(&o.Queue, 4096)
	setDefault(&o.Full, Block)
	setDefault(&o.Budget, time.Second)
	setDefault(&o.OnError, "continue")
	setDefault(&o.Retries, 5)
	setDefault(&o.Tries, o.Retries)
	if o.Stream != "" {
		setDefault(&o.DeadLetter, o.Stream+":dead")
	}
	setDefault(&o.TripAfter, 10)
	setDefault(&o.Rearm, time.Minute)
	setDefault(&o.MaxDepth, 8)
	switch {
	case o.Mode != Observe && o.Mode != Atomic && o.Mode != Outbox:
		return fmt.Errorf("hook: %s: unknown mode %q (observe, outbox, atomic)", o.Name, o.Mode)
	case o.Full != Block && o.Full != DropOldest && o.Full != DropNewest:
		return fmt.Errorf("hook: %s: unknown queue policy %q (block, drop-oldest, drop-newest)", o.Name, o.Full)
	case o.OnError != "continue" && o.OnError != "retry":
		return fmt.Errorf("hook: %s: unknown on-error policy %q (continue, retry)", o.Name, o.OnError)
	}
	return nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Hook is one subscription, with what has become of it. It is safe for
// concurrent use.
type Hook struct {
	o   Options
	now func() time.Time

	runs, errs, drops, deep atomic.Int64
	dead                    atomic.Int64
	queued                  atomic.Int64
	busyNs, maxNs           atomic.Int64
	buckets                 [len(latencyBounds) + 1]atomic.Int64

	mu       sync.Mutex
	disabled bool      // by command
	tripped  time.Time // zero when armed
	inRow    int
	lastErr  string
	lastAt   time.Time
}

// latencyBounds are the upper bounds of the histogram of run times.
var latencyBounds = [...]time.Duration{
	10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond,
	100 * time.Millisecond, time.Second, 10 * time.Second,
}

// LatencyBounds returns the upper bounds of Stats.Latency; its last bucket has none.
func LatencyBounds() []time.Duration { return latencyBounds[:] }

// Options returns the subscription with its defaults filled in.
func (h *Hook) Options() Options { return h.o }

// Wants reports whether the subscription is for ev. A disabled or tripped
// hook wants nothing.
func (h *Hook) Wants(ev Event) bool {
	if ev.Kind() != h.o.Kind || !h.armed() {
		return false
	}
	if h.o.DB != AnyDB && ev.Database() >= 0 && ev.Database() != h.o.DB {
		return false
	}
	if k, ok := ev.(*Key); ok && !h.wantsName(k) {
		return false
	}
	if h.o.Match != "" && !glob.Match([]byte(h.o.Match), ev.Subject(), false) {
		return false
	}
	if ev.Depth() > h.o.MaxDepth {
		h.deep.Add(1)
		return false
	}
	return true
}

func (h *Hook) wantsName(k *Key) bool {
	if h.o.Class&k.Class == 0 {
		return false
	}
	if len(h.o.Names) == 0 {
		return true
	}
	for _, n := range h.o.Names {
		if n == k.Name {
			return true
		}
	}
	return false
}

// armed reports whether the hook may run; a pause that has passed re-arms it.
func (h *Hook) armed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.disabled {
		return false
	}
	if !h.tripped.IsZero() {
		if h.now().Sub(h.tripped) < h.o.Rearm {
			return false
		}
		// One more failure trips it again at once.
		h.tripped, h.inRow = time.Time{}, h.o.TripAfter-1
	}
	return true
}

// Run runs fn on behalf of the hook: a panic becomes an error, the run is
// counted and measured, and too many failures in a row trip the hook.
func (h *Hook) Run(fn func() error) (err error) {
	start := h.now()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		h.record(h.now().Sub(start), err)
	}()
	return fn()
}

func (h *Hook) record(took time.Duration, err error) {
	h.runs.Add(1)
	h.busyNs.Add(int64(took))
	for {
		old := h.maxNs.Load()
		if int64(took) <= old || h.maxNs.CompareAndSwap(old, int64(took)) {
			break
		}
	}
	i := 0
	for i < len(latencyBounds) && took > latencyBounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.inRow = 0
		return
	}
	h.errs.Add(1)
	h.inRow++
	h.lastErr, h.lastAt = err.Error(), h.now()
	if h.inRow >= h.o.TripAfter {
		h.tripped = h.now()
	}
}

// Enable lets a disabled or tripped hook run again.
func (h *Hook) Enable() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disabled, h.tripped, h.inRow = false, time.Time{}, 0
}

// Disable keeps the hook from running until Enable.
func (h *Hook) Disable() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disabled = true
}

// Reset sets the figures back and re-arms the hook.
func (h *Hook) Reset() {
	h.runs.Store(0)
	h.errs.Store(0)
	h.drops.Store(0)
	h.deep.Store(0)
	h.dead.Store(0)
	h.busyNs.Store(0)
	h.maxNs.Store(0)
	for i := range h.buckets {
		h.buckets[i].Store(0)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tripped, h.inRow, h.lastErr, h.lastAt = time.Time{}, 0, "", time.Time{}
}

// Stats is what has become of a hook since its registration or Reset.
type Stats struct {
	State     string // armed, disabled, tripped
	Runs      int64
	Errors    int64
	Drops     int64 // events lost to a full queue
	TooDeep   int64 // events dropped at the depth limit
	Dead      int64 // events given up, to a dead-letter stream
	Queued    int64 // events waiting now
	Busy      time.Duration
	Longest   time.Duration
	Latency   []int64 // runs by LatencyBounds
	LastError string
	LastErrAt time.Time
}

// Stats returns the hook's figures.
func (h *Hook) Stats() Stats {
	s := Stats{
		State: "armed", Runs: h.runs.Load(), Errors: h.errs.Load(), Drops: h.drops.Load(),
		TooDeep: h.deep.Load(), Dead: h.dead.Load(), Queued: h.queued.Load(),
		Busy: time.Duration(h.busyNs.Load()), Longest: time.Duration(h.maxNs.Load()),
	}
	for i := range h.buckets {
		s.Latency = append(s.Latency, h.buckets[i].Load())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.LastError, s.LastErrAt = h.lastErr, h.lastAt
	switch {
	case h.disabled:
		s.State = "disabled"
	case !h.tripped.IsZero():
		s.State = "tripped"
	}
	return s
}

type depthKey struct{}

// WithDepth returns a context that says how many hooks led to what is done
// under it.
func WithDepth(ctx context.Context, depth int) context.Context {
	return context.WithValue(ctx, depthKey{}, depth)
}

// DepthOf returns the number of hooks that led to what is done under ctx.
func DepthOf(ctx context.Context) int {
	d, _ := ctx.Value(depthKey{}).(int)
	return d
}
