package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const sinceOurs = "0.1.0" // of commands that Redis does not have: our version

var hookRow = command.Spec{
	Name: "hook", Arity: -2, Group: command.GroupServer, Since: sinceOurs, Complexity: "Depends on the sub-command",
	Summary: "A container for commands about hooks", Sub: []command.Spec{
		{Name: "list", Arity: 2, Since: sinceOurs, Complexity: "O(N) with N hooks", Flags: operator, Summary: "Lists the hooks and their state", Run: hookList},
		{Name: "stats", Arity: -2, Since: sinceOurs, Complexity: "O(N) with N hooks", Flags: operator,
			Syntax: "[name]", Summary: "Answers the figures of all hooks, or of one", Run: hookStats},
		{Name: "enable", Arity: -3, Since: sinceOurs, Complexity: "O(N) with N hooks", Flags: operator,
			Syntax: "name [name ...]", Summary: "Lets disabled or tripped hooks run again", Run: hookEach((*hook.Hook).Enable)},
		{Name: "disable", Arity: -3, Since: sinceOurs, Complexity: "O(N) with N hooks", Flags: operator,
			Syntax: "name [name ...]", Summary: "Keeps hooks from running", Run: hookEach((*hook.Hook).Disable)},
		{Name: "reset", Arity: -2, Since: sinceOurs, Complexity: "O(N) with N hooks", Flags: operator,
			Syntax: "[name [name ...]]", Summary: "Sets figures back and re-arms what has tripped", Run: hookReset},
		{Name: "reload", Arity: 2, Since: sinceOurs, Complexity: "Depends on the libraries", Flags: operator, Summary: "Loads the script libraries from their files again, and answers their names", Run: hookReload},
		help("hook", sinceOurs,
			"LIST", "    Lists the hooks and their state.",
			"STATS [<name>]", "    Answers the figures of all hooks, or of one.",
			"ENABLE <name> [<name> ...]", "    Lets disabled or tripped hooks run again.",
			"DISABLE <name> [<name> ...]", "    Keeps hooks from running.",
			"RESET [<name> ...]", "    Sets figures back and re-arms what has tripped.",
			"RELOAD", "    Loads the script libraries from their files again, and answers their names.",
			"A <name> is a hook's own, or owner/name (library/name) where several have it."),
	},
}

// field is an entry of a map in a reply.
type field struct {
	name  string
	value any // string, int64, []int64 or []string
}

func replyFields(r wire.Reply, fields []field) {
	r.Map(len(fields))
	for _, f := range fields {
		r.BulkString(f.name)
		switch v := f.value.(type) {
		case string:
			r.BulkString(v)
		case int64:
			r.Int(v)
		case []int64:
			r.Array(len(v))
			for _, n := range v {
				r.Int(n)
			}
		case []string:
			r.Array(len(v))
			for _, s := range v {
				r.BulkString(s)
			}
		}
	}
}

func hookList(c *command.Call) error {
	hooks := engineOf(c).bus.Hooks()
	c.Reply.Array(len(hooks))
	for _, h := range hooks {
		s := h.Stats()
		replyFields(c.Reply, append(identity(h), field{"state", s.State}, field{"runs", s.Runs}, field{"errors", s.Errors},
			field{"drops", s.Drops}, field{"too_deep", s.TooDeep}, field{"queued", s.Queued}))
	}
	return nil
}

// identity says what a hook is subscribed to.
func identity(h *hook.Hook) []field {
	o := h.Options()
	return []field{
		{"name", o.Name}, {"owner", o.Owner}, {"event", string(o.Kind)}, {"mode", string(o.Mode)},
		{"match", o.Match}, {"db", int64(o.DB)}, {"names", o.Names}, {"class", o.Class.String()}, {"phase", o.Phase},
	}
}

