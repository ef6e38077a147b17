package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// observe subscribes and fails the test when that does not work.
func observe(t *testing.T, b *Bus, o Options, fn Observer) *Hook {
	t.Helper()
	h, err := b.Observe(o, fn)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestTrippedHookLeavesItsQueue: what waits for a hook that has tripped is
// dropped, rather than failing event by event, and nobody waits for room.
func TestTrippedHookLeavesItsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := NewBus(nil, slog.New(slog.NewTextHandler(&log, nil)))
		o := opts("bad")
		o.Queue, o.TripAfter, o.Budget = 4, 3, time.Second
		h := observe(t, b, o, func(ctx context.Context, _ Event) error {
			<-ctx.Done()
			return ctx.Err()
		})
		for range 100 {
			b.Publish(key("x"), nil)
		}
		flush(t, b)
		s := h.Stats()
		if s.State != "tripped" || s.Runs != 3 || s.Errors != 3 || s.Trips != 1 || s.Drops == 0 {
			t.Errorf("%+v", s)
		}
		for _, want := range []string{"hook failed", "hook is tripped", "failures=3", "hook=bad", "owner=test"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %q in the log:\n%s", want, log.String())
			}
		}
		b.Close(t.Context())
	})
}

// giver counts how often a connection's loop would have been given away.
type giver struct{ n atomic.Int32 }

func (g *giver) GiveAway() { g.n.Add(1) }

func TestPublisherWaitsAndGivesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("slow")
		o.Queue, o.Budget = 2, time.Hour
		release, n := make(chan struct{}), 0
		h := observe(t, b, o, func(context.Context, Event) error {
			<-release
			n++
			return nil
		})
		var g giver
		published := make(chan struct{})
		go func() {
			defer close(published)
			for range 10 {
				b.Publish(key("x"), &g)
			}
		}()
		synctest.Wait()
		select {
		case <-published:
			t.Fatal("nobody waited")
		default:
		}
		if g.n.Load() == 0 {
			t.Error("the loop was not given away")
		}
		b.Offer(key("x")) // does not wait
		if s := h.Stats(); s.Drops != 1 || s.Queued != 2 {
			t.Errorf("%+v", s)
		}
		close(release)
		<-published
		flush(t, b)
		if n != 10 {
			t.Errorf("%d of 10 delivered", n)
		}
		b.Close(t.Context())
	})
}

// TestStuckHook: Go code that does not end cannot be ended. Nobody waits for it,
// its figures say what is the matter, and it goes on when it has come back.
func TestStuckHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("stuck")
		o.Queue, o.Budget = 2, time.Second
		release, n := make(chan struct{}), 0
		h := observe(t, b, o, func(context.Context, Event) error {
			if n++; n == 1 {
				<-release
			}
			return nil
		})
		other := observe(t, b, opts("other"), func(context.Context, Event) error { return nil })
		for range 100 {
			b.Publish(key("x"), nil)
		}
		s := h.Stats()
		if s.State != "stuck" || s.Errors != 1 || s.Drops != 97 || s.Running < time.Second || !strings.Contains(s.LastError, "still running") {
			t.Errorf("%+v", s)
		}
		close(release)
		flush(t, b)
		if s := h.Stats(); s.State != "armed" || s.Runs != 3 || s.Errors != 1 {
			t.Errorf("%+v", s)
		}
		if s := other.Stats(); s.Runs != 100 {
			t.Errorf("other: %+v", s)
		}
		b.Close(t.Context())
	})
}

func TestCloseLeavesTheStuckBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		release := make(chan struct{})
		observe(t, b, opts("stuck"), func(context.Context, Event) error { <-release; return nil })
		b.Publish(key("x"), nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Close(ctx); err == nil || !strings.Contains(err.Error(), "test/stuck does not end") {
			t.Errorf("close: %v", err)
		}
		close(release)
	})
}

