package scripting

import (
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// commandDef is what kevy.register_command registered.
type commandDef struct {
	spec     command.Spec
	flags    flags
	callback int
}

// commandFlags are the flags of kevy.register_command and those of the row
// they stand for.
var commandFlags = map[string]command.Flags{
	"no-writes": command.ReadOnly, "atomic": 0, "deny-oom": command.DenyOOM, "admin": command.Admin, "fast": command.Fast,
	"no-script": command.NoScript, "loading": command.Loading, "stale": command.Stale,
}

func registerCommand(L *lua.LState) int {
	s, l := loadTarget(L, "kevy.register_command")
	o := newOptions(L, "kevy.register_command")
	d := &commandDef{spec: command.Spec{Group: command.GroupModule, Since: "0.1.0", Complexity: "Depends on the library"}}
	c := &d.spec
	c.Name = strings.ToLower(o.text("name"))
	if c.Name == "" || strings.ContainsAny(c.Name, " \t\r\n\x00|") {
		o.bad("name", "must be a word")
	}
	for _, other := range l.commands {
		if other.spec.Name == c.Name {
			o.bad("name", "'%s' is registered twice", c.Name)
		}
	}
	c.Arity = o.arity()
	for _, name := range o.list("flags") {
		fl, ok := commandFlags[name]
		if !ok {
			o.bad("flags", "has an unknown flag '%s'; there are %s", name, strings.Join(slices.Sorted(maps.Keys(commandFlags)), ", "))
		}
		c.Flags |= fl
		d.flags.noWrites = d.flags.noWrites || name == "no-writes"
		d.flags.atomic = d.flags.atomic || name == "atomic"
	}
	if !d.flags.noWrites {
		c.Flags |= command.Write
	}
	c.Flags |= command.Revocable
	c.Keys = o.keys(d.flags.noWrites)
	if c.Summary = o.text("summary"); c.Summary == "" {
		c.Summary = "A command of the library " + l.name
	}
	c.Syntax = o.text("syntax")
	fn := o.callback()
	d.callback = s.enlist(fn)
	l.commands = append(l.commands, d)
	return 0
}

// arity counts the name, as in Redis; it may be negative.
func (o *options) arity() int {
	n, ok := o.get("arity").(lua.LNumber)
	if !ok {
		if o.get("arity") != lua.LNil {
			o.bad("arity", "must be a number")
		}
		return -1
	}
	a, whole := exactInt(float64(n))
	if !whole || a == 0 || a < -1000 || a > 1000 {
		o.bad("arity", "must be an integer other than 0")
	}
	return int(a)
}

// keys reads {first, last, step}: which arguments are keys. A command without
// keys runs under all locks.
func (o *options) keys(readOnly bool) []command.KeySpec {
	v := o.get("keys")
	if v == lua.LNil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		o.bad("keys", "must be a table {first, last, step}")
	}
	numbers := [3]int{1, 1, 1}
	for i, name := range []string{"first", "last", "step"} {
		n := element(t, i+1)
		if n == lua.LNil {
			n = t.RawGetString(name)
		}
		if n == lua.LNil {
			if i == 1 {
				numbers[1] = numbers[0]
			}
			continue
		}
		f, isNumber := n.(lua.LNumber)
		k, whole := exactInt(float64(f))
		if !isNumber || !whole || k < -100 || k > 1000 {
			o.bad("keys", "must hold integers")
		}
		numbers[i] = int(k)
	}
	first, last, step := numbers[0], numbers[1], numbers[2]
	if first < 1 || step < 1 || last == 0 || last > 0 && last < first {
		o.bad("keys", "must be {first, last, step} with first and step of at least 1")
	}
	if last > 0 {
		last -= first // rows count from the first key
	}
	fl := command.KeyRW | command.KeyAccess | command.KeyUpdate
	if readOnly {
		fl = command.KeyRO | command.KeyAccess
	}
	return []command.KeySpec{command.Keys(first, last, step, fl)}
}

// specs are the library's rows for the command table.
func (l *lib) specs() []command.Spec {
	var rows []command.Spec
	for _, d := range l.commands {
		row := d.spec
		row.Run = func(c *command.Call) error {
			return l.inside(c, func(s *state) error {
				s.begin(runFunction, d.spec.Name, l.chunk, c)
				dirty := c.Unit.Dirty
				err := s.inUnit(c, d.flags, false, s.callbacks[d.callback], s.stringTable(c.Args[1:]))
				if c.Unit.Dirty > dirty {
					c.LogNothing() // the log has what the callback's commands did
				}
				return err
			})
		}
		rows = append(rows, row)
	}
	return rows
}

func (l *lib) commandNames() (names []string) {
	if l != nil {
		for _, d := range l.commands {
			names = append(names, d.spec.Name)
		}
	}
	return names
}
