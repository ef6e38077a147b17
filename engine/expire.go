package engine

import (
	"math"
	"slices"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// NextDue returns the earliest moment, Unix milliseconds, at which a key may
// come due; math.MaxInt64 when none will. Part of reaper.Target.
func (e *Engine) NextDue() int64 {
	next := int64(math.MaxInt64)
	if e.passive.Load() {
		return next
	}
	for _, s := range e.shards {
		s.mustLock()
		next = min(next, s.NextDue())
		s.unlock()
	}
	return next
}

// Alarm is NextDue for who sleeps until then, or until the moment `until`: when a key
// gets a deadline before both, wake is called, under a lock. Part of reaper.Target.
func (e *Engine) Alarm(until int64, wake func()) int64 {
	next := int64(math.MaxInt64)
	if e.passive.Load() {
		return next
	}
	for _, s := range e.shards {
		s.mustLock()
		next = min(next, s.Alarm(until, wake))
		s.unlock()
	}
	return next
}

// Expire removes up to max keys of each shard whose deadline is not after now,
// and returns how many it took. Each key is a unit of its own; a batch shares
// one hold of the locks and one commit. Part of reaper.Target.
func (e *Engine) Expire(max int) (taken int) {
	if e.passive.Load() {
		return 0
	}
	start := e.now()
	defer func() { e.latency.note(e, "expire-cycle", e.now().Sub(start)) }()
	for i, s := range e.shards {
		if s.mu.TryLock() {
			due := s.NextDue()
			s.unlock()
			if due > e.NowMs() {
				continue
			}
		}
		taken += e.expireShard(i, max)
	}
	return taken
}

// A batch ends when it has held the locks for expireHold, whatever it was
// allowed to take: what a key costs depends on hooks, log and listeners. Keys are
// taken out of the deadline index expireTake at a time, since what was taken is
// expired in the same hold.
const (
	expireHold = 500 * time.Microsecond
	expireTake = 32
)

// panicPauseMs is how long a key rests whose expiry has panicked: it must not be
// the first of every batch, since those behind it would never come to their turn.
const panicPauseMs = 1000

// expireShard is Expire for one shard.
func (e *Engine) expireShard(shard, max int) int {
	if e.pause.writesPaused(e.now()) {
		return 0
	}
	u := command.Unit{}
	e.ofShard(&u, shard, hook.KindExpired)
	e.shards[shard].giveWay()
	if !e.begin(&u, nil) {
		panic(ErrInsideUnit)
	}
	outs, taken := e.expireBatch(&u, shard, max)
	if taken > 0 {
		e.commitSoon() // the reaper does not wait for the disk
	}
	for _, out := range outs {
		e.publish(out, nil)
	}
	return taken
}

// expireBatch is the part of expireShard under the locks of u, which it gives back:
// also when something panics, since the reaper goes on then.
func (e *Engine) expireBatch(u *command.Unit, shard, max int) (outs []outcome, taken int) {
	defer e.unlockHeld(u)
	s := e.shards[shard]
	e.pruneRetries(u)
	begun := e.now()
	var due []keyspace.DueKey
	for taken < max && (taken == 0 || e.since(begun) < expireHold) {
		if due = s.PopDue(u.NowMs, min(max-taken, expireTake), due[:0]); len(due) == 0 {
			break
		}
		outs = e.expireDue(u, shard, due, outs)
		taken += len(due)
	}
	return outs, taken
}

// expireDue expires keys, each in a unit of its own under the locks of u, and
// appends what came of them to outs. u is a fresh unit afterwards. When one
// panics, it and those behind it go back into the deadline index.
func (e *Engine) expireDue(u *command.Unit, shard int, due []keyspace.DueKey, outs []outcome) []outcome {
	e.outside.Add(int64(len(due)))
	i := 0
	defer func() {
		e.outside.Add(-int64(len(due)))
		at := u.NowMs + panicPauseMs
		for _, k := range due[i:] {
			e.shards[shard].Requeue(k.DB, k.Key, at)
			at = u.NowMs
		}
	}()
	for ; i < len(due); i++ {
		e.expireOne(u, shard, due[i], e.causeOf(due[i].Deadline))
		if out := e.endKeepingLocks(u); len(out.changes)+len(out.events)+len(out.ready) > 0 {
			outs = append(outs, out)
		}
		u.Next()
	}
	return outs
}

// backlog returns about how many keys are due now and still there. It takes
// each shard's lock for a moment. u is the unit that asks, when there is one;
// then shards that others hold are left out, since waiting could be a deadlock.
func (e *Engine) backlog(u *command.Unit) (n int64) {
	holding := u != nil && (u.All || len(u.Held) > 0)
	now := e.NowMs()
	for i, s := range e.shards {
		switch {
		case u != nil && u.Holds(i):
			n += int64(s.Due(now))
			continue
		case !holding:
			if !s.lock(nil) {
				continue
			}
		case !s.mu.TryLock():
			continue
		}
		n += int64(s.Due(now))
		s.unlock()
	}
	return n
}

// causeOf tells a deadline that passed while the server was down from others.
func (e *Engine) causeOf(deadline int64) hook.Cause {
	if deadline <= e.loadedMs {
		return hook.CauseStartup
	}
	return hook.CauseDeadline
}

// expireOne expires a due key inside the unit: the atomic hooks run first,
// with the key hidden but its value at hand; then the key goes, unless a hook
// gave it a new deadline or other contents, or the hooks have the expiry put
// off. In the log the deletion stands before what the hooks did.
func (e *Engine) expireOne(u *command.Unit, shard int, k keyspace.DueKey, cause hook.Cause) {
	sh := e.shards[shard]
	d := sh.DB(k.DB)
	deadline, due := sh.IsDue(k.DB, k.Key, u.NowMs)
	if !due || e.puttingOff(u, k) {
		return // it was renewed, or is gone; or its time for another try will come
	}
	base := len(u.Records)
	ev := e.expiredEvent(u, d, k, deadline, cause)
	if ev != nil && u.All && e.atomics.Load().on(hook.KindExpired) {
		if !e.hooksOnExpiry(u, shard, k, ev) {
			return
		}
		if ev.KeepUntilMs > u.NowMs && e.keepKey(u, shard, k, ev.KeepUntilMs, base) {
			return
		}
	}
	if _, still := sh.IsDue(k.DB, k.Key, u.NowMs); still {
		d.Delete(k.Key)
	}
	e.logExpiry(u, base, k.DB, []byte("DEL"), k.Key)
	e.changed(u, k, hook.Expiry, "expired")
	e.stats.expired.Add(1)
	e.stats.lateness(u.NowMs - deadline)
	if ev != nil {
		u.Events = append(u.Events, ev)
	}
}

// hooksOnExpiry runs the atomic hooks on the expiry of k and reports whether it
// goes on. When it is put off, what all the hooks did is undone. All locks are
// held.
func (e *Engine) hooksOnExpiry(u *command.Unit, shard int, k keyspace.DueKey, ev *hook.Expired) bool {
	p := e.record(u)
	defer e.commit(u, p)
	e.expiring = append(e.expiring, retryKey{k.DB, string(k.Key)})
	err := e.runAtomics(u, ev)
	e.expiring = e.expiring[:len(e.expiring)-1]
	if err == nil {
		e.forgetRetry(k)
		return true
	}
	if !e.expiryRetries(u, k) {
		return true
	}
	e.rollback(u, p)
	e.shards[shard].Requeue(k.DB, k.Key, e.retries[retryKey{k.DB, string(k.Key)}].nextMs)
	return false
}

// keepKey gives a due key the deadline that a hook has asked for, and logs it
// at base, in front of what the hooks did; false when there is no such key any
// more. A key that has got other contents comes after those in the log.
func (e *Engine) keepKey(u *command.Unit, shard int, k keyspace.DueKey, until int64, base int) bool {
	sh := e.shards[shard]
	_, same := sh.IsDue(k.DB, k.Key, u.NowMs)
	sh.SetNow(0) // the key may be due and hidden
	kept := sh.DB(k.DB).SetDeadline(k.Key, until)
	sh.SetNow(u.NowMs)
	if !kept {
		return false
	}
	if !same {
		e.logExpiry(u, base, k.DB, []byte("DEL"), k.Key)
		base = len(u.Records)
	}
	e.logExpiry(u, base, k.DB, []byte("PEXPIREAT"), k.Key, appendInt(nil, until))
	e.changed(u, k, hook.Generic, "expire")
	return true
}

// logExpiry puts the record of an expiry in front of what its hooks logged.
func (e *Engine) logExpiry(u *command.Unit, at, db int, args ...[]byte) {
	kept := make([][]byte, len(args))
	for i, a := range args {
		kept[i] = u.Keep(a)
	}
	u.Records = append(u.Records, command.Record{})
	copy(u.Records[at+1:], u.Records[at:])
	u.Records[at] = command.Record{DB: db, Args: kept}
}

func (e *Engine) changed(u *command.Unit, k keyspace.DueKey, class hook.Class, event string) {
	u.Dirty++
	if u.Want != 0 {
		u.Changes = append(u.Changes, command.Change{DB: k.DB, Key: u.Keep(k.Key), Class: class, Event: event, Depth: u.Depth})
	}
}

// expiredEvent makes the event, or returns nil when nobody wants it.
func (e *Engine) expiredEvent(u *command.Unit, d *keyspace.DB, k keyspace.DueKey, deadline int64, cause hook.Cause) *hook.Expired {
	if !e.bus.Wants(hook.KindExpired) {
		return nil
	}
	frozen, ok := d.Freeze(k.Key)
	if !ok {
		return nil
	}
	return &hook.Expired{
		Origin: hook.Origin{DB: k.DB, Nest: u.Depth, AtMs: u.NowMs},
		Key:    append([]byte(nil), k.Key...), Type: frozen.Type.String(), Value: &frozen, DeadlineMs: deadline, Cause: cause,
	}
}

// expiresOn reports whether a command removes the due keys that it names. Reads
// leave that to the reaper, where there is one.
func (e *Engine) expiresOn(s *command.Spec) bool {
	return !s.Is(command.ReadOnly) || e.passive.Load()
}

// looksAround reports whether a command comes across keys that it does not name,
// which is an access to them where only that removes due keys.
func looksAround(s *command.Spec) bool {
	return s.Is(command.AllShards|command.ReadOnly) && (s.Name == "scan" || s.Name == "keys" || s.Name == "randomkey")
}

// expireAllDue expires what is due, each key as a unit of its own.
func (e *Engine) expireAllDue() {
	const batch = 4096
	for i := range e.shards {
		for e.expireShard(i, batch) == batch {
		}
	}
}

// errExpiring answers a write to a key whose expiry is put off because its
// hooks fail: it is neither there nor gone.
const errExpiring wire.Error = "TRYAGAIN the key has expired, but its hooks fail: they are tried again shortly"

// expireMet expires the due keys that a call's row declares, inside the call's
// unit, so that no handler ever writes to a due key. The reaper is normally
// there first: where nothing in the shard is due, this costs one comparison.
// The error is ErrUndeclared where atomic hooks need more locks than the unit has.
func (e *Engine) expireMet(c *command.Call) error {
	u := c.Unit
	if c.Replay || !e.anyDue(u) {
		return nil
	}
	var buf [16]command.KeyPos
	keys, _ := c.Spec.AppendKeys(buf[:0], c.Args)
	for _, k := range keys {
		if err := e.ExpireIn(c, c.DB, c.Args[k.Index]); err != nil {
			return err
		}
	}
	return nil
}

// anyDue reports whether a key may be due in the shards that the unit holds.
func (e *Engine) anyDue(u *command.Unit) bool {
	if e.outside.Load() > 0 {
		return true
	}
	if u.All {
		for _, s := range e.shards {
			if s.DueBy(u.NowMs) {
				return true
			}
		}
		return false
	}
	for _, n := range u.Held {
		if e.shards[n].DueBy(u.NowMs) {
			return true
		}
	}
	return false
}

// tooNarrow reports whether there are atomic hooks on expiries for which the unit has
// not the locks, and is to take more.
func (e *Engine) tooNarrow(u *command.Unit) bool {
	if u.All || u.Narrow {
		return false
	}
	a := e.atomics.Load()
	return a.on(hook.KindExpired) || a.lack(u)
}

// ExpireIn implements command.Engine: it expires the key, when it is due,
// inside the call's unit.
func (e *Engine) ExpireIn(c *command.Call, db int, key []byte) error {
	u, n := c.Unit, e.shardOf(key)
	if c.Replay || !u.Holds(n) {
		return nil
	}
	deadline, due := e.shards[n].IsDue(db, key, u.NowMs)
	if !due {
		return nil
	}
	if e.tooNarrow(u) {
		return command.ErrUndeclared
	}
	u.Narrow = true // what has expired now cannot be taken back by who begins again
	if u.All && slices.Contains(e.expiring, retryKey{db, string(key)}) {
		return nil // this is one of its own hooks
	}
	e.expireOne(u, n, keyspace.DueKey{DB: db, Key: append([]byte(nil), key...), Deadline: deadline}, hook.CauseAccess)
	if _, still := e.shards[n].IsDue(db, key, u.NowMs); still && c.Spec.Any(command.Write|command.Revocable) {
		return errExpiring
	}
	return nil
}
