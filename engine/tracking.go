package engine

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Client-side caching: a client that tracks is told when a key changes whose
// value it may have cached. Either the server remembers which keys it has read
// (each shard does, for its own keys), or, in broadcasting mode, the client is
// told of every changed key with one of its prefixes.
//
// No stale value survives in a cache: a key is remembered under the lock of its
// shard, before the reply is sent, and a message to a client goes behind the
// reply that its connection is writing. So it never overtakes the value that it
// is about. A message for no need is harmless, and not avoided at any cost.

// tracking is what a client has asked for with CLIENT TRACKING. Only broken
// changes once it has been made.
type tracking struct {
	redirect int64 // the client that gets the messages; 0: this one
	bcast    bool
	optin    bool
	optout   bool
	noloop   bool
	prefixes []string    // of broadcasting mode
	broken   atomic.Bool // the client to redirect to is gone
}

// tracker is the engine's part of tracking. The keys are in the shards.
type tracker struct {
	clients atomic.Int32 // that track; changes with mu held
	table   atomic.Pointer[trackTable]

	mu        sync.Mutex // serialises writers
	audiences atomic.Pointer[[]audience]
}

// audience is who wants to know of all keys with a prefix. It does not change.
type audience struct {
	prefix   string
	sessions []*Session
}

// track makes t what the session tracks; nil ends that. Keys that the table
// still has for it stay there until they change or nobody tracks any more.
func (e *Engine) track(s *Session, t *tracking) {
	old := s.tracking.Swap(t)
	switch {
	case old == nil && t != nil:
		e.tracker.enter()
		e.listeners.Add(1)
	case old != nil && t == nil:
		e.listeners.Add(-1)
		if e.tracker.leave() {
			e.dropTables()
		}
	}
	s.caching = false
	if old != nil && old.bcast || t != nil && t.bcast {
		e.tracker.seat(s, t)
	}
}

// seat puts the session into the audiences that t names, and into no others.
func (tr *tracker) seat(s *Session, t *tracking) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var next []audience
	for _, a := range tr.all() {
		others := slices.DeleteFunc(slices.Clone(a.sessions), func(o *Session) bool { return o == s })
		if len(others) > 0 {
			next = append(next, audience{a.prefix, others})
		}
	}
	if t != nil && t.bcast {
		for _, p := range t.prefixes {
			i, found := slices.BinarySearchFunc(next, p, func(a audience, p string) int { return strings.Compare(a.prefix, p) })
			if !found {
				next = slices.Insert(next, i, audience{prefix: p})
			}
			next[i].sessions = append(next[i].sessions, s)
		}
	}
	tr.audiences.Store(&next)
}

// all are the audiences, in the order of their prefixes.
func (tr *tracker) all() []audience {
	if a := tr.audiences.Load(); a != nil {
		return *a
	}
	return nil
}

// remember notes that the client has read the keys of a call that has just run
// inside a unit. The unit's locks are held.
func (e *Engine) remember(c *command.Call) {
	if e.tracker.clients.Load() == 0 {
		return
	}
	s, ok := c.Client.(*Session)
	if !ok {
		return
	}
	t, read := s.tracking.Load(), s.scriptRead
	s.scriptRead = false
	if c.Spec.Any(command.Revocable) {
		if !read {
			return // a script that has read nothing
		}
	} else if !c.Spec.Is(command.ReadOnly) {
		return
	}
	if t == nil || t.bcast || t.optin && !s.caching || t.optout && s.caching {
		return
	}
	// What the unit has changed up to here was changed before the client read it.
	s.stale = e.untrack(c.Unit, s.stale)
	var buf [16]command.KeyPos
	keys, _ := c.Spec.AppendKeys(buf[:0], c.Args)
	for _, k := range keys {
		if n := e.shardOf(c.Args[k.Index]); c.Unit.Holds(n) {
			e.rememberKey(e.shards[n], c.Args[k.Index], s.id)
		}
	}
}

// stale are the cached values that a unit has made wrong.
type stale struct {
	keys []staleKey
	all  bool // a database was emptied or swapped
	seen int  // how many of the unit's changes are in it
}

// staleKey is a key with the clients that had read it. own says that the
// unit's client has changed it itself.
type staleKey struct {
	key string
	own bool
	ids []int64
}

// untrack takes out of the tables what the unit has changed since out was
// gathered, and adds it to that. The unit's locks are held.
func (e *Engine) untrack(u *command.Unit, out stale) stale {
	emptied := false
	for i := min(out.seen, len(u.Changes)); i < len(u.Changes); i++ {
		ch := &u.Changes[i]
		if ch.Key == nil {
			emptied = true
			continue
		}
		sh := e.shards[e.shardOf(ch.Key)]
		if len(sh.tracked) == 0 {
			continue
		}
		name := string(ch.Key)
		if ids := e.forgetTracked(sh, name); ids != nil {
			out.keys = append(out.keys, staleKey{name, ownChange(ch, u.Depth), ids})
		}
	}
	out.seen = len(u.Changes)
	if emptied {
		out.all = true
		e.eachHeld(u, e.emptyTracked)
	}
	return out
}

