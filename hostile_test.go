package kevylua

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// hostile is a hook that does what no hook should, in Lua and in Go. Its events
// are about keys that begin with x.
type hostile struct {
	name string
	lua  string // the callback's body
	// goes is the body in Go: do runs a command, over says that the budget is used up.
	goes  func(do func(args ...any) error, over func() bool) error
	fails string // what HOOK STATS says; "" where nothing is wrong
}

var hostiles = []hostile{
	{"panics", "error('boom')", func(func(...any) error, func() bool) error { panic("boom") }, "boom"},
	{"loops", "while true do pcall(function() while true do end end) end", func(_ func(...any) error, over func() bool) error {
		for !over() {
		}
		return context.DeadlineExceeded
	}, "limit|deadline"},
	{"allocates", "local t = {} while true do t[#t+1] = ('x'):rep(1000)..#t end", func(_ func(...any) error, over func() bool) error {
		var all [][]byte
		for !over() && len(all) < 4096 {
			all = append(all, make([]byte, 1<<14))
		}
		return fmt.Errorf("%d pieces of memory", len(all))
	}, "memory"},
	{"calls", "redis.call('INCR', 'n') redis.call('GET', 'other') redis.call('DBSIZE')", func(do func(...any) error, _ func() bool) error {
		if err := do("INCR", "n"); err != nil {
			return err
		}
		return do("DBSIZE")
	}, ""},
	{"feeds itself", "redis.call('SET', 'x', 1) redis.call('DEL', 'x') redis.call('INCR', 'n')", func(do func(...any) error, _ func() bool) error {
		for _, args := range [][]any{{"SET", "x", 1}, {"DEL", "x"}, {"INCR", "n"}} {
			if err := do(args...); err != nil {
				return err
			}
		}
		return nil
	}, ""},
	{"flushes", "redis.call('FLUSHDB')", func(do func(...any) error, _ func() bool) error { return do("FLUSHDB") }, ""},
}

