package scripting

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// baseFunctions are the global functions, except those of the libraries.
var baseFunctions = map[string]lua.LGFunction{
	"assert": baseAssert, "collectgarbage": baseCollect, "error": baseError, "gcinfo": baseGcinfo,
	"getmetatable": baseGetMetatable, "ipairs": baseIpairs, "load": baseLoad, "loadstring": baseLoadString,
	"next": baseNext, "pairs": basePairs, "pcall": basePcall, "rawequal": baseRawEqual, "rawget": baseRawGet,
	"rawset": baseRawSet, "select": baseSelect, "setmetatable": baseSetMetatable, "tonumber": baseToNumber,
	"tostring": baseToString, "type": baseType, "unpack": baseUnpack, "xpcall": baseXpcall,
	"__redis__err__handler": baseErrHandler,
}

func baseAssert(L *lua.LState) int {
	v := checkAny(L, 1, "assert")
	if !lua.LVAsBool(v) {
		if L.GetTop() > 1 {
			raise(L, "%s", checkString(L, 2, "assert"))
		}
		raise(L, "assertion failed!")
	}
	return L.GetTop()
}

func baseCollect(L *lua.LState) int {
	opt := optString(L, 1, "collectgarbage", "collect")
	switch opt {
	case "count":
		all, _ := heapBytes()
		L.Push(lua.LNumber(float64(all) / 1024))
	case "collect", "stop", "restart", "step", "setpause", "setstepmul":
		// The collector is the process's: no script's to steer.
		if opt == "step" {
			L.Push(lua.LTrue)
		} else {
			L.Push(lua.LNumber(0))
		}
	default:
		argError(L, 1, "collectgarbage", "invalid option '%s'", opt)
	}
	return 1
}

func baseGcinfo(L *lua.LState) int {
	all, _ := heapBytes()
	L.Push(lua.LNumber(all / 1024))
	return 1
}

func baseError(L *lua.LState) int {
	v := L.Get(1)
	level := optInt(L, 2, "error", 1)
	if text, ok := toText(v); ok && level > 0 {
		v = lua.LString(position(L, level) + text)
	}
	throw(L, v)
	return 0
}

// baseErrHandler is there because Redis has it among its globals.
func baseErrHandler(L *lua.LState) int {
	v := L.Get(1)
	if _, ok := v.(*lua.LTable); !ok {
		t := L.CreateTable(0, 1)
		t.RawSetString("err", lua.LString("ERR "+plainText(L, v)))
		v = t
	}
	L.Push(v)
	return 1
}

func baseGetMetatable(L *lua.LState) int {
	v := checkAny(L, 1, "getmetatable")
	s := stateOf(L)
	switch v := v.(type) {
	case lua.LString:
		L.Push(s.runner.shelf.strMeta)
		return 1
	case *lua.LTable:
		if _, protected := s.behind(v); protected {
			if v == s.globalProxy {
				L.Push(s.runner.shelf.emptyMeta)
			} else {
				L.Push(lua.LNil)
			}
			return 1
		}
	}
	L.Push(L.GetMetatable(v))
	return 1
}

func baseSetMetatable(L *lua.LState) int {
	t := checkTable(L, 1, "setmetatable")
	mt := L.Get(2)
	if _, ok := mt.(*lua.LTable); !ok && (mt != lua.LNil || L.GetTop() < 2) {
		argError(L, 2, "setmetatable", "nil or table expected")
	}
	s := stateOf(L)
	if _, protected := s.behind(t); protected {
		raiseReadonly(L)
	}
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		raise(L, "cannot change a protected metatable")
	}
	t.Metatable = mt
	L.SetTop(1)
	return 1
}

func baseIpairs(L *lua.LState) int {
	t := checkTable(L, 1, "ipairs")
	L.Push(stateOf(L).runner.shelf.ipairsStep)
	L.Push(t)
	L.Push(lua.LNumber(0))
	return 3
}

