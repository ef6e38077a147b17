package kevylua_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/persist"
	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
	"github.com/kevy-lua/kevy-lua/plugins"
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
		if ev.Phase == string(persist.PhaseEnd) && ev.Elapsed <= 0 {
			t.Error("the rewrite took no time")
		}
		phases <- ev.Phase
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var asked []string
	var objection error
	for _, gate := range []func(context.Context, *hook.Rewrite) error{
		func(_ context.Context, ev *hook.Rewrite) error {
			asked = append(asked, ev.Phase+" "+ev.Cause)
			return objection
		},
		func(context.Context, *hook.Rewrite) error { panic("a gate with a bug") },
		func(context.Context, *hook.Rewrite) error { return errors.New("a failure is no objection") },
	} {
		if err := db.Host().BeforeRewrite(gate); err != nil {
			t.Fatal(err)
		}
	}
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
		{"put off", 0, false, []string{"deferred"}, 1},
		{"it rests for a minute", 59 * time.Second, true, nil, 1},
		{"then it is asked again", time.Second, false, []string{"deferred"}, 2},
		{"and allowed, whatever another does", time.Minute, true, []string{"begin", "end"}, 3},
	} {
		clock.Add(tt.wait.Milliseconds())
		objection = hook.Refuse(errors.New("not now"))
		if tt.allow {
			objection = nil
		}
		db.Tick(ctx)
		expect(tt.want...)
		if len(asked) != tt.asked || len(asked) > 0 && asked[0] != "before size" {
			t.Errorf("%s: asked %q", tt.name, asked)
		}
	}
	objection = hook.Refuse(errors.New("not now"))
	if err := db.Rewrite(ctx); err != nil {
		t.Errorf("a rewrite that was asked for: %v", err)
	}
	expect("begin", "end")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRewriteGateThatHangs: one that ignores its context delays the rewrite for
