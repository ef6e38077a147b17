package engine

import (
	"sync"
	"sync/atomic"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// busyState knows whether a script has passed its busy threshold while it
// holds locks. Then others are answered BUSY instead of waiting, and those
// that wait already give up.
type busyState struct {
	mu     sync.Mutex
	active atomic.Int32 // busy units
	all    atomic.Int32 // those among them that hold the whole keyspace
	text   atomic.Pointer[wire.Error]
	ch     atomic.Pointer[chan struct{}] // closed while busy
}

func (b *busyState) init() {
	ch := make(chan struct{})
	b.ch.Store(&ch)
}

// signal is closed once somebody is busy.
func (b *busyState) signal() <-chan struct{} { return *b.ch.Load() }

// Texts of BUSY, by what keeps the engine busy.
const (
	errBusyScript   wire.Error = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	errBusyFunction wire.Error = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
)

func (b *busyState) error() error {
	if t := b.text.Load(); t != nil {
		return *t
	}
	return errBusyScript
}

// refuses answers BUSY for a command while a busy unit holds everything.
func (b *busyState) refuses(spec *command.Spec) error {
	if b.all.Load() == 0 || spec.Any(command.AllowBusy) {
		return nil
	}
	return b.error()
}

// Busy says that the call has run longer than the busy threshold: its
// connection's loop is given away, and others get BUSY until the returned
// function is called, which the caller does when the call has ended. function
// tells a function's run from a script's. It is called on the call's goroutine.
func (e *Engine) Busy(c *command.Call, function bool) (over func()) {
	b, u := &e.busy, c.Unit
	whole := u.All
	b.mu.Lock()
	text := errBusyScript
	if function {
		text = errBusyFunction
	}
	b.text.Store(&text)
	if whole {
		b.all.Add(1)
	}
	if b.active.Add(1) == 1 {
		close(*b.ch.Load())
	}
	b.mu.Unlock()
	if s, ok := c.Client.(*Session); ok && s.outbox != nil {
		s.outbox.GiveAway()
	}
	return sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if whole {
			b.all.Add(-1)
		}
		if b.active.Add(-1) == 0 {
			ch := make(chan struct{})
			b.ch.Store(&ch)
		}
	})
}
