package kevylua

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/bitmap"
	"github.com/kevy-lua/kevy-lua/engine/command/dump"
	"github.com/kevy-lua/kevy-lua/engine/command/geo"
	"github.com/kevy-lua/kevy-lua/engine/command/hash"
	"github.com/kevy-lua/kevy-lua/engine/command/hll"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/set"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
	"github.com/kevy-lua/kevy-lua/engine/command/zset"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/persist"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/kevy-lua/kevy-lua/reaper"
	"github.com/kevy-lua/kevy-lua/scripting"
)

// assembly is everything an open store consists of, in the order of assembly.
type assembly struct {
	live    *config.Live
	log     *slog.Logger
	now     func() time.Time
	engine  *engine.Engine
	plugins *plugins.Set
	scripts *scripting.Runner
	journal *persist.Log // nil without a data directory
	replay  persist.ReplayStats
	reaper  *reaper.Reaper
	sampled time.Time // by Tick

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	tasks  sync.WaitGroup // goroutines that end with ctx
	closed sync.Once
	err    error // of Close
}

// Open assembles a store and loads its log. It returns when the store is
// ready; listeners are a matter of their own (Serve).
func Open(o Options) (*DB, error) {
	a, err := prepare(o)
	if err != nil {
		return nil, err
	}
	db := &DB{assembly: a}
	if err := db.assemble(o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepare fills in the defaults.
func prepare(o Options) (*assembly, error) {
	cfg := config.Default()
	if o.Config != nil {
		cfg = o.Config.Clone()
	}
	if o.Dir != "" {
		cfg.Persistence.Dir = o.Dir
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("kevylua: %w", err)
	}
	a := &assembly{live: config.NewLive(cfg), log: o.Log, now: o.Now, plugins: &plugins.Set{}}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a, nil
}

// assemble is the order in which a store comes to life. Close is the reverse.
func (db *DB) assemble(o Options) error {
	cfg := db.live.Get()
	db.engine = engine.New(engine.Options{Live: db.live, Log: db.log, Now: o.Now, Groups: groups(), Version: Version})
	db.scripts = scripting.New()
	db.engine.SetControls(db.controls(o, db.scripts.Reload))
	if err := db.plugins.AddPart(db.engine, "scripting", db.scripts); err != nil {
		return err
	}
	if err := db.plugins.Provision(db.engine, named(cfg)); err != nil {
		return err
	}
	for _, p := range o.Plugins {
		if err := db.plugins.Add(db.engine, p.Name, p.Plugin); err != nil {
			return err
		}
	}
	if err := db.plugins.AddPart(db.engine, "embedder", (*embedder)(db)); err != nil {
		return err
	}
	db.removeSpools(o.FS)
	if cfg.Persistence.Dir != "" && cfg.Persistence.AppendOnly {
		if err := db.load(o); err != nil {
			return err
		}
	}
	db.engine.Bus().OpenOutboxes()
	if err := db.plugins.Start(db.ctx); err != nil {
		return err
	}
	db.startReaper(cfg)
	db.follow()
	db.engine.Bus().Offer(&hook.Server{What: "started"})
	return nil
}

// named lists the plugins that the configuration names. The metrics plugin has
// a section of its own, [metrics], which says whether it is wanted.
func named(cfg *config.Config) []config.Plugin {
	list := slices.Clone(cfg.Plugins)
	if cfg.Metrics.Enabled {
		list = append(list, config.Plugin{Name: "metrics", Enabled: true})
	}
	return list
}

// embedder is the plugin in whose name the embedding program itself acts.
type embedder DB

// Provision implements plugins.Plugin.
func (e *embedder) Provision(h *plugins.Host) error {
	e.host = h
	return nil
}

// load opens the log, replays it and attaches it.
func (db *DB) load(o Options) error {
	p := &db.live.Get().Persistence
	policy, err := persist.ParsePolicy(p.AppendFsync)
	if err != nil {
		return err
	}
	db.journal, err = persist.Open(persist.Options{
		FS: o.FS, Dir: filepath.Join(p.Dir, p.AppendDirName), Name: p.AppendFilename,
		Policy: policy, Now: db.now, LoadTruncated: p.AOFLoadTruncated, TimestampAnnotations: p.AOFTimestampEnabled,
		AutoRewritePercent: p.AutoAOFRewritePercentage, AutoRewriteMinSize: p.AutoAOFRewriteMinSize,
		MaxSize: p.RewriteMaxSize, RewriteInterval: p.RewriteInterval, NoFsyncOnRewrite: p.NoAppendFsyncOnRewrite,
		Events: db.logEvents(), Log: db.log,
	})
	if err != nil {
		return err
	}
	if db.replay, err = db.journal.Replay(db.ctx, db.engine.Replay); err != nil {
		return err
	}
	db.engine.EndReplay()
	if err := db.journal.Start(); err != nil {
		return err
	}
	db.engine.SetJournal(db.journal)
	db.engine.AddInfo("Persistence", db.persistenceInfo)
	db.publishReplay()
	return nil
}

// startReaper begins expiry and the automatic rewrites. In manual mode, Tick
// does the same.
func (db *DB) startReaper(cfg *config.Config) {
	db.reaper = reaper.New(db.engine, reaperConfig(cfg), db.now, db.log)
	db.engine.AddInfo("Reaper", db.reaperInfo)
	if cfg.Reaper.Mode == "manual" {
		return
	}
	db.goTask(db.reaper.Run)
	if db.journal != nil {
		db.goTask(func(ctx context.Context) { every(ctx, rewriteCheck, db.rewriteIfDue) })
	}
	db.goTask(db.compact)
	db.goTask(db.sampleMetrics)
}

func reaperConfig(cfg *config.Config) reaper.Config {
	return reaper.Config{Interval: cfg.Reaper.Interval, Batch: cfg.Reaper.Batch, Rounds: cfg.Reaper.Rounds}
}

// How often the triggers of automatic rewrites are looked at, and memory is
// given back; the latter with a shorter pause while there is more.
const (
	rewriteCheck = 250 * time.Millisecond
	compactCheck = 100 * time.Millisecond
	compactPause = 5 * time.Millisecond
)

// compact gives memory back until ctx ends.
func (db *DB) compact(ctx context.Context) {
	t := time.NewTimer(compactCheck)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		pause := compactCheck
		if db.engine.Compact() {
			pause = compactPause
		}
		t.Reset(pause)
	}
}

func every(ctx context.Context, d time.Duration, fn func(context.Context)) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			fn(ctx)
		}
	}
}

// goTask runs fn until Close, which waits for it.
func (db *DB) goTask(fn func(ctx context.Context)) {
	db.tasks.Add(1)
	go func() {
		defer db.tasks.Done()
		fn(db.ctx)
	}()
}

// Tick does by hand, in mode manual, what the background does by itself: it
// removes what is due (removed keys are returned, and whether something due is
// left), runs the timers that are due, gives memory back, rewrites the log if that
// is due, and sends figures to the metric sinks at their interval.
func (db *DB) Tick(ctx context.Context) (removed int, more bool) {
	removed, more = db.reaper.Tick()
	db.engine.Timers().RunDue()
	db.engine.Compact()
	if db.journal != nil {
		db.rewriteIfDue(ctx)
	}
	db.sampleIfDue()
	return removed, more
}

// groups are the command groups besides the engine's own.
func groups() [][]command.Spec {
	return [][]command.Spec{
		str.Table(), bitmap.Table(), key.Table(), hash.Table(), list.Table(), set.Table(), zset.Table(), geo.Table(), stream.Table(),
		dump.Table(), hll.Table(),
	}
}
