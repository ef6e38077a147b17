package engine

import (
	"context"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// nowhere is the outbox of internal sessions: they never block and subscribe
// to nothing, so nothing is sent to them.
type nowhere struct{}

func (nowhere) Deliver([]byte)   {}
func (nowhere) Resume()          {}
func (nowhere) Close()           {}
func (nowhere) GiveAway()        {}
func (nowhere) OutputBytes() int { return 0 }

func (e *Engine) newInternal() *Session {
	s := e.newSession(SessionOptions{Addr: "internal", Transport: "embedded", Outbox: nowhere{}})
	// Nobody closes it: a context of its own would stay with the engine's for ever.
	s.cancel()
	s.ctx, s.unitCtx, s.cancel = e.ctx, e.unitCtx, func() {}
	return s
}

// system is the client in whose name the engine itself acts.
func (e *Engine) system() *Session {
	e.systemOnce.Do(func() { e.systemSession = e.newInternal() })
	return e.systemSession
}

// Do runs one command as a unit of its own, from any goroutine that holds no
// lock of the engine, and commits it. reply gets its values; when the command
// fails, reply gets nothing and the error is returned. Blocking commands answer
// at once, as in a transaction. ctx carries the hooks' depth. A handler or
// atomic hook, which runs inside a unit, calls its Call's Do instead: this one answers
// ErrInsideUnit.
func (e *Engine) Do(ctx context.Context, db int, args [][]byte, reply wire.Reply) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	spec, err := e.table.Resolve(args)
	if err != nil {
		return err
	}
	return e.Update(ctx, db, spec, args, reply)
}

// Update runs a row, which need not be in the table, as a unit of its own and
// commits it. See Do.
func (e *Engine) Update(ctx context.Context, db int, spec *command.Spec, args [][]byte, reply wire.Reply) error {
	switch {
	case isInside(ctx):
		return ErrInsideUnit
	case ofConnection(spec):
		return errOfConnection(spec)
	}
	s := e.internal.Get().(*Session)
	defer e.internal.Put(s)
	s.db, s.depth = db, hook.DepthOf(ctx)
	if err := s.admit(spec, args, nil); err != nil {
		return err
	}
	start, c := e.now(), &s.call
	if s.depth == 0 && spec.Stats() != nil && e.bus.AsksCommands() {
		if err := s.ask(ctx, spec, args, start.UnixMilli()); err != nil {
			return err
		}
	}
	s.fill(c)
	c.Context, c.Nested = ctx, true
	if !spec.Any(command.NoUnit) {
		c.Context = inside(ctx)
	}
	c.Begin(spec, args, reply)
	err := e.run(c, start.UnixMilli())
	if spec.Stats() != nil {
		took := e.now().Sub(start)
		e.account(s, spec, args, took, err)
		s.told(s.followed(spec, args, took, err))
	}
	if err != nil {
		return err
	}
	err = e.Commit()
	if err != nil && s.unit.Dirty == 0 && e.journal.Err() != nil {
		return nil // reads go on while the log takes nothing
	}
	return err
}
