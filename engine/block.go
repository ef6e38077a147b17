package engine

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
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
	args      [][]byte
	spec      *command.Spec
	since     time.Time
	timer     *time.Timer // guarded by session.mu
	// deferred is a wish to end the wait that came while somebody held the claim.
	deferred atomic.Int32
}

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
	w := &waiter{session: s, onTimeout: b.OnTimeout, spec: c.Spec, since: e.now()}
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
		w.timer = time.AfterFunc(time.Duration(b.TimeoutMs)*time.Millisecond, func() { e.unpark(w, unparkTimeout) })
	}
}

// leave takes the waiter out of all queues. The caller holds the claim; held
// are the locks it has.
func (e *Engine) leave(w *waiter, held *command.Unit) {
	if w.over.Swap(true) {
		return
	}
	for _, id := range w.keys {
		n := e.shardOf([]byte(id.key))
		sh := e.shards[n]
		locked := held != nil && held.Holds(n)
		if !locked {
			sh.lock(nil)
		}
		q := sh.waiters[id]
		if i := slices.Index(q, w); i >= 0 {
			q = slices.Delete(slices.Clone(q), i, i+1)
		}
		if len(q) == 0 {
			delete(sh.waiters, id)
		} else {
			sh.waiters[id] = q
		}
		if !locked {
			sh.unlock()
		}
	}
	e.listeners.Add(-1)
	e.stats.blocked.Add(-1)
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	w.session.wait = nil
	if w.timer != nil {
		w.timer.Stop()
	}
}

// serve tries the commands of clients that are blocked on the ready keys, the
// longest waiting first. What these commands change in turn is served too.
func (e *Engine) serve(keys []ready) {
	for len(keys) > 0 {
		k := keys[0]
		keys = keys[1:]
		sh := e.shards[k.shard]
		sh.lock(nil)
		queue := slices.Clone(sh.waiters[k.key])
		sh.unlock()
		for _, w := range queue {
			keys = append(keys, e.retry(w)...)
		}
	}
}

// retry runs a parked command again and, when it is answered, ends the wait.
func (e *Engine) retry(w *waiter) []ready {
	if w.over.Load() || !w.claim.CompareAndSwap(false, true) {
		return nil
	}
	s, start := w.session, e.now()
	out, done, err := e.retryClaimed(w)
	if done {
		e.account(s, w.spec, w.args, e.now().Sub(start), err)
		e.journal.Commit(out.pos) // a failure shows in Journal.Err
	}
	keys := out.ready
	out.ready = nil
	e.publish(out) // before Resume: the changes live in the session's unit
	if done {
		s.outbox.Deliver(s.blockedOut.Buf)
		s.outbox.Resume()
		return keys
	}
	w.claim.Store(false)
	if cause := unparkCause(w.deferred.Load()); cause != unparkNone {
		e.unpark(w, cause)
	}
	return keys
}

func (e *Engine) retryClaimed(w *waiter) (out outcome, done bool, err error) {
	s := w.session
	c, u := &s.call, &s.unit
	s.blockedOut = wire.Writer{Buf: s.blockedOut.Buf[:0], RESP3: s.resp3}
	s.fill(c)
	c.Retry = true
	c.Begin(w.spec, w.args, &s.blockedOut)
	u.Reset()
	e.holdSpec(u, w.spec, w.args)
	e.begin(u, nil)
	err = e.runLocked(c)
	switch {
	case err != nil:
		s.replyError(&s.blockedOut, err)
		done = true
	default:
		done = c.Waiting() == nil
	}
	if done {
		e.leave(w, u)
	}
	return e.end(u), done, err
}

// unpark ends a wait in vain. When somebody tries the command right now, the
// wish is kept and looked at afterwards.
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
		e.account(s, w.spec, w.args, 0, errUnblocked)
	} else {
		w.onTimeout(&s.blockedOut)
		e.account(s, w.spec, w.args, 0, nil)
	}
	s.outbox.Deliver(s.blockedOut.Buf)
	s.outbox.Resume()
	return true
}

// unpark ends the session's wait, if it is in one.
func (s *Session) unpark(cause unparkCause) bool {
	s.mu.Lock()
	w := s.wait
	s.mu.Unlock()
	return w != nil && s.engine.unpark(w, cause)
}
