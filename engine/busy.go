package engine

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

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

// pauseState is CLIENT PAUSE.
type pauseState struct {
	active atomic.Bool
	mu     sync.Mutex
	until  time.Time
	all    bool          // also reads
	ended  chan struct{} // closed by UNPAUSE
}

// set begins or extends a pause. A pause is never shortened, nor made milder, by another.
func (p *pauseState) set(now, until time.Time, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	running := p.active.Load() && now.Before(p.until)
	if !running {
		p.ended, p.until, p.all = make(chan struct{}), until, all
	} else {
		if until.After(p.until) {
			p.until = until
		}
		p.all = p.all || all
	}
	p.active.Store(true)
}

func (p *pauseState) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.active.Swap(false) {
		close(p.ended)
	}
}

// writesPaused reports whether writes are paused at now; expiry counts as one.
func (p *pauseState) writesPaused(now time.Time) bool {
	if !p.active.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.until)
}

// blocks returns how long a command has to wait, and the channel that ends it early.
func (p *pauseState) blocks(now time.Time, s *Session, spec *command.Spec, args [][]byte) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.active.Load() || !now.Before(p.until) {
		p.active.Store(false)
		return 0, nil
	}
	if !p.all && !s.writes(spec, args) || spec.Name == "client" || spec.Parent() != nil && spec.Parent().Name == "client" {
		return 0, nil
	}
	return p.until.Sub(now), p.ended
}

// wait holds the session's goroutine until the pause is over for spec. The
// connection's loop is given away meanwhile.
func (p *pauseState) wait(s *Session, spec *command.Spec, args [][]byte) {
	given := false
	for {
		d, ended := p.blocks(s.engine.now(), s, spec, args)
		if d <= 0 {
			return
		}
		if !given {
			given = true
			s.engine.stats.blocked.Add(1)
			defer s.engine.stats.blocked.Add(-1)
			s.outbox.GiveAway()
		}
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-ended:
		case <-s.ctx.Done():
			t.Stop()
			return
		}
		t.Stop()
	}
}

// writes reports whether the command may write, as far as a pause of writes is
// concerned: EXEC does when one of its commands does.
func (s *Session) writes(spec *command.Spec, args [][]byte) bool {
	if mayWrite(spec, args) {
		return true
	}
	if s.multi == nil || spec.Name != "exec" {
		return false
	}
	return slices.ContainsFunc(s.multi.commands, func(q queuedCommand) bool { return mayWrite(q.spec, q.args) })
}

func mayWrite(spec *command.Spec, args [][]byte) bool {
	switch {
	case spec.Any(command.MayReplicate) && !spec.Any(command.Revocable):
		return true // also PFCOUNT, which reads
	case spec.Any(command.ReadOnly):
		return false
	case spec.MayWrite != nil:
		return spec.MayWrite(args)
	}
	return spec.Any(command.Write | command.MayReplicate | command.Revocable)
}
