package kevylua

import (
	"context"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/reaper"
)

// chore is work that the store does by itself besides expiry: on a goroutine of
// its own in the background, inside Tick in mode manual.
type chore struct {
	do    func(ctx context.Context) (more bool)
	pause func() time.Duration // until the next time
	soon  time.Duration        // the pause while there is more
	// spaced says that Tick, too, leaves a pause: the work is not a question of what is due.
	spaced bool
	last   time.Time     // of Tick
	kick   chan struct{} // the pause has changed
}

// How often the triggers of automatic rewrites are looked at, and memory is
// given back; the latter with a shorter pause while there is more.
const (
	rewriteCheck = 250 * time.Millisecond
	compactCheck = 250 * time.Millisecond
	compactPause = 5 * time.Millisecond
)

// listChores is what is done besides expiry, in either mode.
func (db *DB) listChores() []*chore {
	list := []*chore{
		{do: func(context.Context) bool { return db.engine.Compact() }, pause: constant(compactCheck), soon: compactPause},
		{do: db.rewriteIfDue, pause: constant(rewriteCheck)},
		{do: db.sampleAll, pause: func() time.Duration { return db.live.Get().Metrics.Interval }, spaced: true},
	}
	for _, c := range list {
		c.kick = make(chan struct{}, 1)
	}
	return list
}

func constant(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// startBackground begins expiry and the chores. In mode manual Tick does them.
func (db *DB) startBackground(cfg *config.Config) {
	db.reaper = reaper.New(db.engine, reaperConfig(cfg), db.now, db.log)
	db.engine.AddInfo("Reaper", db.reaperInfo)
	db.chores = db.listChores()
	if cfg.Reaper.Mode == "manual" {
		return
	}
	db.goTask(db.reaper.Run)
	for _, c := range db.chores {
		db.goTask(c.run)
	}
}

// run does the chore until ctx ends.
func (c *chore) run(ctx context.Context) {
	t := time.NewTimer(c.pause())
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.kick:
			t.Reset(c.pause())
			continue
		case <-t.C:
		}
		pause := c.pause()
		if c.do(ctx) && c.soon > 0 {
			pause = c.soon
		}
		t.Reset(pause)
	}
}

// retime lets the chores look at their pauses again.
func (db *DB) retime() {
	for _, c := range db.chores {
		select {
		case c.kick <- struct{}{}:
		default: // it will
		}
	}
}

// tick does the chore by hand.
func (c *chore) tick(ctx context.Context, now time.Time) {
	if since := now.Sub(c.last); c.spaced && since >= 0 && since < c.pause() {
		return
	}
	c.last = now
	c.do(ctx)
}

func reaperConfig(cfg *config.Config) reaper.Config {
	return reaper.Config{Interval: cfg.Reaper.Interval, Batch: cfg.Reaper.Batch, Rounds: cfg.Reaper.Rounds}
}

// goTask runs fn until Close, which waits for it, and returns true; false, without
// fn, once that has begun.
func (db *DB) goTask(fn func(ctx context.Context)) bool {
	db.taskMu.Lock()
	defer db.taskMu.Unlock()
	if db.ctx.Err() != nil {
		return false
	}
	db.tasks.Go(func() { fn(db.ctx) })
	return true
}

// endTasks tells the tasks to end; no other begins.
func (db *DB) endTasks() {
	db.taskMu.Lock()
	defer db.taskMu.Unlock()
	db.cancel()
}

// Tick does by hand, in mode manual, what the background does by itself: it
// removes what is due (removed keys are returned, and whether something due is
// left), runs the timers that are due, gives memory back, rewrites the log if that
// is due, and sends figures to the metric sinks at their interval.
func (db *DB) Tick(ctx context.Context) (removed int, more bool) {
	removed, more = db.reaper.Tick()
	db.engine.Timers().RunDue()
	now := db.now()
	for _, c := range db.chores {
		c.tick(ctx, now)
	}
	return removed, more
}
