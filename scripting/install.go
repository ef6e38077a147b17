package scripting

import (
	"context"
	"errors"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Installing a library exchanges what it registers for what the one before has
// registered: functions, commands, hooks and timers, all of them or none.

// install puts l in place of old (nil: none). When anything is wrong with it,
// old stays. Called with libs.load held.
func (r *Runner) install(old, l *lib) error {
	if f := r.libs.conflict(l, old); f != nil {
		return wire.Errorf("ERR Function %s already exists", f.name)
	}
	if err := r.swapCommands(old, l); err != nil {
		return err
	}
	if err := r.swapHooks(old, l); err != nil {
		if back := r.swapCommands(l, old); back != nil {
			err = errors.Join(err, back)
		}
		return err
	}
	r.libs.swap(old, l)
	if old != nil {
		old.retire()
	}
	return nil
}

// remove takes a library out. Called with libs.load held.
func (r *Runner) remove(l *lib) {
	r.core.Table().Remove(l.commandNames()...)
	r.dropHooks(l)
	r.libs.swap(l, nil)
	l.retire()
}

// swapCommands exchanges the rows of two libraries. It is all or nothing.
func (r *Runner) swapCommands(old, l *lib) error {
	table := r.core.Table()
	table.Remove(old.commandNames()...)
	if l == nil || len(l.commands) == 0 {
		return nil
	}
	err := table.Add(l.specs()...)
	if err != nil && old != nil && len(old.commands) > 0 {
		err = errors.Join(err, table.Add(old.specs()...))
	}
	if err != nil {
		return wire.Error("ERR Error registering commands: " + err.Error())
	}
	return nil
}

// swapHooks ends the subscriptions and timers of old, and begins those of l; either
// may be nil. On an error those of old are back.
func (r *Runner) swapHooks(old, l *lib) error {
	if old != nil {
		r.dropHooks(old)
	}
	if l == nil {
		return nil
	}
	err := r.subscribe(l)
	if err == nil {
		return nil
	}
	r.dropHooks(l)
	if old != nil {
		err = errors.Join(err, r.subscribe(old))
	}
	return wire.Error("ERR Error registering hooks: " + err.Error())
}

// dropHooks ends the subscriptions and timers of a library. What is in their
// queues is still delivered, on a goroutine of its own: the caller may hold locks
// that the observers need.
func (r *Runner) dropHooks(l *lib) {
	if len(l.hooks)+len(l.timers) == 0 {
		return
	}
	for _, t := range l.timings {
		t.Stop()
	}
	l.timings = nil
	owner := l.owner()
	r.core.RemoveAtomic(owner)
	wait := r.core.Bus().Remove(owner)
	r.tasks.Add(1)
	go func() {
		defer r.tasks.Done()
		_ = wait(context.Background()) // Lua ends with its budget
	}()
}
