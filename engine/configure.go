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
	class, _ := hook.ParseClass(cfg.Notifications.KeyspaceEvents.String()) // validated by the parameter's row
	if class&(hook.Keyspace|hook.Keyevent) == 0 {
		class = 0 // as in Redis: without K or E nothing is published
	}
	e.notify.Store(uint32(class))
	e.events.Store(uint32(class))
	u := &command.Unit{All: true}
	e.lockHeld(u, nil)
	defer e.unlockHeld(u)
	e.space.SetLimits(limits(cfg))
}

// reconfigure follows a change of the configuration and tells the hooks.
func (e *Engine) reconfigure(changes []config.Change) {
	e.configure(e.live.Get())
	if !e.bus.Wants(hook.KindConfig) {
		return
	}
	for _, ch := range changes {
		e.bus.Publish(&hook.Config{Name: ch.Name, Old: ch.Old, New: ch.New, By: ch.By})
	}
}

// limits are the thresholds of encodings.
func limits(cfg *config.Config) keyspace.Limits {
	m := &cfg.Memory
	return keyspace.Limits{
		HashEntries: int(m.HashMaxListpackEntries), HashValue: int(m.HashMaxListpackValue),
		ListSize: m.ListMaxListpackSize, SetIntset: int(m.SetMaxIntsetEntries),
		ZSetEntries: int(m.ZsetMaxListpackEntries), ZSetValue: int(m.ZsetMaxListpackValue),
		LFU: strings.HasSuffix(m.MaxMemoryPolicy, "-lfu"),
	}
}