// staleOf is untrack at the unit's end.
func (e *Engine) staleOf(u *command.Unit) (out stale) {
	if s, ok := u.Client.(*Session); ok {
		out, s.stale = s.stale, stale{}
	}
	if e.tracker.clients.Load() == 0 {
		return stale{}
	}
	return e.untrack(u, out)
}

// ownChange tells what a unit's client has done from what expiry, eviction and
// hooks did inside the unit.
func ownChange(ch *command.Change, depth int) bool {
	return ch.Class&(hook.Expiry|hook.Eviction) == 0 && ch.Depth == depth
}

// tellTracking tells the clients what a unit has changed. No lock is held.
func (e *Engine) tellTracking(out *outcome) {
	if e.tracker.clients.Load() == 0 {
		return
	}
	by, _ := out.by.(*Session)
	if out.stale.all {
		e.sessions.each(func(s *Session) {
			if t := s.tracking.Load(); t != nil {
				e.invalidate(out, s, t, nil)
			}
		})
		return
	}
	for i := range out.stale.keys {
		k := &out.stale.keys[i]
		for _, id := range k.ids {
			e.invalidateRead(out, id, k.key, by, k.own)
		}
	}
	for _, a := range e.tracker.all() {
		e.broadcast(out, a, by)
	}
}

// invalidateRead tells a client that a key has changed which it had read.
func (e *Engine) invalidateRead(out *outcome, id int64, key string, by *Session, own bool) {
	s := e.sessions.find(id)
	if s == nil {
		return
	}
	if t := s.tracking.Load(); t != nil && !t.bcast && !(t.noloop && own && s == by) {
		e.invalidate(out, s, t, []string{key})
	}
}

// broadcast tells an audience which of its keys have changed, in one message.
func (e *Engine) broadcast(out *outcome, a audience, by *Session) {
	var keys, foreign []string // foreign: not changed by the unit's client
	for i := range out.changes {
		ch := &out.changes[i]
		if ch.Key == nil || !strings.HasPrefix(string(ch.Key), a.prefix) {
			continue
		}
		name := string(ch.Key)
		keys = append(keys, name)
		if !ownChange(ch, out.depth) {
			foreign = append(foreign, name)
		}
	}
	if len(keys) == 0 {
		return
	}
	keys, foreign = distinct(keys), distinct(foreign)
	for _, s := range a.sessions {
		t := s.tracking.Load()
		switch {
		case t == nil || !t.bcast:
		case !t.noloop || s != by:
			e.invalidate(out, s, t, keys)
		case len(foreign) > 0:
			e.invalidate(out, s, t, foreign)
		}
	}
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// invalidate tells the session, or the one that it redirects to, that its
// values of the keys are stale; without keys, all are.
func (e *Engine) invalidate(out *outcome, s *Session, t *tracking, keys []string) {
	to := s
	if t.redirect != 0 {
		if to = e.sessions.find(t.redirect); to == nil {
			t.broken.Store(true)
			s.pushBroken(out, t.redirect)
			return
		}
	}
	w := wire.Writer{RESP3: to.proto3.Load()}
	switch {
	case w.RESP3:
		w.Push(2)
		w.BulkString("invalidate")
	case to != s && to.subs.Load() > 0:
		w.Push(3)
		w.BulkString("message")
		w.BulkString("__redis__:invalidate")
	default:
		return // RESP2 knows no messages outside subscriptions
	}
	if keys == nil {
		w.Null()
	} else {
		w.Array(len(keys))
	}
	for _, k := range keys {
		w.BulkString(k)
	}
	out.push(to, w.Buf)
}

// push sends a message to a session: behind what it is being sent already, or, to
// the outcome's reader, in front of the reply that is still to come.
func (o *outcome) push(to *Session, b []byte) {
	if to == o.reader && o.out != nil {
		o.out.Buf = append(o.out.Buf, b...)
		return
	}
	to.outbox.Deliver(b)
}

// pushBroken tells a client that the one it redirects to is gone.
func (s *Session) pushBroken(out *outcome, redirect int64) {
	if !s.proto3.Load() {
		return
	}
	w := wire.Writer{RESP3: true}
	w.Push(2)
	w.BulkString("tracking-redir-broken")
	w.Int(redirect)
	out.push(s, w.Buf)
}
