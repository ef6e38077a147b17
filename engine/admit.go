package engine

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// admit says why the session may not run a command now, or nil.
func (s *Session) admit(spec *command.Spec, args [][]byte) error {
	e := s.engine
	if !s.authed && !spec.Any(command.NoAuth) {
		return wire.ErrNoAuth
	}
	if spec.Any(command.NoMulti) && s.multi != nil {
		return wire.Error("ERR Command not allowed inside a transaction")
	}
	if err := e.busy.refuses(spec); err != nil {
		return err
	}
	if s.subs.Load() > 0 && !s.resp3 && !allowedSubscribed(spec) {
		return wire.Errorf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
			strings.ToLower(spec.FullName()))
	}
	if spec.Any(command.Write | command.MayReplicate) {
		if err := e.admitWrite(spec); err != nil {
			return err
		}
	}
	if e.pause.active.Load() && (s.multi == nil || spec.Any(command.Unqueued)) {
		s.batch.tally.fold(s)
		e.pause.wait(s, spec, args)
		s.tick() // the command begins here
	}
	if e.dumps.full() && (s.multi == nil || spec.Any(command.Unqueued)) {
		s.batch.tally.fold(s)
		s.waitForRoom(spec, args)
		s.tick()
	}
	return nil
}

// admitWrite says why the engine takes no writes now, or nil.
func (e *Engine) admitWrite(spec *command.Spec) error {
	if err := e.journal.Err(); err != nil {
		return wire.Errorf("MISCONF Errors writing to the AOF file: %v", err)
	}
	if spec.Any(command.DenyOOM) {
		if limit := e.live.Get().Memory.MaxMemory; limit > 0 && e.space.Used() > limit {
			return wire.ErrOOM
		}
	}
	return nil
}

// allowedSubscribed lists what a RESP2 client may send while it is subscribed.
func allowedSubscribed(spec *command.Spec) bool {
	switch spec.Name {
	case "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "ping", "quit", "reset":
		return spec.Parent() == nil
	}
	return false
}
