package scripting

import (
	"context"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// timerDef is what kevy.register_timer registered.
type timerDef struct {
	timer    plugins.Timer
	callback int
}

func registerTimer(L *lua.LState) int {
	s, l := loadTarget(L, "kevy.register_timer")
	o := newOptions(L, "kevy.register_timer")
	d := &timerDef{}
	t := &d.timer
	t.Every, t.At, t.Cron = o.duration("every"), o.moment("at"), o.text("cron")
	t.Persist = o.flag("persist")
	t.Budget, t.Rearm, t.TripAfter = o.duration("budget"), o.duration("rearm"), o.number("trip_after", 0, 1)
	if t.Name = o.text("name"); t.Name == "" {
		if t.Persist {
			o.bad("name", "must be given where persist is")
		}
		t.Name = fmt.Sprintf("timer-%d", len(l.timers)+1)
	}
	t.Owner = l.owner()
	if err := t.Check(); err != nil {
		o.wrong(err.Error())
	}
	for _, other := range l.timers {
		if other.timer.Name == t.Name {
			o.bad("name", "'%s' is taken by another timer of the library", t.Name)
		}
	}
	fn := o.callback()
	d.callback = s.enlist(fn)
	l.timers = append(l.timers, d)
	return 0
}

// moment reads a time: RFC 3339, or Unix milliseconds. The zero time stands for
// absence.
func (o *options) moment(name string) time.Time {
	switch v := o.get(name).(type) {
	case *lua.LNilType:
	case lua.LNumber:
		if ms := float64(v); ms > 0 && ms < maxMomentMs {
			return time.UnixMilli(int64(ms))
		}
		o.bad(name, "must be a time in Unix milliseconds")
	case lua.LString:
		at, err := time.Parse(time.RFC3339, string(v))
		if err != nil {
			o.bad(name, `must be a time such as "2027-01-31T08:00:00Z"`)
		}
		return at
	default:
		o.bad(name, `must be a time such as "2027-01-31T08:00:00Z", or Unix milliseconds`)
	}
	return time.Time{}
}

// maxMomentMs is the year 9999.
const maxMomentMs = 253_402_300_799_000

func (o *options) flag(name string) bool {
	switch v := o.get(name).(type) {
	case *lua.LNilType:
	case lua.LBool:
		return bool(v)
	default:
		o.bad(name, "must be true or false")
	}
	return false
}

// timer is the callback as the scheduler runs it, outside all locks. What it
// does is as deep as what a hook does.
func (l *lib) timer(d *timerDef) plugins.TimerFunc {
	return func(ctx context.Context, ev *hook.Timer) error {
		return l.outside(func(s *state) error {
			_, err := s.detached(ctx, l, l.name+"/"+d.timer.Name, 0, s.callbacks[d.callback], func() lua.LValue { return s.event(ev, nil) })
			return err
		})
	}
}
