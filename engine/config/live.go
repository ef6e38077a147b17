package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
)

// Live holds the configuration in force. Get is a load of one pointer; changes are serialised.
//
// There are two ways to act on a change. A function given to OnApply runs before the change is
// acknowledged and may refuse it; one given to OnChange is told afterwards. Both are registered before
// the configuration is shared, at assembly.
type Live struct {
	now  atomic.Pointer[Config]
	more atomic.Pointer[[]Pair] // see Show

	mu       sync.Mutex // serialises changes; held while appliers run
	appliers []*applier

	news      sync.Mutex // guards what follows; never held while a listener runs
	listeners []func([]Change)
	waiting   [][]Change
	telling   bool
}

type applier struct {
	rows  []*Param
	apply func(next *Config) error
}

// Change is one parameter with a new value. The texts are those of CONFIG GET; of a sensitive parameter
// they are blanked.
type Change struct {
	Name     string // Redis' name, or the path
	Path     string
	Old, New string
	By       string // who asked: "file", "command", …

	// NeedsRestart says that the new value was not taken: it can only be set at the start.
	NeedsRestart bool
}

// NewLive takes over c, which must be valid and must not be changed any more.
func NewLive(c *Config) *Live {
	l := &Live{}
	l.now.Store(c)
	return l
}

// Get returns the configuration in force. It is shared: do not change it. A caller that needs several
// values to fit together keeps the pointer while it uses them.
func (l *Live) Get() *Config { return l.now.Load() }

// OnApply registers apply for parameters, named by path or Redis name, and makes those among them that
// need somebody to act (Mutability Applied) settable at run time. When any of them changes, apply is
// called once with the configuration to come, before it is in force; Get still returns the old one. If
// it returns an error, it must have left everything as it was: the change is refused, and appliers that
// ran before are called again with the old configuration. It runs under the lock that serialises
// changes, so it may call Get but not Set or Swap. An unknown name panics.
func (l *Live) OnApply(apply func(next *Config) error, names ...string) {
	a := &applier{apply: apply}
	for _, name := range names {
		p, ok := Lookup(name)
		if !ok {
			panic("config: OnApply: no parameter named " + name)
		}
		a.rows = append(a.rows, p)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.appliers = append(l.appliers, a)
}

// OnChange registers a listener for changes that took effect. It is called outside all locks with one
// batch at a time, in the order of the changes, and may call anything. Mostly the goroutine that made
// the change calls it before Set or Swap returns; when another goroutine is telling the listeners at
// that moment, that one goes on with this batch, perhaps after Set or Swap has returned.
func (l *Live) OnChange(listener func([]Change)) {
	l.news.Lock()
	defer l.news.Unlock()
	l.listeners = append(l.listeners, listener)
}

// Swap puts next in force, as a reload does, and takes it over. It returns every parameter that
// differs; those that can only be set at the start keep their old value and are marked NeedsRestart.
// Listeners are told about the others. An invalid next, or one that an applier refuses, is not taken,
// not even in part.
func (l *Live) Swap(next *Config, by string) ([]Change, error) {
	if err := next.Validate(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	now := l.Get()
	next = next.Clone()
	later := l.keepFixed(now, next, by)
	changes, err := l.commit(now, next, by)
	l.mu.Unlock()
	if err != nil {
		var refused *SetError
		if errors.As(err, &refused) {
			err = fmt.Errorf("config: apply %s: %w", refused.Name, refused.Reason)
		}
		return nil, err
	}
	l.tell()
	return append(changes, later...), nil
}

// keepFixed puts the old value back where a restart is needed.
func (l *Live) keepFixed(now, next *Config, by string) []Change {
	var later []Change
	for _, p := range table().rows {
		if l.canChange(p) || same(now.value(p), next.value(p)) {
			continue
		}
		later = append(later, Change{Name: p.ConfigName(), Path: p.Path, Old: now.shown(p), New: next.shown(p), By: by, NeedsRestart: true})
		next.setValue(p, now.value(p))
	}
	if len(now.Plugins)+len(next.Plugins) > 0 && !reflect.DeepEqual(now.Plugins, next.Plugins) {
		later = append(later, Change{Name: "plugins", Path: "plugins", Old: pluginNames(now), New: pluginNames(next), By: by, NeedsRestart: true})
		next.Plugins = now.Clone().Plugins
	}
	return later
}

// canChange says whether a row may change now. Called with mu held.
func (l *Live) canChange(p *Param) bool {
	if p.Mutable != Applied {
		return p.Mutable == Mutable
	}
	for _, a := range l.appliers {
		for _, row := range a.rows {
			if row == p {
				return true
			}
		}
	}
	return false
}

// commit lets the appliers act, puts next in force, and leaves the changes for tell. Called with mu
// held; the caller unlocks and then calls tell. The only error is a *SetError.
func (l *Live) commit(now, next *Config, by string) ([]Change, error) {
	var changes []Change
	changed := map[*Param]bool{}
	for _, p := range table().rows {
		if !same(now.value(p), next.value(p)) {
			changed[p] = true
			changes = append(changes, Change{Name: p.ConfigName(), Path: p.Path, Old: now.shown(p), New: next.shown(p), By: by})
		}
	}
	if len(changes) == 0 {
		return nil, nil
	}
	var done []*applier
	for _, a := range l.appliers {
		p := a.firstOf(changed)
		if p == nil {
			continue
		}
		err := a.apply(next)
		if err == nil {
			done = append(done, a)
			continue
		}
		for i := len(done) - 1; i >= 0; i-- {
			if undo := done[i].apply(now); undo != nil {
				err = fmt.Errorf("%w; and going back failed: %w", err, undo)
			}
		}
		return nil, &SetError{Name: p.ConfigName(), Reason: err}
	}
	l.now.Store(next)
	l.news.Lock()
	if len(l.listeners) > 0 {
		l.waiting = append(l.waiting, changes)
	}
	l.news.Unlock()
	return changes, nil
}

func (a *applier) firstOf(changed map[*Param]bool) *Param {
	for _, p := range a.rows {
		if changed[p] {
			return p
		}
	}
	return nil
}

// tell calls the listeners with each waiting batch, unless somebody is doing so already: then that one
// goes on with ours. The queue cannot grow without bound: each batch in it belongs to a caller that is
// still in Set or Swap, or to a listener's own change.
func (l *Live) tell() {
	l.news.Lock()
	if l.telling {
		l.news.Unlock()
		return
	}
	l.telling = true
	defer func() { // also when a listener panics: later changes must still be told
		l.telling = false
		l.news.Unlock()
	}()
	for len(l.waiting) > 0 {
		batch := l.waiting[0]
		l.waiting = l.waiting[1:]
		listeners := l.listeners
		l.news.Unlock()
		func() {
			defer l.news.Lock()
			for _, listener := range listeners {
				listener(batch)
			}
		}()
	}
}

// shown is the text of a value for logs and events.
func (c *Config) shown(p *Param) string {
	text := c.text(p)
	if p.Sensitive && text != "" {
		return "(redacted)"
	}
	return text
}

func pluginNames(c *Config) string {
	var names []string
	for _, plugin := range c.Plugins {
		if plugin.Enabled {
			names = append(names, plugin.Name)
		}
	}
	return strings.Join(names, ",")
}
