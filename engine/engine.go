package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/timer"
)

// Options are what an engine is made of. Zero values are useful defaults.
type Options struct {
	Live   *config.Live     // default: config.Default
	Log    *slog.Logger     // default: slog.Default
	Now    func() time.Time // default: time.Now, which is read at less cost; the only clock of the engine
	Groups [][]command.Spec // groups of commands besides the engine's own

	Version string // of the program, for INFO's kevy_version
}

// Engine runs commands over a keyspace. It is safe for concurrent use.
type Engine struct {
	live *config.Live
	log  *slog.Logger
	now  func() time.Time
	// systemClock says that now is time.Now.
	systemClock bool
	table       *command.Table
	bus         *hook.Bus
	timers      *timer.Timers
	space       *keyspace.Keyspace
	shards      []*shard
	hub         *hub

	journal    Journal // set before the engine is shared
	appended   atomic.Int64
	committing atomic.Bool // a goroutine commits in the background
	feed       feed

	ctx     context.Context
	unitCtx context.Context // ctx, for what runs inside a unit
	cancel  context.CancelFunc

	sessions      sessionList
	parts         parts
	stats         stats
	slowlog       slowlog
	latency       latencyMonitor
	histograms    sync.Map // *command.Stats to *histogram
	figures       figureCache
	acl           aclLog
	tasks         tasks
	monitors      atomic.Int32
	busy          busyState
	wakes         wakes
	pause         pauseState
	dumps         dumpState
	saving        saving
	tracker       tracker
	follows       atomic.Pointer[master] // nil: nobody
	internal      sync.Pool              // *Session, for Do
	systemOnce    sync.Once
	systemSession *Session

	listeners atomic.Int64  // watched keys, blocked and tracking clients
	notify    atomic.Uint32 // notify-keyspace-events, a hook.Class
	atomicMu  sync.Mutex
	atomics   atomic.Pointer[atomics]

	tracksLatency atomic.Bool // latency-tracking
	limitsOld     atomic.Bool // the keyspace does not have the configured limits yet
	anyInScripts  atomic.Bool // DEBUG SET-DISABLE-DENY-SCRIPTS 1: scripts may run what is not for them
	evicting      atomic.Bool // a task evicts until the data fits maxmemory
	passive       atomic.Bool // DEBUG SET-ACTIVE-EXPIRE 0: only access removes due keys

	started        time.Time
	runID          string
	version        string
	loading        atomic.Bool
	loadedMs       int64        // when the replay ended; 0 when there was none
	replayFailures int64        // commands of the log that were passed over
	outside        atomic.Int64 // due keys outside the deadline index: in the reaper's hands, or retried

	collected collection // of who calls Compact

	// Guarded by all shard locks together:
	retries  map[retryKey]retry
	expiring []retryKey // whose atomic hooks are running
	prunedMs int64      // when retries was last pruned
}