func ipairsStep(L *lua.LState) int {
	i := checkInt(L, 2, "for iterator") + 1
	v := element(checkTable(L, 1, "for iterator"), i)
	if v == lua.LNil {
		return 0
	}
	L.Push(lua.LNumber(i))
	L.Push(v)
	return 2
}

func basePairs(L *lua.LState) int {
	t := checkTable(L, 1, "pairs")
	L.Push(stateOf(L).runner.shelf.globals["next"])
	L.Push(t)
	L.Push(lua.LNil)
	return 3
}

func baseNext(L *lua.LState) int {
	t := checkTable(L, 1, "next")
	if t.Metatable != lua.LNil {
		t, _ = stateOf(L).behind(t)
	}
	key := L.Get(2)
	k, v := t.Next(key)
	for hiddenKey(k) {
		k, v = t.Next(k)
	}
	L.Push(k)
	if k == lua.LNil {
		return 1
	}
	L.Push(v)
	return 2
}

func basePcall(L *lua.LState) int {
	if msg := uncallable(L.Get(1)); msg != "" {
		L.Push(lua.LFalse)
		L.Push(lua.LString(msg))
		return 2
	}
	s := stateOf(L)
	v, ok := s.pcall(L, L.GetTop()-1)
	if ok {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	if t, isTable := v.(*lua.LTable); isTable {
		if text, isText := toText(t.RawGetString("err")); isText {
			v = lua.LString(text)
		}
	}
	L.SetTop(0)
	L.Push(lua.LFalse)
	L.Push(v)
	return 2
}

// uncallable says why v cannot be called, or "".
func uncallable(v lua.LValue) string {
	if _, ok := v.(*lua.LFunction); ok {
		return ""
	}
	if mt, ok := metatableOf(v).(*lua.LTable); ok && mt.RawGetString("__call").Type() == lua.LTFunction {
		return ""
	}
	return "attempt to call a " + v.Type().String() + " value"
}

func baseXpcall(L *lua.LState) int {
	if L.GetTop() < 2 {
		argError(L, 2, "xpcall", "value expected")
	}
	s := stateOf(L)
	handler := L.Get(2)
	L.SetTop(1)
	msg := uncallable(L.Get(1))
	v, ok := lua.LValue(lua.LString(msg)), false
	if msg == "" {
		v, ok = s.pcall(L, 0)
	}
	if ok {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	L.SetTop(0)
	L.Push(handler)
	L.Push(v)
	if v, ok = s.pcall(L, 1); ok {
		v = L.Get(1)
	}
	L.SetTop(0)
	L.Push(lua.LFalse)
	L.Push(v)
	return 2
}

func baseRawEqual(L *lua.LState) int {
	a, b := checkAny(L, 1, "rawequal"), checkAny(L, 2, "rawequal")
	L.Push(lua.LBool(a == b))
	return 1
}

func baseRawGet(L *lua.LState) int {
	t, key := checkTable(L, 1, "rawget"), checkAny(L, 2, "rawget")
	t, _ = stateOf(L).behind(t)
	if hiddenKey(key) {
		key = lua.LNil
	}
	L.Push(t.RawGet(key))
	return 1
}

func baseRawSet(L *lua.LState) int {
	t := checkTable(L, 1, "rawset")
	k, v := checkAny(L, 2, "rawset"), checkAny(L, 3, "rawset")
	if _, protected := stateOf(L).behind(t); protected {
		raiseReadonly(L)
	}
	L.RawSet(t, k, v)
	L.SetTop(1)
	return 1
}

func baseSelect(L *lua.LState) int {
	n := L.GetTop() - 1
	if s, ok := L.Get(1).(lua.LString); ok && s == "#" {
		L.Push(lua.LNumber(n))
		return 1
	}
	i := checkInt(L, 1, "select")
	if i < 0 {
		i = n + i + 1
	} else if i > n {
		i = n + 1
	}
	if i < 1 {
		argError(L, 1, "select", "index out of range")
	}
	return n - i + 1
}

func baseToNumber(L *lua.LState) int {
	base := optInt(L, 2, "tonumber", 10)
	if base == 10 {
		n, ok := toNumber(checkAny(L, 1, "tonumber"))
		if !ok {
			L.Push(lua.LNil)
		} else {
			L.Push(n)
		}
		return 1
	}
	text := checkString(L, 1, "tonumber")
	if base < 2 || base > 36 {
		argError(L, 2, "tonumber", "base out of range")
	}
	if n, ok := parseBase(strings.TrimSpace(text), base); ok {
		L.Push(n)
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

// parseBase reads an integer as C's strtoul does, with wrap-around for a minus
// and the largest value for what is too large.
func parseBase(s string, base int) (lua.LNumber, bool) {
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s[:min(1, len(s))], "+-") + s[min(1, len(s)):]
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	if s == "" {
		return 0, false
	}
	var n, most uint64 = 0, 1<<64 - 1
	for i := 0; i < len(s); i++ {
		d := 99
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			d = int(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			return 0, false
		}
		if n > (most-uint64(d))/uint64(base) {
			return lua.LNumber(float64(most)), true
		}
		n = n*uint64(base) + uint64(d)
	}
	if neg {
		n = -n
	}
	return lua.LNumber(float64(n)), true
}

func baseToString(L *lua.LState) int {
	L.Push(lua.LString(plainText(L, checkAny(L, 1, "tostring"))))
	return 1
}

// plainText is tostring(v).
func plainText(L *lua.LState, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return numberText(v)
	case *lua.LTable:
		if mt, ok := v.Metatable.(*lua.LTable); ok {
			if fn := mt.RawGetString("__tostring"); fn != lua.LNil {
				L.Push(fn)
				L.Push(v)
				L.Call(1, 1)
				text, ok := toText(L.Get(-1))
				L.Pop(1)
				if !ok {
					raise(L, "'tostring' must return a string to 'print'")
				}
				return text
			}
		}
	case *lua.LUserData:
		if v == cjsonNull {
			return "userdata: (nil)"
		}
	}
	return v.String()
}

func baseType(L *lua.LState) int {
	L.Push(lua.LString(checkAny(L, 1, "type").Type().String()))
	return 1
}

// maxStack is Lua's limit of the values that one C function has on its stack,
// its arguments included.
const maxStack = 8000

func baseUnpack(L *lua.LState) int {
	t := checkTable(L, 1, "unpack")
	i := optInt(L, 2, "unpack", 1)
	j := optInt(L, 3, "unpack", length(t))
	if i > j {
		return 0
	}
	n := j - i + 1
	if n <= 0 || n > maxStack-L.GetTop() {
		raise(L, "too many results to unpack")
	}
	for ; i <= j; i++ {
		L.Push(element(t, i))
	}
	return n
}

func baseLoadString(L *lua.LState) int {
	src := checkString(L, 1, "loadstring")
	return loadChunk(L, src, optString(L, 2, "loadstring", src))
}

func baseLoad(L *lua.LState) int {
	fn := checkFunction(L, 1, "load")
	name := optString(L, 2, "load", "=(load)")
	var src strings.Builder
	for {
		L.SetTop(0)
		L.Push(fn)
		L.Call(0, 1)
		v := L.Get(-1)
		piece, ok := toText(v)
		if v == lua.LNil || ok && piece == "" {
			break
		}
		if !ok {
			raise(L, "reader function must return a string")
		}
		if err := stateOf(L).charge(src.Len() + len(piece)); err != nil {
			raise(L, "%v", err)
		}
		src.WriteString(piece)
	}
	return loadChunk(L, src.String(), name)
}

func loadChunk(L *lua.LState, src, name string) int {
	proto, err := compile(src, name, stateOf(L).runner.shelf)
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(L.NewFunctionFromProto(proto))
	return 1
}
