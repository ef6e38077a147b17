package scripting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// hookDef is what kevy.register_hook registered.
type hookDef struct {
	options  hook.Options
	callback int
}

// hookKinds are the events that a script may name.
var hookKinds = []string{
	string(hook.KindExpired), string(hook.KindEvicted), string(hook.KindKey), string(hook.KindRewrite), string(hook.KindReplay), string(hook.KindPersistence),
	string(hook.KindMetric), string(hook.KindConfig), string(hook.KindClient), string(hook.KindScript), string(hook.KindServer), string(hook.KindCommand),
}

func registerHook(L *lua.LState) int {
	s, l := loadTarget(L, "kevy.register_hook")
	o := newOptions(L, "kevy.register_hook")
	d := &hookDef{}
	h := &d.options
	h.Kind = hook.Kind(o.text("event", hookKinds...))
	if h.Kind == "" {
		o.bad("event", "must be given")
	}
	h.Mode = hook.Mode(o.text("mode", string(hook.Observe), string(hook.Atomic), string(hook.Outbox)))
	if (h.Mode == hook.Atomic || h.Mode == hook.Outbox) && !h.Kind.InUnit() {
		o.bad("mode", "%s is for expired, evicted and key events only", h.Mode)
	}
	outboxOptions(o, h)
	if phases := hook.Phases(h.Kind); phases != nil {
		h.Phase = o.text("phase", phases...)
	} else if o.text("phase") != "" {
		o.bad("phase", "is for command and rewrite events only")
	}
	if h.Name = o.text("name"); h.Name == "" {
		if h.Name = string(h.Kind); len(l.hooks) > 0 {
			h.Name = fmt.Sprintf("%s-%d", h.Kind, len(l.hooks)+1)
		}
	}
	for _, other := range l.hooks {
		if other.options.Name == h.Name {
			o.bad("name", "'%s' is taken by another hook of the library", h.Name)
		}
	}
	h.Match, h.Names, h.Keys = o.text("match"), o.list("names"), o.list("keys")
	h.DB = o.number("db", hook.AnyDB, 0)
	class, ok := hook.ParseClass(o.text("class"))
	if !ok {
		o.bad("class", "holds a letter that stands for no class of events")
	}
	h.Class = class
	h.OnError = o.text("on_error", "continue", "retry")
	h.Full = hook.QueuePolicy(o.text("full", string(hook.Block), string(hook.DropOldest), string(hook.DropNewest)))
	h.Queue, h.Retries = o.number("queue", 0, 1), o.number("retries", 0, 1)
	h.TripAfter, h.MaxDepth = o.number("trip_after", 0, 1), o.number("max_depth", 0, 1)
	h.Budget, h.Rearm = o.duration("budget"), o.duration("rearm")
	fn := o.callback()
	d.callback = s.enlist(fn)
	l.hooks = append(l.hooks, d)
	return 0
}

// outboxOptions reads what only outboxes have.
func outboxOptions(o *options, h *hook.Options) {
	h.Stream, h.DeadLetter, h.Tries = o.text("stream"), o.text("dead_letter"), o.number("tries", 0, 1)
	switch {
	case h.Mode == hook.Outbox && h.Stream == "":
		o.bad("stream", "must be given in mode outbox")
	case h.Mode != hook.Outbox && (h.Stream != "" || h.DeadLetter != "" || h.Tries != 0):
		o.bad("stream", "is for mode outbox, like dead_letter and tries")
	}
}

// duration reads "30s" or milliseconds; 0 stands for absence.
func (o *options) duration(name string) time.Duration {
	var d time.Duration
	switch v := o.get(name).(type) {
	case *lua.LNilType:
		return 0
	case lua.LNumber:
		d = time.Duration(float64(v) * float64(time.Millisecond))
	case lua.LString:
		var err error
		if d, err = time.ParseDuration(string(v)); err != nil {
			o.bad(name, `must be a duration such as "30s"`)
		}
	default:
		o.bad(name, `must be a duration such as "30s", or milliseconds`)
	}
	if d <= 0 {
		o.bad(name, "must be longer than nothing")
	}
	return d
}

// subscribe puts the library's hooks on the bus and sets its timers. On an error
// some may be there.
func (r *Runner) subscribe(l *lib) error {
	for _, d := range l.timers {
		t, err := r.host.Timer(d.timer, l.timer(d))
		if err != nil {
			return err
		}
		l.timings = append(l.timings, t)
	}
	for _, d := range l.hooks {
		o := d.options
		o.Owner = l.owner()
		if o.Phase == hook.Before {
			if _, err := r.core.Bus().Ask(o, l.judge(d)); err != nil {
				return err
			}
			continue
		}
		if o.Mode == hook.Outbox {
			if _, err := plugins.Outbox(r.core, o, l.observer(d)); err != nil {
				return err
			}
			continue
		}
		if o.Mode != hook.Atomic {
			if _, err := r.core.Bus().Observe(o, l.observer(d)); err != nil {
				return err
			}
			continue
		}
		hk, err := r.core.Bus().Attach(o)
		if err != nil {
			return err
		}
		r.core.AddAtomic(command.Atomic{Hook: hk, Run: l.atomic(d, hk)})
	}
	return nil
}

