package kevylua_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

func manual(t *testing.T, o kevylua.Options) *kevylua.Manual {
	t.Helper()
	m, err := kevylua.OpenManual(o, time.UnixMilli(1_700_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// TestAdvanceMeetsEachMoment: deadlines, timers, and what observers set while
// time passes, all at their own moments.
func TestAdvanceMeetsEachMoment(t *testing.T) {
	ctx, m := t.Context(), manual(t, kevylua.Options{})
	start := m.Now()
	var got []string
	note := func(what string) { got = append(got, fmt.Sprint(what, "@", m.Now().Sub(start))) }
	err := m.OnExpired("", func(ctx context.Context, ev *hook.Expired) error {
		note(fmt.Sprintf("%s+%d", ev.Key, ev.LatenessMs()))
		if string(ev.Key) == "a" {
			_, err := m.Do(ctx, "SET", "b", "x", "PX", 30)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Host().After(20*time.Millisecond, func(ctx context.Context) {
		note("timer")
		m.Host().After(0, func(context.Context) { note("again") })
	})
	if _, err := m.Do(ctx, "SET", "a", "x", "PX", 10); err != nil {
		t.Fatal(err)
	}
	if err := m.Advance(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(got, " "); text != "a+0@10ms timer@20ms again@20ms b+0@40ms" {
		t.Errorf("got %s", text)
	}
	if d := m.Now().Sub(start); d != time.Hour {
		t.Errorf("%s have passed", d)
	}
}

func TestAdvanceOverManyDeadlines(t *testing.T) {
	ctx, m := t.Context(), manual(t, kevylua.Options{})
	const keys = 20_000
	for i := range keys {
		if _, err := m.Do(ctx, "SET", fmt.Sprint("k", i), "x", "PX", 1+i%500); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	if err := m.OnExpired("", func(context.Context, *hook.Expired) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := m.Advance(ctx, 250*time.Millisecond); err != nil || n != keys/2 {
		t.Errorf("%d expired, %v", n, err)
	}
	if err := m.Advance(ctx, 365*24*time.Hour); err != nil || n != keys {
		t.Errorf("%d expired, %v", n, err)
	}
}

func TestAdvancePassesWhatIsStuck(t *testing.T) {
	cfg := kevylua.DefaultConfig()
	cfg.Security.EnableDebugCommand = "yes"
	ctx, m := t.Context(), manual(t, kevylua.Options{Config: cfg})
	for _, line := range [][]any{{"DEBUG", "SET-ACTIVE-EXPIRE", 0}, {"SET", "k", "v", "PX", 10}} {
		if _, err := m.Do(ctx, line...); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Advance(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	var forever func(context.Context)
	forever = func(context.Context) { m.Host().After(0, forever) }
	m.Host().After(0, forever)
	if err := m.Advance(ctx, time.Second); err == nil {
		t.Error("a timer that sets itself for the same moment goes on for ever")
	}
}

func TestReopenAfterACrash(t *testing.T) {
	fs := memfs.New(func() time.Time { return time.UnixMilli(0) })
	cfg := kevylua.DefaultConfig()
	cfg.Persistence.AppendFsync = "always"
	ctx, m := t.Context(), manual(t, kevylua.Options{Dir: "d", FS: fs, Config: cfg})
	if _, err := m.Do(ctx, "SET", "k", "v", "PX", 1000); err != nil {
		t.Fatal(err)
	}
	if err := m.Advance(ctx, 400*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := m.Reopen(func(o *kevylua.Options) { o.FS = fs.Crash(1) }); err != nil {
		t.Fatal(err)
	}
	if v, err := m.Do(ctx, "PTTL", "k"); err != nil || v.Integer() != 600 {
		t.Errorf("%v, %v", v, err)
	}
}
