package engine

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Eviction: where the data takes more than maxmemory, keys are removed before
// the next command runs, each as a unit of its own, chosen among a few that are
// drawn at random. One command spends a bounded time on it; what is still too
// much then goes in the background, while commands go on. Memory is used up, and
// commands that need more are refused, only where nothing is left to evict.

// evictions are the policies of maxmemory-policy but noeviction.
var evictions = map[string]eviction{
	"allkeys-lru":     {keyspace.LeastRecent, false},
	"allkeys-lfu":     {keyspace.LeastFrequent, false},
	"allkeys-random":  {keyspace.AnyKey, false},
	"volatile-lru":    {keyspace.LeastRecent, true},
	"volatile-lfu":    {keyspace.LeastFrequent, true},
	"volatile-random": {keyspace.AnyKey, true},
	"volatile-ttl":    {keyspace.SoonestDue, true},
}

type eviction struct {
	by       keyspace.Choice
	volatile bool // of the keys with a deadline only
}

// overMemory reports whether the data takes more than maxmemory.
func (e *Engine) overMemory() bool {
	limit := e.live.Get().Memory.MaxMemory
	return limit > 0 && e.usedMemory() > limit
}

// emptyBytes is about what an engine without data takes. It counts, so that a
// maxmemory below it refuses writes, as in Redis.
const emptyBytes = 64 << 10

// usedMemory is what maxmemory limits: the data.
func (e *Engine) usedMemory() int64 { return emptyBytes + e.space.Used() }

// outOfMemory reports whether commands that need more memory are refused. They
// are not while an eviction goes on: it has found something to evict so far.
func (e *Engine) outOfMemory() bool { return e.overMemory() && !e.evicting.Load() }

// makeRoom evicts keys while the data takes more than maxmemory, as long as the
// configured tenacity allows. What the session that needs the room has cached of
// them is invalidated through out, in front of its reply. No lock is held.
func (e *Engine) makeRoom(s *Session, out *wire.Writer) {
	cfg := e.live.Get()
	policy, ok := evictions[cfg.Memory.MaxMemoryPolicy]
	if !ok || e.evicting.Load() || e.pause.writesPaused(e.now()) {
		return
	}
	start := e.now()
	defer func() { e.latency.note(e, "eviction-cycle", e.since(start)) }()
	limit := evictionTime(cfg.Memory.MaxMemoryEvictionTenacity)
	for n := 1; e.overMemory(); n++ {
		if !e.evictOne(policy, cfg, s, out) {
			return
		}
		if n%16 == 0 && e.since(start) >= limit {
			e.evictLater()
			return
		}
	}
}

// evictionTime is how long a command may spend on eviction: up to 10 in steps of
// 50 microseconds, above that growing by 15 percent with each step, as in Redis.
func evictionTime(tenacity int) time.Duration {
	const step = 50 * time.Microsecond
	switch {
	case tenacity <= 10:
		return time.Duration(tenacity) * step
	case tenacity < 100:
		return time.Duration(10 * float64(step) * math.Pow(1.15, float64(tenacity-10)))
	}
	return math.MaxInt64
}

// evictLater evicts in the background until the data fits again, if the policy
// allows.
func (e *Engine) evictLater() {
	if _, ok := evictions[e.live.Get().Memory.MaxMemoryPolicy]; !ok || e.evicting.Swap(true) {
		return
	}
	e.tasks.Go(func() {
		defer e.evicting.Store(false)
		defer e.Commit() // a failure shows in Journal.Err
		for n := 1; e.ctx.Err() == nil && e.overMemory(); n++ {
			if n%64 == 0 {
				e.Commit()
			}
			cfg := e.live.Get()
			policy, ok := evictions[cfg.Memory.MaxMemoryPolicy]
			if !ok || e.pause.writesPaused(e.now()) || !e.evictOne(policy, cfg, nil, nil) {
				return
			}
		}
	})
}

// evictOne evicts one key, and reports whether there was one. Where a busy
// script holds the locks there is none.
func (e *Engine) evictOne(policy eviction, cfg *config.Config, s *Session, out *wire.Writer) bool {
	first := rand.IntN(len(e.shards))
	for i := range e.shards {
		n := (first + i) % len(e.shards)
		u := command.Unit{}
		e.ofShard(&u, n, hook.KindEvicted)
		if !e.begin(&u, e.busy.signal()) {
			return false
		}
		found := e.evictFrom(&u, e.shards[n], policy, &cfg.Memory)
		o := e.end(&u)
		if !found {
			continue
		}
		o.reader, o.out = s, out
		var from hook.Giver
		if s != nil {
			from = s.outbox
			s.batch.tell(from) // what came before it
		}
		e.publish(o, from)
		return true
	}
	return false
}

// evictFrom evicts a key of the shard, which u has locked: of the databases'
// candidates the one that is most urgent.
func (e *Engine) evictFrom(u *command.Unit, sh *shard, policy eviction, cfg *config.Memory) bool {
	var key []byte
	var most uint64
	db := -1
	for i := range e.space.Databases() {
		if k, urgency, ok := sh.DB(i).Victim(policy.by, policy.volatile, cfg.MaxMemorySamples); ok && (db < 0 || urgency > most) {
			key, most, db = k, urgency, i
		}
	}
	if db < 0 {
		return false
	}
	key = u.Keep(key)
	ev := e.evictedEvent(u, sh.DB(db), db, key, cfg.MaxMemoryPolicy)
	sh.DB(db).Delete(key)
	u.Log(db, [][]byte{[]byte("DEL"), key})
	e.changed(u, keyspace.DueKey{DB: db, Key: key}, hook.Eviction, "evicted")
	e.stats.evicted.Add(1)
	if ev != nil {
		if u.All {
			_ = e.runAtomics(u, ev) // a hook that fails has left nothing; an eviction is not put off
		}
		u.Events = append(u.Events, ev)
	}
	return true
}

// evictedEvent makes the event, or returns nil when nobody wants it.
func (e *Engine) evictedEvent(u *command.Unit, d *keyspace.DB, db int, key []byte, policy string) *hook.Evicted {
	if !e.bus.Wants(hook.KindEvicted) {
		return nil
	}
	frozen, ok := d.Freeze(key)
	if !ok {
		return nil
	}
	return &hook.Evicted{
		Origin: hook.Origin{DB: db, Nest: u.Depth, AtMs: u.NowMs},
		Key:    append([]byte(nil), key...), Type: frozen.Type.String(), Value: &frozen, Policy: policy,
	}
}
