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
	loaded  int64 // the keys that there were after it
	reaper  *reaper.Reaper
	chores  []*chore

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	taskMu sync.Mutex     // no task begins once ctx has ended
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
	db.startBackground(cfg)
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

// groups are the command groups besides the engine's own.
func groups() [][]command.Spec {
	return [][]command.Spec{
		str.Table(), bitmap.Table(), key.Table(), hash.Table(), list.Table(), set.Table(), zset.Table(), geo.Table(), stream.Table(),
		dump.Table(), hll.Table(),
	}
}