// TestLateRuns: a run that ends well but too late stands, and counts towards
// tripping.
func TestLateRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("late")
		o.Budget, o.TripAfter = time.Second, 2
		h := observe(t, b, o, func(context.Context, Event) error {
			time.Sleep(1100 * time.Millisecond)
			return nil
		})
		for range 3 {
			b.Publish(key("x"), nil)
			flush(t, b)
		}
		if s := h.Stats(); s.State != "tripped" || s.Late != 2 || s.Errors != 0 || !strings.Contains(s.LastError, "longer than its time budget") {
			t.Errorf("%+v", s)
		}
		b.Close(t.Context())
	})
}

// TestLimitsFollowTheDefaults: a hook has the bus's limits where it has none of
// its own, also when they change.
func TestLimitsFollowTheDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		own := opts("own")
		own.TripAfter = -1
		never := observe(t, b, own, func(context.Context, Event) error { return errors.New("no") })
		h := observe(t, b, opts("h"), func(context.Context, Event) error { return errors.New("no") })
		d := standard
		d.TripAfter, d.Rearm = 2, 0
		b.SetDefaults(d)
		for range 20 {
			b.Publish(key("x"), nil)
			flush(t, b)
		}
		time.Sleep(time.Hour)
		b.Publish(key("x"), nil)
		flush(t, b)
		if s := h.Stats(); s.State != "tripped" || s.Runs != 2 {
			t.Errorf("%+v", s)
		}
		if s := never.Stats(); s.State != "armed" || s.Runs != 21 {
			t.Errorf("%+v", s)
		}
		d.TripAfter = 0
		b.SetDefaults(d)
		h.Enable()
		for range 20 {
			b.Publish(key("x"), nil)
			flush(t, b)
		}
		if s := h.Stats(); s.State != "armed" || s.Runs != 22 {
			t.Errorf("%+v", s)
		}
		b.Close(t.Context())
	})
}

func TestJudges(t *testing.T) {
	b := NewBus(nil, quiet())
	defer b.Close(t.Context())
	o := Options{Name: "guard", Owner: "test", Kind: KindCommand, DB: AnyDB, Match: "flush*"}
	h, err := b.Ask(o, func(ctx context.Context, ev Event) error {
		switch ev.(*Command).User {
		case "admin":
			return nil
		case "broken":
			panic("boom")
		}
		if DepthOf(ctx) != 1 {
			t.Errorf("depth %d", DepthOf(ctx))
		}
		return Refuse(fmt.Errorf("not for %s", ev.(*Command).User))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, user, want string }{
		{"flushall", "eve", "not for eve"}, {"flushall", "admin", ""}, {"flushall", "broken", ""}, {"get", "eve", ""},
	} {
		got := ""
		if no := b.Decide(t.Context(), &Command{Phase: Before, Name: tt.name, User: tt.user}); no != nil {
			got = no.Error()
		}
		if got != tt.want {
			t.Errorf("%s by %s: %q", tt.name, tt.user, got)
		}
	}
	if s := h.Stats(); s.Runs != 3 || s.Errors != 1 {
		t.Errorf("%+v", s)
	}
	if b.Wants(KindCommand) || !b.Asks(KindCommand) {
		t.Error("a judge is no observer")
	}
}

func TestPhases(t *testing.T) {
	b := NewBus(nil, quiet())
	defer b.Close(t.Context())
	seen := map[string]*string{}
	for _, phase := range []string{"", "begin", "failed"} {
		got := new(string)
		seen[phase] = got
		observe(t, b, Options{Name: "h" + phase, Owner: "test", Kind: KindRewrite, DB: AnyDB, Phase: phase}, func(_ context.Context, ev Event) error {
			*got += ev.(*Rewrite).Phase + " "
			return nil
		})
	}
	for _, phase := range []string{Before, "begin", "end"} {
		b.Offer(&Rewrite{Phase: phase})
		flush(t, b)
	}
	for phase, want := range map[string]string{"": "begin end ", "begin": "begin ", "failed": ""} {
		if *seen[phase] != want {
			t.Errorf("%q saw %q", phase, *seen[phase])
		}
	}
	if _, err := b.Observe(Options{Name: "x", Owner: "t", Kind: KindKey, Phase: "begin"}, nil); err == nil {
		t.Error("key events have got phases")
	}
}

func TestRunContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(WithDepth(t.Context(), 7))
		ctx, end := Begin(parent, 3, time.Minute)
		if DepthOf(ctx) != 3 || ctx.Err() != nil {
			t.Errorf("depth %d, %v", DepthOf(ctx), ctx.Err())
		}
		child, cancelChild := context.WithCancel(ctx)
		defer cancelChild()
		start := time.Now()
		<-child.Done()
		if time.Since(start) != time.Minute || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("ended after %s with %v", time.Since(start), ctx.Err())
		}
		end()

		ctx, end = Begin(parent, 1, time.Hour)
		end()
		<-ctx.Done()
		ctx, end = Begin(parent, 1, time.Hour)
		done := ctx.Done()
		cancel()
		<-done
		if ctx.Err() != context.Canceled {
			t.Error(ctx.Err())
		}
		end()
		ctx, end = Begin(t.Context(), 1, time.Minute)
		time.Sleep(time.Minute)
		if ctx.Err() != context.DeadlineExceeded {
			t.Error(ctx.Err())
		}
		end()
	})
}

