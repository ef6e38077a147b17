// Package reaper removes what has come due, on time and without stalling
// anybody: it sleeps until the next deadline and then works in bounded batches.
//
// It knows a Target and a clock. It must not know the engine, keys or the log.
package reaper

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Target is what has things that come due. Its methods are called by the goroutine
// of Run, or of Tick.
type Target interface {
	// NextDue is the earliest moment, Unix milliseconds, at which anything may
	// come due; it may be early, never late. math.MaxInt64 stands for never.
	NextDue() int64
	// Alarm is NextDue for a reaper that is about to sleep until then, or until the
	// moment `until` where that is earlier. When something is set meanwhile that comes
	// due before, the target calls wake, from any goroutine.
	Alarm(until int64, wake func()) int64
	// Expire removes up to max of what is due from each part of the target and
	// returns how many it removed.
	Expire(max int) int
}

// Config is how the reaper works. Set may change it at any time.
type Config struct {
	// Interval is the longest sleep: how soon a jump of the clock is noticed.
	Interval time.Duration
	// Batch is how many keys are removed under one hold of a lock. It grows with
	// the backlog, up to 8 times as many.
	Batch int
	// Rounds is how many batches a tick removes at most before others get a turn.
	Rounds int
}

// Defaults of Config.
const (
	DefaultInterval = 100 * time.Millisecond
	DefaultBatch    = 200
	DefaultRounds   = 16
)

func (c Config) fill() Config {
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	if c.Batch <= 0 {
		c.Batch = DefaultBatch
	}
	if c.Rounds <= 0 {
		c.Rounds = DefaultRounds
	}
	return c
}

// Reaper drives a Target. It is safe for concurrent use; Tick and Run must not
// be called at the same time as each other.
type Reaper struct {
	target Target
	now    func() time.Time
	log    *slog.Logger
	config atomic.Pointer[Config]
	stats  stats
	woken  chan struct{} // something comes due sooner than Run knows
}

type stats struct{ ticks, removed, panics, behind atomic.Int64 }

// Stats counts what a reaper has done.
type Stats struct {
	Ticks, Removed, Panics int64
	Behind                 bool // the last tick left something due
}

// New makes a reaper. now may be nil for time.Now, log nil for slog.Default.
func New(t Target, c Config, now func() time.Time, log *slog.Logger) *Reaper {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.Default()
	}
	r := &Reaper{target: t, now: now, log: log, woken: make(chan struct{}, 1)}
	r.Set(c)
	return r
}

// Set changes how the reaper works, at once.
func (r *Reaper) Set(c Config) {
	c = c.fill()
	r.config.Store(&c)
	r.wake()
}

// wake lets Run look when the next deadline is. It does not wait.
func (r *Reaper) wake() {
	select {
	case r.woken <- struct{}{}:
	default: // it will
	}
}

// Stats returns the counters.
func (r *Reaper) Stats() Stats {
	return Stats{
		Ticks: r.stats.ticks.Load(), Removed: r.stats.removed.Load(), Panics: r.stats.panics.Load(),
		Behind: r.stats.behind.Load() != 0,
	}
}

// Tick removes what is due now, in at most Config.Rounds batches, and reports
// whether something due is left. It is what Run does at each turn, for
// embedders with a loop of their own and for tests.
func (r *Reaper) Tick() (removed int, more bool) {
	c := r.config.Load()
	r.stats.ticks.Add(1)
	batch := c.Batch
	for range c.Rounds {
		if r.target.NextDue() > r.now().UnixMilli() {
			r.stats.behind.Store(0)
			return removed, false
		}
		n, ok := r.expire(batch)
		removed += n
		r.stats.removed.Add(int64(n))
		if !ok {
			break
		}
		if n >= batch {
			batch = min(2*batch, 8*c.Batch)
		}
	}
	more = r.target.NextDue() <= r.now().UnixMilli()
	if more {
		r.stats.behind.Store(1)
	}
	return removed, more
}

// expire guards the loop against a panic in the target: expiry must go on.
func (r *Reaper) expire(batch int) (n int, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			r.stats.panics.Add(1)
			r.log.Error("panic in expiry", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			ok = false
		}
	}()
	return r.target.Expire(batch), true
}

// Run ticks until ctx ends. Between ticks it sleeps until the next deadline,
// at most Config.Interval; after a jump of the clock, forwards or backwards, it
// is right again after one interval.
func (r *Reaper) Run(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		pause := time.Duration(0)
		select {
		case <-ctx.Done():
			return
		case <-r.woken:
			pause = r.pause()
		case <-t.C:
			switch removed, more := r.Tick(); {
			case !more:
				pause = r.pause()
			case removed > 0:
				pause = breather
			default:
				pause = refusal
			}
		}
		t.Reset(pause)
	}
}

const (
	// breather is the pause after a tick that left something due: long enough for
	// waiting writers to get their turn.
	breather = 50 * time.Microsecond
	// refusal is the pause after one that found something due and removed nothing:
	// writes are paused, say.
	refusal = 10 * time.Millisecond
)

// pause is how long to sleep when nothing is due.
func (r *Reaper) pause() time.Duration {
	interval, now := r.config.Load().Interval, r.now()
	next := r.target.Alarm(now.Add(interval).UnixMilli(), r.wake)
	wait := time.Duration(next-now.UnixMilli()) * time.Millisecond
	if next > now.Add(interval).UnixMilli() || wait > interval {
		return interval
	}
	return max(wait, breather)
}