func hookStats(c *command.Call) error {
	hooks := engineOf(c).bus.Hooks()
	switch len(c.Args) {
	case 2:
		c.Reply.Array(len(hooks))
		for _, h := range hooks {
			replyFields(c.Reply, figures(h))
		}
		return nil
	case 3:
		found, err := hooksNamed(hooks, c.Args[2:])
		if err != nil {
			return err
		}
		if len(found) > 1 {
			return wire.Errorf("ERR several hooks have the name '%s': use owner/name", c.Args[2])
		}
		replyFields(c.Reply, figures(found[0]))
		return nil
	}
	return badSub(c)
}

// figures are all that is known about a hook.
func figures(h *hook.Hook) []field {
	o, s := h.Options(), h.Stats()
	var bounds []int64
	for _, b := range hook.LatencyBounds() {
		bounds = append(bounds, b.Microseconds())
	}
	lastAt := int64(0)
	if !s.LastErrAt.IsZero() {
		lastAt = s.LastErrAt.UnixMilli()
	}
	average := int64(0)
	if s.Runs > 0 {
		average = s.Busy.Microseconds() / s.Runs
	}
	return append(identity(h),
		field{"state", s.State}, field{"runs", s.Runs}, field{"errors", s.Errors}, field{"drops", s.Drops},
		field{"too_deep", s.TooDeep}, field{"late", s.Late}, field{"trips", s.Trips}, field{"dead_letters", s.Dead}, field{"stream", o.Stream}, field{"queued", s.Queued}, field{"queue_size", int64(o.Queue)}, field{"queue_full", string(o.Full)},
		field{"usec", s.Busy.Microseconds()}, field{"usec_per_run", average}, field{"usec_longest", s.Longest.Microseconds()},
		field{"usec_running", s.Running.Microseconds()}, field{"latency_bounds_usec", bounds}, field{"latency_counts", s.Latency},
		field{"on_error", o.OnError}, field{"trip_after", int64(o.TripAfter)}, field{"rearm_msec", o.Rearm.Milliseconds()},
		field{"budget_usec", o.Budget.Microseconds()}, field{"last_error", s.LastError}, field{"last_error_ms", lastAt})
}

// libraryOwner is what the owners of the hooks of script libraries begin with.
const libraryOwner = "lua:"

// hooksNamed finds hooks by name or owner/name, where a script library's name will
// do for its owner. A name that is nobody's is an
// error, and then none is returned.
func hooksNamed(hooks []*hook.Hook, names [][]byte) (found []*hook.Hook, err error) {
	for _, name := range names {
		n := len(found)
		for _, h := range hooks {
			o := h.Options()
			if full := o.Owner + "/" + o.Name; o.Name == string(name) || full == string(name) || full == libraryOwner+string(name) {
				found = append(found, h)
			}
		}
		if len(found) == n {
			return nil, wire.Errorf("ERR no such hook '%s'", name)
		}
	}
	return found, nil
}

// hookEach makes the handler that does something to the hooks named.
func hookEach(do func(*hook.Hook)) command.Handler {
	return func(c *command.Call) error {
		found, err := hooksNamed(engineOf(c).bus.Hooks(), c.Args[2:])
		if err != nil {
			return err
		}
		for _, h := range found {
			do(h)
		}
		c.Reply.Status("OK")
		return nil
	}
}

func hookReset(c *command.Call) error {
	if len(c.Args) > 2 {
		return hookEach((*hook.Hook).Reset)(c)
	}
	for _, h := range engineOf(c).bus.Hooks() {
		h.Reset()
	}
	c.Reply.Status("OK")
	return nil
}

func hookReload(c *command.Call) error {
	reload := engineOf(c).controls().Reload
	if reload == nil {
		return wire.Error("ERR no script libraries are configured")
	}
	if c.Nested {
		return wire.Error("ERR HOOK RELOAD is not allowed inside a transaction or script")
	}
	names, err := reload()
	if err != nil {
		return wire.Errorf("ERR reload: %v", err)
	}
	c.Reply.Array(len(names))
	for _, name := range names {
		c.Reply.BulkString(name)
	}
	return nil
}
