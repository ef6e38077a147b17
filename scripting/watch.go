package scripting

//lint:file-ignore ST1005 the texts of errors that clients see are Redis'

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// watch is the part of a state that ends runs. The machine's loop (machine.go) counts
// a tick before each instruction; every checkEvery of them the clock is read, and with
// it the kill flag, the limits and, now and then, the size of the heap. Once stopErr is
// set, every further instruction fails, so that no pcall can go on. A run that is
// over sooner never reads the clock: its time begins with the first check.
type watch struct {
	ticks   int
	slices  int
	stopErr error

	// Read by other goroutines.
	running   atomic.Int32 // what runs: one of runNone, …
	serial    atomic.Int64 // of the run
	killed    atomic.Int64 // the serial of the run that is to end
	startedAt atomic.Int64 // Unix nanoseconds; 0 before the first check
	wrote     atomic.Bool  // the run has changed something
	shown     atomic.Pointer[shown]

	started   time.Time     // zero before the first check
	limit     time.Duration // 0: none
	busyAfter time.Duration // 0: never
	budget    int64         // bytes; 0: no limit
	tellBusy  bool          // the engine is to be told when busyAfter is over
	over      func()        // tells it that the run has ended

	measured time.Duration // when the heap was last measured
	base     int64         // the heap then, at first
	spaceAt  int64         // the keyspace then
	allowed  int64         // growth at which to look closer
	charged  int64         // bytes of strings built since
}

// What a state may be running.
const (
	runNone int32 = iota
	runScript
	runFunction
	runHook // hooks and timers
	runLoad // the top level of a library
)

// checkEvery instructions the clock is read. One instruction can fill 16 MB
// (a table's array), so it must not be many.
const checkEvery = 64

// measureEvery is how often the heap is measured at most, and chargeEvery the
// bytes of new strings after which it is measured in any case.
const (
	measureEvery = 2 * time.Millisecond
	chargeEvery  = 16 << 20
)

// What a script can be stopped with. The texts of the first are Redis'.
var (
	errKilled   = errors.New("Script killed by user with SCRIPT KILL...")
	errFunKill  = errors.New("Script killed by user with FUNCTION KILL...")
	errTimeout  = errors.New("Script ran longer than its time limit")
	errMemory   = errors.New("Script used more memory than its limit")
	errCanceled = errors.New("Script was canceled")
)

func (w *watch) begin(r *Runner, kind int32) {
	w.ticks, w.slices = checkEvery, 0
	w.stopErr = nil
	w.serial.Add(1)
	if w.shown.Load() != nil {
		w.shown.Store(nil)
	}
	if w.wrote.Load() {
		w.wrote.Store(false)
	}
	cfg := &r.core.Live().Get().Scripting
	w.started = time.Time{}
	if w.startedAt.Load() != 0 {
		w.startedAt.Store(0)
	}
	if r.core.Bus().Wants(hook.KindScript) { // somebody is told how long it took
		w.started = r.now()
		w.startedAt.Store(w.started.UnixNano())
	}
	w.limit, w.busyAfter, w.budget = cfg.TimeLimit, cfg.BusyReplyThreshold, cfg.MaxMemory
	w.tellBusy, w.over = false, nil
	w.measured, w.base, w.allowed, w.charged = 0, 0, 0, 0
	w.running.Store(kind)
}

func (w *watch) end() {
	w.running.Store(runNone)
	w.tellBusy = false
}

// heavy reports whether the run was so large that its state had better go: it took
// long, or left it with more registers than a few runs will need.
func (s *state) heavy() bool { return s.slices > 1<<16 || registerRoom(s.L) > maxIdleRegisters }

// maxIdleRegisters is half a megabyte of them.
const maxIdleRegisters = 1 << 15

// elapsed is the run's time so far, on its goroutine.
func (s *state) elapsed() time.Duration {
	now := s.runner.now()
	if s.started.IsZero() {
		s.started = now
		s.startedAt.Store(now.UnixNano())
	}
	return now.Sub(s.started)
}

