package scripting

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// loadTables are redis and kevy while a library's top level runs: it may
// register, and log, but run no command.
func loadTables() map[string]map[string]lua.LValue {
	redis := logValues()
	redis["register_function"] = goFunction(registerFunction)
	return map[string]map[string]lua.LValue{
		"redis": redis,
		"kevy": functions(map[string]lua.LGFunction{
			"register_hook": registerHook, "register_command": registerCommand, "register_timer": registerTimer,
		}),
	}
}

// enlist keeps a callback of the library that is being loaded.
func (s *state) enlist(fn *lua.LFunction) int {
	s.callbacks = append(s.callbacks, fn)
	s.target.callbacks = len(s.callbacks)
	return len(s.callbacks) - 1
}

// target returns the library that is being loaded; a registration function
// that was saved and is called later has none.
func loadTarget(L *lua.LState, fn string) (*state, *lib) {
	s := stateOf(L)
	if s.target == nil {
		fail(L, fn+" can only be called on FUNCTION LOAD command")
	}
	return s, s.target
}

const msgFunctionName = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"

func registerFunction(L *lua.LState) int {
	s, l := loadTarget(L, "redis.register_function")
	f := &function{lib: l}
	var callback *lua.LFunction
	switch L.GetTop() {
	case 1:
		t, ok := L.Get(1).(*lua.LTable)
		if !ok {
			return fail(L, "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).")
		}
		callback = f.named(L, t)
	case 2:
		name, ok := toText(L.Get(1))
		if !ok {
			return fail(L, "first argument to redis.register_function must be a string")
		}
		if f.name = name; L.Get(2).Type() != lua.LTFunction {
			return fail(L, "second argument to redis.register_function must be a function")
		}
		callback = L.Get(2).(*lua.LFunction)
	default:
		return fail(L, "wrong number of arguments to redis.register_function")
	}
	if !validName(f.name) {
		return fail(L, msgFunctionName)
	}
	for _, other := range l.functions {
		if strings.EqualFold(other.name, f.name) {
			return fail(L, "Function already exists in the library")
		}
	}
	f.callback = s.enlist(callback)
	l.functions = append(l.functions, f)
	return 0
}

// named reads the form with one table.
func (f *function) named(L *lua.LState, t *lua.LTable) (callback *lua.LFunction) {
	t.ForEach(func(k, v lua.LValue) {
		switch k {
		case lua.LString("function_name"):
			name, ok := toText(v)
			if !ok {
				fail(L, "function_name argument given to redis.register_function must be a string")
			}
			f.name = name
		case lua.LString("description"):
			text, ok := toText(v)
			if !ok {
				fail(L, "description argument given to redis.register_function must be a string")
			}
			f.description = text
		case lua.LString("callback"):
			fn, ok := v.(*lua.LFunction)
			if !ok {
				fail(L, "callback argument given to redis.register_function must be a function")
			}
			callback = fn
		case lua.LString("flags"):
			list, ok := v.(*lua.LTable)
			if !ok {
				fail(L, "flags argument to redis.register_function must be a table representing function flags")
			}
			for i := 1; element(list, i) != lua.LNil; i++ {
				name, ok := element(list, i).(lua.LString)
				if !ok || !f.flags.set(string(name)) {
					fail(L, "unknown flag given")
				}
			}
		default:
			fail(L, "unknown argument given to redis.register_function")
		}
	})
	switch {
	case f.name == "":
		fail(L, "redis.register_function must get a function name argument")
	case callback == nil:
		fail(L, "redis.register_function must get a callback argument")
	}
	return callback
}

// options reads the named arguments of kevy.register_…: each once, of its
// type, and none that nobody knows.
type options struct {
	L    *lua.LState
	fn   string
	t    *lua.LTable
	used map[string]bool
}

func newOptions(L *lua.LState, fn string) *options {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok || L.GetTop() != 1 {
		misused(L, fn+" takes one table of named arguments")
	}
	return &options{L: L, fn: fn, t: t, used: map[string]bool{}}
}

func (o *options) get(name string) lua.LValue {
	o.used[name] = true
	return o.t.RawGetString(name)
}

// bad refuses an argument, and names the place of the call.
func (o *options) bad(name, format string, args ...any) {
	o.wrong(name + " " + fmt.Sprintf(format, args...))
}

func (o *options) wrong(text string) { misused(o.L, o.fn+": "+text) }

// misused ends the load with an error that names the place of the call.
func misused(L *lua.LState, text string) { throw(L, single("err", lua.LString(position(L, 1)+text))) }

func (o *options) text(name string, allowed ...string) string {
	v := o.get(name)
	if v == lua.LNil {
		return ""
	}
	s, ok := v.(lua.LString)
	if !ok {
		o.bad(name, "must be a string")
	}
	for _, a := range allowed {
		if a == string(s) {
			return a
		}
	}
	if len(allowed) > 0 {
		o.bad(name, "must be one of %s", strings.Join(allowed, ", "))
	}
	return string(s)
}

// number reads an integer of at least least; def stands for its absence.
func (o *options) number(name string, def, least int) int {
	v := o.get(name)
	if v == lua.LNil {
		return def
	}
	f, ok := v.(lua.LNumber)
	n, whole := exactInt(float64(f))
	if !ok || !whole || n < int64(least) || n > 1<<31 {
		o.bad(name, "must be an integer of at least %d", least)
	}
	return int(n)
}

// list reads a table of strings, or one string.
func (o *options) list(name string) (out []string) {
	switch v := o.get(name).(type) {
	case *lua.LNilType:
		return nil
	case lua.LString:
		return []string{string(v)}
	case *lua.LTable:
		for i := 1; element(v, i) != lua.LNil; i++ {
			s, ok := element(v, i).(lua.LString)
			if !ok {
				o.bad(name, "must be a table of strings")
			}
			out = append(out, string(s))
		}
		return out
	}
	o.bad(name, "must be a table of strings")
	return nil
}

// callback is read last: what nobody asked for until then is refused first, since
// it may be a misspelt callback.
func (o *options) callback() *lua.LFunction {
	fn, ok := o.get("callback").(*lua.LFunction)
	o.done()
	if !ok {
		o.bad("callback", "must be a function")
	}
	return fn
}

// done refuses what nobody asked for.
func (o *options) done() {
	o.t.ForEach(func(k, _ lua.LValue) {
		if name, ok := k.(lua.LString); !ok || !o.used[string(name)] {
			text := "unknown argument " + k.String()
			if near := config.Suggest(k.String(), slices.Sorted(maps.Keys(o.used))); near != "" {
				text += " (did you mean " + near + "?)"
			}
			o.wrong(text)
		}
	})
}
