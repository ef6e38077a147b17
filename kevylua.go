// Package kevylua is kevy-lua as a library: a programmable, Redis-compatible
// store inside a Go program, with or without a listener.
//
// Open assembles an engine, in the order that is the architecture: configuration,
// engine, scripting, plugins, log, reaper, listeners. Close is the exact
// reverse. The same engine, from the same tables, is what the kevy-lua binary runs.
package kevylua

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/persist/vfs"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/kevy-lua/kevy-lua/scripting"
	"github.com/tidwall/resp"
)

// Version is what INFO and the binary report as kevy_version.
const Version = "0.1.0"

// Options say what to open. The zero value is an empty store in memory, with
// expiry in the background and no listener.
type Options struct {
	// Dir is the data directory; the append-only log stands in it. Empty keeps
	// nothing. It is a short form of Config.Persistence.Dir, which it overrides.
	Dir string
	// Config is the whole configuration; nil stands for config.Default. It is
	// cloned. See package engine/config/file for reading one from files.
	Config *config.Config
	// Log receives what an operator should know; nil discards it.
	Log *slog.Logger
	// Now is the engine's only clock; nil stands for time.Now.
	Now func() time.Time
	// FS is the file system of the log; nil stands for the operating system's.
	FS vfs.FS
	// Shutdown is called when a client sends SHUTDOWN: the program is to close
	// the store. Nil makes the command an error.
	Shutdown func()
	// Plugins are provisioned besides those that Config.Plugins names, by name.
	Plugins []NamedPlugin
}

// DefaultConfig returns the configuration of an empty file, for the caller to change.
func DefaultConfig() *config.Config { return config.Default() }

// NamedPlugin is a plugin given as a value rather than through the registry.
type NamedPlugin struct {
	Name   string
	Plugin plugins.Plugin
}

// DB is an open store. It is safe for concurrent use.
type DB struct {
	*assembly
	host *plugins.Host
}

// Do runs one command in database 0 and returns its reply in RESP2's types.
// Arguments are strings, byte slices, integers, floats and booleans. An error
// reply is the error, of type wire.Error. Blocking commands answer at once.
// When Do returns, the command is as durable as appendfsync says.
func (db *DB) Do(ctx context.Context, args ...any) (resp.Value, error) {
	return db.DoIn(ctx, 0, args...)
}

// DoIn is Do in another database.
func (db *DB) DoIn(ctx context.Context, database int, args ...any) (resp.Value, error) {
	list, err := plugins.Args(args...)
	if err != nil {
		return resp.Value{}, err
	}
	if len(list) == 0 {
		return resp.Value{}, fmt.Errorf("kevylua: an empty command")
	}
	if database < 0 || database >= db.engine.Databases() {
		return resp.Value{}, fmt.Errorf("kevylua: there is no database %d", database)
	}
	var c wire.Collector
	if err := db.engine.Do(ctx, database, list, &c); err != nil {
		return resp.Value{}, err
	}
	return c.Value(), nil
}

// Eval runs a Lua script with KEYS and ARGV, as EVAL does.
func (db *DB) Eval(ctx context.Context, script string, keys []string, args ...any) (resp.Value, error) {
	call := make([]any, 0, 3+len(keys)+len(args))
	call = append(call, "EVAL", script, len(keys))
	for _, k := range keys {
		call = append(call, k)
	}
	return db.Do(ctx, append(call, args...)...)
}

// Tx runs fn as one unit with the given keys locked: it is atomic, and reaches
// the log as one group. When fn fails, all that it did is undone. Inside fn use
// tx.Do; a command through the DB would wait for fn to end, and is an error
// (engine.ErrInsideUnit).
func (db *DB) Tx(ctx context.Context, keys []string, fn func(tx *Tx) error) error {
	return db.host.Update(ctx, keys, func(tx *plugins.Tx) error { return fn(&Tx{tx}) })
}

// Tx is a unit in progress, with typed handles of keys besides Do. It is valid
// until the function that was given to DB.Tx returns.
type Tx struct{ *plugins.Tx }

// Do runs one command inside the unit and returns its reply in RESP2's types.
func (tx *Tx) Do(args ...any) (resp.Value, error) {
	list, err := plugins.Args(args...)
	if err != nil {
		return resp.Value{}, err
	}
	var c wire.Collector
	if err := tx.Call().Do(&c, list...); err != nil {
		return resp.Value{}, err
	}
	return c.Value(), nil
}

// OnExpired calls fn for each key matching the glob ("" matches all) that
// expires, with the key's value. See plugins.Host for other events and modes.
func (db *DB) OnExpired(match string, fn func(ctx context.Context, ev *hook.Expired) error) error {
	return db.host.OnExpired(match, fn)
}

// OnKey calls fn for each change of a key matching the glob.
func (db *DB) OnKey(match string, fn func(ctx context.Context, ev *hook.Key) error) error {
	return db.host.OnKey(match, 0, fn)
}

// OnRewrite calls fn at each phase of a rewrite of the log.
func (db *DB) OnRewrite(fn func(ctx context.Context, ev *hook.Rewrite) error) error {
	return db.host.OnRewrite(fn)
}

// OnMetric is the metric sink: fn gets the samples whose names match the glob.
func (db *DB) OnMetric(match string, fn func(ctx context.Context, ev *hook.Metric) error) error {
	return db.host.OnMetric(match, fn)
}

// Host is the embedding program's own plugin host: everything a plugin can do.
func (db *DB) Host() *plugins.Host { return db.host }

// Scripting is what runs Lua, for tools that inspect and test scripts.
func (db *DB) Scripting() *scripting.Runner { return db.scripts }

// Plugin returns the plugin of a name, nil when there is none.
func (db *DB) Plugin(name string) plugins.Plugin { return db.plugins.Get(name) }

// Engine is the engine itself, for servers and tools.
func (db *DB) Engine() *engine.Engine { return db.engine }