// A state is the context of its threads, by which Go functions find it. Nothing
// waits for it.

// Deadline implements context.Context.
func (s *state) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value implements context.Context.
func (s *state) Value(any) any { return nil }

// Err implements context.Context.
func (s *state) Err() error { return s.stopErr }

// Done implements context.Context.
func (s *state) Done() <-chan struct{} { return nil }

// check is what watchedLoop does every checkEvery instructions, and before each once
// stopErr is set.
func (s *state) check() {
	s.slices++
	if s.stopErr != nil {
		return
	}
	s.ticks = checkEvery
	if s.running.Load() == runNone {
		return
	}
	if s.outside != nil {
		// It holds no lock, and nobody waits for it: who serves clients goes first,
		// and does not wait for the end of its slice of 10 ms.
		runtime.Gosched()
	}
	now := s.elapsed()
	switch {
	case s.killed.Load() == s.serial.Load():
		s.stop(s.killError())
	case s.limit > 0 && now > s.limit:
		s.stop(errTimeout)
	case s.bg != nil && s.slices%16 == 0 && s.bg.Err() != nil:
		if errors.Is(s.bg.Err(), context.DeadlineExceeded) {
			s.stop(errTimeout)
		} else {
			s.stop(errCanceled)
		}
	case s.budget > 0 && (now-s.measured > measureEvery || s.charged > chargeEvery):
		s.measured = now
		s.measure()
	}
	if s.tellBusy && s.busyAfter > 0 && now > s.busyAfter {
		s.tellBusy = false
		s.show(s.call)
		s.over = s.runner.core.Busy(s.call, s.running.Load() == runFunction)
	}
}

func (s *state) killError() error {
	if s.running.Load() == runFunction {
		return errFunKill
	}
	return errKilled
}

// stop makes the run fail from now on.
func (s *state) stop(err error) {
	s.stopErr, s.ticks = err, 0
}

// charge accounts for n bytes of a string that is about to be built. It raises
// an error when that is more than the run may use.
func (s *state) charge(n int) error {
	if n < 1<<12 {
		return nil
	}
	if s.budget > 0 && int64(n) > s.budget || n > maxString {
		return fmt.Errorf("string of %d bytes is too long", n)
	}
	s.charged += int64(n)
	if s.charged > chargeEvery && s.budget > 0 && s.stopErr == nil {
		s.measured = s.elapsed()
		s.measure()
	}
	return s.stopErr
}

// maxString is the longest string that a script may build: Redis' own limit of
// a value.
const maxString = 512 << 20

// measure compares the heap's growth since the run's begin with its budget.
// What the keyspace has grown by is not the script's. Garbage counts until it is
// collected, so a collection decides before the script is stopped.
func (s *state) measure() {
	s.charged = 0
	heap, live := heapBytes()
	space := s.spaceBytes()
	if s.base == 0 {
		// What was alive at the last collection: garbage that others left would hide
		// what this run builds.
		s.base, s.spaceAt, s.allowed = max(min(heap, live), 1), space, s.budget+heap-live
		return
	}
	if heap-s.base-2*(space-s.spaceAt) <= s.allowed {
		return
	}
	runtime.GC()
	heap, live = heapBytes()
	heap, space = min(heap, live), s.spaceBytes()
	grown := heap - s.base - 2*(space-s.spaceAt)
	if grown > s.budget {
		s.stop(errMemory)
		return
	}
	s.allowed = max(grown, 0) + s.budget
}

func (s *state) spaceBytes() int64 {
	if s.call == nil || s.call.Unit == nil || s.call.Unit.Space == nil {
		return 0
	}
	return s.call.Unit.Space.Used()
}

// heapBytes is what the heap holds, and what of it was alive when it was last
// collected.
func heapBytes() (all, live int64) {
	var samples = [2]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples[:])
	if samples[0].Value.Kind() != metrics.KindUint64 || samples[1].Value.Kind() != metrics.KindUint64 {
		return 0, 0
	}
	return int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64())
}
