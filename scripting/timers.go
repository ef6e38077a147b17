package scripting

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/timer"
)

// timerDef is what kevy.register_timer registered.
type timerDef struct {
	name     string
	every    time.Duration
	budget   time.Duration // 0: that of observing hooks
	callback int
}

func registerTimer(L *lua.LState) int {
	s, l := loadTarget(L, "kevy.register_timer")
	o := newOptions(L, "kevy.register_timer")
	d := &timerDef{every: o.duration("every"), budget: o.duration("budget")}
	if d.every == 0 {
		o.bad("every", "must be given")
	}
	if d.every < time.Millisecond {
		o.bad("every", "must be at least a millisecond")
	}
	if d.name = o.text("name"); d.name == "" {
		d.name = fmt.Sprintf("timer-%d", len(l.timers)+1)
	}
	fn := o.callback()
	o.done()
	d.callback = s.enlist(fn)
	l.timers = append(l.timers, d)
	return 0
}

// timers are those of the loaded libraries, between start and stop.
type timers struct {
	mu      sync.Mutex
	running bool
	armed   map[*lib]*alarms
	tasks   sync.WaitGroup
	waiting []*lib // loaded before the start
}

// alarms are the timers of one library.
type alarms struct {
	ctx    context.Context
	cancel context.CancelFunc
	list   []*timer.Timer
}

func (a *alarms) stop() {
	a.cancel()
	for _, t := range a.list {
		t.Stop()
	}
}

func (t *timers) start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = true
	for _, l := range t.waiting {
		t.begin(l)
	}
	t.waiting = nil
}

// stop ends all timers and waits for those that run.
func (t *timers) stop() {
	t.mu.Lock()
	t.running = false
	for _, a := range t.armed {
		a.stop()
	}
	t.armed = nil
	t.mu.Unlock()
	t.tasks.Wait()
}

// swap ends the timers of old and begins those of l. It does not wait: the
// caller may hold locks that a timer's commands need.
func (t *timers) swap(old, l *lib) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.armed[old]; a != nil {
		a.stop()
		delete(t.armed, old)
	}
	for i, w := range t.waiting {
		if w == old {
			t.waiting = append(t.waiting[:i:i], t.waiting[i+1:]...)
			break
		}
	}
	if l == nil || len(l.timers) == 0 {
		return
	}
	if t.running {
		t.begin(l)
	} else {
		t.waiting = append(t.waiting, l)
	}
}

// begin starts a library's timers. Called with mu held.
func (t *timers) begin(l *lib) {
	a := &alarms{}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	if t.armed == nil {
		t.armed = map[*lib]*alarms{}
	}
	t.armed[l] = a
	for _, d := range l.timers {
		a.list = append(a.list, l.host.core.Timers().Every(d.every, func() { t.ring(l, a, d) }))
	}
}

// ring runs a timer whose time has come, unless it was ended meanwhile.
func (t *timers) ring(l *lib, a *alarms, d *timerDef) {
	t.mu.Lock()
	if !t.running || a.ctx.Err() != nil {
		t.mu.Unlock()
		return
	}
	t.tasks.Add(1)
	t.mu.Unlock()
	defer t.tasks.Done()
	if err := l.tick(a.ctx, d); err != nil && a.ctx.Err() == nil {
		l.host.core.Log().Log(a.ctx, slog.LevelWarn, "timer failed", "library", l.name, "timer", d.name, "error", err)
	}
}

// tick runs the timer once. What it does is as deep as what a hook does.
func (l *lib) tick(ctx context.Context, d *timerDef) error {
	budget := d.budget
	if budget == 0 {
		budget = l.host.core.Live().Get().Hooks.TimeBudget
	}
	ctx, cancel := context.WithTimeout(hook.WithDepth(ctx, 1), budget)
	defer cancel()
	return l.outside(func(s *state) error {
		_, err := s.detached(ctx, l.name+"/"+d.name, 0, s.callbacks[d.callback], func() lua.LValue { return lua.LNil })
		return err
	})
}
