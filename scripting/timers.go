package scripting

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/hook"
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

// timers runs the timers of the loaded libraries, between start and stop.
type timers struct {
	mu      sync.Mutex
	running bool
	cancel  map[*lib]context.CancelFunc
	tasks   sync.WaitGroup
	waiting []*lib // loaded before the start
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
	for _, cancel := range t.cancel {
		cancel()
	}
	t.cancel = nil
	t.mu.Unlock()
	t.tasks.Wait()
}

// swap ends the timers of old and begins those of l. It does not wait: the
// caller may hold locks that a timer's commands need.
func (t *timers) swap(old, l *lib) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cancel := t.cancel[old]; old != nil && cancel != nil {
		cancel()
		delete(t.cancel, old)
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
	ctx, cancel := context.WithCancel(context.Background())
	if t.cancel == nil {
		t.cancel = map[*lib]context.CancelFunc{}
	}
	t.cancel[l] = cancel
	for _, d := range l.timers {
		t.tasks.Add(1)
		go func() {
			defer t.tasks.Done()
			l.runTimer(ctx, d)
		}()
	}
}

func (l *lib) runTimer(ctx context.Context, d *timerDef) {
	tick := time.NewTicker(d.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := l.tick(ctx, d); err != nil && ctx.Err() == nil {
			l.host.core.Log().Log(ctx, slog.LevelWarn, "timer failed", "library", l.name, "timer", d.name, "error", err)
		}
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
		return s.detached(ctx, l.name+"/"+d.name, 0, s.callbacks[d.callback], func() lua.LValue { return lua.LNil })
	})
}