// its budget, and keeps neither later rewrites nor Close waiting.
func TestRewriteGateThatHangs(t *testing.T) {
	cfg := kevylua.DefaultConfig()
	cfg.Persistence.Dir, cfg.Persistence.RewriteMaxSize = "data", 4096
	cfg.Reaper.Mode = "manual"
	db, err := kevylua.Open(kevylua.Options{Config: cfg, FS: memfs.New(time.Now)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 10)
	if err := db.OnRewrite(func(_ context.Context, ev *hook.Rewrite) error {
		if ev.Phase != "begin" {
			ended <- ev.Phase
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	hang, asked := make(chan struct{}), make(chan struct{}, 10)
	defer close(hang)
	h, err := db.Host().Ask(hook.Options{Name: "gate", Kind: hook.KindRewrite, DB: hook.AnyDB, Budget: time.Millisecond}, func(context.Context, hook.Event) error {
		asked <- struct{}{}
		<-hang
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // the second time it is stuck and not asked
		if _, err := db.Do(t.Context(), "SET", "k", string(make([]byte, 20_000))); err != nil {
			t.Fatal(err)
		}
		db.Tick(t.Context())
		if phase := <-ended; phase != "end" || len(asked) != 1 {
			t.Errorf("rewrite %d: %s, asked %d times", i, phase, len(asked))
		}
	}
	if s := h.Stats(); s.State != "stuck" || s.Errors != 1 || s.Drops != 1 {
		t.Errorf("%+v", s)
	}
	hang <- struct{}{} // else Close waits for it as long as it waits for anything
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestLuaPutsRewriteOff: for as long as it says.
func TestLuaPutsRewriteOff(t *testing.T) {
	cfg := kevylua.DefaultConfig()
	cfg.Persistence.Dir, cfg.Persistence.RewriteMaxSize = "data", 4096
	m, err := kevylua.OpenManual(kevylua.Options{Config: cfg, FS: memfs.New(time.Now)}, time.UnixMilli(1_800_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	do := func(args ...any) string {
		t.Helper()
		v, err := m.Do(t.Context(), args...)
		if err != nil {
			t.Fatal(err)
		}
		return v.String()
	}
	do("FUNCTION", "LOAD", `#!lua name=l
kevy.register_hook{ event='rewrite', phase='before', callback=function(ev)
  if redis.call('EXISTS', 'busy') == 1 then return { err='busy hours', rest='20m' } end
end }
kevy.register_hook{ event='rewrite', name='seen', callback=function(ev) redis.call('RPUSH', 'phases', ev.phase..' '..(ev.error or '')) end }`)
	do("SET", "busy", string(make([]byte, 20_000)))
	m.Tick(t.Context())
	do("DEL", "busy")
	if err := m.Advance(t.Context(), 19*time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := do("LRANGE", "phases", 0, -1); got != "[deferred busy hours]" {
		t.Errorf("phases %s", got)
	}
	if err := m.Advance(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := do("LRANGE", "phases", 0, -1); got != "[deferred busy hours begin  end ]" {
		t.Errorf("phases %s", got)
	}
}

// openWatched opens a store in memory whose I/O the test sees, and can hold up.
func openWatched(t *testing.T) (*kevylua.DB, *errfs.FS) {
	t.Helper()
	fs := errfs.New(memfs.New(time.Now))
	db, err := kevylua.Open(kevylua.Options{Dir: "d", FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, fs
}

// TestRewriteIsInProgress: when BGREWRITEAOF has been answered, a rewrite is in
// progress, until it has ended.
func TestRewriteIsInProgress(t *testing.T) {
	ctx := context.Background()
	db, fs := openWatched(t)
	hold := make(chan struct{})
	fs.Before(func(op errfs.Op) {
		if op.Method == "create" {
			<-hold
		}
	})
	if _, err := db.Do(ctx, "BGREWRITEAOF"); err != nil {
		t.Fatal(err)
	}
	if v, err := db.Do(ctx, "INFO", "persistence"); err != nil || !strings.Contains(v.String(), "aof_rewrite_in_progress:1") {
		t.Errorf("%v, INFO says %s", err, v)
	}
	if _, err := db.Do(ctx, "BGREWRITEAOF"); err == nil || !strings.Contains(err.Error(), "already in progress") {
		t.Errorf("a second one: %v", err)
	}
	close(hold)
}

// TestRewriteAfterASnapshot: a rewrite that is asked for while a snapshot is written begins when
// that has ended, and no error is left behind.
func TestRewriteAfterASnapshot(t *testing.T) {
	ctx := context.Background()
	db, fs := openWatched(t)
	info := func(want ...string) {
		t.Helper()
		v, err := db.Do(ctx, "INFO", "persistence")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if !strings.Contains(v.String(), line+"\r\n") {
				t.Errorf("INFO has no %s: %s", line, v)
			}
		}
	}
	for i := range 2000 { // more than a buffer of the file, so that it is written while the snapshot is there
		if _, err := db.Do(ctx, "SET", i, strings.Repeat("v", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	writing, hold := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fs.Before(func(op errfs.Op) {
		if op.Method == "write" && strings.HasSuffix(op.Path, ".rdb") {
			once.Do(func() { close(writing); <-hold })
		}
	})
	if _, err := db.Do(ctx, "BGSAVE"); err != nil {
		t.Fatal(err)
	}
	<-writing
	v, err := db.Do(ctx, "BGREWRITEAOF")
	if err != nil || v.String() != "Background append only file rewriting scheduled" {
		t.Errorf("BGREWRITEAOF: %v, %v", v, err)
	}
	if _, err := db.Do(ctx, "BGREWRITEAOF"); err == nil || !strings.Contains(err.Error(), "already in progress") {
		t.Errorf("a second one: %v", err)
	}
	for !db.Engine().DumpStats().Queued {
		runtime.Gosched()
	}
	info("aof_rewrite_in_progress:0", "aof_rewrite_scheduled:1", "rdb_bgsave_in_progress:1")
	close(hold)
	for ended := false; !ended; runtime.Gosched() {
		v, err := db.Do(ctx, "INFO", "persistence")
		ended = err != nil || strings.Contains(v.String(), "aof_rewrite_in_progress:0\r\n") && strings.Contains(v.String(), "aof_rewrite_scheduled:0\r\n")
	}
	info("aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0", "aof_last_bgrewrite_status:ok", "rdb_last_bgsave_status:ok", "aof_rewrite_failures:0")
}

// rewriter is a plugin that asks for a rewrite when it is stopped.
type rewriter struct {
	host *plugins.Host
	err  error
}

func (r *rewriter) Provision(h *plugins.Host) error { r.host = h; return nil }

func (r *rewriter) Stop(ctx context.Context) error {
	_, r.err = r.host.Do(ctx, "BGREWRITEAOF")
	return nil
}

// TestRewriteAtTheEnd: a rewrite that is asked for while the store is being closed does
// not begin, and whoever asked is told.
func TestRewriteAtTheEnd(t *testing.T) {
	r := &rewriter{}
	db, err := kevylua.Open(kevylua.Options{
		Dir: "d", FS: memfs.New(time.Now), Plugins: []kevylua.NamedPlugin{{Name: "rewriter", Plugin: r}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if r.err == nil || !strings.Contains(r.err.Error(), "context canceled") {
		t.Errorf("BGREWRITEAOF: %v", r.err)
	}
}