// BenchmarkPublish is what an observer of 16 key events costs the writer and the
// hook's own goroutine together.
func BenchmarkPublish(b *testing.B) {
	bus := NewBus(nil, quiet())
	defer bus.Close(context.Background())
	n := 0
	if _, err := bus.Observe(opts("h"), func(context.Context, Event) error { n++; return nil }); err != nil {
		b.Fatal(err)
	}
	k := []byte("key:000000012345")
	b.ReportAllocs()
	for b.Loop() {
		keys := bus.Gather()
		for range 16 {
			keys.Add(&Key{Key: k, Name: "set", Class: String}, nil)
		}
		keys.Publish(nil)
	}
}

// TestFailingHookRests: what fails takes no more than its share of the time, nobody
// waits for it meanwhile, and who does well again is waited for.
func TestFailingHookRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("bad")
		o.Queue, o.TripAfter, o.Share, o.Budget = 4, -1, 20, time.Second
		var fails atomic.Bool
		fails.Store(true)
		h := observe(t, b, o, func(context.Context, Event) error {
			time.Sleep(100 * time.Millisecond)
			if fails.Load() {
				return errors.New("no")
			}
			return nil
		})
		start := time.Now()
		b.Publish(key("x"), nil)
		time.Sleep(200 * time.Millisecond)
		for range 10 {
			b.Publish(key("x"), nil)
		}
		if s := h.Stats(); time.Since(start) != 200*time.Millisecond || s.State != "failing" || s.Runs != 1 || s.Drops != 6 || s.Queued != 4 {
			t.Errorf("after %s: %+v", time.Since(start), s)
		}
		time.Sleep(1800 * time.Millisecond)
		if s := h.Stats(); s.Runs != 4 || s.Busy != 400*time.Millisecond { // of two seconds
			t.Errorf("%+v", s)
		}
		fails.Store(false)
		h.Reset() // ends the rest
		flush(t, b)
		if s := h.Stats(); s.State != "armed" || s.Runs != 1 || time.Since(start) != 2100*time.Millisecond {
			t.Errorf("after %s: %+v", time.Since(start), s)
		}
		for range 10 {
			b.Publish(key("x"), nil)
		}
		if s := h.Stats(); s.Drops != 0 || time.Since(start) < 2500*time.Millisecond {
			t.Errorf("nobody waits: %+v", s)
		}
		fails.Store(true)
		b.Publish(key("x"), nil)
		if err := b.Close(t.Context()); err != nil { // without a rest
			t.Error(err)
		}
		if s := h.Stats(); s.Queued != 0 || time.Since(start) > 4*time.Second {
			t.Errorf("after %s: %+v", time.Since(start), s)
		}
	})
}
