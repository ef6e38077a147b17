package plugins

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// OutboxCore is what an outbox needs of the engine.
type OutboxCore interface {
	Bus() *hook.Bus
	Log() *slog.Logger
	updater
	Do(ctx context.Context, db int, args [][]byte, reply wire.Reply) error
	AddAtomic(a command.Atomic)
}

// outbox carries events through a stream. Where an event arises, it is appended
// to the stream inside the unit of its cause, so that the log has both or
// neither. A consumer reads it as a group of the hook's own, runs the hook, and
// acknowledges and deletes the entry. What a crash interrupts is pending then,
// and runs again.
//
// The number of an entry's delivery is one more than how often it has failed:
// a run that a crash has interrupted counts, or an event that brings the server
// down would do so for ever.
type outbox struct {
	core     OutboxCore
	hook     *hook.Hook
	fn       hook.Observer
	db       int
	group    string
	wake     chan struct{} // something was appended
	patience time.Duration // how long the consumer waits without being woken
	backoff  time.Duration // pause after the first failure of an event
}

// consumerName is the one consumer of a group.
const consumerName = "hook"

// errNoOutbox is for events that outboxes do not carry.
var errNoOutbox = errors.New("mode outbox is for expired, evicted and key events only")

// Outbox subscribes fn in mode outbox: see package hook, and spec/hooks.md.
func Outbox(core OutboxCore, o hook.Options, fn hook.Observer) (*hook.Hook, error) {
	if !o.Kind.InUnit() {
		return nil, fmt.Errorf("plugins: %s: %w", o.Name, errNoOutbox)
	}
	x := &outbox{
		core: core, fn: fn, db: max(o.DB, 0), group: o.Owner + "/" + o.Name,
		wake: make(chan struct{}, 1), patience: time.Second, backoff: 100 * time.Millisecond,
	}
	listed, writer, err := core.Bus().Outbox(o, x.consume)
	if err != nil {
		return nil, err
	}
	core.AddAtomic(command.Atomic{Hook: writer, Run: func(c *command.Call, ev hook.Event) error {
		err := x.append(c, ev, writer.Options())
		if err != nil {
			listed.Lost(1)
		}
		return err
	}})
	return listed, nil
}

// append writes the event into the stream, inside the unit of its cause.
func (x *outbox) append(c *command.Call, ev hook.Event, o hook.Options) error {
	if key := string(ev.Subject()); ev.Database() == x.db && (key == o.Stream || key == o.DeadLetter) {
		return nil // what it does itself is no event for it
	}
	fields, ok := hook.Encode(ev)
	if !ok {
		return errNoOutbox
	}
	c.DB = x.db
	args := append([][]byte{[]byte("XADD"), []byte(o.Stream), []byte("*"), []byte("hook"), []byte(x.group)}, fields...)
	if err := c.Do(&wire.Collector{}, args...); err != nil {
		return err
	}
	// The consumer has to wait for this unit's locks: it cannot look too early.
	select {
	case x.wake <- struct{}{}:
	default:
	}
	return nil
}

// consume runs the hook for what is in the stream, until ctx ends.
func (x *outbox) consume(ctx context.Context, h *hook.Hook) {
	x.hook = h
	recovered := false
	for ctx.Err() == nil {
		n, err := 0, error(nil)
		if h.Armed() {
			if !recovered {
				if err = x.recover(ctx); err == nil {
					recovered = true
				}
			}
			if err == nil {
				n, err = x.fresh(ctx)
			}
		}
		if err != nil {
			recovered = false // what was being delivered is pending
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, errInterrupted) {
			x.core.Log().Warn("an outbox cannot be read", "hook", x.group, "stream", h.Options().Stream, "error", err)
		}
		if n == 0 {
			x.wait(ctx, x.patience)
		}
	}
}

// wait returns when something was appended, after d, or at the end.
func (x *outbox) wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-x.wake:
	case <-t.C:
	}
}

// entry is one event as it lies in the stream.
type entry struct {
	id     []byte
	fields [][]byte
}

// batch is how many events are read, and acknowledged, at once.
const batch = 64

// fresh runs the hook for events that nobody has seen, and returns for how many.
func (x *outbox) fresh(ctx context.Context) (int, error) {
	v, err := x.do(ctx, "XREADGROUP", "GROUP", x.group, consumerName, "COUNT", fmt.Sprint(batch), "STREAMS", x.hook.Options().Stream, ">")
	if err != nil || v.IsNull() || len(v.Elems) == 0 {
		return 0, err
	}
	list := entries(v.Elems[0].Elems[1])
	var done [][]byte
	for _, e := range list {
		handled, err := x.handle(ctx, e, 0)
		if err != nil {
			return len(list), errors.Join(err, x.done(ctx, done))
		}
		if handled {
			done = append(done, e.id)
		}
	}
	return len(list), x.done(ctx, done)
}

// errInterrupted says that not all that was read was run: it is pending.
var errInterrupted = errors.New("the hook was stopped between events")

// recover runs the hook for what is pending since a former life.
func (x *outbox) recover(ctx context.Context) error {
	stream := x.hook.Options().Stream
	if _, err := x.do(ctx, "XGROUP", "CREATE", stream, x.group, "0", "MKSTREAM"); err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return err
	}
	from := "-"
	for {
		v, err := x.do(ctx, "XPENDING", stream, x.group, from, "+", fmt.Sprint(batch))
		if err != nil || len(v.Elems) == 0 {
			return err
		}
		for _, p := range v.Elems {
			if err := ctx.Err(); err != nil {
				return err
			}
			id, count := p.Elems[0].Str, p.Elems[3].Int
			from = "(" + string(id)
			if err := x.again(ctx, id, count); err != nil {
				return err
			}
		}
	}
}

