// Package timer runs functions when their moment has come: by itself, or, where
// the clock is in somebody's hand, when that one asks for it.
//
// It knows a clock. It must not know what its functions do; whoever sets a timer
// owns it and stops it.
package timer

import (
	"container/heap"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Timers are the timers of one engine. They are safe for concurrent use.
type Timers struct {
	now    func() time.Time
	manual bool
	log    *slog.Logger

	mu      sync.Mutex
	closed  bool
	armed   map[*Timer]struct{} // of timers that run by themselves
	due     queue               // of timers that are run by hand
	seq     int64
	running sync.WaitGroup
}

// Timer is a function that waits for its moment.
type Timer struct {
	set   *Timers
	fn    func()
	when  time.Time
	every time.Duration // 0: once

	// Guarded by set.mu.
	stopped bool
	alarm   *time.Timer // of a timer that runs by itself
	seq     int64       // order among equal moments
	index   int         // in set.due, -1 outside
}

// longestSleep bounds how long a timer trusts the clock: after a jump of the
// wall clock it is right again after so long.
const longestSleep = 30 * time.Second

// New makes an empty set. now is its clock. With manual set, functions run only
// in RunDue; otherwise each call is on a goroutine of its own.
func New(now func() time.Time, manual bool, log *slog.Logger) *Timers {
	return &Timers{now: now, manual: manual, log: log, armed: map[*Timer]struct{}{}}
}

// At calls fn once at a moment, at once when it has passed.
func (s *Timers) At(when time.Time, fn func()) *Timer { return s.add(when, 0, fn) }

// After calls fn once after a while.
func (s *Timers) After(d time.Duration, fn func()) *Timer { return s.add(s.now().Add(d), 0, fn) }

// Every calls fn at an interval, which must be above 0, first after one
// interval. Calls never overlap: one that is late is followed by the next after
// a whole interval.
func (s *Timers) Every(d time.Duration, fn func()) *Timer {
	if d <= 0 {
		panic(fmt.Sprintf("timer: an interval of %s", d))
	}
	return s.add(s.now().Add(d), d, fn)
}

func (s *Timers) add(when time.Time, every time.Duration, fn func()) *Timer {
	t := &Timer{set: s, fn: fn, when: when, every: every, index: -1}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.stopped = s.closed
	s.arm(t)
	return t
}

// arm makes t wait for t.when. Called with mu held.
func (s *Timers) arm(t *Timer) {
	if t.stopped {
		return
	}
	if s.manual {
		s.seq++
		t.seq = s.seq
		heap.Push(&s.due, t)
		return
	}
	s.armed[t] = struct{}{}
	t.alarm = time.AfterFunc(min(t.when.Sub(s.now()), longestSleep), func() { s.ring(t) })
}

// ring is called on a goroutine of its own when a timer that runs by itself
// wakes up.
func (s *Timers) ring(t *Timer) {
	s.mu.Lock()
	if t.stopped {
		s.mu.Unlock()
		return
	}
	if t.when.After(s.now()) { // the sleep was bounded, or the clock was set back
		s.arm(t)
		s.mu.Unlock()
		return
	}
	delete(s.armed, t)
	s.running.Add(1)
	s.mu.Unlock()
	defer s.running.Done()
	s.call(t)
}

// call runs t's function and arms t again, if it repeats.
func (s *Timers) call(t *Timer) {
	func() {
		defer func() {
			if p := recover(); p != nil {
				s.log.Error("panic in a timer", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			}
		}()
		t.fn()
	}()
	if t.every == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if t.when = t.when.Add(t.every); t.when.Before(now) {
		t.when = now.Add(t.every)
	}
	s.arm(t)
}

// Stop ends the timer: its function is not called any more. It does not wait
// for a call in progress. It is idempotent.
func (t *Timer) Stop() {
	s := t.set
	s.mu.Lock()
	defer s.mu.Unlock()
	t.stopped = true
	delete(s.armed, t)
	if t.alarm != nil {
		t.alarm.Stop()
	}
	if t.index >= 0 {
		heap.Remove(&s.due, t.index)
	}
}

// Next is the moment of the earliest timer that is run by hand.
func (s *Timers) Next() (when time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.due) == 0 {
		return time.Time{}, false
	}
	return s.due[0].when, true
}

// RunDue runs by hand what is due now, in the order of the moments, on the
// caller's goroutine, and returns how many functions that were. What these make
// due at once is left for the next call. Timers that run by themselves are none
// of its business.
func (s *Timers) RunDue() (n int) {
	s.mu.Lock()
	now, last := s.now(), s.seq
	s.mu.Unlock()
	for {
		s.mu.Lock()
		if len(s.due) == 0 || s.due[0].when.After(now) || s.due[0].seq > last {
			s.mu.Unlock()
			return n
		}
		t := heap.Pop(&s.due).(*Timer)
		s.running.Add(1)
		s.mu.Unlock()
		s.call(t)
		s.running.Done()
		n++
	}
}

// Close stops all timers, and those that are set later, and waits for the
// calls in progress, at most until ctx ends: the error is that one does not end.
// It must not be called from one.
func (s *Timers) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for t := range s.armed {
		t.stopped = true
		t.alarm.Stop()
	}
	clear(s.armed)
	for _, t := range s.due {
		t.stopped, t.index = true, -1
	}
	s.due = nil
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("timer: a function does not end: %w", ctx.Err())
	}
}
