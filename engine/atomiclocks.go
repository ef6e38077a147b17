package engine

import (
	"errors"
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Atomic hooks on key events run in the middle of units whose locks are chosen
// before. Where each of them names the keys that it touches, a unit that may cause
// such an event holds the shards of all these keys beside those of its own, since
// what one hook does may concern the next. Otherwise it holds all.

// holdNamed adds the shards of the keys that a hook names. One that names none, or
// patterns, may touch all.
func (e *Engine) holdNamed(a *atomics, keys []string) {
	a.whole = a.whole || len(keys) == 0
	for _, key := range keys {
		if strings.ContainsAny(key, `*?[\`) {
			a.whole = true
			continue
		}
		a.held = insertShard(a.held, e.shardOf([]byte(key)))
	}
}

// hold adds what the hooks on key events need to the unit's lock set.
func (a *atomics) hold(u *command.Unit) {
	if a.whole {
		u.All = true
		return
	}
	for _, n := range a.held {
		u.Held = insertShard(u.Held, n)
	}
}

// lack reports whether there are hooks on key events for which the unit has not the
// locks. It is one then that cannot cause their events, but by an expiry.
func (a *atomics) lack(u *command.Unit) bool {
	if u.All || a.classes == 0 {
		return false
	}
	return a.whole || slices.ContainsFunc(a.held, func(n int) bool { return !u.Holds(n) })
}

// mayWant reports whether a command may cause an event that a hook on key events wants.
// What can be undone, such as a script, and what looks at all shards may touch keys that
// it does not declare.
func (a *atomics) mayWant(spec *command.Spec, args [][]byte) bool {
	switch {
	case a.classes == 0:
		return false
	case a.anyKey || spec.Any(command.Revocable|command.AllShards) || spec.Wide != nil:
		return true
	}
	var buf [16]command.KeyPos
	keys, ok := spec.AppendKeys(buf[:0], args)
	if !ok || len(keys) == 0 {
		return true
	}
	for _, k := range keys {
		for _, p := range a.keys {
			if glob.Match(p, args[k.Index], false) {
				return true
			}
		}
	}
	return false
}

// ofShard sets the lock set of a unit that takes a key away from the shard, which
// is of interest to atomic hooks on kind.
func (e *Engine) ofShard(u *command.Unit, shard int, kind hook.Kind) {
	a := e.atomics.Load()
	u.Hooks = a.gen
	if u.All = len(e.shards) == 1 || a.on(kind); u.All {
		return
	}
	u.Held = append(u.Held[:0], shard)
	if a.classes != 0 {
		a.hold(u)
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
