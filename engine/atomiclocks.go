package engine

import (
	"errors"
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Atomic hooks on key events run in the middle of units whose locks are chosen
// before. Where each of them names the keys that it touches, a unit that may cause
// such an event holds the shards of all these keys beside those of its own, since
// what one hook does may concern the next. Otherwise it holds all.

// holdNamed adds the shards of the keys that a hook names to a set of them; nil, for
// all, is what it is for a hook that names none, or patterns.
func (e *Engine) holdNamed(set *[]int, keys []string) *[]int {
	if set == nil || len(keys) == 0 {
		return nil
	}
	for _, key := range keys {
		if strings.ContainsAny(key, `*?[\`) {
			return nil
		}
		*set = insertShard(*set, e.shardOf([]byte(key)))
	}
	return set
}

// lackingAtomics reports whether there are atomic hooks on key events for which the
// unit has not the locks. It is one then that cannot cause their events, but by an
// expiry.
func (e *Engine) lackingAtomics(u *command.Unit) bool {
	if u.All || e.atomicWant.Load() == 0 {
		return false
	}
	named := e.atomicHeld.Load()
	return named == nil || slices.ContainsFunc(*named, func(n int) bool { return !u.Holds(n) })
}

// ofShard sets the lock set of a unit that takes a key away from the shard, which
// is of interest to atomic hooks on kind.
func (e *Engine) ofShard(u *command.Unit, shard int, kind hook.Kind) {
	u.Hooks = e.atomicGen.Load()
	if u.All = len(e.shards) == 1 || e.wantsAtomic(kind); u.All {
		return
	}
	u.Held = append(u.Held[:0], shard)
	if e.atomicWant.Load() == 0 {
		return
	}
	named := e.atomicHeld.Load()
	if u.All = named == nil; u.All {
		return
	}
	for _, n := range *named {
		u.Held = insertShard(u.Held, n)
	}
}

// errUnnamed is the failure of an atomic hook that names its keys, and touches others.
const errUnnamed wire.Error = "ERR the hook touches a key that its keys do not name"

// unnamed makes the error of a hook that has touched a key outside the unit's locks.
func unnamed(err error) error {
	if errors.Is(err, command.ErrUndeclared) {
		return errUnnamed
	}
	return err
}
