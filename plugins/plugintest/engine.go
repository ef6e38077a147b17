// Package plugintest is for the tests of plugins: a store in memory with the
// plugin in it, whose time is in the test's hand.
//
//	e := plugintest.New(t, `
//	[[plugins]]
//	name = "audit"
//	match = "session:*"
//	`)
//	e.Do("SET", "session:1", "alice", "EX", 10)
//	e.Advance(10 * time.Second) // the expiry happens, the plugin's observer has run
//	if n := e.Do("AUDIT.COUNT").Int; n != 1 { … }
//
// The plugin is found by its name: the package that registers it is imported by
// the test. It knows the kevylua package, and only tests import it.
package plugintest

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config/file"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// Start is the time at which every engine begins.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// patience is how long a test waits for hooks before it is given up: only a
// dead-lock takes so long.
const patience = time.Minute

// Engine is a store for one test. One goroutine uses it at a time.
type Engine struct {
	t   testing.TB
	m   *kevylua.Manual
	fs  *memfs.FS
	log lines
}

// New opens a store with the configuration, which is a file's text in TOML as
// users write it, and with the plugins that it names. Its log is in memory, so
// that Restart and Crash find it. What cannot be opened fails the test. The store
// is closed when the test ends.
func New(t testing.TB, toml string) *Engine {
	t.Helper()
	e, err := Open(t, toml)
	if err != nil {
		t.Fatalf("plugintest: %v", err)
	}
	return e
}

// Open is New for tests of configurations that are to be refused.
func Open(t testing.TB, toml string) (*Engine, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "kevy-lua.toml")
	if err := os.WriteFile(name, []byte(toml), 0o600); err != nil {
		return nil, err
	}
	cfg, err := file.Load(file.Source{File: name})
	if err != nil {
		return nil, err
	}
	cfg.Persistence.Dir, cfg.Persistence.AppendOnly, cfg.Persistence.AppendFsync = "data", true, "always"
	e := &Engine{t: t, fs: memfs.New(func() time.Time { return Start })}
	log := slog.New(slog.NewTextHandler(&e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	e.m, err = kevylua.OpenManual(kevylua.Options{Config: cfg, Log: log, FS: e.fs}, Start)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := e.m.Close(); err != nil {
			t.Errorf("plugintest: close: %v", err)
		}
	})
	return e, nil
}

// DB is the store itself.
func (e *Engine) DB() *kevylua.DB { return e.m.DB }

// Host is a host of the test's own, as if the test were a plugin.
func (e *Engine) Host() *plugins.Host { return e.m.Host() }

// Plugin is the plugin of a name, as its factory made it; after Restart and
// Crash it is another.
func (e *Engine) Plugin(name string) plugins.Plugin { return e.m.Plugin(name) }

// Try runs a command in database 0 and returns its reply. An error reply is the
// error, of type wire.Error.
func (e *Engine) Try(args ...any) (wire.Value, error) {
	ctx, cancel := e.context()
	defer cancel()
	return e.Host().Do(ctx, args...)
}

// Do is Try for commands that must succeed: an error fails the test. What the
// command causes in observers has happened when it returns.
func (e *Engine) Do(args ...any) wire.Value {
	e.t.Helper()
	v, err := e.Try(args...)
	if err != nil {
		e.t.Fatalf("plugintest: %v: %v", args, err)
	}
	e.Settle()
	return v
}

// Now is the store's time.
func (e *Engine) Now() time.Time { return e.m.Now() }

// Advance lets time pass: keys expire and timers run, each at its own moment,
// and observers have run when it returns.
func (e *Engine) Advance(d time.Duration) {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	if err := e.m.Advance(ctx, d); err != nil {
		e.t.Fatalf("plugintest: advance by %s: %v", d, err)
	}
}

// Settle waits until the observers have run for all events so far.
func (e *Engine) Settle() {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	if err := e.m.Settle(ctx); err != nil {
		e.t.Fatalf("plugintest: hooks do not come to an end: %v", err)
	}
}

// Restart closes the store in order and opens it again from its log, with new
// values of its plugins.
func (e *Engine) Restart() {
	e.t.Helper()
	if err := e.m.Close(); err != nil {
		e.t.Errorf("plugintest: close: %v", err)
	}
	e.reopen(e.fs)
}

// Sleep is Restart with a pause in between: the store is down for so long, and
// nothing happens meanwhile.
func (e *Engine) Sleep(d time.Duration) {
	e.t.Helper()
	if err := e.m.Close(); err != nil {
		e.t.Errorf("plugintest: close: %v", err)
	}
	if err := e.m.Reopen(func(o *kevylua.Options) { e.m.Pass(d) }); err != nil {
		e.t.Fatalf("plugintest: open again: %v", err)
	}
}

// Crash is the end of the process without a word, and a new start from what it
// had written. It is Restart without the orderly end: what commands were answered
// is there, and what was on its way is not.
func (e *Engine) Crash() {
	e.t.Helper()
	e.reopen(e.fs.Crash(0))
}

func (e *Engine) reopen(fs *memfs.FS) {
	e.t.Helper()
	e.fs = fs
	if err := e.m.Reopen(func(o *kevylua.Options) { o.FS = fs }); err != nil {
		e.t.Fatalf("plugintest: open again: %v", err)
	}
}

// Hook returns the figures of a hook by owner (the plugin) and name, as HOOK
// LIST shows them. A hook that is not there fails the test.
func (e *Engine) Hook(owner, name string) hook.Stats {
	e.t.Helper()
	for _, h := range e.m.Engine().Bus().Hooks() {
		if o := h.Options(); o.Owner == owner && o.Name == name {
			return h.Stats()
		}
	}
	e.t.Fatalf("plugintest: %s has no hook %q", owner, name)
	return hook.Stats{}
}

// Log is what has been logged, a line for each record.
func (e *Engine) Log() string { return e.log.String() }

func (e *Engine) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// lines is a log to look at.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is all that was written.
func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
