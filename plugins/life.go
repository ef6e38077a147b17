package plugins

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/timer"
)

// life is what runs on behalf of a plugin besides its hooks and commands:
// background work and timers. Both begin when the log has been loaded and end
// when the plugin is stopped.
type life struct {
	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup // background work and timers that are running

	lifeMu  sync.Mutex
	started bool
	stopped bool
	waiting []func() // begin with start; called with lifeMu held
	timers  map[*timer.Timer]bool
	timings map[*Timing]bool // those of Host.Timer
}

// faults are what went wrong in a plugin and was caught.
type faults struct{ panics, restarts atomic.Int64 }

func (l *life) init() {
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.timers, l.timings = map[*timer.Timer]bool{}, map[*Timing]bool{}
}

// begin lets what was asked for so far begin.
func (l *life) begin() {
	l.lifeMu.Lock()
	defer l.lifeMu.Unlock()
	l.started = true
	for _, fn := range l.waiting {
		fn()
	}
	l.waiting = nil
}

// whenStarted calls fn with lifeMu held: now, or when the plugin has started.
func (l *life) whenStarted(fn func()) {
	l.lifeMu.Lock()
	defer l.lifeMu.Unlock()
	switch {
	case l.stopped:
	case l.started:
		fn()
	default:
		l.waiting = append(l.waiting, fn)
	}
}

// end stops the timers, ends the context, and waits for what is running, at most
// until ctx ends: what does not end by then is left behind.
func (l *life) end(ctx context.Context) error {
	l.lifeMu.Lock()
	l.stopped = true
	for t := range l.timers {
		t.Stop()
	}
	for t := range l.timings {
		t.halt()
	}
	clear(l.timers)
	clear(l.timings)
	l.waiting = nil
	l.lifeMu.Unlock()
	l.cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.tasks.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("background work or a timer does not end: %w", ctx.Err())
	}
}

// figures returns how many timers are set.
func (l *life) figures() (timers int) {
	l.lifeMu.Lock()
	defer l.lifeMu.Unlock()
	return len(l.timers) + len(l.timings)
}

func (l *life) ended() bool {
	l.lifeMu.Lock()
	defer l.lifeMu.Unlock()
	return l.stopped
}

// enter counts something that runs, unless the plugin has been stopped.
func (l *life) enter() bool {
	l.lifeMu.Lock()
	defer l.lifeMu.Unlock()
	if l.stopped {
		return false
	}
	l.tasks.Add(1)
	return true
}

// After how long background work is started again when it has panicked: the
// pause doubles from the first to the longest. Work that lasted longer than the
// longest pause begins from the first one again.
const (
	restartAfter = 100 * time.Millisecond
	longestPause = 30 * time.Second
)

// Go runs fn on a goroutine that the host owns, once the log has been loaded:
// ctx ends when the plugin is stopped, and the host waits for fn to return. When
// fn panics, that is logged and counted, and fn is started again after a pause.
func (h *Host) Go(fn func(ctx context.Context)) {
	h.whenStarted(func() {
		h.tasks.Add(1)
		go func() {
			defer h.tasks.Done()
			h.supervise(fn)
		}()
	})
}

func (h *Host) supervise(fn func(ctx context.Context)) {
	for pause := restartAfter; ; pause = min(2*pause, longestPause) {
		start := h.Now()
		if !h.guard("background work", func() { fn(h.ctx) }) || h.ctx.Err() != nil {
			return
		}
		if h.Now().Sub(start) > longestPause {
			pause = restartAfter
		}
		over := make(chan struct{})
		alarm := h.core.Timers().After(pause, func() { close(over) })
		select {
		case <-h.ctx.Done():
			alarm.Stop()
			return
		case <-over:
		}
		h.faults.restarts.Add(1)
	}
}

// Every calls fn at an interval, which must be above 0, never twice at a time,
// from the plugin's start until cancel is called or the plugin is stopped. ctx
// ends when the plugin is stopped. It is for the plugin's own housekeeping, which
// has no budget; what operators shall see and switch is a Timer.
func (h *Host) Every(interval time.Duration, fn func(ctx context.Context)) (cancel func()) {
	return h.set(false, fn, func(run func()) *timer.Timer { return h.core.Timers().Every(interval, run) })
}

// After calls fn once, after a while, unless cancel is called before or the
// plugin is stopped. Before the plugin has started, the while begins with the start.
func (h *Host) After(d time.Duration, fn func(ctx context.Context)) (cancel func()) {
	return h.set(true, fn, func(run func()) *timer.Timer { return h.core.Timers().After(d, run) })
}

// At is After for a moment; one that has passed comes at once.
func (h *Host) At(when time.Time, fn func(ctx context.Context)) (cancel func()) {
	return h.set(true, fn, func(run func()) *timer.Timer { return h.core.Timers().At(when, run) })
}

func (h *Host) set(once bool, fn func(ctx context.Context), arm func(run func()) *timer.Timer) (cancel func()) {
	var t *timer.Timer // guarded by lifeMu
	cancelled := false
	forget := func() {
		h.lifeMu.Lock()
		defer h.lifeMu.Unlock()
		cancelled = true
		if t != nil {
			t.Stop()
			delete(h.timers, t)
		}
	}
	run := func() {
		if !h.enter() {
			return
		}
		defer h.tasks.Done()
		if once {
			forget()
		}
		h.guard("timer", func() { fn(h.ctx) })
	}
	h.whenStarted(func() {
		if !cancelled {
			t = arm(run)
			h.timers[t] = true
		}
	})
	return forget
}

// guard calls fn and reports whether it panicked, which is logged and counted.
func (h *Host) guard(where string, fn func()) (panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			panicked = true
			h.faults.panics.Add(1)
			h.log.Error("panic in a plugin", "where", where, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	fn()
	return false
}

// try is guard for what returns an error: a panic becomes one.
func (h *Host) try(where string, fn func() error) (err error) {
	if h.guard(where, func() { err = fn() }) {
		return fmt.Errorf("it panicked: see the log")
	}
	return err
}