// again runs the hook for an entry that has been delivered count times.
func (x *outbox) again(ctx context.Context, id []byte, count int64) error {
	v, err := x.do(ctx, "XRANGE", x.hook.Options().Stream, string(id), string(id))
	if err != nil {
		return err
	}
	list := entries(v)
	if len(list) == 0 { // deleted by others: there is nothing to run
		return x.done(ctx, [][]byte{id})
	}
	fails := count - 1
	if err := x.failed(ctx, id, fails+1); err != nil { // unless it succeeds now
		return err
	}
	handled, err := x.handle(ctx, list[0], int(fails))
	if err != nil || !handled {
		return err
	}
	return x.done(ctx, [][]byte{id})
}

// handle runs the hook for one event until it succeeds or is given up; fails is
// how often it has failed before. It returns false when the entry has been dealt
// with already.
func (x *outbox) handle(ctx context.Context, e entry, fails int) (bool, error) {
	if len(e.fields) >= 2 && string(e.fields[0]) == "hook" {
		if string(e.fields[1]) != x.group {
			return false, x.update(ctx, []string{x.hook.Options().Stream}, func(c *command.Call) error {
				return x.acknowledge(c, [][]byte{e.id}, false) // another hook's, in a stream that they share
			})
		}
		e.fields = e.fields[2:]
	}
	o := x.hook.Options()
	for {
		switch {
		case fails >= o.Tries:
			return false, x.bury(ctx, e, fails)
		case ctx.Err() != nil || !x.hook.Armed():
			return false, errInterrupted
		}
		err := x.run(ctx, e)
		if err == nil {
			return true, nil
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		fails++
		x.core.Log().Info("an event of an outbox failed", "hook", x.group, "entry", string(e.id), "tries", fails, "error", err)
		if fails >= o.Tries {
			continue
		}
		if err := x.failed(ctx, e.id, int64(fails)); err != nil {
			return false, err
		}
		x.pause(ctx, x.backoff<<min(fails-1, 6))
	}
}

func (x *outbox) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// run runs the hook once.
func (x *outbox) run(ctx context.Context, e entry) error {
	return x.hook.Run(func() error {
		ev, err := hook.Decode(e.fields)
		if err != nil {
			return err
		}
		ctx, end := hook.Begin(ctx, ev.Depth()+1, x.hook.Budget())
		defer end()
		return x.fn(hook.WithEntry(ctx, string(e.id)), ev)
	})
}

// failed notes in the log that a run has failed, or is about to run after a crash.
func (x *outbox) failed(ctx context.Context, id []byte, fails int64) error {
	_, err := x.do(ctx, "XCLAIM", x.hook.Options().Stream, x.group, consumerName, "0", string(id), "RETRYCOUNT", fmt.Sprint(fails+1), "JUSTID")
	return err
}

// bury moves an event to the dead-letter stream.
func (x *outbox) bury(ctx context.Context, e entry, fails int) error {
	o := x.hook.Options()
	err := x.update(ctx, []string{o.Stream, o.DeadLetter}, func(c *command.Call) error {
		args := append([][]byte{[]byte("XADD"), []byte(o.DeadLetter), []byte("*"), []byte("hook"), []byte(x.group), []byte("entry"), e.id,
			[]byte("tries"), fmt.Append(nil, fails), []byte("error"), []byte(x.hook.Stats().LastError)}, e.fields...)
		if err := c.Do(&wire.Collector{}, args...); err != nil {
			return err
		}
		return x.acknowledge(c, [][]byte{e.id}, true)
	})
	if err == nil {
		x.hook.DeadLetter()
	}
	return err
}

// done acknowledges and deletes entries.
func (x *outbox) done(ctx context.Context, ids [][]byte) error {
	if len(ids) == 0 {
		return nil
	}
	// What has run is done, also when the end has come meanwhile.
	return x.update(context.WithoutCancel(ctx), []string{x.hook.Options().Stream}, func(c *command.Call) error { return x.acknowledge(c, ids, true) })
}

func (x *outbox) acknowledge(c *command.Call, ids [][]byte, remove bool) error {
	stream := []byte(x.hook.Options().Stream)
	if err := c.Do(&wire.Collector{}, append([][]byte{[]byte("XACK"), stream, []byte(x.group)}, ids...)...); err != nil || !remove {
		return err
	}
	return c.Do(&wire.Collector{}, append([][]byte{[]byte("XDEL"), stream}, ids...)...)
}

func (x *outbox) do(ctx context.Context, args ...string) (wire.Value, error) {
	list := make([][]byte, len(args))
	for i, a := range args {
		list[i] = []byte(a)
	}
	var c wire.Collector
	if err := x.core.Do(ctx, x.db, list, &c); err != nil {
		return wire.Value{}, err
	}
	return c.Typed()
}

func (x *outbox) update(ctx context.Context, keys []string, fn func(c *command.Call) error) error {
	return unit(ctx, x.core, x.db, "outbox", command.Revocable, command.KeyRW, keys, func(c *command.Call) error {
		if err := fn(c); err != nil {
			return command.Rollback(err)
		}
		return nil
	})
}

// entries reads what XRANGE replies.
func entries(v wire.Value) (list []entry) {
	for _, e := range v.Elems {
		one := entry{id: e.Elems[0].Str}
		for _, f := range e.Elems[1].Elems {
			one.fields = append(one.fields, f.Str)
		}
		list = append(list, one)
	}
	return list
}
