package scripting

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// Arguments of library functions, checked with Lua's error texts. gopher-lua's
// own checks print numbers its way and have other texts.

// typeName is the type of argument n for an error's text.
func typeName(L *lua.LState, n int) string {
	if n > L.GetTop() {
		return "no value"
	}
	return L.Get(n).Type().String()
}

// argError raises "bad argument #n to 'fn' (…)". The function has the name by
// which it was called, and of a method call the object does not count.
func argError(L *lua.LState, n int, _, format string, args ...any) {
	fn := "?"
	if c := callerOf(L); c != nil {
		kind, name := c.callName()
		if fn = name; kind == "method" {
			if n--; n == 0 {
				raise(L, "calling '%s' on bad self (%s)", fn, fmt.Sprintf(format, args...))
			}
		}
	}
	raise(L, "bad argument #%d to '%s' (%s)", n, fn, fmt.Sprintf(format, args...))
}

func typeError(L *lua.LState, n int, fn, want string) {
	argError(L, n, fn, "%s expected, got %s", want, typeName(L, n))
}

// checkAny returns argument n, which may be nil but must be there.
func checkAny(L *lua.LState, n int, fn string) lua.LValue {
	if n > L.GetTop() {
		argError(L, n, fn, "value expected")
	}
	return L.Get(n)
}

func checkTable(L *lua.LState, n int, fn string) *lua.LTable {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		typeError(L, n, fn, "table")
	}
	return t
}

func checkFunction(L *lua.LState, n int, fn string) *lua.LFunction {
	f, ok := L.Get(n).(*lua.LFunction)
	if !ok {
		typeError(L, n, fn, "function")
	}
	return f
}

func checkNumber(L *lua.LState, n int, fn string) float64 {
	if f, ok := L.Get(n).(lua.LNumber); ok {
		return float64(f)
	}
	f, ok := toNumber(L.Get(n))
	if !ok {
		typeError(L, n, fn, "number")
	}
	return float64(f)
}

// checkInt converts as C does; what no int64 can hold becomes its minimum.
func checkInt(L *lua.LState, n int, fn string) int {
	return int(truncInt(checkNumber(L, n, fn)))
}

func optInt(L *lua.LState, n int, fn string, def int) int {
	if L.Get(n) == lua.LNil {
		return def
	}
	return checkInt(L, n, fn)
}

func checkString(L *lua.LState, n int, fn string) string {
	s, ok := toText(L.Get(n))
	if !ok {
		typeError(L, n, fn, "string")
	}
	return s
}

func optString(L *lua.LState, n int, fn, def string) string {
	if L.Get(n) == lua.LNil {
		return def
	}
	return checkString(L, n, fn)
}
