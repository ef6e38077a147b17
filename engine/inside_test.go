package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// TestDoInsideAUnit: a handler that asks the engine for a unit of its own gets
// an error where it would wait for itself, and its wish where it holds no lock.
func TestDoInsideAUnit(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		var r *rig
		row := func(name string, fl command.Flags) command.Spec {
			return command.Spec{Name: name, Arity: 1, Flags: fl, Summary: "Calls the engine", Run: func(c *command.Call) error {
				if err := r.Do(c.Context, 0, words("INCR", "n"), discard{}); err != nil {
					return wire.Errorf("ERR %v", err)
				}
				c.Reply.Status("OK")
				return nil
			}}
		}
		r = newRig(t, shards, nil, row("t.unit", command.Write), row("t.free", command.NoUnit))
		c := r.connect()
		within(t, "t.unit", func() { c.want("t.unit", "(error) ERR "+ErrInsideUnit.Error()) })
		c.want("t.free", "OK")
		c.want("MULTI", "OK")
		c.want("t.free", "QUEUED")
		c.want("SET a 1", "QUEUED")
		within(t, "EXEC", func() { c.want("EXEC", "[(error) ERR "+ErrInsideUnit.Error()+" OK]") })
		within(t, "Do", func() {
			err := r.Do(context.Background(), 0, words("t.unit"), discard{})
			equal(t, "Do", fmt.Sprint(err), "ERR "+ErrInsideUnit.Error())
		})
		if err := r.Do(context.Background(), 0, words("t.free"), discard{}); err != nil {
			t.Error(err)
		}
		r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Names: []string{"lpush"}}, func(c *command.Call, ev hook.Event) error {
			if err := r.Do(c.Context, 0, words("INCR", "n"), discard{}); !errors.Is(err, ErrInsideUnit) {
				t.Errorf("in an atomic hook: %v", err)
			}
			return nil
		})
		within(t, "LPUSH", func() { c.want("LPUSH l x", "(integer) 1") })
		c.want("GET n", `"2"`)
	})
}

// TestWaitForItself: who asks for a unit inside of one, with a context that does not say so, gets the error when
// the wait has become long, and the engine goes on.
func TestWaitForItself(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		var r *rig
		r = newRig(t, shards, nil, command.Spec{Name: "t.self", Arity: 2, Flags: command.Write, Summary: "Waits for itself",
			Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Run: func(c *command.Call) error {
				return r.Do(context.Background(), 0, words("INCR", string(c.Args[1])), discard{})
			}})
		r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Match: "l*"}, func(c *command.Call, ev hook.Event) error {
			return r.Do(context.Background(), 0, words("INCR", string(ev.Subject())), discard{})
		})
		c := r.connect()
		refusal := "(error) ERR " + ErrInsideUnit.Error()
		within(t, "t.self", func() { c.want("t.self a", refusal) })
		within(t, "EXEC", func() {
			c.want("MULTI", "OK")
			c.want("t.self a", "QUEUED")
			c.want("SET a 1", "QUEUED")
			c.want("EXEC", "["+refusal+" OK]")
		})
		within(t, "LPUSH", func() { c.want("LPUSH l x", "(integer) 1") })
		equal(t, "the hook's error", r.Bus().Hooks()[0].Stats().LastError, ErrInsideUnit.Error())
		c.want("GET a", `"1"`)
	})
}

// TestLooksInsideAUnit: what looks at all shards and is asked from inside a unit, which
// holds them, is an error of the hook and leaves the unit's locks alone. INFO does
// without the figures of these shards.
func TestLooksInsideAUnit(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		for name, ask := range map[string]func() error{
			"info":    func() error { return r.Do(context.Background(), 0, words("INFO", "everything"), discard{}) },
			"keys":    func() error { r.Keys(); return nil },
			"nextdue": func() error { r.NextDue(); return nil },
			"expire":  func() error { r.Expire(1); return nil },
			"freeze": func() error {
				_, err := r.Freeze(func() error { return nil })
				return err
			},
		} {
			r.attach(hook.Options{Name: name, Kind: hook.KindKey, Match: name}, func(*command.Call, hook.Event) error { return ask() })
		}
		c := r.connect()
		for _, h := range r.Bus().Hooks() {
			name := h.Options().Name
			within(t, name, func() { c.want("SET "+name+" 1", "OK") })
			if failed := h.Stats().Errors == 1; failed != (name != "info") {
				t.Errorf("%s: %+v", name, h.Stats())
			}
			c.want("GET "+name, `"1"`)
		}
	})
}

// TestNoConnectionNoState: commands about a connection's state are refused
// where there is none, and leave nothing to whoever comes next.
func TestNoConnectionNoState(t *testing.T) {
	r := newRig(t, 1, nil)
	for _, line := range [][]string{
		{"MULTI"}, {"EXEC"}, {"DISCARD"}, {"WATCH", "a"}, {"UNWATCH"}, {"MONITOR"}, {"QUIT"}, {"RESET"}, {"HELLO", "3"}, {"CLIENT", "REPLY", "OFF"},
	} {
		if err := r.Do(context.Background(), 0, words(line...), discard{}); err == nil {
			t.Errorf("Do %q is executed", line)
		}
	}
	run := errors.New("not run")
	r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Names: []string{"set"}}, func(c *command.Call, ev hook.Event) error {
		run = nil
		for _, name := range []string{"MULTI", "EXEC", "MONITOR"} {
			if err := c.Do(discard{}, words(name)...); err == nil {
				t.Errorf("a hook executes %s", name)
			}
		}
		return nil
	})
	c := r.connect()
	c.want("SET a 1", "OK")
	if run != nil || r.listeners.Load() != 0 || r.monitors.Load() != 0 {
		t.Errorf("%v, %d listeners, %d monitors", run, r.listeners.Load(), r.monitors.Load())
	}
}

// TestNestedRollback: a command that asks to be undone is, also when the one
// that called it goes on.
func TestNestedRollback(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil, append(testRows(), command.Spec{
			Name: "t.goeson", Arity: 2, Flags: command.Write | command.Revocable, Keys: []command.KeySpec{command.Key(1, command.KeyRW)},
			Syntax: "key", Summary: "Goes on", Run: func(c *command.Call) error {
				key := string(c.Args[1])
				for _, args := range [][][]byte{words("INCR", key), words("t.fail", key), words("t.panicundone", key), words("INCR", key)} {
					_ = c.Do(discard{}, args...) // some fail
				}
				c.Reply.Status("OK")
				return nil
			}})...)
		c := r.connect()
		c.want("t.goeson a", "OK")
		c.want("GET a", `"2"`)
		c.want("PTTL a", "(integer) -1")
		equal(t, "log", r.journal.lines(), []string{"INCR a; INCR a"})
	})
}
