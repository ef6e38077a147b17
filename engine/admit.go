package engine

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// admit says why the session may not run a command now, or nil. What it tells
// the client besides goes to out.
func (s *Session) admit(spec *command.Spec, args [][]byte, out *wire.Writer) error {
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
	if err := e.refusesStale(s, spec); err != nil {
		return err
	}
	if s.subs.Load() > 0 && !s.resp3 && !allowedSubscribed(spec) {
		return wire.Errorf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
			strings.ToLower(spec.FullName()))
	}
	if e.overMemory() {
		e.makeRoom(s, out)
	}
	if spec.Is(command.Write) { // scripts are judged by what they run
		if err := e.admitWrite(spec, false); err != nil {
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

// admitWrite says why the engine takes no writes now, or nil. allowOOM is for
// who may write although memory is used up.
func (e *Engine) admitWrite(spec *command.Spec, allowOOM bool) error {
	if err := e.journal.Err(); err != nil {
		return wire.Errorf("MISCONF Errors writing to the AOF file: %v", err)
	}
	if e.live.Get().Server.MinReplicasToWrite > 0 {
		return errNoReplicas // there never are any
	}
	if spec.Any(command.DenyOOM) && !allowOOM && e.outOfMemory() {
		return wire.ErrOOM
	}
	return nil
}

const errNoReplicas wire.Error = "NOREPLICAS Not enough good replicas to write."

// allowedSubscribed lists what a RESP2 client may send while it is subscribed.
func allowedSubscribed(spec *command.Spec) bool {
	switch spec.Name {
	case "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "ping", "quit", "reset":
		return spec.Parent() == nil
	}
	return false
}

// ofConnection reports whether a command is about the state of a connection
// over several commands, so that it makes no sense where there is none: for Do,
// and inside the unit of another command.
func ofConnection(spec *command.Spec) bool {
	if spec.Any(command.Unqueued) {
		return true
	}
	if len(spec.Keys) > 0 { // a quick answer for most: those below have none
		return false
	}
	switch spec.FullName() {
	case "unwatch", "auth", "hello", "monitor", "sync", "psync", "replconf", "client|reply", "client|setname", "client|setinfo",
		"client|no-evict", "client|no-touch", "client|tracking", "client|caching":
		return true
	}
	return false
}

func errOfConnection(spec *command.Spec) error {
	return wire.Errorf("ERR '%s' is about a connection, and there is none here", spec.FullName())
}
