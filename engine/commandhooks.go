package engine

import (
	"context"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Command hooks see what clients and the embedding program send: before, when
// it has been admitted and no lock is held, and after. Commands inside scripts
// are the script's; those of hooks are left out, so that no hook on commands
// ever meets its own.

// ask asks the hooks that may refuse a command. A refusal's reason is the reply.
func (s *Session) ask(ctx context.Context, spec *command.Spec, args [][]byte, atMs int64) error {
	ev := s.commandEvent(hook.Before, spec, atMs)
	ev.Args = redact(spec, args)
	if no := s.engine.bus.Decide(ctx, ev); no != nil {
		return asReply(no.Reason)
	}
	return nil
}

func (s *Session) commandEvent(phase string, spec *command.Spec, atMs int64) *hook.Command {
	ev := &hook.Command{
		Origin: hook.Origin{DB: s.db, Nest: s.depth, AtMs: atMs},
		Phase:  phase, Name: spec.FullName(), Client: s.id, Addr: s.o.Addr,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ev.User, ev.ClientName = s.user, s.name
	return ev
}

// followed makes the event of a command that has been executed; nil when
// nobody wants to know.
func (s *Session) followed(spec *command.Spec, args [][]byte, took time.Duration, err error) *hook.Command {
	if s.depth > 0 || !s.engine.bus.WantsCommands() {
		return nil
	}
	ev := s.commandEvent("after", spec, s.engine.NowMs())
	ev.Elapsed, ev.Err = took, err
	if s.engine.bus.Wanted(ev) {
		ev.Args = shorten(redact(spec, args))
		return ev
	}
	return nil
}

// told publishes the event of an executed command, if there is one. No lock is
// held, and this is the session's own goroutine.
func (s *Session) told(ev *hook.Command) {
	if ev != nil {
		s.engine.bus.Publish(ev, s.outbox)
	}
}
