package scripting

import (
	"sort"

	lua "github.com/yuin/gopher-lua"
)

var tableFunctions = map[string]lua.LGFunction{
	"concat": tableConcat, "foreach": tableForeach, "foreachi": tableForeachi, "getn": tableGetn, "insert": tableInsert,
	"maxn": tableMaxn, "remove": tableRemove, "setn": tableSetn, "sort": tableSort,
}

func init() {
	// A table's array part grows up to its highest index, with nils between: 16 MB
	// for one assignment are bearable, the default's 1 GB are not. Elements from
	// here on live in the hash part, where the # operator does not see them.
	lua.MaxArrayIndex = maxArray
}

const maxArray = 1 << 20

// length is the # of a table, beyond the array part too.
func length(t *lua.LTable) int {
	n := t.Len()
	if n == maxArray-1 {
		for t.RawGetH(lua.LNumber(n+1)) != lua.LNil {
			n++
		}
	}
	return n
}

// element is t[i] without metamethods.
func element(t *lua.LTable, i int) lua.LValue {
	if i < maxArray {
		if i > 0 {
			return t.RawGetInt(i)
		}
		return t.RawGetH(lua.LNumber(i))
	}
	return t.RawGetH(lua.LNumber(i))
}

// writable returns argument 1 as a table that may be changed.
func writable(L *lua.LState, fn string) *lua.LTable {
	t := checkTable(L, 1, fn)
	if _, protected := stateOf(L).behind(t); protected {
		raiseReadonly(L)
	}
	return t
}

func tableConcat(L *lua.LState) int {
	t := checkTable(L, 1, "concat")
	sep := optString(L, 2, "concat", "")
	i, last := optInt(L, 3, "concat", 1), 0
	if L.Get(4) == lua.LNil {
		last = length(t)
	} else {
		last = checkInt(L, 4, "concat")
	}
	size := 0
	for j := i; j <= last; j++ {
		switch v := element(t, j).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += 16
		default:
			raise(L, "invalid value (%s) at index %d in table for 'concat'", v.Type(), j)
		}
		if size += len(sep); size > maxString {
			break
		}
	}
	s := stateOf(L)
	if err := s.charge(size); err != nil {
		raise(L, "%v", err)
	}
	buf := make([]byte, 0, size)
	for ; i <= last; i++ {
		switch v := element(t, i).(type) {
		case lua.LString:
			buf = append(buf, v...)
		case lua.LNumber:
			buf = appendNumber(buf, float64(v))
		}
		if i < last {
			buf = append(buf, sep...)
		}
	}
	L.Push(lua.LString(buf))
	return 1
}

func tableForeach(L *lua.LState) int {
	t, fn := checkTable(L, 1, "foreach"), checkFunction(L, 2, "foreach")
	t, _ = stateOf(L).behind(t)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if hiddenKey(k) {
			continue
		}
		if r := call2(L, fn, k, v); r != lua.LNil {
			L.Push(r)
			return 1
		}
	}
	return 0
}

func tableForeachi(L *lua.LState) int {
	t, fn := checkTable(L, 1, "foreachi"), checkFunction(L, 2, "foreachi")
	for i, n := 1, length(t); i <= n; i++ {
		if r := call2(L, fn, lua.LNumber(i), element(t, i)); r != lua.LNil {
			L.Push(r)
			return 1
		}
	}
	return 0
}

func call2(L *lua.LState, fn lua.LValue, a, b lua.LValue) lua.LValue {
	L.Push(fn)
	L.Push(a)
	L.Push(b)
	L.Call(2, 1)
	r := L.Get(-1)
	L.Pop(1)
	return r
}

func tableGetn(L *lua.LState) int {
	L.Push(lua.LNumber(length(checkTable(L, 1, "getn"))))
	return 1
}

func tableSetn(L *lua.LState) int {
	raise(L, "'setn' is obsolete")
	return 0
}

func tableMaxn(L *lua.LState) int {
	t := checkTable(L, 1, "maxn")
	most := lua.LNumber(0)
	t.ForEach(func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok && n > most {
			most = n
		}
	})
	L.Push(most)
	return 1
}

func tableInsert(L *lua.LState) int {
	t := writable(L, "insert")
	n := length(t) + 1
	switch L.GetTop() {
	case 2:
		L.RawSet(t, lua.LNumber(n), L.Get(2))
	case 3:
		pos, v := checkInt(L, 2, "insert"), L.Get(3)
		if pos >= 1 && n < maxArray && pos < n {
			t.Insert(pos, v)
			break
		}
		if pos > n {
			n = pos
		}
		if n-pos > maxArray {
			raise(L, "bad argument #2 to 'insert' (position out of bounds)")
		}
		for i := n; i > pos; i-- {
			L.RawSet(t, lua.LNumber(i), element(t, i-1))
		}
		L.RawSet(t, lua.LNumber(pos), v)
	default:
		raise(L, "wrong number of arguments to 'insert'")
	}
	return 0
}

func tableRemove(L *lua.LState) int {
	t := writable(L, "remove")
	n := length(t)
	pos := optInt(L, 2, "remove", n)
	if pos < 1 || pos > n {
		return 0
	}
	if n < maxArray {
		// The array part may end in nils, which have to go first.
		for pos == n {
			if v := t.Remove(-1); v != lua.LNil {
				L.Push(v)
				return 1
			}
		}
		L.Push(t.Remove(pos))
		return 1
	}
	v := element(t, pos)
	for ; pos < n; pos++ {
		L.RawSet(t, lua.LNumber(pos), element(t, pos+1))
	}
	L.RawSet(t, lua.LNumber(n), lua.LNil)
	L.Push(v)
	return 1
}

// sorter sorts the first n elements of a table, by Lua's < or a function.
type sorter struct {
	L      *lua.LState
	fn     lua.LValue
	values []lua.LValue
}

func (s *sorter) Len() int      { return len(s.values) }
func (s *sorter) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }
func (s *sorter) Less(i, j int) bool {
	a, b := s.values[i], s.values[j]
	if s.fn != lua.LNil {
		return lua.LVAsBool(call2(s.L, s.fn, a, b))
	}
	if x, ok := a.(lua.LNumber); ok {
		if y, ok := b.(lua.LNumber); ok {
			return x < y
		}
	}
	if x, ok := a.(lua.LString); ok {
		if y, ok := b.(lua.LString); ok {
			return x < y
		}
	}
	if mt, ok := a.(*lua.LTable); !ok || mt.Metatable == lua.LNil {
		compareError(s.L, a, b)
	}
	return s.L.LessThan(a, b)
}

func compareError(L *lua.LState, a, b lua.LValue) {
	if a.Type() == b.Type() {
		raiseBare(L, "attempt to compare two "+a.Type().String()+" values")
	}
	raiseBare(L, "attempt to compare "+a.Type().String()+" with "+b.Type().String())
}

func tableSort(L *lua.LState) int {
	t := writable(L, "sort")
	s := &sorter{L: L, fn: lua.LNil}
	if L.Get(2) != lua.LNil {
		s.fn = checkFunction(L, 2, "sort")
	}
	n := length(t)
	s.values = make([]lua.LValue, n)
	for i := range s.values {
		s.values[i] = element(t, i+1)
	}
	sort.Sort(s)
	for i, v := range s.values {
		L.RawSet(t, lua.LNumber(i+1), v)
	}
	return 0
}
