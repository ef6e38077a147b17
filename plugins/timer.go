package plugins

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/timer"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Timer says when something is to run: at an interval, once, or by a cron
// expression. Exactly one of Every, At and Cron is set.
type Timer struct {
	Name  string        // unique among its owner's hooks
	Owner string        // default the plugin's name; a script library has one of its own
	Every time.Duration // an interval of at least a millisecond
	At    time.Time     // once
	Cron  string        // minute hour day month weekday, or @hourly and the like, in local time
	// Persist keeps the time of the last run in the key TimersKey, so that a
	// restart neither forgets nor repeats one: a time that came while the server was
	// down is made up for, once.
	Persist bool
	// Limits are those of hooks, 0 for the defaults.
	Budget    time.Duration
	TripAfter int
	Rearm     time.Duration
}

// TimersKey is the hash, in database 0, that holds for each persisted timer
// when it last ran, or was first seen: owner/name to Unix milliseconds.
const TimersKey = "kevy:timers"

// TimerFunc is what a timer runs: never twice at a time, outside all locks. ctx
// ends with its time budget, and with its owner.
type TimerFunc func(ctx context.Context, ev *hook.Timer) error

// Timing is a Timer that has been set.
type Timing struct {
	Timer
	host   *Host
	hook   *hook.Hook
	plan   plan
	fn     TimerFunc
	ctx    context.Context
	cancel context.CancelFunc

	// Only begin and, from then on, one ring after the other touch these.
	known bool      // next is
	next  time.Time // zero: never again

	mu      sync.Mutex
	stopped bool
	alarm   *timer.Timer
}

// Timer runs fn at the times that o says, from the plugin's start until it is
// stopped. It is listed, counted, tripped and switched like a hook, on events of
// kind timer.
func (h *Host) Timer(o Timer, fn TimerFunc) (*Timing, error) {
	if o.Owner == "" {
		o.Owner = h.name
	}
	p, err := o.plan()
	if err != nil {
		return nil, fmt.Errorf("plugins: timer %s/%s: %w", o.Owner, o.Name, err)
	}
	hk, err := h.core.Bus().Attach(hook.Options{
		Name: o.Name, Owner: o.Owner, Kind: hook.KindTimer, DB: hook.AnyDB, Match: o.When(),
		Budget: o.Budget, TripAfter: o.TripAfter, Rearm: o.Rearm,
	})
	if err != nil {
		return nil, err
	}
	t := &Timing{Timer: o, host: h, hook: hk, plan: p, fn: fn}
	t.ctx, t.cancel = context.WithCancel(h.ctx)
	h.whenStarted(func() {
		h.timings[t] = true
		t.begin(h.Now())
	})
	return t, nil
}

// begin lets the timer count from now. A persisted one has to look into the
// store for its first time: it does that a little later, since the caller may
// hold locks.
func (t *Timing) begin(now time.Time) {
	if t.Persist {
		t.next = now
	} else {
		t.next, t.known = t.first(now), true
	}
	t.arm()
}

// first is when a timer runs that knows nothing of earlier runs. A moment that
// has passed does not come again.
func (t *Timing) first(now time.Time) time.Time {
	if next := t.plan.next(now); t.At.IsZero() || next.After(now) {
		return next
	}
	return time.Time{}
}

// Stop ends the timer, without waiting for a run in progress, whose context ends.
// It stays listed until the hooks of its owner are removed. It is idempotent.
func (t *Timing) Stop() {
	t.host.lifeMu.Lock()
	delete(t.host.timings, t)
	t.host.lifeMu.Unlock()
	t.halt()
}

func (t *Timing) halt() {
	t.cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	if t.alarm != nil {
		t.alarm.Stop()
	}
}

// arm makes the timer wait for its next time.
func (t *Timing) arm() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stopped && !t.next.IsZero() {
		t.alarm = t.host.core.Timers().At(t.next, t.ring)
	}
}

// ring runs the timer when its time has come, and finds the next one. What has
// been missed is made up for by one run.
func (t *Timing) ring() {
	if !t.host.enter() {
		return
	}
	defer t.host.tasks.Done()
	if t.ctx.Err() != nil {
		return
	}
	now := t.host.Now()
	if !t.known {
		t.next, t.known = t.persisted(now), true
	}
	if due := t.next; !due.IsZero() && !now.Before(due) {
		t.run(due, now)
		t.next = t.plan.after(due, now)
	}
	t.arm()
}

func (t *Timing) run(due, now time.Time) {
	if !t.hook.Ready() {
		return
	}
	ctx, end := hook.Begin(t.ctx, 1, t.hook.Budget())
	ev := &hook.Timer{Name: t.Name, DueMs: due.UnixMilli(), AtMs: now.UnixMilli()}
	_ = t.hook.Run(func() error { return t.fn(ctx, ev) }) // a failure is in the hook's figures
	end()
	if t.Persist {
		t.keep(t.plan.kept(due, now))
	}
}

// persisted is the first time since the start of a timer that has left word of
// its last run.
func (t *Timing) persisted(now time.Time) time.Time {
	last, known, err := t.last()
	switch {
	case err != nil: // what is kept stays as it is
		t.complain(err)
		if !t.At.IsZero() {
			return t.At
		}
		return t.plan.next(now)
	case !known && !t.At.IsZero():
		return t.At
	case !known:
		t.keep(now)
		return t.plan.next(now)
	case !t.At.IsZero() && !last.Before(t.At):
		return time.Time{} // it has run
	case last.After(now) && t.At.IsZero():
		last = now // the clock was set back
	}
	return t.plan.next(last)
}

// field is the timer's name in TimersKey.
func (t *Timing) field() string { return t.Owner + "/" + t.Name }

// last is when a persisted timer last ran.
func (t *Timing) last() (at time.Time, known bool, err error) {
	var c wire.Collector
	err = t.host.core.Do(hook.WithDepth(t.ctx, 1), 0, [][]byte{[]byte("HGET"), []byte(TimersKey), []byte(t.field())}, &c)
	if err != nil {
		return at, false, err
	}
	v, err := c.Typed()
	if err != nil || v.IsNull() {
		return at, false, err
	}
	ms, err := strconv.ParseInt(string(v.Str), 10, 64)
	if err != nil {
		return at, false, nil // somebody has written something else there: it is written anew
	}
	return time.UnixMilli(ms), true, nil
}

// keep writes down when the timer last ran, once it has: a crash in the middle
// of a run makes it run again.
func (t *Timing) keep(at time.Time) {
	args := [][]byte{[]byte("HSET"), []byte(TimersKey), []byte(t.field()), strconv.AppendInt(nil, at.UnixMilli(), 10)}
	if err := t.host.core.Do(hook.WithDepth(t.ctx, 1), 0, args, &wire.Collector{}); err != nil && t.ctx.Err() == nil {
		t.complain(err)
	}
}

func (t *Timing) complain(err error) {
	t.host.log.Warn("the time of a timer is not kept", "owner", t.Owner, "timer", t.Name, "error", err)
}
