package engine

import (
	"slices"
	"sync/atomic"
)

// trackTable is the table of the keys that clients have read: each shard has
// the part with its own keys. When the last client stops tracking, the whole of it
// gives way to an empty one; a shard notices when it needs its part.
type trackTable struct {
	keys, items atomic.Int64 // keys, and pairs of key and client
}

// enter says that one more client tracks. What it reads from now on stays in the table.
func (tr *tracker) enter() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.clients.Add(1)
}

// leave says that one client fewer tracks, and reports whether it was the last.
func (tr *tracker) leave() (last bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.clients.Add(-1) > 0 || tr.table.Load().keys.Load() == 0 {
		return false
	}
	tr.table.Store(new(trackTable))
	return true
}

// renew lets go of the shard's part of a table that is no more. The shard is locked.
func (e *Engine) renew(sh *shard) {
	if t := e.tracker.table.Load(); sh.table != t {
		sh.table, sh.tracked = t, nil
	}
}

// dropTables gives back the memory of a table that is no more. It waits for no
// lock: the caller may hold some.
func (e *Engine) dropTables() {
	e.tasks.Go(func() {
		for _, sh := range e.shards {
			sh.mustLock()
			e.renew(sh)
			sh.unlock()
		}
	})
}

// rememberKey notes that a client has read a key of the shard, which is locked.
func (e *Engine) rememberKey(sh *shard, key []byte, id int64) {
	e.renew(sh)
	ids := sh.tracked[string(key)]
	if slices.Contains(ids, id) {
		return
	}
	if sh.tracked == nil {
		sh.tracked = map[string][]int64{}
	}
	if limit := e.live.Get().Server.TrackingTableMaxKeys; limit > 0 && ids == nil {
		e.trimTracked(sh, limit-1, trimAtOnce)
	}
	sh.tracked[string(key)] = append(ids, id)
	sh.table.items.Add(1)
	if ids == nil {
		sh.table.keys.Add(1)
	}
}

// forgetTracked takes a key out of the shard's table. The shard is locked.
func (e *Engine) forgetTracked(sh *shard, key string) (ids []int64) {
	e.renew(sh)
	ids, ok := sh.tracked[key]
	if !ok {
		return nil
	}
	delete(sh.tracked, key)
	sh.table.keys.Add(-1)
	sh.table.items.Add(-int64(len(ids)))
	return ids
}

// emptyTracked empties the table of the shard, which is locked.
func (e *Engine) emptyTracked(sh *shard) {
	e.renew(sh)
	for _, ids := range sh.tracked {
		sh.table.items.Add(-int64(len(ids)))
	}
	sh.table.keys.Add(-int64(len(sh.tracked)))
	sh.tracked = nil
}

// trimAtOnce is how many keys are forgotten in one go when there are too many.
const trimAtOnce = 100

// trimTracked forgets up to so many keys of the shard, which is locked, while
// the tables have more than limit, and tells who had read them. Which keys is
// up to the map's order, which is random.
func (e *Engine) trimTracked(sh *shard, limit int64, most int) {
	e.renew(sh)
	for key := range sh.tracked {
		if most--; most < 0 || sh.table.keys.Load() <= limit {
			return
		}
		for _, id := range e.forgetTracked(sh, key) {
			e.invalidateRead(&outcome{}, id, key, nil, false)
		}
	}
}

// limitTracking follows a change of tracking-table-max-keys: at once where a few
// keys are too many and nobody holds the locks, otherwise in the background.
func (e *Engine) limitTracking() {
	const few = 1000
	if !e.tooManyTracked() {
		return
	}
	for _, sh := range e.shards {
		if sh.mu.TryLock() {
			e.trimTracked(sh, e.live.Get().Server.TrackingTableMaxKeys, few)
			sh.unlock()
		}
	}
	if !e.tooManyTracked() {
		return
	}
	e.tasks.Go(func() {
		for e.tooManyTracked() && e.ctx.Err() == nil {
			for _, sh := range e.shards {
				sh.mustLock()
				e.trimTracked(sh, e.live.Get().Server.TrackingTableMaxKeys, trimAtOnce)
				sh.unlock()
			}
		}
	})
}

func (e *Engine) tooManyTracked() bool {
	limit := e.live.Get().Server.TrackingTableMaxKeys
	return limit > 0 && e.tracker.table.Load().keys.Load() > limit
}
