package plugins

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/config/file"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/timer"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Core is what a Host needs of the engine.
type Core interface {
	Table() *command.Table
	Bus() *hook.Bus
	Live() *config.Live
	Log() *slog.Logger
	Now() time.Time
	Timers() *timer.Timers
	Do(ctx context.Context, db int, args [][]byte, reply wire.Reply) error
	Update(ctx context.Context, db int, spec *command.Spec, args [][]byte, reply wire.Reply) error
	AddAtomic(a command.Atomic)
	RemoveAtomic(owner string)
	AddInfo(section string, fn func(add func(name string, value any)))
	AddDump(fn func(emit func(db int, args ...[]byte) error) error)
}

// Host is a plugin's door to its engine. It is safe for concurrent use.
type Host struct {
	name string
	core Core
	conf config.Plugin
	log  *slog.Logger

	life
	faults faults
	shared *shared // what the plugins of a set offer each other

	mu    sync.Mutex
	rows  []string       // commands to take out again
	named map[string]int // subscriptions by the names that the On… functions give
}

func newHost(name string, core Core, conf config.Plugin, s *shared) *Host {
	h := &Host{name: name, core: core, conf: conf, log: core.Log().With("plugin", name), shared: s, named: map[string]int{}}
	h.life.init()
	return h
}

// Name is the plugin's name.
func (h *Host) Name() string { return h.name }

// Log is the logger of the plugin: every line carries its name.
func (h *Host) Log() *slog.Logger { return h.log }

// Config is the whole configuration as it is now.
func (h *Host) Config() *config.Config { return h.core.Live().Get() }

// Live is the configuration with its changes.
func (h *Host) Live() *config.Live { return h.core.Live() }

// Now is the engine's clock.
func (h *Host) Now() time.Time { return h.core.Now() }

// Core is the engine itself, for plugins that are part of this project.
func (h *Host) Core() Core { return h.core }

// Decode fills a struct with mapstructure tags from the plugin's own options
// in the configuration. A key that the struct does not have is an error. What the
// fields hold then is what CONFIG GET answers for plugin.option.
func (h *Host) Decode(into any) error {
	if err := file.DecodeOptions(h.conf, into); err != nil {
		return err
	}
	h.core.Live().Show(file.ShowOptions(h.name, into))
	return nil
}

