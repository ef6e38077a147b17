package plugintest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Record keeps the events that a subscription gets.
type Record struct {
	e  *Engine
	mu sync.Mutex
	ev []hook.Event
}

// Record begins to keep events of a kind whose subject (the key, the metric's
// name, …) matches the glob; "" matches all. It ends with a restart.
func (e *Engine) Record(kind hook.Kind, match string) *Record {
	e.t.Helper()
	r := &Record{e: e}
	o := hook.Options{Name: fmt.Sprintf("record %s %s %p", kind, match, r), Kind: kind, Match: match, DB: hook.AnyDB}
	_, err := e.Host().Observe(o, func(_ context.Context, ev hook.Event) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ev = append(r.ev, ev)
		return nil
	})
	if err != nil {
		e.t.Fatalf("plugintest: %v", err)
	}
	return r
}

// Events are the events so far, in order.
func (r *Record) Events() []hook.Event {
	r.e.t.Helper()
	r.e.Settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ev)
}

// Subjects are the events' subjects, in order: keys, names of metrics, …
func (r *Record) Subjects() (subjects []string) {
	r.e.t.Helper()
	for _, ev := range r.Events() {
		subjects = append(subjects, string(ev.Subject()))
	}
	return subjects
}
