package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// outcome is what a unit leaves to do once its locks are gone.
type outcome struct {
	ready   []ready          // keys that blocked clients wait for
	changes []command.Change // to notify of; they live in the unit
	events  []hook.Event     // to publish
	stale   stale            // what clients have cached of the changes
	by      command.Client   // who made them
	depth   int              // hooks that led to the unit
	batch   *batch           // of the session that ran it, on its goroutine: key events may wait for its end
	reader  *Session         // whose messages go through out, on its own goroutine; nil: nobody's
	out     *wire.Writer
	pos     int64
	atMs    int64
}

// touched gathers what a unit's changes mean to others. The unit's locks are held.
func (e *Engine) touched(u *command.Unit, out *outcome) {
	out.changes, out.events, out.by, out.depth = u.Changes, u.Events, u.Client, u.Depth
	out.atMs = u.NowMs
	if u.Want&command.WantKeys == 0 {
		return
	}
	out.ready = e.touch(u)
	out.stale = e.staleOf(u)
}

// publish tells the world what a unit did. No lock is held. Whoever is woken
// runs units of their own in turn. from is whose goroutine this is: the queue
// of a hook may make it wait.
func (e *Engine) publish(out outcome, from hook.Giver) {
	e.tellTracking(&out)
	if len(out.changes) > 0 {
		e.tellChanges(&out, out.batch.gather(e), from)
	}
	for _, ev := range out.events {
		e.bus.Publish(ev, from)
	}
	if len(out.ready) > 0 {
		out.batch.tell(from) // before what comes of it
		e.serve(out.ready, from)
	}
}

// giver is the connection whose goroutine executes a call.
func giver(c *command.Call) hook.Giver {
	if s, ok := c.Client.(*Session); ok && s.outbox != nil {
		return s.outbox
	}
	return nil
}
