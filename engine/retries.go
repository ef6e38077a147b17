package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// retryKey names a key whose expiry is being retried because of a failing hook.
type retryKey struct {
	db  int
	key string
}

// retry is how far an expiry that is being retried has got.
type retry struct {
	tries  int
	nextMs int64 // the next try is not before this
}

// expiryRetries counts a failed try of the hooks on k and reports whether the
// expiry is to be put off. The tries are bounded: then the key goes without
// the hook, which counts the loss. All locks are held.
func (e *Engine) expiryRetries(u *command.Unit, k keyspace.DueKey) bool {
	limit := 0
	for _, a := range e.atomics.Load().all {
		if a.Hook.Kind() == hook.KindExpired {
			limit = max(limit, a.Hook.Retries())
		}
	}
	id := retryKey{k.DB, string(k.Key)}
	r, known := e.retries[id]
	if r.tries++; r.tries > limit {
		e.forgetRetry(k)
		e.log.Error("expiry goes on without its hook", "db", k.DB, "key", string(k.Key), "tries", limit)
		return false
	}
	r.nextMs = u.NowMs + backoff(r.tries)
	e.retries[id] = r
	if !known {
		e.outside.Add(1)
	}
	return true
}

// backoff is the pause before the next try in milliseconds: 100, 200, 400, … at most a minute.
func backoff(tries int) int64 { return min(int64(100)<<min(tries-1, 10), maxBackoff) }

const maxBackoff = 60_000

// puttingOff reports whether k's hooks have failed and are not to be tried again yet.
func (e *Engine) puttingOff(u *command.Unit, k keyspace.DueKey) bool {
	if !u.All {
		return false
	}
	r, known := e.retries[retryKey{k.DB, string(k.Key)}]
	return known && u.NowMs < r.nextMs && e.atomics.Load().on(hook.KindExpired)
}

func (e *Engine) forgetRetry(k keyspace.DueKey) {
	id := retryKey{k.DB, string(k.Key)}
	if _, known := e.retries[id]; known {
		delete(e.retries, id)
		e.outside.Add(-1)
	}
}

// pruneRetries forgets keys that have gone in other ways than by expiring: with
// their database, say. It looks at all of them, once in a few minutes.
func (e *Engine) pruneRetries(u *command.Unit) {
	const rest = 2 * maxBackoff
	if !u.All || u.NowMs < e.prunedMs+rest {
		return
	}
	e.prunedMs = u.NowMs
	for id, r := range e.retries {
		if u.NowMs > r.nextMs+rest {
			e.forgetRetry(keyspace.DueKey{DB: id.db, Key: []byte(id.key)})
		}
	}
}
