package engine

import (
	"slices"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Atomic hooks run inside the unit that causes their event, under its locks; which
// locks that are is in atomiclocks.go. Those on expiries are called from expire.go,
// those on evictions from evict.go, those on key events when a unit ends.

// atomics is an immutable picture of the atomic hooks, with what units need to know of
// them to choose their locks.
type atomics struct {
	all []command.Atomic
	gen int64 // counts the changes

	classes hook.Class // of the key events that hooks want
	keys    [][]byte   // patterns of the keys of these events
	anyKey  bool       // or of all keys
	held    []int      // shards of the keys that the hooks on key events name
	whole   bool       // they do not all name keys: all shards
}

// on reports whether there are hooks on events of the kind.
func (a *atomics) on(k hook.Kind) bool {
	for i := range a.all {
		if a.all[i].Hook.Kind() == k {
			return true
		}
	}
	return false
}

// AddAtomic adds a hook that runs inside the units that cause its events.
func (e *Engine) AddAtomic(a command.Atomic) {
	e.changeAtomics(func(all []command.Atomic) []command.Atomic { return append(all, a) })
}

// RemoveAtomic takes out the atomic hooks of an owner.
func (e *Engine) RemoveAtomic(owner string) {
	e.changeAtomics(func(all []command.Atomic) []command.Atomic {
		return slices.DeleteFunc(all, func(a command.Atomic) bool { return a.Hook.Options().Owner == owner })
	})
}

func (e *Engine) changeAtomics(change func(all []command.Atomic) []command.Atomic) {
	e.atomicMu.Lock()
	defer e.atomicMu.Unlock()
	old := e.atomics.Load()
	next := &atomics{all: change(slices.Clone(old.all)), gen: old.gen + 1}
	for _, a := range next.all {
		o := a.Hook.Options()
		switch o.Kind {
		case hook.KindExpired:
			next.whole = true // a key may come due in any unit, also to a hook's commands
		case hook.KindKey:
			next.classes |= o.Class
			next.anyKey = next.anyKey || o.Match == ""
			next.keys = append(next.keys, []byte(o.Match))
			e.holdNamed(next, o.Keys)
		}
	}
	e.atomics.Store(next)
}

// atomicKeyHooks runs the atomic hooks on what the unit changed, and on what
// they change in turn. The unit's locks are held.
func (e *Engine) atomicKeyHooks(u *command.Unit) {
	if u.Unhooked || e.atomics.Load().lack(u) {
		return
	}
	for i := 0; i < len(u.Changes); i++ {
		ch := u.Changes[i]
		if ch.Key == nil || ch.Event == "" {
			continue
		}
		ev := &hook.Key{
			Origin: hook.Origin{DB: ch.DB, Nest: ch.Depth, AtMs: u.NowMs},
			Key:    ch.Key, Name: ch.Event, Class: ch.Class,
		}
		e.runAtomics(u, ev)
	}
}

// runAtomics runs the atomic hooks that want ev inside the unit. A hook that
// fails leaves nothing behind; failed is the first error of a hook whose policy
// is to retry.
func (e *Engine) runAtomics(u *command.Unit, ev hook.Event) (failed error) {
	for _, a := range e.atomics.Load().all {
		if !a.Hook.Wants(ev) {
			continue
		}
		if err := e.runAtomic(u, a, ev); err != nil && a.Hook.Retries() > 0 && failed == nil {
			failed = err
		}
	}
	return failed
}

func (e *Engine) runAtomic(u *command.Unit, a command.Atomic, ev hook.Event) error {
	p, depth := e.record(u), u.Depth
	u.Depth = ev.Depth() + 1
	c := command.Call{Context: e.unitCtx, Spec: &atomicSpec, DB: max(ev.Database(), 0), Client: e.system(), Unit: u, Config: e.live.Get(), Nested: true}
	err := a.Hook.Run(func() error { return unnamed(a.Run(&c, ev)) })
	u.Depth = depth
	if err != nil {
		e.rollback(u, p)
	}
	e.commit(u, p)
	return err
}

// atomicSpec stands for "inside an atomic hook" where a row is asked for.
var atomicSpec = command.Spec{Name: "hook", Arity: -1}
