package engine

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

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
