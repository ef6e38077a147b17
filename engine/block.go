package engine

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/timer"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// waiter is a session that is parked on keys. Whoever claims it first ends the
// wait or tries its command again: the session that changed a key, the timer,
// CLIENT UNBLOCK, or the end of the connection.
type waiter struct {
	session   *Session
	keys      []keyID
	claim     atomic.Bool
	over      atomic.Bool // for good: it is out of every queue
	onTimeout func(wire.Reply)
	gone      bool // it wants to know when a key is no more
	args      [][]byte
	spec      *command.Spec
	since     time.Time
	timer     *timer.Timer // guarded by session.mu
	muted     bool         // CLIENT REPLY has silenced the command
	// deferred is a wish to end the wait that came while somebody held the claim.
	deferred atomic.Int32
}

func (w *waiter) wantsGone() bool { return w.gone }

// unparkCause says why a wait ends without the command having been answered.
type unparkCause int32

const (
	unparkNone unparkCause = iota
	unparkTimeout
	unparkError  // CLIENT UNBLOCK … ERROR
	unparkClosed // the connection or the engine is gone
)

const errUnblocked wire.Error = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

// park registers the session with the keys it waits for. The unit's locks are held.
func (e *Engine) park(c *command.Call, b *command.Block) {
	s := c.Client.(*Session)
	if s.wait != nil && c.Retry {
		return // it kept its places in the queues
	}
	s.batch.tally.fold(s) // from here on others may use the session's call
	w := &waiter{session: s, onTimeout: b.OnTimeout, gone: b.Gone, spec: c.Spec, since: e.now(), muted: s.replyOff || s.replySkip > 0}
	for _, a := range c.Args {
		w.args = append(w.args, slices.Clone(a))
	}
	for _, k := range b.Keys {
		id := keyID{s.db, string(k)}
		if slices.Contains(w.keys, id) {
			continue
		}
		w.keys = append(w.keys, id)
		sh := e.shards[e.shardOf(k)]
		sh.waiters[id] = append(sh.waiters[id], w)
	}
	s.parked = true
	e.listeners.Add(1)
	e.stats.blocked.Add(1)
	s.mu.Lock() // the timer may go off before it is stored
	defer s.mu.Unlock()
	s.wait = w
	if b.TimeoutMs > 0 {
		w.timer = e.timers.After(time.Duration(b.TimeoutMs)*time.Millisecond, func() { e.unpark(w, unparkTimeout) })
	}
}

// leave takes the waiter out of all queues, for good. The caller holds the
// claim; held are the locks it has.
func (e *Engine) leave(w *waiter, held *command.Unit) {
	if w.over.Swap(true) {
		return
	}
	e.forget(w.keys, held, func(sh *shard, id keyID) {
		q := sh.waiters[id]
		if i := slices.Index(q, w); i >= 0 {
			q = slices.Delete(slices.Clone(q), i, i+1)
		}
		if len(q) == 0 {
			delete(sh.waiters, id)
		} else {
			sh.waiters[id] = q
		}
	})
	e.listeners.Add(-1)
	e.stats.blocked.Add(-1)
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	w.session.wait = nil
	if w.timer != nil {
		w.timer.Stop()
	}
}

// tryResult is what has come of trying a parked command again.
type tryResult uint8

const (
	tryAnswered tryResult = iota
	tryInVain
	tryRefused // a busy script has the locks
)

// try runs a parked command again and, when it is answered, ends the wait.
// Only the goroutine that serves the wakes calls it. depth counts the hooks
// that led here.
func (e *Engine) try(w *waiter, depth int, patient bool, from hook.Giver) tryResult {
	if w.over.Load() || !w.claim.CompareAndSwap(false, true) {
		return tryAnswered // its wait is being ended
	}
	s, start := w.session, e.now()
	out, result, err := e.tryClaimed(w, depth, patient)
	if result == tryAnswered {
		took := e.now().Sub(start)
		e.account(s, w.spec, w.args, took, err)
		if ev := s.followed(w.spec, w.args, took, err); ev != nil {
			out.events = append(out.events, ev)
		}
	}
	e.wakes.add(out.ready)
	out.ready = nil
	if result == tryAnswered {
		s.reply(w)
	}
	e.publish(out, from) // before the client goes on: the changes live in its unit
	if result == tryAnswered {
		s.outbox.Resume()
		return result
	}
	w.claim.Store(false)
	if cause := unparkCause(w.deferred.Load()); cause != unparkNone {
		e.unpark(w, cause)
	}
	return result
}

func (e *Engine) tryClaimed(w *waiter, depth int, patient bool) (out outcome, result tryResult, err error) {
	s := w.session
	c, u := &s.call, &s.unit
	s.blockedOut = wire.Writer{Buf: s.blockedOut.Buf[:0], RESP3: s.resp3}
	s.fill(c)
	c.Retry = true
	c.Begin(w.spec, w.args, &s.blockedOut)
	u.Reset()
	u.Depth = max(s.depth, depth)
	e.holdSpec(u, w.spec, w.args)
	if !e.begin(u, e.patience(patient)) {
		return out, tryRefused, nil
	}
	err = e.runLocked(c, patient)
	switch {
	case errors.Is(err, errRefused): // undone, and nothing is locked
		return out, tryRefused, nil
	case err != nil:
		s.replyError(&s.blockedOut, err)
	case c.Waiting() != nil:
		result = tryInVain
	}
	if result == tryAnswered {
		e.remember(c)
		e.leave(w, u)
	}
	return e.end(u), result, err
}

// unpark ends a wait in vain. When somebody tries the command right now, the
// wish is kept and looked at afterwards. It waits for no shard's lock.
func (e *Engine) unpark(w *waiter, cause unparkCause) bool {
	w.deferred.Store(int32(cause))
	if w.over.Load() || !w.claim.CompareAndSwap(false, true) {
		return false
	}
	e.leave(w, nil)
	s := w.session
	if cause == unparkClosed {
		return true
	}
	s.blockedOut = wire.Writer{Buf: s.blockedOut.Buf[:0], RESP3: s.resp3}
	if cause == unparkError {
		s.blockedOut.Error(errUnblocked)
		s.unanswered(w, errUnblocked)
	} else {
		w.onTimeout(&s.blockedOut)
		s.unanswered(w, nil)
	}
	s.answer(w)
	return true
}

// unanswered counts a command whose wait was in vain. Locks may be held.
func (s *Session) unanswered(w *waiter, err error) {
	s.engine.account(s, w.spec, w.args, 0, err)
	if ev := s.followed(w.spec, w.args, 0, err); ev != nil {
		s.engine.bus.Offer(ev)
	}
}

// answer sends what has come of the wait, and lets the client go on.
func (s *Session) answer(w *waiter) {
	s.reply(w)
	s.outbox.Resume()
}

// reply sends what has come of the wait.
func (s *Session) reply(w *waiter) {
	if !w.muted {
		s.outbox.Deliver(s.blockedOut.Buf)
	}
}

// unpark ends the session's wait, if it is in one.
func (s *Session) unpark(cause unparkCause) bool {
	s.mu.Lock()
	w := s.wait
	s.mu.Unlock()
	return w != nil && s.engine.unpark(w, cause)
}
