package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
)

// ready is a key that changed while clients were blocked on it.
type ready struct {
	shard int
	key   keyID
}

// touch marks the sessions that watch what the unit changed, invalidates
// client-side caches, and returns the keys that blocked clients wait for. The
// unit's locks are held.
func (e *Engine) touch(u *command.Unit) (out []ready) {
	for i := range u.Changes {
		ch := &u.Changes[i]
		if ch.Key == nil {
			out = e.touchAll(u, ch.DB, out)
			continue
		}
		n := e.shardOf(ch.Key)
		s := e.shards[n]
		if len(s.watched) == 0 && len(s.waiters) == 0 {
			continue
		}
		id := keyID{ch.DB, string(ch.Key)}
		for w := range s.watched[id] {
			w.dirtyCAS.Store(true)
		}
		if len(s.waiters[id]) > 0 {
			out = append(out, ready{n, id})
		}
	}
	return out
}

// touchAll is touch for a database that was emptied or swapped. A key that was
// not there before, and is not now, has not changed: had it come and gone
// meanwhile, the session would have been marked then.
func (e *Engine) touchAll(u *command.Unit, db int, out []ready) []ready {
	e.eachHeld(u, func(s *shard) {
		for id, sessions := range s.watched {
			if id.db != db {
				continue
			}
			now := s.DB(db).Exists([]byte(id.key))
			for w, before := range sessions {
				if before || now {
					w.dirtyCAS.Store(true)
				}
			}
		}
	})
	for n, s := range e.shards {
		if !u.Holds(n) {
			continue
		}
		for id := range s.waiters {
			if id.db == db && s.DB(db).Exists([]byte(id.key)) {
				out = append(out, ready{n, id})
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
		set = map[*Session]bool{}
		sh.watched[id] = set
	}
	if _, twice := set[s]; twice {
		return
	}
	set[s] = sh.DB(s.db).Exists(key)
	s.watching = append(s.watching, id)
	e.listeners.Add(1)
}

// unwatch forgets all keys that the session watches. No shard is locked, or
// those in u.
func (e *Engine) unwatch(s *Session, u *command.Unit) {
	for _, id := range s.watching {
		n := e.shardOf([]byte(id.key))
		sh := e.shards[n]
		held := u != nil && u.Holds(n)
		if !held {
			sh.lock(nil)
		}
		if set := sh.watched[id]; set != nil {
			delete(set, s)
			if len(set) == 0 {
				delete(sh.watched, id)
			}
		}
		if !held {
			sh.unlock()
		}
		e.listeners.Add(-1)
	}
	s.watching = s.watching[:0]
	s.dirtyCAS.Store(false)
}
