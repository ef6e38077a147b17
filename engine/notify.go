package engine

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// tellChanges publishes what a unit changed as keyspace notifications and as events
// for hooks. The latter go into keys, or are handed over at once where it is nil.
func (e *Engine) tellChanges(out *outcome, keys *hook.Keys, from hook.Giver) {
	classes := e.bus.KeyClasses()
	gathered := keys
	for i := range out.changes {
		ch := &out.changes[i]
		if ch.Key == nil || ch.Event == "" {
			continue
		}
		if classes&ch.Class != 0 {
			if gathered == nil {
				gathered = e.bus.Gather()
			}
			gathered.Add(&hook.Key{
				Origin: hook.Origin{DB: ch.DB, Nest: ch.Depth, AtMs: out.atMs}, Key: ch.Key, Name: ch.Event, Class: ch.Class,
			}, from)
		}
		e.notifyChange(ch)
	}
	if gathered != keys {
		gathered.Publish(from)
	}
}

// notifyChange publishes a change as keyspace notifications.
func (e *Engine) notifyChange(ch *command.Change) {
	want := hook.Class(e.notify.Load())
	if want&ch.Class == 0 {
		return
	}
	db := strconv.Itoa(ch.DB)
	if want&hook.Keyspace != 0 {
		e.hub.publish(nil, []byte("__keyspace@"+db+"__:"+string(ch.Key)), []byte(ch.Event))
	}
	if want&hook.Keyevent != 0 {
		e.hub.publish(nil, []byte("__keyevent@"+db+"__:"+ch.Event), ch.Key)
	}
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
