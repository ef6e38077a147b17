package scripting

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

type libraries struct{}

func (l *libraries) init()                    {}
func (l *libraries) figures() (libs, fns int) { return 0, 0 }
func (l *libraries) codes() []string          { return nil }

type timers struct{}

func (t *timers) start() {}
func (t *timers) stop()  {}

func (h *Runner) unloadAll(context.Context) error { return nil }
func (h *Runner) Reload() error                   { return nil }
func (h *Runner) functionRows() []command.Spec    { return nil }
func (h *Runner) fcall(*command.Call, bool) error { return nil }
func (s *state) logContext() context.Context      { return context.Background() }

func loadTables() map[string]map[string]lua.LValue { return nil }