// New makes an engine with an empty keyspace and no journal. What is loaded
// from a log comes in through Replay; SetJournal attaches the log after that.
func New(o Options) *Engine {
	if o.Live == nil {
		o.Live = config.NewLive(config.Default())
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	systemClock := o.Now == nil
	if systemClock {
		o.Now = time.Now
	}
	cfg := o.Live.Get()
	e := &Engine{
		live: o.Live, log: o.Log, now: o.Now, systemClock: systemClock, journal: noJournal{},
		bus: hook.NewBus(o.Now, o.Log), hub: newHub(), started: o.Now(), runID: newRunID(), version: o.Version,
	}
	e.timers = timer.New(o.Now, cfg.Reaper.Mode == "manual", o.Log)
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.unitCtx = inside(e.ctx)
	e.space = keyspace.New(keyspace.Options{
		Shards: shardCount(cfg.Server.Shards), Databases: cfg.Server.Databases, Limits: limits(cfg),
		BornMs: o.Now().UnixMilli(),
	})
	for i := range e.space.Shards() {
		e.shards = append(e.shards, newShard(e.space.Shard(i)))
	}
	e.busy.init()
	e.tracker.table.Store(new(trackTable))
	e.atomics.Store(&atomics{})
	e.retries = map[retryKey]retry{}
	e.internal.New = func() any { return e.newInternal() }
	e.table = command.NewTable(append(o.Groups, e.ownRows()...)...)
	e.configure(cfg)
	e.bus.SetDefaults(hookDefaults(cfg))
	o.Live.OnApply(func(next *config.Config) error {
		e.bus.SetDefaults(hookDefaults(next))
		return nil
	}, "hooks.queue-size", "hooks.queue-full", "hooks.time-budget", "hooks.atomic-time-budget", "hooks.memory-budget", "hooks.trip-after",
		"hooks.re-arm-after", "hooks.failing-share", "hooks.depth-limit", "hooks.on-error", "hooks.retries")
	o.Live.OnChange(func(changes []config.Change) { e.reconfigure(changes) })
	return e
}

// shardCount turns the parameter into a power of two; 0 chooses by the machine.
func shardCount(want int) int {
	if want <= 0 {
		want = 1
		if n := runtime.GOMAXPROCS(0); n > 4 {
			want = n
		}
	}
	n := 1
	for n < want && n < 1024 {
		n *= 2
	}
	return n
}

func newRunID() string {
	var b [20]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// SetJournal attaches the log. It is called once, after the replay and before
// the engine is shared.
func (e *Engine) SetJournal(j Journal) { e.journal = j }

// Table returns the command table.
func (e *Engine) Table() *command.Table { return e.table }

// Bus returns the bus of hooks.
func (e *Engine) Bus() *hook.Bus { return e.bus }

// Timers are the timers of plugins and libraries. Where expiry is by hand
// (reaper.mode), they are too: somebody calls RunDue.
func (e *Engine) Timers() *timer.Timers { return e.timers }

// Live returns the live configuration.
func (e *Engine) Live() *config.Live { return e.live }

// Log returns the engine's logger.
func (e *Engine) Log() *slog.Logger { return e.log }

// Databases is the number of databases.
func (e *Engine) Databases() int { return e.space.Databases() }

// Now is the engine's clock.
func (e *Engine) Now() time.Time { return e.now() }

// NowMs is the engine's clock in Unix milliseconds.
func (e *Engine) NowMs() int64 { return e.now().UnixMilli() }

// Commit makes everything executed so far as durable as the policy says.
func (e *Engine) Commit() error { return e.journal.Commit(e.appended.Load()) }

// commitSoon is Commit for who does not need to know when. Where it may wait for
// the disk, one goroutine does that for all; a failure shows in Journal.Err.
func (e *Engine) commitSoon() {
	if done, _ := e.TryCommit(); done {
		return
	}
	if !e.committing.CompareAndSwap(false, true) {
		return // it looks again when it is through
	}
	e.tasks.Go(func() {
		for again := true; again; {
			pos := e.appended.Load()
			err := e.journal.Commit(pos)
			e.committing.Store(false)
			again = err == nil && e.appended.Load() != pos && e.committing.CompareAndSwap(false, true)
		}
	})
}

// TryCommit is Commit for a server's loop. Where it would have to wait for the
// disk, done is false: then the server commits off its loop.
func (e *Engine) TryCommit() (done bool, err error) { return e.journal.TryCommit(e.appended.Load()) }

// closeGrace is what background work gets, after its context has ended, to notice that.
const closeGrace = time.Second

// Close ends background work that commands have started, and the hooks: events
// already published are delivered until ctx ends. What has not ended a moment
// later is left behind and named in the error. The journal is the caller's.
func (e *Engine) Close(ctx context.Context) error {
	late := e.timers.Close(ctx)
	e.cancel()
	e.sessions.each(func(s *Session) { s.unpark(unparkClosed) })
	return errors.Join(late, e.endTasks(ctx), e.bus.Close(ctx))
}

// endTasks waits for the background work; no more of it begins.
func (e *Engine) endTasks(ctx context.Context) error {
	e.tasks.close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.tasks.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	last := time.NewTimer(closeGrace)
	defer last.Stop()
	select {
	case <-ended:
		return nil
	case <-last.C:
		return fmt.Errorf("engine: background work does not end: %w", ctx.Err())
	}
}
