package scripting

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

var mathFunctions = map[string]lua.LGFunction{
	"abs": math1("abs", math.Abs), "acos": math1("acos", math.Acos), "asin": math1("asin", math.Asin), "atan": math1("atan", math.Atan),
	"ceil": math1("ceil", math.Ceil), "cos": math1("cos", math.Cos), "cosh": math1("cosh", math.Cosh), "exp": math1("exp", math.Exp),
	"floor": math1("floor", math.Floor), "log": math1("log", math.Log), "log10": math1("log10", math.Log10), "sin": math1("sin", math.Sin),
	"sinh": math1("sinh", math.Sinh), "sqrt": math1("sqrt", math.Sqrt), "tan": math1("tan", math.Tan), "tanh": math1("tanh", math.Tanh),
	"deg":   math1("deg", func(x float64) float64 { return x / (math.Pi / 180) }),
	"rad":   math1("rad", func(x float64) float64 { return x * (math.Pi / 180) }),
	"atan2": math2("atan2", math.Atan2), "fmod": math2("fmod", math.Mod), "mod": math2("mod", math.Mod), "pow": math2("pow", math.Pow),
	"frexp": mathFrexp, "ldexp": mathLdexp, "modf": mathModf, "max": mathMax, "min": mathMin,
	"random": mathRandom, "randomseed": mathRandomSeed,
}

func math1(name string, f func(float64) float64) lua.LGFunction {
	return func(L *lua.LState) int {
		L.Push(lua.LNumber(f(checkNumber(L, 1, name))))
		return 1
	}
}

func math2(name string, f func(a, b float64) float64) lua.LGFunction {
	return func(L *lua.LState) int {
		L.Push(lua.LNumber(f(checkNumber(L, 1, name), checkNumber(L, 2, name))))
		return 1
	}
}

func mathFrexp(L *lua.LState) int {
	m, e := math.Frexp(checkNumber(L, 1, "frexp"))
	L.Push(lua.LNumber(m))
	L.Push(lua.LNumber(e))
	return 2
}

func mathLdexp(L *lua.LState) int {
	f, e := checkNumber(L, 1, "ldexp"), checkInt(L, 2, "ldexp")
	L.Push(lua.LNumber(math.Ldexp(f, max(min(e, 1<<20), -1<<20))))
	return 1
}

func mathModf(L *lua.LState) int {
	f := checkNumber(L, 1, "modf")
	whole, frac := math.Modf(f)
	if math.IsInf(f, 0) {
		whole, frac = f, 0
	}
	L.Push(lua.LNumber(whole))
	L.Push(lua.LNumber(frac))
	return 2
}

func mathMax(L *lua.LState) int {
	most := checkNumber(L, 1, "max")
	for i := 2; i <= L.GetTop(); i++ {
		if f := checkNumber(L, i, "max"); f > most {
			most = f
		}
	}
	L.Push(lua.LNumber(most))
	return 1
}

func mathMin(L *lua.LState) int {
	least := checkNumber(L, 1, "min")
	for i := 2; i <= L.GetTop(); i++ {
		if f := checkNumber(L, i, "min"); f < least {
			least = f
		}
	}
	L.Push(lua.LNumber(least))
	return 1
}

// mathRandom draws from the state's own generator.
func mathRandom(L *lua.LState) int {
	r := float64(stateOf(L).prng.next()%math.MaxInt32) / math.MaxInt32
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(r))
		return 1
	case 1:
		u := checkInt(L, 1, "random")
		if u < 1 {
			argError(L, 1, "random", "interval is empty")
		}
		L.Push(lua.LNumber(math.Floor(r*float64(u)) + 1))
		return 1
	case 2:
		l, u := checkInt(L, 1, "random"), checkInt(L, 2, "random")
		if l > u {
			argError(L, 2, "random", "interval is empty")
		}
		L.Push(lua.LNumber(math.Floor(r*float64(u-l+1)) + float64(l)))
		return 1
	}
	raise(L, "wrong number of arguments")
	return 0
}

func mathRandomSeed(L *lua.LState) int {
	stateOf(L).prng = newPrng(int32(checkInt(L, 1, "randomseed")))
	return 0
}
