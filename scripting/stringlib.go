package scripting

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

var stringFunctions = map[string]lua.LGFunction{
	"byte": strByte, "char": strChar, "dump": strDump, "find": strFind, "format": strFormat, "gfind": strGmatch, "gmatch": strGmatch,
	"gsub": strGsub, "len": strLen, "lower": strLower, "match": strMatch, "rep": strRep, "reverse": strReverse, "sub": strSub, "upper": strUpper,
}

// concat is a..b..c. What is no string or number goes to __concat, from right
// to left, as Lua does it.
func concat(L *lua.LState) int {
	n, size := L.GetTop(), 0
	var scratch [32]byte
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += len(appendNumber(scratch[:0], float64(v)))
		default:
			return concatSlow(L, n)
		}
	}
	if size >= 1<<12 {
		if err := stateOf(L).charge(size); err != nil {
			raise(L, "%v", err)
		}
	}
	buf := make([]byte, 0, size)
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			buf = append(buf, v...)
		case lua.LNumber:
			buf = appendNumber(buf, float64(v))
		}
	}
	L.Push(lua.LString(buf))
	return 1
}

func concatSlow(L *lua.LState, n int) int {
	right := L.Get(n)
	for i := n - 1; i > 0; i-- {
		left := L.Get(i)
		a, ok1 := toText(left)
		b, ok2 := toText(right)
		if ok1 && ok2 {
			if err := stateOf(L).charge(len(a) + len(b)); err != nil {
				raise(L, "%v", err)
			}
			right = lua.LString(a + b)
			continue
		}
		fn := metamethod(L, left, "__concat")
		if fn == lua.LNil {
			fn = metamethod(L, right, "__concat")
		}
		if fn == lua.LNil {
			at, bad := i, left
			if ok1 {
				at, bad = i+1, right
			}
			raise(L, "attempt to concatenate %s", callerOf(L).argument(at, bad))
		}
		right = call2(L, fn, left, right)
	}
	L.Push(right)
	return 1
}

// callerOf looks at the instruction that called the running function.
func callerOf(L *lua.LState) *culprit {
	if f, ok := frameAt(L, 1); ok && f.isLua() {
		return &culprit{L, f}
	}
	return nil
}

func metamethod(L *lua.LState, v lua.LValue, event string) lua.LValue {
	if mt, ok := metatableOf(v).(*lua.LTable); ok {
		return mt.RawGetString(event)
	}
	return lua.LNil
}

func metatableOf(v lua.LValue) lua.LValue {
	switch v := v.(type) {
	case *lua.LTable:
		return v.Metatable
	case *lua.LUserData:
		return v.Metatable
	}
	return lua.LNil
}

// bounds turns Lua's i and j into a Go slice's, both within the string.
func bounds(i, j, n int) (from, to int) {
	if i < 0 {
		i = max(n+i+1, 1)
	} else if i == 0 {
		i = 1
	}
	if j < 0 {
		j = n + j + 1
	}
	j = min(j, n)
	if i > j {
		return 0, 0
	}
	return i - 1, j
}

func strByte(L *lua.LState) int {
	s := checkString(L, 1, "byte")
	i := optInt(L, 2, "byte", 1)
	from, to := bounds(i, optInt(L, 3, "byte", i), len(s))
	if to-from > maxStack-L.GetTop() {
		raise(L, "string slice too long")
	}
	for _, c := range []byte(s[from:to]) {
		L.Push(lua.LNumber(c))
	}
	return to - from
}

func strChar(L *lua.LState) int {
	buf := make([]byte, L.GetTop())
	for i := range buf {
		c := checkInt(L, i+1, "char")
		if c < 0 || c > 255 {
			argError(L, i+1, "char", "invalid value")
		}
		buf[i] = byte(c)
	}
	L.Push(lua.LString(buf))
	return 1
}

func strDump(L *lua.LState) int {
	if fn := checkFunction(L, 1, "dump"); fn.IsG {
		raise(L, "unable to dump given function")
	}
	L.Push(lua.LString(dumpHeader))
	return 1
}

// dumpHeader is how precompiled chunks begin. Nothing loads them, here as in
// Redis, so that there need not be more of one.
const dumpHeader = "\x1bLuaQ\x00"

func strLen(L *lua.LState) int {
	L.Push(lua.LNumber(len(checkString(L, 1, "len"))))
	return 1
}

func strLower(L *lua.LState) int { return mapBytes(L, "lower", 'A', 'Z') }
func strUpper(L *lua.LState) int { return mapBytes(L, "upper", 'a', 'z') }

func mapBytes(L *lua.LState, fn string, from, to byte) int {
	s := checkString(L, 1, fn)
	if err := stateOf(L).charge(len(s)); err != nil {
		raise(L, "%v", err)
	}
	buf := []byte(s)
	for i, c := range buf {
		if from <= c && c <= to {
			buf[i] = c ^ 0x20
		}
	}
	L.Push(lua.LString(buf))
	return 1
}

