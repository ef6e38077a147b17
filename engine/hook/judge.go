package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Before is the phase of events that have not happened yet: hooks on it are
// asked, and may refuse.
const Before = "before"

// phases are the phases of the kinds that have some.
var phases = map[Kind][]string{
	KindCommand: {Before, "after"},
	KindRewrite: {Before, "begin", "end", "failed", "deferred"},
}

// Phases returns the phases that events of the kind have, nil for none.
func Phases(k Kind) []string { return phases[k] }

// Judge is the function of a hook that is asked before something happens. Before a
// command it runs on the goroutine of whoever is about to execute it, at several
// commands at a time; before a rewrite on one of its own. No lock is held. What it does in the store it does with ctx. Refuse
// makes the error that refuses; any other one is a failure of the hook, which
// does not keep anything from happening.
type Judge func(ctx context.Context, ev Event) error

// Refusal is a judge's no.
type Refusal struct {
	Reason error
	// Rest is, for a rewrite, how long the automatic triggers rest; 0 leaves it to the log.
	Rest time.Duration
}

func (r *Refusal) Error() string { return r.Reason.Error() }

// Unwrap returns the reason.
func (r *Refusal) Unwrap() error { return r.Reason }

// Refuse makes the error with which a judge says no. For a command, the reason
// is the reply.
func Refuse(reason error) error { return &Refusal{Reason: reason} }

// Defer makes the error with which a judge puts a rewrite off, and keeps the
// automatic triggers from asking again for a while.
func Defer(rest time.Duration) error {
	return &Refusal{Reason: errors.New("a hook has put it off"), Rest: rest}
}

// Ask subscribes fn to the phase Before of commands or rewrites.
func (b *Bus) Ask(o Options, fn Judge) (*Hook, error) {
	o.Phase, o.Mode = Before, Observe
	return b.add(o, func(h *Hook) { h.judge = fn })
}

// Asks reports whether anybody is to be asked before events of the kind.
func (b *Bus) Asks(k Kind) bool { return len(b.table.Load().judges[k]) > 0 }

// AsksCommands is Asks for what a command begins with.
func (b *Bus) AsksCommands() bool { return len(b.table.Load().asked) > 0 }

// Decide asks the judges of ev, whose phase is Before, in the order of their
// registration. The first no ends it and is returned.
func (b *Bus) Decide(ctx context.Context, ev Event) *Refusal {
	for _, h := range b.table.Load().judges[ev.Kind()] {
		if !h.Wants(ev) {
			continue
		}
		if no := h.ask(ctx, ev); no != nil {
			return no
		}
	}
	return nil
}

// maxAsking is how many events a judge may be busy with. More of them means
// that it asks itself.
const maxAsking = 1000

func (h *Hook) ask(ctx context.Context, ev Event) (no *Refusal) {
	if h.given.Kind == KindRewrite {
		return h.askAside(ctx, ev)
	}
	defer h.asking.Add(-1)
	if h.asking.Add(1) > maxAsking {
		h.failed(errors.New("asked too often at a time: does it use another context than the one it is given?"), true)
		return nil
	}
	start := h.bus.elapsed()
	no, err := h.sentence(ctx, ev)
	h.record(1, h.bus.elapsed()-start, err)
	return no
}

// sentence runs the judge: no is its refusal, err its failure.
func (h *Hook) sentence(ctx context.Context, ev Event) (no *Refusal, err error) {
	run, end := Begin(ctx, ev.Depth()+1, h.o.Load().Budget)
	defer end()
	err = protect(func() error { return h.judge(run, ev) })
	if errors.As(err, &no) {
		err = nil
	}
	return no, err
}

// errAskedAtEnd is the reason of who is not asked any more.
var errAskedAtEnd = errors.New("the store is being closed")

// askAside asks on a goroutine of its own, so that who asks need not wait for a
// judge that ignores its context: one that is still running well after its budget
// counts as failed, and is not asked again before it has ended. One event is asked
// about at a time.
func (h *Hook) askAside(ctx context.Context, ev Event) *Refusal {
	if h.stuck.Load() {
		h.drops.Add(1)
		return nil
	}
	var no *Refusal
	ended := make(chan struct{})
	h.aside.Store(&ended)
	go func() {
		defer close(ended)
		start := h.bus.elapsed()
		said, err := h.sentence(ctx, ev)
		took := h.bus.elapsed() - start
		if h.stuck.Swap(false) { // it has been counted as a failure already
			h.count(1, took)
			h.say(slog.LevelWarn, "hook that was stuck has ended", "elapsed", took)
			return
		}
		h.record(1, took, err)
		no = said
	}()
	budget := h.o.Load().Budget
	late := time.NewTimer(budget + grace(budget))
	defer late.Stop()
	select {
	case <-ended:
		return no
	case <-ctx.Done():
		return &Refusal{Reason: errAskedAtEnd}
	case <-late.C:
	}
	h.stuck.Store(true)
	select {
	case <-ended: // just now
		h.stuck.Store(false)
		return no
	default:
	}
	h.failed(fmt.Errorf("still running after its time budget of %s", budget), true)
	return nil
}
