package plugins_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// provision is a plugin made of its Provision method.
type provision func(h *plugins.Host) error

func (p provision) Provision(h *plugins.Host) error { return p(h) }

// open makes an engine with the given plugin and a clock at hand.
func open(t *testing.T, p plugins.Plugin) (*engine.Engine, *plugins.Set, *time.Time) {
	t.Helper()
	now := time.UnixMilli(1_700_000_000_000)
	cfg := config.Default()
	cfg.Server.Shards = 4
	e := engine.New(engine.Options{
		Live: config.NewLive(cfg), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Groups: [][]command.Spec{str.Table(), list.Table(), stream.Table()},
	})
	set := &plugins.Set{}
	if err := set.Add(e, "test", p); err != nil {
		t.Fatal(err)
	}
	if err := set.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := errors.Join(set.Stop(ctx), e.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	return e, set, &now
}

func do(t *testing.T, e *engine.Engine, line string) wire.Value {
	t.Helper()
	var c wire.Collector
	if err := e.Do(t.Context(), 0, fields(line), &c); err != nil {
		var w wire.Error
		if !errors.As(err, &w) {
			t.Fatal(err)
		}
		return wire.Value{Kind: wire.KindError, Str: []byte(w)}
	}
	v, err := c.Typed()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func fields(line string) (args [][]byte) {
	for _, f := range strings.Fields(line) {
		args = append(args, []byte(f))
	}
	return args
}

func TestAtomicHookCommitsWithItsCause(t *testing.T) {
	fail := false
	e, _, now := open(t, provision(func(h *plugins.Host) error {
		_, err := h.Atomic(hook.Options{Kind: hook.KindExpired, Match: "s:*", DB: hook.AnyDB}, func(c *command.Call, ev hook.Event) error {
			x := ev.(*hook.Expired)
			if err := c.Do(&wire.Collector{}, []byte("RPUSH"), []byte("ended"), x.Key, x.Value.Str()); err != nil {
				return err
			}
			if fail {
				return errors.New("on purpose")
			}
			return nil
		})
		return err
	}))
	do(t, e, "SET s:1 alice PX 10")
	do(t, e, "SET other x PX 10")
	*now = now.Add(20 * time.Millisecond)
	if n := e.Expire(100); n != 2 {
		t.Fatalf("%d keys expired", n)
	}
	if v := do(t, e, "LRANGE ended 0 -1"); len(v.Elems) != 2 || string(v.Elems[1].Str) != "alice" {
		t.Fatalf("ended: %+v", v)
	}
	fail = true
	do(t, e, "SET s:2 bob PX 10")
	*now = now.Add(20 * time.Millisecond)
	e.Expire(100)
	if v := do(t, e, "LLEN ended"); v.Int != 2 {
		t.Fatalf("a failed hook left its write: %d", v.Int)
	}
	if v := do(t, e, "GET s:2"); !v.IsNull() {
		t.Fatal("with on_error continue the key must go")
	}
	if s := e.Bus().Hooks()[0].Stats(); s.Runs != 2 || s.Errors != 1 {
		t.Fatalf("stats %+v", s)
	}
}

func TestAtomicHookMayKeepTheKey(t *testing.T) {
	runs := 0
	e, _, now := open(t, provision(func(h *plugins.Host) error {
		_, err := h.Atomic(hook.Options{Kind: hook.KindExpired, DB: hook.AnyDB}, func(_ *command.Call, ev hook.Event) error {
			x := ev.(*hook.Expired)
			if runs++; runs < 3 {
				x.KeepUntilMs = x.AtMs + 1000
			}
			return nil
		})
		return err
	}))
	do(t, e, "SET k v PX 10")
	for life := range 3 {
		*now = now.Add(2 * time.Second)
		if n := e.Expire(10); n != 1 {
			t.Fatalf("life %d: %d keys were due", life, n)
		}
		if v := do(t, e, "GET k"); (string(v.Str) == "v") != (life < 2) {
			t.Fatalf("life %d: k is %+v", life, v)
		}
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	var host *plugins.Host
	e, _, _ := open(t, provision(func(h *plugins.Host) error { host = h; return nil }))
	update := func(second string) error {
		return host.Update(t.Context(), []string{"a"}, func(tx *plugins.Tx) error {
			c := tx.Call()
			if err := c.Do(&wire.Collector{}, fields("SET a 1")...); err != nil {
				return err
			}
			return c.Do(&wire.Collector{}, fields(second)...)
		})
	}
	if err := update("INCRBY a x"); err == nil {
		t.Fatal("no error")
	}
	if v := do(t, e, "GET a"); !v.IsNull() {
		t.Fatal("half an update")
	}
	// b was not declared and may be in another shard: it works all the same.
	if err := update("SET b 2"); err != nil {
		t.Fatal(err)
	}
	if v := do(t, e, "MGET a b"); string(v.Elems[0].Str) != "1" || string(v.Elems[1].Str) != "2" {
		t.Fatalf("%+v", v)
	}
}

func TestCommandsOfPluginsComeAndGo(t *testing.T) {
	e, set, _ := open(t, provision(func(h *plugins.Host) error {
		return h.Command(
			command.Spec{Name: "test.twice", Arity: 2, Flags: command.Write, Keys: []command.KeySpec{command.Key(1, command.KeyRW)},
				Run: func(c *command.Call) error {
					c.LogNothing()
					for range 2 {
						if err := c.Do(&wire.Collector{}, []byte("RPUSH"), c.Args[1], []byte("x")); err != nil {
							return err
						}
					}
					c.Reply.Int(2)
					return nil
				}},
			command.Spec{Name: "test.panic", Arity: 2, Flags: command.Write, Keys: []command.KeySpec{command.Key(1, command.KeyRW)},
				Run: func(c *command.Call) error {
					if err := c.Do(&wire.Collector{}, []byte("SET"), c.Args[1], []byte("half")); err != nil {
						return err
					}
					panic("on purpose")
				}},
			command.Spec{Name: "test.mute", Arity: 1, Flags: command.Write, Run: func(*command.Call) error { return nil }})
	}))
	var w wire.Writer
	if err := e.Do(t.Context(), 0, [][]byte{[]byte("TEST.MUTE")}, &w); err == nil || !strings.Contains(err.Error(), "'test.mute' gave no reply") {
		t.Fatalf("a command without a reply: %v, %q", err, w.Buf)
	}
	if v := do(t, e, "TEST.TWICE l"); v.Int != 2 {
		t.Fatalf("%+v", v)
	}
	if v := do(t, e, "test.panic p"); v.Kind != wire.KindError {
		t.Fatalf("%+v", v)
	}
	if v := do(t, e, "GET p"); !v.IsNull() {
		t.Fatal("a panicking command of a plugin left its write")
	}
	if err := set.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := do(t, e, "test.twice l"); v.Kind != wire.KindError {
		t.Fatalf("the command outlived its plugin: %+v", v)
	}
}

func TestObserversAndTheirDepth(t *testing.T) {
	var host *plugins.Host
	e, _, _ := open(t, provision(func(h *plugins.Host) error {
		host = h
		_, err := h.Observe(hook.Options{Kind: hook.KindKey, DB: hook.AnyDB, MaxDepth: 3}, func(ctx context.Context, _ hook.Event) error {
			_, err := host.Do(ctx, "INCR", "loop") // causes the event it subscribes to
			return err
		})
		return err
	}))
	do(t, e, "SET k v")
	if err := e.Bus().Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := do(t, e, "GET loop"); string(v.Str) != "4" {
		t.Fatalf("the loop of hooks ran %s times, want 4 (depths 0 to 3)", v.Str)
	}
}

func TestRegistryAndLife(t *testing.T) {
	for name, bad := range map[string]func(){
		"an empty name": func() { plugins.Register("", func() plugins.Plugin { return nil }) },
		"upper case":    func() { plugins.Register("Test", func() plugins.Plugin { return nil }) },
		"twice": func() {
			plugins.Register("twice", func() plugins.Plugin { return nil })
			plugins.Register("twice", func() plugins.Plugin { return nil })
		},
	} {
		func() {
			defer func() {
				switch p := recover(); {
				case p == nil:
					t.Errorf("%s was admitted", name)
				case name == "twice" && strings.Count(p.(string), "plugins_test.TestRegistryAndLife") != 2:
					t.Errorf("it does not say who the two are: %s", p)
				}
			}()
			bad()
		}()
	}
	e := engine.New(engine.Options{Log: slog.New(slog.DiscardHandler)})
	set := &plugins.Set{}
	err := set.Provision(e, []config.Plugin{{Name: "nobody", Enabled: true}})
	if err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Fatalf("an unknown plugin: %v", err)
	}
	ended := make(chan struct{})
	started := make(chan struct{})
	p := &living{start: func(h *plugins.Host) {
		h.Go(func(ctx context.Context) {
			close(started)
			<-ctx.Done()
			close(ended)
		})
		h.Go(func(context.Context) { panic("a task that fails") })
	}}
	if err := set.Add(e, "living", p); err != nil {
		t.Fatal(err)
	}
	if err := set.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-started
	if err := set.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	default:
		t.Fatal("Stop did not wait for the task")
	}
}

type living struct {
	host  *plugins.Host
	start func(*plugins.Host)
}

func (l *living) Provision(h *plugins.Host) error { l.host = h; return nil }

func (l *living) Start(context.Context) error { l.start(l.host); return nil }