func strRep(L *lua.LState) int {
	s, n := checkString(L, 1, "rep"), checkInt(L, 2, "rep")
	if n <= 0 || s == "" {
		L.Push(lua.LString(""))
		return 1
	}
	if n > maxString/len(s) {
		raise(L, "resulting string too large")
	}
	if err := stateOf(L).charge(n * len(s)); err != nil {
		raise(L, "%v", err)
	}
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

func strReverse(L *lua.LState) int {
	s := checkString(L, 1, "reverse")
	if err := stateOf(L).charge(len(s)); err != nil {
		raise(L, "%v", err)
	}
	buf := make([]byte, len(s))
	for i := range buf {
		buf[i] = s[len(s)-1-i]
	}
	L.Push(lua.LString(buf))
	return 1
}

func strSub(L *lua.LState) int {
	s := checkString(L, 1, "sub")
	from, to := bounds(checkInt(L, 2, "sub"), optInt(L, 3, "sub", -1), len(s))
	L.Push(lua.LString(s[from:to]))
	return 1
}

func strFind(L *lua.LState) int  { return find(L, "find", true) }
func strMatch(L *lua.LState) int { return find(L, "match", false) }

func find(L *lua.LState, fn string, positions bool) int {
	src, pat := checkString(L, 1, fn), checkString(L, 2, fn)
	init := optInt(L, 3, fn, 1)
	if init < 0 {
		init = max(len(src)+init+1, 1)
	}
	init = min(max(init-1, 0), len(src))
	if positions && (lua.LVAsBool(L.Get(4)) || !strings.ContainsAny(pat, "^$*+?.([%-")) {
		i := strings.Index(src[init:], pat)
		if i < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(init + i + 1))
		L.Push(lua.LNumber(init + i + len(pat)))
		return 2
	}
	m := &matcher{L: L, s: stateOf(L), src: src, pat: pat}
	p, anchored := 0, strings.HasPrefix(pat, "^")
	if anchored {
		p = 1
	}
	for at := init; at <= len(src); at++ {
		m.level, m.depth = 0, 0
		if end := m.match(at, p); end >= 0 {
			if !positions {
				return m.push(L, at, end, true)
			}
			L.Push(lua.LNumber(at + 1))
			L.Push(lua.LNumber(end))
			return m.push(L, at, end, false) + 2
		}
		if anchored {
			break
		}
	}
	L.Push(lua.LNil)
	return 1
}

// value is capture i of a match from at to end; the whole match stands in when
// there are no captures.
func (m *matcher) value(i, at, end int) lua.LValue {
	if i >= m.level {
		if i > 0 {
			m.fail("invalid capture index")
		}
		return lua.LString(m.src[at:end])
	}
	c := m.captures[i]
	switch c.len {
	case capUnfinished:
		m.fail("unfinished capture")
	case capPosition:
		return lua.LNumber(c.start + 1)
	}
	return lua.LString(m.src[c.start : c.start+c.len])
}

func (m *matcher) push(L *lua.LState, at, end int, whole bool) int {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		L.Push(m.value(i, at, end))
	}
	return n
}

func strGmatch(L *lua.LState) int {
	src, pat := checkString(L, 1, "gmatch"), checkString(L, 2, "gmatch")
	next := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		m := &matcher{L: L, s: stateOf(L), src: src, pat: pat}
		for at := next; at <= len(src); at++ {
			m.level, m.depth = 0, 0
			if end := m.match(at, 0); end >= 0 {
				if next = end; end == at {
					next++
				}
				return m.push(L, at, end, true)
			}
		}
		next = len(src) + 1
		return 0
	}))
	return 1
}

func strGsub(L *lua.LState) int {
	src, pat := checkString(L, 1, "gsub"), checkString(L, 2, "gsub")
	repl := L.Get(3)
	switch repl.Type() {
	case lua.LTNumber, lua.LTString, lua.LTTable, lua.LTFunction:
	default:
		argError(L, 3, "gsub", "string/function/table expected")
	}
	most := optInt(L, 4, "gsub", len(src)+1)
	s := stateOf(L)
	m := &matcher{L: L, s: s, src: src, pat: pat}
	p, anchored := 0, strings.HasPrefix(pat, "^")
	if anchored {
		p = 1
	}
	var out []byte
	at, n, charged := 0, 0, 0
	for n < most {
		m.level, m.depth = 0, 0
		end := m.match(at, p)
		if end >= 0 {
			n++
			out = m.replace(L, out, repl, at, end)
		}
		if end > at {
			at = end
		} else if at < len(src) {
			out = append(out, src[at])
			at++
		} else {
			break
		}
		if len(out)-charged > 1<<16 {
			if err := s.charge(len(out)); err != nil {
				m.fail("%v", err)
			}
			charged = len(out)
		}
		if anchored {
			break
		}
	}
	if at < len(src) {
		out = append(out, src[at:]...)
	}
	if len(out) > maxString {
		m.fail("resulting string too large")
	}
	L.Push(lua.LString(out))
	L.Push(lua.LNumber(n))
	return 2
}

// replace appends what stands in for the match.
func (m *matcher) replace(L *lua.LState, out []byte, repl lua.LValue, at, end int) []byte {
	var v lua.LValue
	switch r := repl.(type) {
	case *lua.LTable:
		v = L.GetTable(r, m.value(0, at, end))
	case *lua.LFunction:
		L.Push(r)
		saved := *m
		n := m.push(L, at, end, true)
		L.Call(n, 1)
		*m = saved
		v = L.Get(-1)
		L.Pop(1)
	default:
		text, _ := toText(repl)
		return m.expand(out, text, at, end)
	}
	if !lua.LVAsBool(v) {
		return append(out, m.src[at:end]...)
	}
	text, ok := toText(v)
	if !ok {
		m.fail("invalid replacement value (a %s)", v.Type())
	}
	return append(out, text...)
}

func (m *matcher) expand(out []byte, text string, at, end int) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '%' {
			out = append(out, c)
			continue
		}
		i++
		switch {
		case i == len(text):
			out = append(out, 0)
		case !isDigit(text[i]):
			out = append(out, text[i])
		case text[i] == '0':
			out = append(out, m.src[at:end]...)
		default:
			s, _ := toText(m.value(int(text[i]-'1'), at, end))
			out = append(out, s...)
		}
	}
	return out
}
