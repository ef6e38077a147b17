package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// gates are asked before an automatic rewrite of the log begins. They run on
// the rewrite's own goroutine, outside all locks: one that takes long delays the
// rewrite and nothing else.
type gates struct {
	mu   sync.Mutex
	list []gate
}

type gate struct {
	owner string
	ask   func(ctx context.Context, ev *hook.Rewrite) error
}

// AddRewriteGate has ask called before each automatic rewrite; an error puts
// the rewrite off. The event's phase is "due".
func (e *Engine) AddRewriteGate(owner string, ask func(ctx context.Context, ev *hook.Rewrite) error) {
	e.gates.mu.Lock()
	defer e.gates.mu.Unlock()
	e.gates.list = append(e.gates.list, gate{owner, ask})
}

// RemoveRewriteGates takes out the gates of an owner.
func (e *Engine) RemoveRewriteGates(owner string) {
	e.gates.mu.Lock()
	defer e.gates.mu.Unlock()
	e.gates.list = slices.DeleteFunc(slices.Clone(e.gates.list), func(g gate) bool { return g.owner == owner })
}

// MayRewrite asks the gates, and returns the first objection. A gate that
// panics has none.
func (e *Engine) MayRewrite(ctx context.Context, ev *hook.Rewrite) error {
	e.gates.mu.Lock()
	list := e.gates.list
	e.gates.mu.Unlock()
	for _, g := range list {
		if err := e.askGate(ctx, g, ev); err != nil {
			return fmt.Errorf("%s: %w", g.owner, err)
		}
	}
	return nil
}

func (e *Engine) askGate(ctx context.Context, g gate, ev *hook.Rewrite) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.stats.panics.Add(1)
			e.log.Error("panic in a rewrite gate", "owner", g.owner, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = nil
		}
	}()
	return g.ask(ctx, ev)
}
