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

func (r *Runner) evalRows() []command.Spec {
	keys := func(f command.KeyFlags) []command.KeySpec {
		k := command.NumKeys(2, f)
		k.Notes = "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE"
		return []command.KeySpec{k}
	}
	rw, ro := keys(command.KeyRW|command.KeyAccess|command.KeyUpdate), keys(command.KeyRO|command.KeyAccess)
	ro[0].Notes, rw[0].Notes = "", ""
	roFlags := evalFlags&^command.MayReplicate | command.ReadOnly
	row := func(name, since, summary, what string, fl command.Flags, k []command.KeySpec, ro bool, wide func([][]byte) bool, run func(*command.Call, bool) error) command.Spec {
		return command.Spec{
			Name: name, Arity: -3, Flags: fl, Keys: k, Group: command.GroupScripting, Since: since, Summary: summary,
			Complexity: "Depends on the script that is executed", Syntax: what + " numkeys [key [key ...]] [arg [arg ...]]",
			Run: func(c *command.Call) error { return run(c, ro) }, Wide: wide,
		}
	}
	return r.withMayWrite([]command.Spec{
		row("eval", "2.6.0", "Runs a Lua script", "script", evalFlags, rw, false, r.evalIsWide, r.eval),
		row("evalsha", "2.6.0", "Runs a Lua script that the server knows by its SHA1", "sha1", evalFlags, rw, false, r.shaIsWide, r.evalSHA),
		row("eval_ro", "7.0.0", "Runs a Lua script that may not write", "script", roFlags, ro, true, r.evalIsWide, r.eval),
		row("evalsha_ro", "7.0.0", "Runs a Lua script by its SHA1, which may not write", "sha1", roFlags, ro, true, r.shaIsWide, r.evalSHA),
		row("fcall", "7.0.0", "Calls a function", "function", evalFlags, rw, false, r.functionIsWide, r.fcall),
		row("fcall_ro", "7.0.0", "Calls a function that may not write", "function", roFlags, ro, true, r.functionIsWide, r.fcall),
	})
}

// What has touched keys that it did not declare is remembered: the next run
// need not be undone first.

func (r *Runner) evalIsWide(args [][]byte) bool {
	sc := r.scripts.cached(args[1])
	return sc != nil && sc.wide.Load()
}

func (r *Runner) shaIsWide(args [][]byte) bool {
	sc := r.scripts.lookup(args[1])
	return sc != nil && sc.wide.Load()
}

func (r *Runner) functionIsWide(args [][]byte) bool {
	f := r.libs.function(args[1])
	return f != nil && f.wide.Load()
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

func (r *Runner) eval(c *command.Call, readOnly bool) error {
	n, err := numKeys(c)
	if err != nil {
		return err
	}
	sc, err := r.scripts.bySource(c.Args[1], false, r.shelf)
	if err != nil {
		return err
	}
	return r.runScript(c, sc, n, readOnly)
}

func (r *Runner) evalSHA(c *command.Call, readOnly bool) error {
	if len(c.Args[1]) != 40 {
		return errNoScript // before the number of keys is looked at
	}
	n, err := numKeys(c)
	if err != nil {
		return err
	}
	sc := r.scripts.lookup(c.Args[1])
	if sc == nil {
		return errNoScript
	}
	return r.runScript(c, sc, n, readOnly)
}

func (r *Runner) runScript(c *command.Call, sc *script, keys int, readOnly bool) error {
	if sc.flags.declared {
		if err := r.admit(sc.flags, readOnly); err != nil {
			return err
		}
	}
	s := r.pool.Load().get(r)
	defer r.release(s)
	s.begin(runScript, sc.sha, "user_script", c)
	s.setParams(c.Args[3:], keys)
	err := s.inUnit(c, sc.flags, readOnly, s.main(sc.proto), s.keys.table, s.argv.table)
	s.keys.drop()
	s.argv.drop()
	if err != nil && errors.Is(err, command.ErrUndeclared) {
		sc.wide.Store(true)
	}
	return err
}

// admit says why a script or function that has declared what it does must not
// run now, or nil. Others are judged by their commands.
func (r *Runner) admit(fl flags, readOnly bool) error {
	if readOnly && !fl.noWrites {
		return errWriteFlagRO
	}
	return r.core.AdmitScript(!fl.noWrites, !fl.allowOOM && !fl.noWrites)
}

// stringTable makes a table of arguments.
func (s *state) stringTable(args [][]byte) *lua.LTable {
	t := s.L.CreateTable(len(args), 0)
	*elements(t) = appendValues(*elements(t), texts(args))
	return t
}

// inUnit runs fn for call c, sends its result as the reply and ends the run.
func (s *state) inUnit(c *command.Call, fl flags, readOnly bool, fn *lua.LFunction, args ...lua.LValue) error {
	v, err := s.within(c, fl, readOnly, fn, args...)
	if err == nil {
		err = s.answer(c.Reply, v)
	}
	s.end()
	return err
}

// within runs fn inside the unit of c. The call's own properties are as before
// afterwards.
func (s *state) within(c *command.Call, fl flags, readOnly bool, fn *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	db, script, ro, oom := c.DB, c.Script, c.ReadOnly, c.AllowOOM
	c.Script, c.ReadOnly, c.AllowOOM = true, ro || readOnly || fl.noWrites, oom || fl.allowOOM
	s.tellBusy = true
	v, err := s.run(fn, args...)
	if s.over != nil {
		s.over()
		s.over = nil
	}
	c.DB, c.Script, c.ReadOnly, c.AllowOOM = db, script, ro, oom
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
		s.runner.counts.retried.Add(1)
		return f.cause
	case f.cause != nil, fl.atomic:
		return command.Rollback(f.counted())
	}
	return f.counted()
}

// account counts the run and tells those who listen for scripts.
func (s *state) account(err error) {
	n := &s.runner.counts
	n.runs.Add(1)
	outcome := "ok"
	if err != nil {
		n.failed.Add(1)
		outcome = "error"
		if s.stopErr != nil {
			n.killed.Add(1)
			outcome = "killed"
		}
	}
	if bus := s.runner.core.Bus(); s.call != nil && bus.Wants(hook.KindScript) && s.running.Load() != runHook {
		s.call.Emit(&hook.Script{Name: s.name, Outcome: outcome, Elapsed: s.elapsed(), Calls: s.calls, Err: err})
	}
}