// subscribe adds the hook to a store, in a language and a mode.
func (h *hostile) subscribe(t testing.TB, db *DB, lang string, kind hook.Kind, mode hook.Mode) {
	t.Helper()
	if lang == "lua" {
		code := fmt.Sprintf("#!lua name=bad\nkevy.register_hook{ event='%s', match='x*', mode='%s', name='bad', callback=function(ev) %s end }", kind, mode, h.lua)
		if _, err := db.Do(t.Context(), "FUNCTION", "LOAD", code); err != nil {
			t.Fatal(err)
		}
		return
	}
	o := hook.Options{Name: "bad", Kind: kind, Match: "x*", DB: hook.AnyDB}
	var err error
	if mode == hook.Atomic {
		_, err = db.Host().Atomic(o, func(c *command.Call, ev hook.Event) error {
			end := time.Now().Add(2 * time.Millisecond) // the one who runs under locks must end by itself
			return h.goes(func(args ...any) error {
				list, err := plugins.Args(args...)
				if err != nil {
					return err
				}
				return c.Do(&wire.Collector{}, list...)
			}, func() bool { return time.Now().After(end) })
		})
	} else {
		_, err = db.Host().Observe(o, func(ctx context.Context, ev hook.Event) error {
			return h.goes(func(args ...any) error {
				_, err := db.Do(ctx, args...)
				return err
			}, func() bool { return ctx.Err() != nil })
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestHostileHooks: whatever a hook does, in either language and mode, on
// changes and on expiries, on one shard and on several: clients are answered, the
// figures say what it did, memory comes back, and the store closes.
func TestHostileHooks(t *testing.T) {
	for i, h := range hostiles {
		for _, lang := range []string{"lua", "go"} {
			for _, mode := range []hook.Mode{hook.Observe, hook.Atomic} {
				for _, kind := range []hook.Kind{hook.KindKey, hook.KindExpired} {
					t.Run(fmt.Sprintf("%s %s %s %s", h.name, lang, mode, kind), func(t *testing.T) {
						t.Parallel()
						endure(t, &h, lang, kind, mode, 1+3*(i%2))
					})
				}
			}
		}
	}
}

func endure(t *testing.T, h *hostile, lang string, kind hook.Kind, mode hook.Mode, shards int) {
	cfg := config.Default()
	cfg.Server.Shards = shards
	cfg.Hooks.MemoryBudget, cfg.Hooks.TripAfter, cfg.Hooks.QueueSize, cfg.Hooks.RearmAfter = 16<<20, 3, 4, time.Hour
	cfg.Hooks.TimeBudget, cfg.Hooks.AtomicTimeBudget = time.Minute, time.Minute
	cfg.Hooks.FailingShare = 100 // they do not rest: that takes long
	if h.name == "loops" {
		cfg.Hooks.TimeBudget, cfg.Hooks.AtomicTimeBudget = 20*time.Millisecond, 20*time.Millisecond
	}
	m, err := OpenManual(Options{Config: cfg}, time.UnixMilli(1_700_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	h.subscribe(t, m.DB, lang, kind, mode)
	var good atomic.Int64
	if err := m.OnKey("y*", func(context.Context, *hook.Key) error { good.Add(1); return nil }); err != nil {
		t.Fatal(err)
	}
	do := func(args ...any) string {
		t.Helper()
		v, err := m.Do(t.Context(), args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return v.String()
	}
	for range 5 {
		do("SET", "x", 1, "PX", 10)
		do("SET", "y", 1)
		if err := m.Advance(t.Context(), time.Second); err != nil { // waits for the observers
			t.Fatal(err)
		}
		if h.name != "flushes" && do("GET", "y") != "1" {
			t.Error("a client does not get its own")
		}
	}
	if good.Load() < 5 {
		t.Errorf("another hook ran %d times", good.Load())
	}
	for _, hk := range m.Engine().Bus().Hooks() {
		s := hk.Stats()
		switch {
		case hk.Options().Name != "bad":
		case h.fails == "":
			if s.Errors > 0 || s.State != "armed" || s.Runs < 5 {
				t.Errorf("%+v", s)
			}
		default:
			told := false
			for _, text := range strings.Split(h.fails, "|") {
				told = told || strings.Contains(s.LastError, text)
			}
			if s.State != "tripped" || s.Errors < 3 || !told {
				t.Errorf("%+v", s)
			}
		}
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// TestHostileHooksGiveMemoryBack, all of them in turn.
func TestHostileHooksGiveMemoryBack(t *testing.T) {
	heap := func() int64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.GC() // what has finalizers goes in the second
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	before := heap()
	for range 3 {
		endure(t, &hostiles[2], "lua", hook.KindKey, hook.Observe, 1)
		endure(t, &hostiles[2], "go", hook.KindKey, hook.Observe, 1)
	}
	if grown := heap() - before; grown > 24<<20 {
		t.Errorf("the heap is %d MB larger than before", grown>>20)
	}
}

// TestCallsFromEveryEvent: a hook on every kind of event that uses the store in each.
func TestCallsFromEveryEvent(t *testing.T) {
	cfg := config.Default()
	cfg.Hooks.TimeBudget = time.Minute
	m, err := OpenManual(Options{Config: cfg}, time.UnixMilli(1_700_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	code := "#!lua name=all\n"
	for _, kind := range []string{"expired", "evicted", "key", "rewrite", "replay", "persistence", "metric", "config", "client", "script", "server", "command"} {
		code += fmt.Sprintf("kevy.register_hook{ event='%[1]s', name='%[1]s', callback=function(ev) redis.call('HINCRBY', 'seen', ev.event, 1) end }\n", kind)
	}
	code += "kevy.register_hook{ event='command', phase='before', name='asked', callback=function(ev) redis.call('HINCRBY', 'seen', 'asked', 1) end }\n"
	do := func(args ...any) string {
		t.Helper()
		v, err := m.Do(t.Context(), args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		if err := m.Advance(t.Context(), 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		return v.String()
	}
	do("FUNCTION", "LOAD", code)
	do("SET", "k", "v", "PX", 50)
	do("CONFIG", "SET", "timeout", 5)
	do("EVAL", "redis.call('SET', 'k', 1)", 0)
	do("CONFIG", "SET", "maxmemory", 1, "maxmemory-policy", "allkeys-random")
	runs := func(name string) (n int64) {
		for _, hk := range m.Engine().Bus().Hooks() {
			if hk.Options().Name == name {
				n = hk.Stats().Runs
			}
		}
		return n
	}
	for end := time.Now().Add(time.Minute); runs("evicted") == 0 && time.Now().Before(end); { // it happens in the background
		do("PING")
	}
	do("CONFIG", "SET", "maxmemory", 0)
	for _, hk := range m.Engine().Bus().Hooks() {
		if s := hk.Stats(); s.Errors > 0 && !strings.HasPrefix(s.LastError, "OOM") {
			t.Errorf("%s: %+v", hk.Options().Name, s)
		}
	}
	for _, kind := range []string{"expired", "evicted", "key", "config", "script", "command", "asked"} {
		if runs(kind) == 0 {
			t.Errorf("no hook ran for %s", kind)
		}
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkHooks is what others get done, SET in batches of 16, without hooks,
// with an observer of all their keys, and with hostile hooks on keys that somebody
// changes all the time. Hostile hooks are to cost less than a tenth, the observer
// in Go less than 15 percent.
func BenchmarkHooks(b *testing.B) {
	run := func(name string, hooks func(b *testing.B, db *DB)) {
		b.Run(name, func(b *testing.B) {
			db, c := benchStore(b)
			hooks(b, db)
			const request = "SET key:##### 0123456789abcdef"
			benchSend(b, c, request, 16, 50_000)
			b.ResetTimer()
			benchSend(b, c, request, 16, b.N)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
	run("none", func(*testing.B, *DB) {})
	run("observer-go", func(b *testing.B, db *DB) {
		if err := db.OnKey("", func(context.Context, *hook.Key) error { return nil }); err != nil {
			b.Fatal(err)
		}
	})
	run("observer-lua", func(b *testing.B, db *DB) {
		if _, err := db.Do(b.Context(), "FUNCTION", "LOAD", "#!lua name=see\nkevy.register_hook{ event='key', callback=function(ev) end }"); err != nil {
			b.Fatal(err)
		}
	})
	for _, h := range hostiles[:5] {
		for _, lang := range []string{"lua", "go"} {
			for _, mode := range []hook.Mode{hook.Observe, hook.Atomic} {
				run(fmt.Sprintf("%s-%s-%s", strings.ReplaceAll(h.name, " ", "-"), lang, mode), func(b *testing.B, db *DB) {
					h.subscribe(b, db, lang, hook.KindKey, mode)
					b.Cleanup(func() { // what waits for it is not to be run
						for _, hk := range db.Engine().Bus().Hooks() {
							hk.Disable()
						}
					})
					stop, ended := make(chan struct{}), make(chan struct{})
					b.Cleanup(func() { close(stop); <-ended })
					go func() {
						defer close(ended)
						for tick := time.NewTicker(10 * time.Millisecond); ; {
							select {
							case <-stop:
								return
							case <-tick.C:
								_, _ = db.Do(context.Background(), "SET", "x", 1)
							}
						}
					}()
				})
			}
		}
	}
}
