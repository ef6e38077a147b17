package engine

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// configure takes over the values that the engine keeps in a form of its own.
func (e *Engine) configure(cfg *config.Config) {
	class := cfg.Notifications.KeyspaceEvents
	if class&(hook.Keyspace|hook.Keyevent) == 0 {
		class = 0 // as in Redis: without K or E nothing is published
	}
	e.notify.Store(uint32(class))
	if e.servesStale() {
		e.follows.Store(nil)
	}
	e.tracksLatency.Store(cfg.Compat["latency-tracking"] != "no")
	e.limitsOld.Store(true)
	if !e.applyLimits(false) {
		// Whoever holds the locks may be the caller itself: a CONFIG SET inside EXEC.
		e.tasks.Go(func() { e.applyLimits(true) })
	}
}

// hookDefaults are the limits of hooks that have none of their own.
func hookDefaults(cfg *config.Config) hook.Defaults {
	h := &cfg.Hooks
	return hook.Defaults{
		Queue: h.QueueSize, Full: hook.QueuePolicy(h.QueueFull), Budget: h.TimeBudget, AtomicBudget: h.AtomicTimeBudget,
		OnError: h.OnError, Retries: h.Retries, TripAfter: h.TripAfter, Rearm: h.RearmAfter, MaxDepth: h.DepthLimit, Share: h.FailingShare,
	}
}

// applyLimits puts the thresholds of encodings in force after a change. They
// need all locks; without wait it gives up and returns false when somebody has one.
func (e *Engine) applyLimits(wait bool) bool {
	if !e.limitsOld.Load() {
		return true
	}
	u := &command.Unit{All: true}
	if wait {
		e.mustLockHeld(u)
	} else if !e.tryLockAll() {
		return false
	}
	defer e.unlockHeld(u)
	if e.limitsOld.Swap(false) {
		e.space.SetLimits(limits(e.live.Get()))
	}
	return true
}

// reconfigure follows a change of the configuration and tells the hooks.
func (e *Engine) reconfigure(changes []config.Change) {
	e.configure(e.live.Get())
	e.limitTracking()
	if !e.loading.Load() && e.overMemory() {
		e.evictLater()
	}
	for _, ch := range changes {
		if ch.By == "command" { // who reads a file tells by himself
			e.log.Info("parameter changed", "name", ch.Name, "old", ch.Old, "new", ch.New, "by", "CONFIG SET")
		}
	}
	if !e.bus.Wants(hook.KindConfig) {
		return
	}
	for _, ch := range changes { // a CONFIG SET inside EXEC holds locks
		e.bus.Offer(&hook.Config{Name: ch.Name, Old: ch.Old, New: ch.New, By: ch.By})
	}
}

// limits are the thresholds of encodings.
func limits(cfg *config.Config) keyspace.Limits {
	m := &cfg.Memory
	return keyspace.Limits{
		HashEntries: int(m.HashMaxListpackEntries), HashValue: int(m.HashMaxListpackValue),
		ListSize: m.ListMaxListpackSize, SetIntset: int(m.SetMaxIntsetEntries),
		ZSetEntries: int(m.ZsetMaxListpackEntries), ZSetValue: int(m.ZsetMaxListpackValue),
		LFU: strings.HasSuffix(m.MaxMemoryPolicy, "-lfu"), LFULog: m.LFULogFactor, LFUDecay: m.LFUDecayTime,
	}
}
