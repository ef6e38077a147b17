package engine

import (
	"slices"
	"sync/atomic"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// watch is a session's interest in keys from its first WATCH up to EXEC,
// DISCARD or UNWATCH.
type watch struct {
	keys  []keyID
	dirty atomic.Bool // one of them has changed
}

// isDirty reports whether a watched key has changed.
func (w *watch) isDirty() bool { return w != nil && w.dirty.Load() }

// touch marks the sessions that watch what the unit changed, and returns the
// keys that blocked clients wait for. The unit's locks are held.
func (e *Engine) touch(u *command.Unit) (out []ready) {
	for i := range u.Changes {
		ch := &u.Changes[i]
		if ch.Key == nil {
			out = e.touchAll(u, ch, out)
			continue
		}
		n := e.shardOf(ch.Key)
		s := e.shards[n]
		if len(s.watched) == 0 && len(s.waiters) == 0 {
			continue
		}
		id := keyID{ch.DB, string(ch.Key)}
		for w := range s.watched[id] {
			w.dirty.Store(true)
		}
		if len(s.waiters[id]) > 0 {
			out = append(out, ready{n, id, ch.Depth})
		}
	}
	return out
}

// touchAll is touch for a database that was emptied or swapped. A key that was
// not there before, and is not now, has not changed: had it come and gone
// meanwhile, the session would have been marked then.
func (e *Engine) touchAll(u *command.Unit, ch *command.Change, out []ready) []ready {
	db := ch.DB
	e.eachHeld(u, func(s *shard) {
		for id, watches := range s.watched {
			if id.db != db {
				continue
			}
			now := s.DB(db).Exists([]byte(id.key))
			for w, before := range watches {
				if before || now {
					w.dirty.Store(true)
				}
			}
		}
	})
	for n, s := range e.shards {
		if !u.Holds(n) {
			continue
		}
		for id, queue := range s.waiters {
			if id.db != db {
				continue
			}
			// A key that is due is tried too: the command removes it, as in Redis.
			_, due := s.IsDue(db, []byte(id.key), u.NowMs)
			if due || s.DB(db).Exists([]byte(id.key)) || slices.ContainsFunc(queue, (*waiter).wantsGone) {
				out = append(out, ready{n, id, ch.Depth})
			}
		}
	}
	return out
}

// watch makes the session's next EXEC depend on the key. The key's shard is locked.
func (e *Engine) watch(s *Session, key []byte) {
	sh := e.shards[e.shardOf(key)]
	id := keyID{s.db, string(key)}
	set := sh.watched[id]
	if set == nil {
		set = map[*watch]bool{}
		sh.watched[id] = set
	}
	if s.watch == nil {
		s.watch = &watch{}
		s.watching.Store(s.watch)
	}
	if _, twice := set[s.watch]; twice {
		return
	}
	set[s.watch] = sh.DB(s.db).Exists(key)
	s.watch.keys = append(s.watch.keys, id)
	e.listeners.Add(1)
}

// unwatch forgets all keys that the session watches. No shard is locked, or
// those in u.
func (e *Engine) unwatch(s *Session, u *command.Unit) {
	w := s.watch
	if w == nil {
		return
	}
	s.watch = nil
	s.watching.Store(nil)
	e.forget(w.keys, u, func(sh *shard, id keyID) {
		set := sh.watched[id]
		delete(set, w)
		if len(set) == 0 {
			delete(sh.watched, id)
		}
	})
	e.listeners.Add(-int64(len(w.keys)))
}

// forget calls drop for each key, with its shard locked: at once where held has
// the lock or nobody else does, otherwise later, in the background. So it never
// waits: the locks may be a script's, which ends when this goroutine reads the
// next SCRIPT KILL, and the caller may hold other shards.
func (e *Engine) forget(keys []keyID, held *command.Unit, drop func(*shard, keyID)) {
	var later []keyID
	for _, id := range keys {
		n := e.shardOf([]byte(id.key))
		sh := e.shards[n]
		switch {
		case held != nil && held.Holds(n):
			drop(sh, id)
		case sh.mu.TryLock():
			drop(sh, id)
			sh.unlock()
		default:
			later = append(later, id)
		}
	}
	if len(later) == 0 {
		return
	}
	e.tasks.Go(func() {
		for _, id := range later {
			sh := e.shards[e.shardOf([]byte(id.key))]
			sh.mustLock()
			drop(sh, id)
			sh.unlock()
		}
	})
}
