package scripting

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// Core is what scripting needs of the engine.
type Core interface {
	Table() *command.Table
	Bus() *hook.Bus
	Live() *config.Live
	Log() *slog.Logger
	Now() time.Time
	Do(ctx context.Context, db int, args [][]byte, reply wire.Reply) error
	Update(ctx context.Context, db int, spec *command.Spec, args [][]byte, reply wire.Reply) error
	AddAtomic(a command.Atomic)
	RemoveAtomic(owner string)
	AddInfo(section string, fn func(add func(name string, value any)))
	AddDump(fn func(emit func(db int, args ...[]byte) error) error)
	// AdmitScript says why a script that may write, or is not to run when memory
	// is used up, must not run now, or nil.
	AdmitScript(writes, denyOOM bool) error
	// Busy is called once for a run that passes its busy threshold, on its
	// goroutine; over is called when it has ended.
	Busy(c *command.Call, function bool) (over func())
}

// Runner runs scripts, functions and script libraries for one engine. It is
// the plugin "scripting". It is safe for concurrent use.
type Runner struct {
	core  Core
	host  *plugins.Host
	shelf *shelf
	now   func() time.Time // wall clock of limits
	pool  atomic.Pointer[pool]

	scripts cache
	libs    libraries
	reloads reloads
	counts  counts

	inside units
	tasks  sync.WaitGroup // ends of subscriptions

	mu     sync.Mutex
	states map[*state]bool // all that exist, for kills
}

// counts are the figures of INFO and of the metrics.
type counts struct {
	runs, failed, killed, retried atomic.Int64
}

// New makes the plugin. It is provisioned once.
func New() *Runner {
	return &Runner{shelf: theShelf(), now: time.Now, states: map[*state]bool{}}
}

// Provision implements plugins.Plugin.
func (r *Runner) Provision(host *plugins.Host) error {
	core, ok := host.Core().(Core)
	if !ok {
		return fmt.Errorf("scripting: the engine is no scripting.Core: it lacks Busy")
	}
	r.host = host
	return host.Command(r.attach(core)...)
}

// attach connects the runner with the engine and returns its rows.
func (r *Runner) attach(core Core) []command.Spec {
	r.core = core
	r.scripts.init()
	r.libs.init()
	r.pool.Store(newPool(poolSize(core.Live().Get())))
	core.Live().OnApply(func(next *config.Config) error {
		// States are made with these sizes, so a new pool gets new ones.
		r.pool.Store(newPool(poolSize(next)))
		return nil
	}, "scripting.busy-reply-threshold", "scripting.time-limit", "scripting.kill-after-write", "scripting.max-memory",
		"scripting.pool-size", "scripting.stack-depth", "scripting.registry-size", "scripting.log-scripts", "scripting.libraries")
	core.Live().OnChange(func(changes []config.Change) {
		if !slices.ContainsFunc(changes, func(c config.Change) bool { return c.Path == "scripting.libraries" && !c.NeedsRestart }) {
			return
		}
		r.kick() // a CONFIG SET inside EXEC holds locks, which loading needs
	})
	core.AddInfo("scripting", r.info)
	core.AddInfo("memory", r.memoryInfo)
	core.AddDump(r.dump)
	return slices.Concat(r.evalRows(), r.scriptRows(), r.functionRows())
}

func poolSize(c *config.Config) int {
	if n := c.Scripting.PoolSize; n > 0 {
		return n
	}
	return 2*runtime.GOMAXPROCS(0) + 2
}

// Start implements plugins.Starter: it loads the configured library files, and
// loads them again when they change. The log has been loaded before.
func (r *Runner) Start(context.Context) error {
	r.watch() // before the files are read: no change is missed
	_, err := r.Reload()
	return err
}

// Stop implements plugins.Stopper: it takes the libraries out.
func (r *Runner) Stop(ctx context.Context) error {
	r.unwatch()
	return r.unloadAll(ctx)
}

func (r *Runner) track(s *state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states[s] = true
}

func (r *Runner) forget(s *state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.states, s)
}

// release gives a state back to the pool it may stay in, or to the collector.
func (r *Runner) release(s *state) {
	if !r.pool.Load().put(s) {
		r.forget(s)
	}
}

func (r *Runner) info(add func(name string, value any)) {
	scripts, evicted := r.scripts.figures()
	libs, fns := r.libs.figures()
	add("number_of_cached_scripts", scripts)
	add("evicted_scripts", evicted)
	add("number_of_libraries", libs)
	add("number_of_functions", fns)
	r.reloads.info(add)
	add("script_runs", r.counts.runs.Load())
	add("script_errors", r.counts.failed.Load())
	add("script_kills", r.counts.killed.Load())
	add("script_reruns", r.counts.retried.Load())
	add("script_usec", r.usec())
}

// dump emits what a rewritten log must begin with.
func (r *Runner) dump(emit func(db int, args ...[]byte) error) error {
	if r.core.Live().Get().Scripting.LogScripts {
		for _, body := range r.scripts.loaded() {
			if err := emit(0, []byte("SCRIPT"), []byte("LOAD"), []byte(body)); err != nil {
				return err
			}
		}
	}
	for _, code := range r.libs.codes() {
		if err := emit(0, []byte("FUNCTION"), []byte("LOAD"), []byte(code)); err != nil {
			return err
		}
	}
	return nil
}

// Kill stops the run that has lasted longest among scripts, or among functions.
// The error is the reply of SCRIPT KILL and FUNCTION KILL.
func (r *Runner) Kill(function bool) error {
	want, other := int32(runScript), int32(runFunction)
	if function {
		want, other = other, want
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var longest *state
	others := false
	for s := range r.states {
		switch s.running.Load() {
		case want:
			if longest == nil || s.olderThan(longest) {
				longest = s
			}
		case other:
			others = true
		}
	}
	switch {
	case longest == nil && others && function:
		return errBusyScript
	case longest == nil && others:
		return errBusyFunction
	case longest == nil:
		return errNotBusy
	case longest.wrote.Load() && r.core.Live().Get().Scripting.KillAfterWrite != "rollback":
		return errUnkillable
	}
	longest.killed.Store(longest.serial.Load())
	return nil
}

// Replies about kills, in Redis' words.
const (
	errNotBusy      wire.Error = "NOTBUSY No scripts in execution right now."
	errUnkillable   wire.Error = "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
	errBusyScript   wire.Error = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
	errBusyFunction wire.Error = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
)
