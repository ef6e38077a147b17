package engine

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// begin locks the unit's lock set and tells the keyspace the time.
func (e *Engine) begin(u *command.Unit, refuse <-chan struct{}) bool {
	return e.beginAt(u, refuse, 0)
}

// beginAt is begin for who has just read the clock; atMs is 0 otherwise. When
// it takes a while to get the locks, the clock is read again: time does not go
// back from one unit to the next.
func (e *Engine) beginAt(u *command.Unit, refuse <-chan struct{}, atMs int64) bool {
	waited, ok := e.lockHeld(u, refuse)
	if ok && u.Hooks != e.atomics.Load().gen {
		// There are other atomic hooks than when the locks were chosen: a library has
		// been replaced, say, while this waited for it.
		u.Unhooked = false
		if !u.All {
			e.unlockHeld(u)
			u.All, waited = true, true
			if _, ok = e.lockHeld(u, refuse); !ok {
				u.All = false
			}
		}
	}
	if !ok {
		return false
	}
	if waited || atMs == 0 {
		atMs = e.NowMs()
	}
	u.NowMs, u.Engine, u.Space = atMs, e, e.space
	u.Want = 0
	if e.listeners.Load() > 0 {
		u.Want |= command.WantKeys
	}
	classes := hook.Class(e.notify.Load()) | e.bus.KeyClasses()
	if !u.Unhooked {
		classes |= e.atomics.Load().classes
	}
	if classes != 0 {
		u.Want |= command.WantEvents
		if classes&hook.New != 0 {
			u.Want |= command.WantNew
		}
	}
	reportNew := u.Want&command.WantNew != 0
	if u.All {
		for _, s := range e.shards {
			s.SetNow(atMs)
			s.ReportCreated(reportNew)
		}
		return true
	}
	for _, n := range u.Held {
		e.shards[n].SetNow(atMs)
		e.shards[n].ReportCreated(reportNew)
	}
	return true
}

// end is the one place where a unit ends: atomic key hooks have their say, the
// group goes to the journal, watchers are marked, the locks go. The caller
// then calls publish.
func (e *Engine) end(u *command.Unit) outcome {
	out := e.endKeepingLocks(u)
	e.unlockHeld(u)
	return out
}

// endKeepingLocks is end but for the locks, which the next unit gets.
func (e *Engine) endKeepingLocks(u *command.Unit) outcome {
	var out outcome
	u.CountRuns()
	if u.Want&command.WantNew != 0 {
		u.NoteNew()
	}
	if u.Want&command.WantEvents != 0 && e.atomics.Load().classes != 0 {
		e.atomicKeyHooks(u)
	}
	if len(u.Records) > 0 {
		out.pos = e.logUnit(u.Records)
	}
	e.touched(u, &out)
	if u.Dirty > 0 && !u.Tallied {
		e.stats.dirty.Add(int64(u.Dirty))
	}
	if u.Late > 0 {
		e.stats.lazyFreed.Add(int64(u.Late))
	}
	return out
}

// advance records the highest position handed out by the journal.
func (e *Engine) advance(pos int64) {
	for {
		old := e.appended.Load()
		if pos <= old || e.appended.CompareAndSwap(old, pos) {
			return
		}
	}
}

// call runs one command's handler inside a unit that has begun, and logs it.
// keep says that the arguments do not outlive the call and must be copied.
func (e *Engine) call(c *command.Call, keep bool) (err error) {
	u, mark, before := c.Unit, c.Reply.Mark(), c.Unit.Dirty
	defer func() {
		if p := recover(); p != nil {
			err = e.panicked(c, p)
		}
		if err != nil && c.Waiting() == nil {
			c.Reply.Rewind(mark)
		}
		if u.Dirty > before && !c.Logged() && c.Spec.Is(command.Write) {
			logVerbatim(c, keep)
		}
	}()
	return c.Spec.Run(c)
}

func logVerbatim(c *command.Call, keep bool) {
	if keep {
		c.Log(c.Args...)
		return
	}
	c.Unit.Log(c.DB, c.Args)
}

