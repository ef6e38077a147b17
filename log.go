package kevylua

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/persist"
)

// source hands the engine's snapshots to the log's rewrites.
type source struct{ engine *engine.Engine }

// Freeze implements persist.Source.
func (s source) Freeze(ctx context.Context, at func() error) (persist.Snapshot, error) {
	snap, err := s.engine.FreezeNext(ctx, at)
	if err != nil {
		return nil, err
	}
	return snap, nil
}

// Rewrite rewrites the log now and returns when that is done. It is an error
// when there is no log, or a rewrite is in progress.
func (db *DB) Rewrite(ctx context.Context) error {
	if db.journal == nil {
		return errors.New("kevylua: there is no log to rewrite")
	}
	return db.journal.Rewrite(ctx, source{db.engine}, persist.CauseManual)
}

// rewriteIfDue does not say that there is more: the next look will tell.
func (db *DB) rewriteIfDue(ctx context.Context) (more bool) {
	if db.journal == nil {
		return false
	}
	cause, due := db.journal.ShouldRewrite(db.now())
	if !due {
		return false
	}
	if bus := db.engine.Bus(); bus.Asks(hook.KindRewrite) {
		size, _ := db.journal.Size()
		ev := &hook.Rewrite{Phase: hook.Before, Cause: string(cause), Keys: db.engine.Keys(), BeforeBytes: size}
		if no := bus.Decide(ctx, ev); no != nil {
			db.journal.Defer(cause, no, no.Rest)
			return false
		}
	}
	// A failure is an event, and makes ShouldRewrite rest for a while.
	_ = db.journal.Rewrite(ctx, source{db.engine}, cause)
	return false
}

// startRewrite is BGREWRITEAOF.
func (db *DB) startRewrite() error {
	if db.journal == nil {
		return wire.Error("ERR there is no log to rewrite: appendonly is off")
	}
	run, err := db.journal.BeginRewrite(persist.CauseManual)
	switch {
	case errors.Is(err, persist.ErrRewriteInProgress):
		return wire.Error("ERR Background append only file rewriting already in progress")
	case err != nil:
		return err
	}
	began := db.goTask(func(ctx context.Context) {
		_ = run(ctx, source{engine: db.engine}) // a failure is an event
	})
	if !began {
		return run(db.ctx, source{engine: db.engine}) // which says at once that it does not
	}
	return nil
}

// controls are the commands that steer what lies outside the engine.
func (db *DB) controls(o Options, reload func() ([]string, error)) engine.Controls {
	return engine.Controls{
		Rewrite:  db.startRewrite,
		Shutdown: o.Shutdown,
		Save:     db.saveTo(o.FS),
		Spool:    db.spoolTo(o.FS),
		Reload:   reload,
		Modules: func() (list []engine.ModuleInfo) {
			for _, p := range db.plugins.List() {
				list = append(list, engine.ModuleInfo{Name: p.Name, Version: p.Version})
			}
			return list
		},
	}
}

// logEvents turns what the log reports into events for hooks, and events with
// figures into samples for the metric sink. The log calls them outside its locks.
func (db *DB) logEvents() persist.Events {
	bus := db.engine.Bus()
	return persist.Events{
		Rewrite: func(ev persist.RewriteEvent) {
			out := &hook.Rewrite{
				Phase: string(ev.Phase), Cause: string(ev.Cause), Keys: ev.Keys,
				BeforeBytes: ev.BeforeBytes, AfterBytes: ev.AfterBytes,
				Freeze: ev.Freeze, Dump: ev.Dump, Elapsed: ev.Elapsed, Err: ev.Err,
			}
			if ev.Phase == persist.PhaseEnd {
				out.LongestPause = db.engine.DumpStats().LongestSlice
			}
			bus.Offer(out)
			if ev.Phase == persist.PhaseEnd {
				db.sample("rewrite_keys", hook.Gauge, float64(ev.Keys))
				db.sample("rewrite_before_bytes", hook.Gauge, float64(ev.BeforeBytes))
				db.sample("rewrite_after_bytes", hook.Gauge, float64(ev.AfterBytes))
				db.sample("rewrite_elapsed_seconds", hook.Gauge, ev.Elapsed.Seconds())
			}
		},
		Problem: func(ev persist.ProblemEvent) {
			what := string(ev.What)
			if ev.Recovered {
				what = "recovered"
			}
			bus.Offer(&hook.Persistence{What: what, Elapsed: ev.Elapsed, Err: ev.Err})
		},
	}
}

