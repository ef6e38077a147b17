package engine

import (
	"slices"
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// wakes are the changed keys whose blocked clients are still to be served. One
// goroutine at a time serves them, so that the longest waiting comes first and
// no wake-up meets a client whose command is being tried just then. It is the
// one that has changed the first of the keys, unless that would have to wait
// for a script.
type wakes struct {
	mu      sync.Mutex
	keys    []ready
	at      map[keyID]int // place in keys, counted from the first that ever stood there
	taken   int           // places before keys[0]
	most    int           // how long keys has been since at was made
	serving bool
}

// keptWakes is for how many keys the map is kept while nothing is queued.
const keptWakes = 1024

// ready is a key that changed while clients were blocked on it.
type ready struct {
	shard int
	key   keyID
	depth int // hooks that led to the change
}

// add queues keys and reports whether the caller is to serve them.
func (q *wakes) add(keys []ready) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range keys {
		q.addLocked(k)
	}
	if q.serving || len(q.keys) == 0 {
		return false
	}
	q.serving = true
	return true
}

// addLocked queues a key. One that is queued already is tried once for both
// changes, as deep as the deeper of them: so there are never more in the queue than
// there are keys that clients wait for.
func (q *wakes) addLocked(k ready) {
	if i, queued := q.at[k.key]; queued {
		before := &q.keys[i-q.taken]
		before.depth = max(before.depth, k.depth)
		return
	}
	if q.at == nil {
		q.at = map[keyID]int{}
	}
	q.at[k.key] = q.taken + len(q.keys)
	q.keys = append(q.keys, k)
	q.most = max(q.most, len(q.keys))
}

// next takes the first key; when there is none, serving is over.
func (q *wakes) next() (k ready, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.keys) == 0 {
		q.keys, q.taken, q.serving = nil, 0, false
		if q.most > keptWakes {
			q.at, q.most = nil, 0
		}
		return k, false
	}
	k = q.keys[0]
	q.keys = q.keys[1:]
	q.taken++
	delete(q.at, k.key)
	return k, true
}

// serve tries the commands of clients that are blocked on the keys, the longest
// waiting first. What these commands change in turn is served too. No lock is
// held. Where it would have to wait for a busy script, which may be waiting for
// this very goroutine to read its SCRIPT KILL, it goes on in the background.
// from is as for publish.
func (e *Engine) serve(keys []ready, from hook.Giver) {
	if !e.wakes.add(keys) {
		return
	}
	for {
		k, ok := e.wakes.next()
		if !ok {
			return
		}
		if !e.serveKey(k, false, from) {
			e.tasks.Go(func() {
				e.serveKey(k, true, nil)
				for k, ok := e.wakes.next(); ok; k, ok = e.wakes.next() {
					e.serveKey(k, true, nil)
				}
			})
			return
		}
	}
}

// serveKey tries the commands of the clients that are blocked on k. It returns
// false when it has not tried them all because a script is busy and it is not
// to be patient.
func (e *Engine) serveKey(k ready, patient bool, from hook.Giver) bool {
	sh := e.shards[k.shard]
	if !sh.lock(e.patience(patient)) {
		return false
	}
	queue := slices.Clone(sh.waiters[k.key])
	sh.unlock()
	there := true
	for _, w := range queue {
		if !there && !w.gone {
			continue // there is nothing left for it
		}
		switch e.try(w, k.depth, patient, from) {
		case tryRefused:
			return false
		case tryInVain:
			if !sh.lock(e.patience(patient)) {
				return false
			}
			there = sh.DB(k.key.db).Exists([]byte(k.key.key))
			sh.unlock()
		}
	}
	return true
}

// patience is what ends a wait for a lock: nothing, or a busy script.
func (e *Engine) patience(patient bool) <-chan struct{} {
	if patient {
		return nil
	}
	return e.busy.signal()
}
