package kevylua_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

// TestRewriteGate puts automatic rewrites off, and not those that are asked for.
func TestRewriteGate(t *testing.T) {
	ctx := context.Background()
	var clock atomic.Int64 // hooks look at it on goroutines of their own
	clock.Store(1_800_000_000_000)
	now := func() time.Time { return time.UnixMilli(clock.Load()) }
	cfg := kevylua.DefaultConfig()
	cfg.Persistence.Dir, cfg.Persistence.RewriteMaxSize = "data", 4096
	cfg.Reaper.Mode = "manual"
	db, err := kevylua.Open(kevylua.Options{Config: cfg, FS: memfs.New(now), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	phases := make(chan string, 100)
	if err := db.OnRewrite(func(_ context.Context, ev *hook.Rewrite) error {
		phases <- ev.Phase
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var asked []string
	objection := errors.New("not now")
	db.Host().BeforeRewrite(func(_ context.Context, ev *hook.Rewrite) error {
		asked = append(asked, ev.Phase+" "+ev.Cause)
		return objection
	})
	db.Host().BeforeRewrite(func(context.Context, *hook.Rewrite) error { panic("a gate with a bug") })
	if _, err := db.Do(ctx, "SET", "k", string(make([]byte, 20_000))); err != nil {
		t.Fatal(err)
	}
	expect := func(want ...string) {
		t.Helper()
		var got []string
		for range want {
			select {
			case p := <-phases:
				got = append(got, p)
			case <-time.After(time.Minute):
				t.Fatalf("phases %q, want %q", got, want)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("phases %q, want %q", got, want)
		}
	}
	for _, tt := range []struct {
		name  string
		wait  time.Duration
		allow bool
		want  []string
		asked int
	}{
		{"put off", 0, false, []string{"begin", "deferred"}, 1},
		{"it rests for a minute", 59 * time.Second, true, nil, 1},
		{"then it is asked again", time.Second, false, []string{"begin", "deferred"}, 2},
		{"and allowed, whatever another does", time.Minute, true, []string{"begin", "end"}, 3},
	} {
		clock.Add(tt.wait.Milliseconds())
		objection = errors.New("not now")
		if tt.allow {
			objection = nil
		}
		db.Tick(ctx)
		expect(tt.want...)
		if len(asked) != tt.asked || len(asked) > 0 && asked[0] != "due size" {
			t.Errorf("%s: asked %q", tt.name, asked)
		}
	}
	objection = errors.New("not now")
	if err := db.Rewrite(ctx); err != nil {
		t.Errorf("a rewrite that was asked for: %v", err)
	}
	expect("begin", "end")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