// publishReplay tells the hooks how the loading went. It comes after the
// replay, during which hooks are muted.
func (db *DB) publishReplay() {
	r, failures := &db.replay, db.engine.ReplayFailures()
	db.loaded = db.engine.Keys()
	db.engine.Bus().Offer(&hook.Replay{
		Commands: r.Commands, Keys: db.loaded, Bytes: r.Bytes, Elapsed: r.Elapsed, DroppedBytes: r.TornBytes,
		Failures: failures,
	})
	db.sample("replay_commands", hook.Gauge, float64(r.Commands))
	db.sample("replay_bytes", hook.Gauge, float64(r.Bytes))
	db.sample("replay_elapsed_seconds", hook.Gauge, r.Elapsed.Seconds())
	db.sample("replay_dropped_bytes", hook.Gauge, float64(r.TornBytes))
	db.sample("replay_failures", hook.Gauge, float64(failures))
}

// sample sends one figure to the metric sinks.
func (db *DB) sample(name string, t hook.MetricType, v float64) {
	if bus := db.engine.Bus(); bus.Wants(hook.KindMetric) {
		bus.Offer(&hook.Metric{Name: name, Type: t, Value: v})
	}
}

// sampleAll sends the figures of engine and reaper, if anybody listens.
func (db *DB) sampleAll(context.Context) (more bool) {
	bus := db.engine.Bus()
	if !bus.Wants(hook.KindMetric) {
		return false
	}
	db.engine.Samples(db.sample)
	db.engine.Lateness(func(bound string, removed int64) {
		bus.Offer(&hook.Metric{
			Name: "expired_lateness_milliseconds_bucket", Type: hook.Counter,
			Labels: map[string]string{"le": bound}, Value: float64(removed),
		})
	})
	s := db.reaper.Stats()
	db.sample("reaper_ticks_total", hook.Counter, float64(s.Ticks))
	db.sample("reaper_panics_total", hook.Counter, float64(s.Panics))
	db.sample("reaper_behind", hook.Gauge, float64(flag(s.Behind)))
	return false
}

// follow applies changes of the configuration to what lies outside the engine.
func (db *DB) follow() {
	db.live.OnApply(func(next *config.Config) error {
		db.reaper.Set(reaperConfig(next))
		return nil
	}, "reaper.interval", "reaper.batch", "reaper.rounds")
	db.live.OnApply(func(*config.Config) error { return nil }, "metrics.interval")
	db.live.OnChange(func(changes []config.Change) {
		if slices.ContainsFunc(changes, func(ch config.Change) bool { return ch.Path == "metrics.interval" }) {
			db.retime()
		}
	})
	if db.journal == nil {
		return
	}
	db.live.OnApply(func(next *config.Config) error {
		p := &next.Persistence
		policy, err := persist.ParsePolicy(p.AppendFsync)
		if err != nil {
			return fmt.Errorf("kevylua: %w", err)
		}
		db.journal.SetPolicy(policy)
		db.journal.SetAutoRewrite(p.AutoAOFRewritePercentage, p.AutoAOFRewriteMinSize)
		db.journal.SetMaxSize(p.RewriteMaxSize)
		db.journal.SetRewriteInterval(p.RewriteInterval)
		db.journal.SetNoFsyncOnRewrite(p.NoAppendFsyncOnRewrite)
		return nil
	}, "appendfsync", "auto-aof-rewrite-percentage", "auto-aof-rewrite-min-size", "no-appendfsync-on-rewrite",
		"persistence.rewrite-max-size", "persistence.rewrite-interval")
}
