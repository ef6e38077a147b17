package scripting

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Replies of EVAL and FCALL, in Redis' words.
const (
	errNoScript    wire.Error = "NOSCRIPT No matching script. Please use EVAL."
	errManyKeys    wire.Error = "ERR Number of keys can't be greater than number of args"
	errNegKeys     wire.Error = "ERR Number of keys can't be negative"
	errWriteFlagRO wire.Error = "ERR Can not execute a script with write flag using *_ro command."
)

func errCompile(err error) error {
	return wire.Error("ERR Error compiling script (new function): " + err.Error())
}

const evalFlags = command.NoScript | command.SkipMonitor | command.MayReplicate | command.NoMandatoryKeys | command.Stale | command.MovableKeys | command.Revocable

func (h *Runner) evalRows() []command.Spec {
	keys := func(f command.KeyFlags) []command.KeySpec {
		k := command.NumKeys(2, f)
		k.Notes = "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE"
		return []command.KeySpec{k}
	}
	rw, ro := keys(command.KeyRW|command.KeyAccess|command.KeyUpdate), keys(command.KeyRO|command.KeyAccess)
	ro[0].Notes, rw[0].Notes = "", ""
	roFlags := evalFlags&^command.MayReplicate | command.ReadOnly
	row := func(name, since, summary, what string, fl command.Flags, k []command.KeySpec, ro bool, run func(*command.Call, bool) error) command.Spec {
		return command.Spec{
			Name: name, Arity: -3, Flags: fl, Keys: k, Group: command.GroupScripting, Since: since, Summary: summary,
			Complexity: "Depends on the script that is executed", Syntax: what + " numkeys [key [key ...]] [arg [arg ...]]",
			Run: func(c *command.Call) error { return run(c, ro) },
		}
	}
	return []command.Spec{
		row("eval", "2.6.0", "Runs a Lua script", "script", evalFlags, rw, false, h.eval),
		row("evalsha", "2.6.0", "Runs a Lua script that the server knows by its SHA1", "sha1", evalFlags, rw, false, h.evalSHA),
		row("eval_ro", "7.0.0", "Runs a Lua script that may not write", "script", roFlags, ro, true, h.eval),
		row("evalsha_ro", "7.0.0", "Runs a Lua script by its SHA1, which may not write", "sha1", roFlags, ro, true, h.evalSHA),
		row("fcall", "7.0.0", "Calls a function", "function", evalFlags, rw, false, h.fcall),
		row("fcall_ro", "7.0.0", "Calls a function that may not write", "function", roFlags, ro, true, h.fcall),
	}
}

// numKeys reads the number of keys of EVAL and FCALL.
func numKeys(c *command.Call) (int, error) {
	n, ok := command.ParseInt(c.Args[2])
	switch {
	case !ok:
		return 0, wire.ErrNotInteger
	case n > int64(len(c.Args)-3):
		return 0, errManyKeys
	case n < 0:
		return 0, errNegKeys
	}
	return int(n), nil
}

func (h *Runner) eval(c *command.Call, readOnly bool) error {
	n, err := numKeys(c)
	if err != nil {
		return err
	}
	sc, err := h.scripts.bySource(c.Args[1], false, h.shelf.fields)
	if err != nil {
		return err
	}
	return h.runScript(c, sc, n, readOnly)
}

func (h *Runner) evalSHA(c *command.Call, readOnly bool) error {
	n, err := numKeys(c)
	if err != nil {
		return err
	}
	sc := h.scripts.lookup(c.Args[1])
	if sc == nil {
		return errNoScript
	}
	return h.runScript(c, sc, n, readOnly)
}

func (h *Runner) runScript(c *command.Call, sc *script, keys int, readOnly bool) error {
	if readOnly && sc.flags.declared && !sc.flags.noWrites {
		return errWriteFlagRO
	}
	s := h.pool.Load().get(h)
	defer h.release(s)
	s.begin(runScript, sc.sha, "user_script", c)
	s.env.RawSetString("KEYS", s.stringTable(c.Args[3:3+keys]))
	s.env.RawSetString("ARGV", s.stringTable(c.Args[3+keys:]))
	return s.inUnit(c, sc.flags, readOnly, s.L.NewFunctionFromProto(sc.proto))
}

// stringTable makes a table of arguments.
func (s *state) stringTable(args [][]byte) *lua.LTable {
	t := s.L.CreateTable(len(args), 0)
	for i, a := range args {
		t.RawSetInt(i+1, lua.LString(a))
	}
	return t
}

// inUnit runs fn for call c, sends its result as the reply and ends the run.
func (s *state) inUnit(c *command.Call, fl flags, readOnly bool, fn *lua.LFunction, args ...lua.LValue) error {
	v, err := s.within(c, fl, readOnly, fn, args...)
	if err == nil {
		s.send(c.Reply, v)
	}
	s.end()
	return err
}

// within runs fn inside the unit of c. The call's own properties are as before
// afterwards.
func (s *state) within(c *command.Call, fl flags, readOnly bool, fn *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	db, script, ro := c.DB, c.Script, c.ReadOnly
	c.Script, c.ReadOnly = true, ro || readOnly || fl.noWrites
	var over func()
	s.busy = func() {
		s.show(c)
		over = s.host.core.Busy(c, s.running.Load() == runFunction)
	}
	v, err := s.run(fn, args...)
	if over != nil {
		over()
	}
	c.DB, c.Script, c.ReadOnly = db, script, ro
	s.account(err)
	if err != nil {
		err = s.unitError(err, fl)
	}
	return v, err
}

// unitError is what the handler returns for a failed run. A run that was
// stopped from outside leaves nothing behind; one that failed by itself leaves
// what it wrote, as in Redis, unless it declared itself atomic.
func (s *state) unitError(err error, fl flags) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case f.cause != nil && (errors.Is(f.cause, command.ErrUndeclared) || command.IsRollback(f.cause)):
		s.host.counts.retried.Add(1)
		return f.cause
	case f.cause != nil, fl.atomic:
		return command.Rollback(f.reply)
	}
	return f.reply
}

// account counts the run and tells those who listen for scripts.
func (s *state) account(err error) {
	took := s.elapsed()
	n := &s.host.counts
	n.runs.Add(1)
	n.usec.Add(took.Microseconds())
	outcome := "ok"
	if err != nil {
		n.failed.Add(1)
		outcome = "error"
		if s.stopErr != nil {
			n.killed.Add(1)
			outcome = "killed"
		}
	}
	if bus := s.host.core.Bus(); s.call != nil && bus.Wants(hook.KindScript) && s.running.Load() != runHook {
		s.call.Emit(&hook.Script{Name: s.name, Outcome: outcome, Elapsed: took, Calls: s.calls, Err: err})
	}
}
