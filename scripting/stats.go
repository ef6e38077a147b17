package scripting

import "github.com/kevy-lua/kevy-lua/engine/command"

// shown is what FUNCTION STATS tells about a run. It is made when the run has
// become busy, for before that nobody asks.
type shown struct {
	name    string
	command []string
	ms      int64
}

// longest returns the busy script or function that has run longest, or nil.
func (h *Runner) longest() *shown {
	h.mu.Lock()
	defer h.mu.Unlock()
	var longest *state
	for s := range h.states {
		if kind := s.running.Load(); kind != runScript && kind != runFunction || s.shown.Load() == nil {
			continue
		}
		if longest == nil || s.startedAt.Load() < longest.startedAt.Load() {
			longest = s
		}
	}
	if longest == nil {
		return nil
	}
	r := *longest.shown.Load()
	r.ms = (h.now().UnixNano() - longest.startedAt.Load()) / 1e6
	return &r
}

// show lets others see what runs.
func (s *state) show(c *command.Call) {
	v := &shown{name: s.name}
	for _, a := range c.Args {
		v.command = append(v.command, string(a))
	}
	s.shown.Store(v)
}