// atomic is the hook as the engine runs it, inside the unit of its cause.
func (l *lib) atomic(d *hookDef, hk *hook.Hook) func(*command.Call, hook.Event) error {
	return func(c *command.Call, ev hook.Event) error {
		return l.inside(c, func(s *state) error {
			s.begin(runHook, l.name+"/"+d.options.Name, l.chunk, c)
			defer s.end()
			s.hookLimits(hk.Budget())
			_, err := s.within(c, flags{}, false, s.callbacks[d.callback], s.event(ev, c))
			return err
		})
	}
}

// observer is the hook as the bus runs it, outside all locks.
func (l *lib) observer(d *hookDef) hook.Observer {
	var warm warmEvent // used under the lock of the background state
	name := l.name + "/" + d.options.Name
	return func(ctx context.Context, ev hook.Event) error {
		return l.outside(func(s *state) error {
			fn := s.callbacks[d.callback]
			_, err := s.detached(ctx, l, name, max(ev.Database(), 0), fn, func() lua.LValue {
				if k, ok := ev.(*hook.Key); ok && d.options.Mode != hook.Outbox {
					if t := warm.event(fn, k); t != nil {
						return t
					}
				}
				return s.observed(ctx, ev)
			})
			return err
		})
	}
}

// judge is the hook as it is asked before a command or a rewrite, outside all locks.
// It says no by returning an error reply.
func (l *lib) judge(d *hookDef) hook.Judge {
	name := l.name + "/" + d.options.Name
	return func(ctx context.Context, ev hook.Event) error {
		l.asking.mu.Lock()
		defer l.asking.mu.Unlock()
		return l.asking.use(l, func(s *state) error {
			answer, err := s.detached(ctx, l, name, max(ev.Database(), 0), s.callbacks[d.callback], func() lua.LValue { return s.event(ev, nil) })
			if err != nil {
				return err
			}
			return refusal(answer)
		})
	}
}

// refusal is the no that a callback has returned, if it is one: an error reply,
// whose field rest says how long automatic rewrites rest.
func refusal(answer lua.LValue) error {
	t, ok := answer.(*lua.LTable)
	if !ok {
		return nil
	}
	text, ok := t.RawGetString("err").(lua.LString)
	if !ok {
		return nil
	}
	no := &hook.Refusal{Reason: wire.Error(strings.TrimPrefix(string(text), "-"))}
	switch rest := t.RawGetString("rest").(type) {
	case *lua.LNilType:
	case lua.LNumber:
		no.Rest = time.Duration(float64(rest) * float64(time.Millisecond))
	case lua.LString:
		d, err := time.ParseDuration(string(rest))
		if err != nil {
			return fmt.Errorf("rest is no duration such as '20m': %s", rest)
		}
		no.Rest = d
	default:
		return errors.New("rest is neither a duration such as '20m' nor milliseconds")
	}
	return no
}

// observed is the event of an observer: out of an outbox, it has the ID of its entry.
func (s *state) observed(ctx context.Context, ev hook.Event) lua.LValue {
	v := s.event(ev, nil)
	if id := hook.EntryOf(ctx); id != "" {
		v.(*lua.LTable).RawSetString("id", lua.LString(id))
	}
	return v
}

// hookLimits replaces the limits of scripts by those of hooks.
func (s *state) hookLimits(budget time.Duration) {
	s.limit = budget
	s.budget = s.runner.core.Live().Get().Hooks.MemoryBudget
}

// detached runs a callback outside units: each of its commands is a unit of
// its own. name is for errors; ctx brings the depth of the hooks, and the end of the time.
func (s *state) detached(ctx context.Context, l *lib, name string, db int, fn *lua.LFunction, arg func() lua.LValue) (lua.LValue, error) {
	s.begin(runHook, name, l.chunk, nil)
	defer s.end()
	s.hookLimits(hook.Budget(ctx))
	s.bg, s.db, s.outside = ctx, db, doOutside
	answer, err := s.run(fn, arg())
	s.account(err)
	var f *fault
	if errors.As(err, &f) {
		return lua.LNil, f.reply
	}
	return answer, err
}

// doOutside runs a command as a unit of its own.
func doOutside(s *state, reply wire.Reply, args [][]byte) error {
	if command.EqualFold(args[0], "select") && len(args) == 2 {
		n, ok := command.ParseInt(args[1])
		if !ok {
			return wire.ErrNotInteger
		}
		if n < 0 || n >= int64(s.runner.core.Live().Get().Server.Databases) {
			return wire.Error("ERR DB index is out of range")
		}
		s.db = int(n)
		reply.Status("OK")
		return nil
	}
	spec, err := s.runner.core.Table().Resolve(args)
	if err != nil {
		return err
	}
	if spec.Any(command.NoScript) {
		return wire.Error("ERR This Redis command is not allowed from script")
	}
	return s.runner.core.Do(s.bg, s.db, args, reply)
}

// logContext is the context for log lines.
func (s *state) logContext() context.Context {
	switch {
	case s.bg != nil:
		return s.bg
	case s.call != nil && s.call.Context != nil:
		return s.call.Context
	}
	return context.Background()
}