// Command adds rows to the engine's command table. They are taken out again
// when the plugin is stopped. What a plugin's command does is undone when it
// panics, so a bug in it leaves no half-done change.
func (h *Host) Command(specs ...command.Spec) error {
	specs = slices.Clone(specs) // they may be another engine's too
	for i := range specs {
		if specs[i].Group == "" {
			specs[i].Group = command.GroupModule
		}
		replying(&specs[i], specs[i].Name)
		if !specs[i].Any(command.ReadOnly | command.NoUnit) {
			specs[i].Flags |= command.Revocable
		}
	}
	if err := h.core.Table().Add(specs...); err != nil {
		return fmt.Errorf("plugins: %s: %w", h.name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range specs {
		h.rows = append(h.rows, specs[i].Name)
	}
	return nil
}

// replying makes a handler that forgets to reply answer an error: the client would
// wait for ever, and take the next command's reply for this one's.
func replying(s *command.Spec, name string) {
	s.Sub = slices.Clone(s.Sub)
	for i := range s.Sub {
		replying(&s.Sub[i], name+" "+s.Sub[i].Name)
	}
	run := s.Run
	if run == nil {
		return
	}
	s.Run = func(c *command.Call) error {
		w, remote := c.Reply.(*wire.Writer)
		if !remote {
			return run(c)
		}
		mark := w.Mark()
		err := run(c)
		if err == nil && w.Mark() == mark && c.Waiting() == nil {
			return wire.Errorf("ERR the command '%s' gave no reply", name)
		}
		return err
	}
}

// Observe subscribes fn to events. It runs after the unit that caused the
// event, outside all locks, on a goroutine of its own, and may call anything.
//
// In mode outbox, which expired, evicted and key events have, it gets each event at
// least once, over crashes: they wait in the stream that o names.
func (h *Host) Observe(o hook.Options, fn hook.Observer) (*hook.Hook, error) {
	if o.Mode == hook.Outbox {
		return Outbox(h.core, h.owned(o), fn)
	}
	return h.core.Bus().Observe(h.owned(o), fn)
}

// Atomic subscribes fn to expired, evicted or key events inside the unit that causes
// them: what fn does through the call commits together with the cause, or not
// at all. fn runs under locks and must not wait for anything.
func (h *Host) Atomic(o hook.Options, fn func(c *command.Call, ev hook.Event) error) (*hook.Hook, error) {
	if !o.Kind.InUnit() {
		return nil, fmt.Errorf("plugins: %s: %q events have no atomic mode (expired, evicted and key have)", h.name, o.Kind)
	}
	o.Mode = hook.Atomic
	hk, err := h.core.Bus().Attach(h.owned(o))
	if err != nil {
		return nil, err
	}
	h.core.AddAtomic(command.Atomic{Hook: hk, Run: fn})
	return hk, nil
}

// owned fills in the subscription's owner and name.
func (h *Host) owned(o hook.Options) hook.Options {
	if o.Owner == "" {
		o.Owner = h.name
	}
	if o.Name == "" {
		o.Name = string(o.Kind)
	}
	return o
}

// BeforeCommand asks fn before a command whose name matches the glob is executed.
// hook.Refuse keeps it from that. fn runs on the client's goroutine, for several
// clients at a time, and the client waits; no lock is held.
func (h *Host) BeforeCommand(match string, fn func(ctx context.Context, ev *hook.Command) error) error {
	return ask(h, hook.Options{Kind: hook.KindCommand, Match: match, DB: hook.AnyDB}, fn)
}

// Ask subscribes fn to what has not happened yet: commands or rewrites, with all options.
func (h *Host) Ask(o hook.Options, fn hook.Judge) (*hook.Hook, error) {
	return h.core.Bus().Ask(h.owned(o), fn)
}

func ask[E hook.Event](h *Host, o hook.Options, fn func(context.Context, E) error) error {
	o.Name = h.distinct("before "+string(o.Kind), o.Match)
	_, err := h.Ask(o, func(ctx context.Context, ev hook.Event) error { return fn(ctx, ev.(E)) })
	return err
}

// OnCommand observes executed commands whose names match the glob.
func (h *Host) OnCommand(match string, fn func(ctx context.Context, ev *hook.Command) error) error {
	return observe(h, hook.Options{Kind: hook.KindCommand, Match: match, DB: hook.AnyDB}, fn)
}

// OnExpired observes expiries of keys that match the glob; "" matches all.
func (h *Host) OnExpired(match string, fn func(ctx context.Context, ev *hook.Expired) error) error {
	return observe(h, hook.Options{Kind: hook.KindExpired, Match: match, DB: hook.AnyDB}, fn)
}

// OnEvicted observes evictions of keys that match the glob; "" matches all.
func (h *Host) OnEvicted(match string, fn func(ctx context.Context, ev *hook.Evicted) error) error {
	return observe(h, hook.Options{Kind: hook.KindEvicted, Match: match, DB: hook.AnyDB}, fn)
}

// OnKey observes changes of keys that match the glob, of the given classes (0: hook.All).
func (h *Host) OnKey(match string, classes hook.Class, fn func(ctx context.Context, ev *hook.Key) error) error {
	return observe(h, hook.Options{Kind: hook.KindKey, Match: match, Class: classes, DB: hook.AnyDB}, fn)
}

// OnRewrite observes the phases of rewrites of the log.
func (h *Host) OnRewrite(fn func(ctx context.Context, ev *hook.Rewrite) error) error {
	return observe(h, hook.Options{Kind: hook.KindRewrite, DB: hook.AnyDB}, fn)
}

// BeforeRewrite has fn asked before each automatic rewrite of the log. hook.Refuse
// puts it off for a minute, hook.Defer for as long as it says; then the trigger is
// looked at again. fn runs outside all locks, and delays nothing but the rewrite,
// for its time budget at most. BGREWRITEAOF asks nobody.
func (h *Host) BeforeRewrite(fn func(ctx context.Context, ev *hook.Rewrite) error) error {
	return ask(h, hook.Options{Kind: hook.KindRewrite, DB: hook.AnyDB}, fn)
}

// OnReplay observes the loading of the log. Events that happened while the
// engine opened are delivered once it is open.
func (h *Host) OnReplay(fn func(ctx context.Context, ev *hook.Replay) error) error {
	return observe(h, hook.Options{Kind: hook.KindReplay, DB: hook.AnyDB}, fn)
}

// OnMetric is the metric sink: it gets the samples whose names match the glob.
func (h *Host) OnMetric(match string, fn func(ctx context.Context, ev *hook.Metric) error) error {
	return observe(h, hook.Options{Kind: hook.KindMetric, Match: match, DB: hook.AnyDB, Full: hook.DropOldest}, fn)
}

// OnConfig observes changes of parameters whose names match the glob.
func (h *Host) OnConfig(match string, fn func(ctx context.Context, ev *hook.Config) error) error {
	return observe(h, hook.Options{Kind: hook.KindConfig, Match: match, DB: hook.AnyDB}, fn)
}

// OnClient observes connections: connected, authenticated, refused, disconnected.
func (h *Host) OnClient(fn func(ctx context.Context, ev *hook.Client) error) error {
	return observe(h, hook.Options{Kind: hook.KindClient, DB: hook.AnyDB}, fn)
}

// OnScript observes the ends of scripts and functions whose names match the glob.
func (h *Host) OnScript(match string, fn func(ctx context.Context, ev *hook.Script) error) error {
	return observe(h, hook.Options{Kind: hook.KindScript, Match: match, DB: hook.AnyDB}, fn)
}

// OnPersistence observes trouble with the log: failed, slow and recovered writes.
func (h *Host) OnPersistence(fn func(ctx context.Context, ev *hook.Persistence) error) error {
	return observe(h, hook.Options{Kind: hook.KindPersistence, DB: hook.AnyDB}, fn)
}

// OnServer observes the start and the end of the server.
func (h *Host) OnServer(fn func(ctx context.Context, ev *hook.Server) error) error {
	return observe(h, hook.Options{Kind: hook.KindServer, DB: hook.AnyDB}, fn)
}

// distinct makes a name that tells a plugin's hooks apart.
func (h *Host) distinct(name, match string) string {
	if match != "" {
		name += " " + match
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.named[name]++; h.named[name] > 1 {
		name += fmt.Sprint(" ", h.named[name])
	}
	return name
}

func observe[E hook.Event](h *Host, o hook.Options, fn func(context.Context, E) error) error {
	o.Name = h.distinct(string(o.Kind), o.Match)
	_, err := h.Observe(o, func(ctx context.Context, ev hook.Event) error { return fn(ctx, ev.(E)) })
	return err
}

// Info adds lines to an INFO section; a new name makes a section of its own. fn
// must not touch the keyspace or wait.
func (h *Host) Info(section string, fn func(add func(name string, value any))) {
	h.core.AddInfo(section, func(add func(name string, value any)) {
		if !h.ended() {
			h.guard("INFO", func() { fn(add) })
		}
	})
}

// Dump adds commands that a rewrite of the log keeps besides keys. fn is
// called under all locks and must not wait.
func (h *Host) Dump(fn func(emit func(db int, args ...[]byte) error) error) {
	h.core.AddDump(func(emit func(db int, args ...[]byte) error) (err error) {
		if h.guard("dump", func() { err = fn(emit) }) {
			err = fmt.Errorf("plugins: %s panicked while the log was rewritten", h.name)
		}
		return err
	})
}

// Metric sends one sample to the metric sinks.
func (h *Host) Metric(name string, typ hook.MetricType, value float64, labels map[string]string) {
	if b := h.core.Bus(); b.Wants(hook.KindMetric) {
		b.Offer(&hook.Metric{Name: name, Type: typ, Value: value, Labels: labels})
	}
}

// stop ends what the host started for the plugin. The error is what did not end
// before ctx did.
func (h *Host) stop(ctx context.Context) error {
	err := h.life.end(ctx)
	if err != nil {
		err = fmt.Errorf("plugins: %s: %w", h.name, err)
	}
	h.core.RemoveAtomic(h.name)
	err = errors.Join(err, h.core.Bus().Remove(h.name)(ctx))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.core.Table().Remove(h.rows...)
	h.rows = nil
	return err
}
