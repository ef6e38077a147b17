package scripting

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// arithmetic are the operators on strings that hold numbers.
var arithmetic = map[string]func(a, b float64) float64{
	"__add": func(a, b float64) float64 { return a + b },
	"__sub": func(a, b float64) float64 { return a - b },
	"__mul": func(a, b float64) float64 { return a * b },
	"__div": func(a, b float64) float64 { return a / b },
	"__mod": func(a, b float64) float64 { return a - math.Floor(a/b)*b },
	"__pow": math.Pow,
	"__unm": func(a, _ float64) float64 { return -a },
}

// stringArith is the metamethod of strings: numbers in them count, and another
// operand's own metamethod comes before the error.
func stringArith(event string, op func(a, b float64) float64) lua.LGFunction {
	return func(L *lua.LState) int {
		a, b := L.Get(1), L.Get(2)
		if event == "__unm" {
			b = a
		}
		x, ok1 := toNumber(a)
		y, ok2 := toNumber(b)
		if ok1 && ok2 {
			L.Push(lua.LNumber(op(float64(x), float64(y))))
			return 1
		}
		for _, v := range []lua.LValue{a, b} {
			if fn := metamethod(L, v, event); fn != lua.LNil {
				L.Push(call2(L, fn, a, b))
				return 1
			}
		}
		if f, ok := frameAt(L, 1); ok && f.isLua() {
			raise(L, "attempt to perform arithmetic on %s", (&culprit{L, f}).operand())
		}
		bad := a
		if ok1 {
			bad = b
		}
		raise(L, "attempt to perform arithmetic on a %s value", bad.Type())
		return 0
	}
}
