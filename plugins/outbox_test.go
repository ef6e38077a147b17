package plugins_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// seen gathers what a hook has run for.
type seen struct {
	mu   sync.Mutex
	list []string
}

func (s *seen) add(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, fmt.Sprintf(format, args...))
}

func (s *seen) want(t *testing.T, list ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got, want := fmt.Sprintf("%q", s.list), fmt.Sprintf("%q", list); got != want {
		t.Errorf("the hook ran for\n%s, want\n%s", got, want)
	}
	s.list = nil
}

// settle waits until the outbox is empty.
func settle(t *testing.T, e *engine.Engine, stream string) {
	t.Helper()
	for start := time.Now(); do(t, e, "XLEN "+stream).Int > 0; time.Sleep(time.Millisecond) { // the consumer has a clock of its own
		if time.Since(start) > time.Minute {
			t.Fatalf("the outbox keeps %d events", do(t, e, "XLEN "+stream).Int)
		}
	}
}

func TestOutbox(t *testing.T) {
	var got seen
	o := hook.Options{Kind: hook.KindKey, Class: hook.String, Match: "k*", DB: hook.AnyDB, Mode: hook.Outbox, Stream: "out", Tries: 2}
	e, _, _ := open(t, provision(func(h *plugins.Host) error {
		_, err := h.Observe(o, func(ctx context.Context, ev hook.Event) error {
			k := ev.(*hook.Key)
			got.add("%s %s", k.Name, k.Key)
			if string(k.Key) == "kbad" {
				return errors.New("it is bad")
			}
			if hook.EntryOf(ctx) == "" || hook.DepthOf(ctx) != 1 {
				return fmt.Errorf("entry %q, depth %d", hook.EntryOf(ctx), hook.DepthOf(ctx))
			}
			_, err := h.Do(ctx, "RPUSH", "log", k.Key)
			return err
		})
		return err
	}))
	do(t, e, "SET k1 v")
	do(t, e, "SET other v")
	do(t, e, "SET kbad v")
	do(t, e, "APPEND k2 v")
	if n := do(t, e, "XLEN out").Int; n != 3 {
		t.Errorf("%d events wait", n)
	}
	got.want(t)
	e.Bus().OpenOutboxes()
	settle(t, e, "out")
	got.want(t, "set k1", "set kbad", "set kbad", "append k2")
	if v := do(t, e, "LRANGE log 0 -1"); len(v.Elems) != 2 {
		t.Errorf("%v", v)
	}
	dead := do(t, e, "XRANGE out:dead - +")
	if len(dead.Elems) != 1 || string(dead.Elems[0].Elems[1].Elems[7].Str) != "it is bad" {
		t.Errorf("dead letters: %v", dead)
	}
	if s := e.Bus().Hooks()[0].Stats(); s.Runs != 4 || s.Errors != 2 || s.Dead != 1 {
		t.Errorf("%+v", s)
	}
	// The outbox takes no part in a unit that is undone.
	do(t, e, "SETRANGE log 1 x")
	if n := do(t, e, "XLEN out").Int; n != 0 {
		t.Errorf("%d events of a command that failed", n)
	}
}

// TestOutboxGoesOn: what a consumer leaves is run by the next, and a run that
// was interrupted counts as a try only when it does not succeed now.
func TestOutboxGoesOn(t *testing.T) {
	var got seen
	o := hook.Options{Kind: hook.KindExpired, DB: hook.AnyDB, Mode: hook.Outbox, Stream: "out", Tries: 1}
	started := make(chan bool, 1)
	plugin := func(fn hook.Observer) plugins.Plugin {
		return provision(func(h *plugins.Host) error { _, err := h.Observe(o, fn); return err })
	}
	e, first, now := open(t, plugin(func(ctx context.Context, ev hook.Event) error {
		started <- true
		<-ctx.Done()
		return ctx.Err()
	}))
	for i := range 3 {
		do(t, e, fmt.Sprintf("SET e%d v%d PX 10", i, i))
		*now = now.Add(20 * time.Millisecond)
		e.Expire(10)
	}
	e.Bus().OpenOutboxes()
	<-started
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := &plugins.Set{}
	if err := second.Add(e, "test", plugin(func(_ context.Context, ev hook.Event) error {
		x := ev.(*hook.Expired)
		got.add("%s %s %d", x.Key, x.Value.Str(), x.LatenessMs())
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	settle(t, e, "out")
	if err := second.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	got.want(t, "e0 v0 10", "e1 v1 10", "e2 v2 10")
	if n := do(t, e, "XLEN out:dead").Int; n != 0 {
		t.Errorf("%d dead letters", n)
	}
}