// panicked turns a panic in a handler into an error reply. A unit that records
// pre-images is undone; for others what the handler did before stays, and is
// logged like any other change.
func (e *Engine) panicked(c *command.Call, p any) error {
	e.stats.panics.Add(1)
	e.log.Error("panic in a command", "command", c.Spec.FullName(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	err := wire.Errorf("ERR internal error in '%s': see the server's log", c.Spec.FullName())
	if c.Spec.Is(command.Revocable) {
		return command.Rollback(err)
	}
	return err
}

// run executes one command as a unit of its own. nowMs is a reading of the clock.
func (e *Engine) run(c *command.Call, nowMs int64) error {
	u := c.Unit
	u.Reset()
	if c.Spec.Any(command.NoUnit) {
		u.NowMs, u.Engine, u.Space, u.Want = nowMs, e, e.space, 0
		if s, ok := c.Client.(*Session); ok && c.Context == s.unitCtx {
			c.Context = s.ctx // it holds no lock
		}
		return e.call(c, false)
	}
	if e.passive.Load() && looksAround(c.Spec) {
		e.expireAllDue()
	}
	hooked := e.holdSpec(u, c.Spec, c.Args)
	u.Unhooked = !hooked && !e.atomics.Load().on(hook.KindExpired) // what is done when a key comes due may be hooked, too
	// Commands that are allowed while a script is busy are refused too when they
	// need its locks: this goroutine may be the one that is to read SCRIPT KILL.
	if !e.beginAt(u, e.busy.signal(), nowMs) {
		return e.refused()
	}
	err := e.runLocked(c, false)
	if err != nil && errors.Is(err, errRefused) {
		return e.busy.error() // undone, and nothing is locked
	}
	e.remember(c)
	from := giver(c)
	var together *batch
	if w := c.Waiting(); w != nil && err == nil {
		// Once the locks are gone, whoever serves the client uses its unit and its call.
		own := *u
		c.Client.(*Session).unit = command.Unit{}
		u = &own
		e.park(c, w)
	} else if s, ok := c.Client.(*Session); ok && s.batch.on && u == &s.unit {
		together = &s.batch
		u.Tallied = true
	}
	out := e.end(u)
	if out.batch = together; together != nil {
		together.tally.changes += int64(u.Dirty)
	}
	e.publish(out, from)
	return err
}

// errRefused is runLocked's when a unit gave up its locks to take all of them,
// and a busy script had some: the unit has been undone and holds nothing.
var errRefused = errors.New("engine: a busy script holds the locks")

// runLocked runs the command in a unit that has begun. A unit that may be
// undone is, when its handler asks for it; one that touched a key outside its
// locks runs again under all of them.
func (e *Engine) runLocked(c *command.Call, patient bool) error {
	db := c.DB // a script may select another
	for {
		err := e.attempt(c)
		if err == nil || c.Unit.All || !errors.Is(err, command.ErrUndeclared) {
			return err
		}
		if !e.widen(c.Unit, patient) {
			return errRefused
		}
		c.DB = db
		c.Begin(c.Spec, c.Args, c.Reply)
	}
}

func (e *Engine) attempt(c *command.Call) error {
	if !c.Spec.Any(command.Revocable) {
		return e.meetAndCall(c)
	}
	// The expiry of due keys is part of what is undone: when the unit runs
	// again, it does that again too.
	u := c.Unit
	p := e.record(u)
	err := e.meetAndCall(c)
	if err != nil && (errors.Is(err, command.ErrUndeclared) || command.IsRollback(err)) {
		e.rollback(u, p)
	}
	e.commit(u, p)
	return err
}

// meetAndCall expires the due keys of a call, then runs it.
func (e *Engine) meetAndCall(c *command.Call) error {
	if e.expiresOn(c.Spec) {
		if err := e.expireMet(c); err != nil {
			return err
		}
	}
	return e.call(c, false)
}

// widen gives up the unit's locks and begins it anew with all of them. The
// unit has been undone before. When it is refused, nothing is held.
func (e *Engine) widen(u *command.Unit, patient bool) bool {
	depth := u.Depth
	e.unlockHeld(u)
	u.Reset()
	u.All, u.Depth = true, depth
	if e.begin(u, e.patience(patient)) {
		return true
	}
	u.All = false
	return false
}

// point is a place in a unit to which it can be rolled back.
type point struct {
	saves []int // a savepoint for each held shard; none where recording began here: they are 0
	mark  command.Mark
	began bool
}

// record makes the unit's shards keep pre-images from here on; commit with the
// same point ends that. Points nest.
func (e *Engine) record(u *command.Unit) point {
	p := point{mark: u.Mark(), began: !u.Recording}
	e.eachHeld(u, func(s *shard) {
		if p.began {
			s.Begin()
			return
		}
		p.saves = append(p.saves, s.Savepoint())
	})
	u.Recording = true
	return p
}

// rollback undoes what the unit has done since p, in the keyspace and in what
// it has gathered.
func (e *Engine) rollback(u *command.Unit, p point) {
	i := 0
	e.eachHeld(u, func(s *shard) {
		if p.began {
			s.RollbackTo(0)
			return
		}
		s.RollbackTo(p.saves[i])
		i++
	})
	u.Truncate(p.mark)
}

func (e *Engine) commit(u *command.Unit, p point) {
	if p.began {
		e.eachHeld(u, func(s *shard) { s.Commit() })
		u.Recording = false
	}
}

// Exec implements command.Engine: it runs a command inside the unit of c.
func (e *Engine) Exec(c *command.Call, args [][]byte, reply wire.Reply) error {
	spec, err := e.table.Resolve(args)
	if err != nil {
		e.countError(err)
		return err
	}
	if err := e.admitNested(c, spec); err != nil {
		spec.Stats().Rejected.Add(1)
		e.countError(err)
		return err
	}
	if !e.holds(c.Unit, spec, args) {
		return command.ErrUndeclared
	}
	child := c.Child(spec, args, reply)
	before := c.Unit.Dirty
	if c.Script && e.monitored(spec) {
		e.monitor(spec, c.DB, "lua", args, e.now())
	}
	err = e.nested(child)
	child.End()
	if c.Script && spec.Is(command.ReadOnly) {
		noteScriptRead(c)
	}
	if c.Unit.Dirty > before {
		c.LogNothing() // the log has what the parts did; the whole would do it again
	}
	c.Unit.CountRun(spec)
	if err != nil && !errors.Is(err, command.ErrUndeclared) {
		spec.Stats().Failed.Add(1)
		e.countError(err)
	}
	return err
}

// nested runs a command inside the unit of another. One that asks to be undone
// is, also where the other goes on.
func (e *Engine) nested(c *command.Call) error {
	if e.expiresOn(c.Spec) {
		if err := e.expireMet(c); err != nil {
			return err
		}
	}
	if !c.Spec.Any(command.Revocable) {
		return e.call(c, true)
	}
	p := e.record(c.Unit)
	err := e.call(c, true)
	if command.IsRollback(err) {
		e.rollback(c.Unit, p)
	}
	e.commit(c.Unit, p)
	return err
}

// admitNested says why a command must not run inside the unit of another.
func (e *Engine) admitNested(c *command.Call, spec *command.Spec) error {
	switch {
	case c.Script && spec.Any(command.NoScript) && !e.anyInScripts.Load():
		return wire.Error("ERR This Redis command is not allowed from script")
	case c.ReadOnly && spec.Any(command.Write|command.MayReplicate):
		return wire.Error("ERR Write commands are not allowed from read-only scripts.")
	case ofConnection(spec):
		return errOfConnection(spec)
	case spec.Is(command.Write) && c.Unit.Dirty == 0:
		return e.admitWrite(spec, c.AllowOOM)
	}
	return nil
}

// AdmitScript says why a script that has declared what it does is not to be
// run now, or nil: such a script is refused as a whole, before its first
// command. writes and denyOOM are what it may do.
func (e *Engine) AdmitScript(writes, denyOOM bool) error {
	switch {
	case writes:
		return e.admitWrite(&declaredScript, !denyOOM)
	case denyOOM && e.outOfMemory():
		return wire.ErrOOM
	}
	return nil
}

// declaredScript stands for the commands that a script may run.
var declaredScript = command.Spec{Flags: command.Write | command.DenyOOM}

// holds reports whether the unit's locks cover the command's keys.
func (e *Engine) holds(u *command.Unit, spec *command.Spec, args [][]byte) bool {
	if u.All || len(e.shards) == 1 || spec.Any(command.NoUnit) {
		return true
	}
	if spec.Any(command.AllShards) {
		return false
	}
	var buf [16]command.KeyPos
	keys, ok := spec.AppendKeys(buf[:0], args)
	if !ok || len(keys) == 0 {
		return false // it may touch any
	}
	for _, k := range keys {
		if !u.Holds(e.shardOf(args[k.Index])) {
			return false
		}
	}
	return true
}
