package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func opts(name string) Options {
	return Options{Name: name, Owner: "test", Kind: KindKey, DB: AnyDB}
}

func key(k string) *Key { return &Key{Key: []byte(k), Name: "set", Class: String} }

func flush(t *testing.T, b *Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := b.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestEventsComeInOrderOneAtATime(t *testing.T) {
	b := NewBus(nil, quiet())
	defer b.Close(t.Context())
	var running atomic.Int32
	var got []string
	_, err := b.Observe(opts("order"), func(_ context.Context, ev Event) error {
		if running.Add(1) != 1 {
			t.Error("two at a time")
		}
		got = append(got, string(ev.Subject()))
		running.Add(-1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		b.Publish(key(fmt.Sprint(i)), nil)
	}
	flush(t, b)
	for i, k := range got {
		if k != fmt.Sprint(i) {
			t.Fatalf("event %d is %s", i, k)
		}
	}
	if len(got) != 1000 {
		t.Fatalf("%d events", len(got))
	}
}

func TestFilters(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		ev   Event
		want bool
	}{
		{"all", opts("a"), key("x"), true},
		{"another kind", Options{Name: "a", Owner: "t", Kind: KindExpired, DB: AnyDB}, key("x"), false},
		{"match", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, Match: "s:*"}, key("s:1"), true},
		{"no match", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, Match: "s:*"}, key("t:1"), false},
		{"db", Options{Name: "a", Owner: "t", Kind: KindKey, DB: 3}, key("x"), false},
		{"class", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, Class: List | Hash}, key("x"), false},
		{"name", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, Names: []string{"del", "set"}}, key("x"), true},
		{"other name", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, Names: []string{"del"}}, key("x"), false},
		{"new, not asked for", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB}, &Key{Class: New, Name: "new"}, false},
		{"new, by class", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, Class: New}, &Key{Class: New, Name: "new"}, true},
		{"new, by name", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, Names: []string{"new"}}, &Key{Class: New, Name: "new"}, true},
		{"too deep", Options{Name: "a", Owner: "t", Kind: KindKey, DB: AnyDB, MaxDepth: 2}, &Key{Origin: Origin{Nest: 3}, Class: String}, false},
	}
	for _, tt := range tests {
		b := NewBus(nil, quiet())
		h, err := b.Observe(tt.o, func(context.Context, Event) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Wants(tt.ev); got != tt.want {
			t.Errorf("%s: wants %v", tt.name, got)
		}
		b.Close(t.Context())
	}
}

