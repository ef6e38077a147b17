package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Atomic hooks run inside the unit that causes their event, under its locks; which
// locks that are is in atomiclocks.go. Those on expiries are called from expire.go,
// those on evictions from evict.go, those on key events when a unit ends.

// AddAtomic adds a hook that runs inside the units that cause its events.
func (e *Engine) AddAtomic(a command.Atomic) {
	e.atomicMu.Lock()
	defer e.atomicMu.Unlock()
	next := append(append([]command.Atomic(nil), *e.atomics.Load()...), a)
	e.setAtomics(next)
}

// RemoveAtomic takes out the atomic hooks of an owner.
func (e *Engine) RemoveAtomic(owner string) {
	e.atomicMu.Lock()
	defer e.atomicMu.Unlock()
	var next []command.Atomic
	for _, a := range *e.atomics.Load() {
		if a.Hook.Options().Owner != owner {
			next = append(next, a)
		}
	}
	e.setAtomics(next)
}

func (e *Engine) setAtomics(next []command.Atomic) {
	want, some, held := hook.Class(0), &[][]byte{}, &[]int{}
	for _, a := range next {
		switch a.Hook.Kind() {
		case hook.KindKey:
		case hook.KindExpired:
			held = nil // a key may come due in any unit, also to a hook's commands
			continue
		default:
			continue
		}
		// Its events arise in the middle of units whose locks are chosen before.
		want |= a.Hook.Options().Class
		held = e.holdNamed(held, a.Hook.Options().Keys)
		if match := a.Hook.Options().Match; match == "" {
			some = nil
		} else if some != nil {
			*some = append(*some, []byte(match))
		}
	}
	e.atomics.Store(&next)
	e.atomicKeys.Store(some)
	e.atomicHeld.Store(held)
	e.atomicWant.Store(uint32(want))
	e.atomicGen.Add(1)
}

// wantsAtomic reports whether there are atomic hooks on events of the kind.
func (e *Engine) wantsAtomic(k hook.Kind) bool {
	for _, a := range *e.atomics.Load() {
		if a.Hook.Kind() == k {
			return true
		}
	}
	return false
}

// atomicKeyHooks runs the atomic hooks on what the unit changed, and on what
// they change in turn. The unit's locks are held.
func (e *Engine) atomicKeyHooks(u *command.Unit) {
	if u.Unhooked || e.lackingAtomics(u) {
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
	for _, a := range *e.atomics.Load() {
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
