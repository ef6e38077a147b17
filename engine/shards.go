package engine

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// shard is a part of the keyspace with its lock and with those who wait for
// keys in it.
type shard struct {
	*keyspace.Shard
	mu      sync.Mutex
	waiting atomic.Int32  // goroutines on the slow path of lock
	wake    chan struct{} // one token: the lock may be free

	// Guarded by mu:
	watched map[keyID]map[*watch]bool // whether the key was there when it was watched
	waiters map[keyID][]*waiter
	tracked map[string][]int64 // keys of any database, with the clients that have read them
	table   *trackTable        // which tracked is a part of
}

// keyID names a key within a shard.
type keyID struct {
	db  int
	key string
}

func newShard(s *keyspace.Shard) *shard {
	return &shard{
		Shard: s, wake: make(chan struct{}, 1),
		watched: map[keyID]map[*watch]bool{}, waiters: map[keyID][]*waiter{},
	}
}

// lock takes the shard's lock. It gives up and returns false when refuse is
// closed first, or when this goroutine is inside a unit, which may have the lock; a nil
// refuse waits as long as it takes otherwise.
func (s *shard) lock(refuse <-chan struct{}) bool {
	if s.mu.TryLock() {
		return true
	}
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	long := time.NewTimer(longWait)
	defer long.Stop()
	for !s.mu.TryLock() {
		select {
		case <-s.wake:
		case <-refuse:
			return false
		case <-long.C:
			if insideUnit() {
				return false
			}
		}
	}
	return true
}

// longWait is how long a wait for a lock lasts before it is asked whether it is in vain.
const longWait = 100 * time.Millisecond

// mustLock takes the shard's lock however long that takes. It panics with
// ErrInsideUnit where it would be for ever: the unit is undone, and goes on.
func (s *shard) mustLock() {
	if !s.lock(nil) {
		panic(ErrInsideUnit)
	}
}

func (s *shard) unlock() {
	s.mu.Unlock()
	if s.waiting.Load() > 0 {
		select {
		case s.wake <- struct{}{}:
		default: // a token is there already
		}
	}
}

// giveWay lets those who wait for the lock have it first, as makeWay does, for
// background work that can afford to sleep: on a busy machine who waits is slow
// to wake up.
func (s *shard) giveWay() {
	for range givesWay {
		if s.waiting.Load() == 0 {
			return
		}
		time.Sleep(givesWayFor)
	}
}

// The background's politeness is bounded, so that it gets on with its work.
const (
	givesWay    = 20
	givesWayFor = 50 * time.Microsecond
)

// lockHeld locks what the unit's lock set names, in ascending order, and says
// whether it had to wait. When it is refused, nothing stays locked.
func (e *Engine) lockHeld(u *command.Unit, refuse <-chan struct{}) (waited, ok bool) {
	if u.All {
		for i, s := range e.shards {
			if s.mu.TryLock() {
				continue
			}
			waited = true
			if !s.lock(refuse) {
				for _, t := range e.shards[:i] {
					t.unlock()
				}
				return true, false
			}
		}
		return waited, true
	}
	for i, n := range u.Held {
		if e.shards[n].mu.TryLock() {
			continue
		}
		waited = true
		if !e.shards[n].lock(refuse) {
			for _, m := range u.Held[:i] {
				e.shards[m].unlock()
			}
			return true, false
		}
	}
	return waited, true
}

// mustLockHeld is mustLock for what the unit's lock set names.
func (e *Engine) mustLockHeld(u *command.Unit) {
	if _, ok := e.lockHeld(u, nil); !ok {
		panic(ErrInsideUnit)
	}
}

// tryLockAll locks all shards, or none when one of them is taken.
func (e *Engine) tryLockAll() bool {
	for i, s := range e.shards {
		if !s.mu.TryLock() {
			for _, t := range e.shards[:i] {
				t.unlock()
			}
			return false
		}
	}
	return true
}

func (e *Engine) unlockHeld(u *command.Unit) {
	if u.All {
		for _, s := range e.shards {
			s.unlock()
		}
		return
	}
	for _, n := range u.Held {
		e.shards[n].unlock()
	}
}

// eachHeld calls fn with each shard that the unit has locked.
func (e *Engine) eachHeld(u *command.Unit, fn func(*shard)) {
	if u.All {
		for _, s := range e.shards {
			fn(s)
		}
		return
	}
	for _, n := range u.Held {
		fn(e.shards[n])
	}
}

// hold adds the shard of key to the unit's lock set, before it is locked.
func (e *Engine) hold(u *command.Unit, key []byte) {
	u.Held = insertShard(u.Held, e.shardOf(key))
}

// insertShard adds a shard to a set of them, which is in ascending order.
func insertShard(set []int, n int) []int {
	i, found := slices.BinarySearch(set, n)
	if found {
		return set
	}
	return slices.Insert(set, i, n)
}

// holdSpec sets the unit's lock set from what the command declares. Arguments
// that do not fit the row's key specification take all locks: the handler will
// refuse them or, for plugins, knows better. So do those without keys, except
// scripts: they are undone, should they touch one. It reports whether atomic hooks
// on key events may want what the command changes.
func (e *Engine) holdSpec(u *command.Unit, spec *command.Spec, args [][]byte) (hooked bool) {
	a := e.atomics.Load()
	u.Hooks, hooked = a.gen, a.mayWant(spec, args)
	if len(e.shards) == 1 {
		u.All = true
		return hooked
	}
	concerned := hooked && !spec.Is(command.ReadOnly)
	if spec.Any(command.AllShards) || concerned && a.whole {
		u.All = true
		return hooked
	}
	var buf [16]command.KeyPos
	keys, ok := spec.AppendKeys(buf[:0], args)
	if ok && spec.Wide != nil {
		ok = !spec.Wide(args)
	} else {
		ok = ok && len(keys) > 0
	}
	if !ok {
		u.All = true
		return hooked
	}
	for _, k := range keys {
		e.hold(u, args[k.Index])
	}
	if concerned {
		a.hold(u)
	}
	return hooked
}

func (e *Engine) shardOf(key []byte) int {
	if len(e.shards) == 1 {
		return 0
	}
	return e.space.ShardOf(e.space.HashKey(key))
}