func TestFullQueuePolicies(t *testing.T) {
	for _, policy := range []QueuePolicy{DropOldest, DropNewest} {
		b := NewBus(nil, quiet())
		release, taken := make(chan struct{}), make(chan struct{})
		holding := false
		var got []string
		o := opts("slow")
		o.Queue, o.Full = 4, policy
		h, err := b.Observe(o, func(_ context.Context, ev Event) error {
			if !holding {
				holding = true
				close(taken)
				<-release
			}
			got = append(got, string(ev.Subject()))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Publish(key("first"), nil)
		<-taken // the observer has taken it
		for i := range 10 {
			b.Publish(key(fmt.Sprint(i)), nil)
		}
		close(release)
		flush(t, b)
		want := map[QueuePolicy]string{DropOldest: "[first 6 7 8 9]", DropNewest: "[first 0 1 2 3]"}[policy]
		if fmt.Sprint(got) != want || h.Stats().Drops != 6 {
			t.Errorf("%s: %v, drops %d", policy, got, h.Stats().Drops)
		}
		b.Close(t.Context())
	}
}

func TestBlockingQueueNeverWaitsForItself(t *testing.T) {
	b := NewBus(nil, quiet())
	defer b.Close(t.Context())
	o := opts("loop")
	o.Queue, o.MaxDepth = 2, 5
	h, err := b.Observe(o, func(ctx context.Context, ev Event) error {
		for range 4 { // each event causes four more, in its own queue
			b.Publish(&Key{Origin: Origin{Nest: DepthOf(ctx)}, Key: []byte("x"), Class: String}, nil)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Publish(key("seed"), nil)
	flush(t, b)
	if s := h.Stats(); s.Drops == 0 || s.TooDeep == 0 {
		t.Errorf("stats %+v: neither bound was met", s)
	}
}

func TestPanicsAndTripping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("bad")
		o.TripAfter, o.Rearm = 3, time.Minute
		fail := true
		h, err := b.Observe(o, func(context.Context, Event) error {
			if fail {
				panic("boom")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			b.Publish(key("x"), nil)
			flush(t, b)
		}
		if s := h.Stats(); s.State != "tripped" || s.Runs != 3 || s.Errors != 3 || s.LastError == "" {
			t.Fatalf("stats %+v", s)
		}
		time.Sleep(2 * time.Minute) // the bubble's clock
		b.Publish(key("x"), nil)
		flush(t, b)
		if s := h.Stats(); s.State != "tripped" || s.Runs != 4 {
			t.Fatalf("one more failure after the pause: %+v", s)
		}
		fail = false
		h.Enable()
		b.Publish(key("x"), nil)
		flush(t, b)
		if s := h.Stats(); s.State != "armed" || s.Runs != 5 {
			t.Fatalf("stats %+v", s)
		}
		h.Disable()
		b.Publish(key("x"), nil)
		flush(t, b)
		if s := h.Stats(); s.State != "disabled" || s.Runs != 5 {
			t.Fatalf("stats %+v", s)
		}
		h.Reset()
		if s := h.Stats(); s.Runs != 0 || s.Errors != 0 {
			t.Fatalf("stats %+v", s)
		}
		b.Close(t.Context())
	})
}

func TestRemoveAndClose(t *testing.T) {
	b := NewBus(nil, quiet())
	var n atomic.Int32
	for _, owner := range []string{"a", "b"} {
		o := opts("h")
		o.Owner = owner
		if _, err := b.Observe(o, func(context.Context, Event) error { n.Add(1); return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Observe(o, nil); err == nil {
			t.Fatal("a second hook of the same name was admitted")
		}
	}
	b.Publish(key("x"), nil)
	flush(t, b)
	if err := b.Remove("a")(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Publish(key("x"), nil)
	flush(t, b)
	if n.Load() != 3 || len(b.Hooks()) != 1 {
		t.Fatalf("%d runs, %d hooks", n.Load(), len(b.Hooks()))
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Attach(opts("late")); err == nil {
		t.Fatal("a closed bus took a hook")
	}
}

func TestCloseCancelsWhoDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("stuck")
		o.Budget = time.Hour
		if _, err := b.Observe(o, func(ctx context.Context, _ Event) error {
			<-ctx.Done()
			return ctx.Err()
		}); err != nil {
			t.Fatal(err)
		}
		b.Publish(key("x"), nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("close: %v", err)
		}
	})
}

func TestWrongOptions(t *testing.T) {
	b := NewBus(nil, quiet())
	defer b.Close(t.Context())
	for name, o := range map[string]Options{
		"no name":    {Owner: "t", Kind: KindKey},
		"no kind":    {Name: "x", Owner: "t"},
		"bad mode":   {Name: "x", Owner: "t", Kind: KindKey, Mode: "sometimes"},
		"bad policy": {Name: "x", Owner: "t", Kind: KindKey, Full: "explode"},
		"bad error":  {Name: "x", Owner: "t", Kind: KindKey, OnError: "ignore"},
		"outbox":     {Name: "x", Owner: "t", Kind: KindKey, Mode: Outbox},
	} {
		if _, err := b.Observe(o, func(context.Context, Event) error { return nil }); err == nil {
			t.Errorf("%s was admitted", name)
		}
	}
}

func FuzzParseClass(f *testing.F) {
	for _, seed := range []string{"AKE", "", "g$lshzxetdnm", "q"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := ParseClass(text)
		if !ok {
			return
		}
		if back, ok := ParseClass(c.String()); !ok || back != c {
			t.Fatalf("%q: %b is written as %q and read as %b", text, c, c, back)
		}
	})
}

func TestClasses(t *testing.T) {
	for in, want := range map[string]string{"": "", "KEA": "AKE", "Kg$": "g$K", "Elx": "lxE", "AKEn": "AnKE", "KEgmnd": "gdnKEm", "KK": "K", "g$lshzxetd": "A", "m": "m"} {
		c, ok := ParseClass(in)
		if !ok || c.String() != want {
			t.Errorf("%q gives %q (%v)", in, c, ok)
		}
	}
	if _, ok := ParseClass("KQ"); ok {
		t.Error("Q was admitted")
	}
}

// TestLull: an observer that was woken a moment ago is woken again when the lull is
// over, or when many events wait; nothing is left lying.
func TestLull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, nil)
		var ran atomic.Int64
		o := opts("h")
		o.Queue = 80
		observe(t, b, o, func(context.Context, Event) error { ran.Add(1); return nil })
		time.Sleep(time.Second)
		for i, step := range []struct {
			events int
			wait   time.Duration
			want   int64
		}{
			{1, 0, 1}, // at once, after a rest
			{1, 0, 1},
			{3, lull - time.Nanosecond, 1},
			{0, time.Nanosecond, 5},
			{10, 0, 5},
			{1, 0, 16}, // many
			{1, 0, 16},
			{0, lull, 17},
			{0, time.Second, 17},
			{1, 0, 18},
		} {
			for range step.events {
				b.Publish(key("k"), nil)
			}
			time.Sleep(step.wait)
			synctest.Wait()
			if got := ran.Load(); got != step.want {
				t.Errorf("step %d: %d runs, want %d", i, got, step.want)
			}
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
