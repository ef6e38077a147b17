package scripting

import (
	"sort"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// trialEqual is equal(got, want): tables are compared by what is in them.
func trialEqual(L *lua.LState) int {
	got, want := L.Get(1), L.Get(2)
	if L.GetTop() < 2 {
		raise(L, "equal: what came and what was wanted are expected")
	}
	if !same(got, want, 0) {
		raise(L, "got %s, want %s", display(got, 0), display(want, 0))
	}
	return 0
}

// trialFails is fails(function, text): the function must fail, with the text in
// its error, which is returned.
func trialFails(L *lua.LState) int {
	fn, text := L.Get(1), optString(L, 2, "fails", "")
	if fn.Type() != lua.LTFunction {
		raise(L, "fails: a function is expected")
	}
	L.Push(stateOf(L).runner.shelf.globals["pcall"])
	L.Push(fn)
	L.Call(1, 2)
	ok, msg := lua.LVAsBool(L.Get(-2)), L.Get(-1)
	switch {
	case ok:
		raise(L, "it did not fail; an error with '%s' was wanted", text)
	case !strings.Contains(display(msg, 0), text):
		raise(L, "it failed with %s; '%s' was wanted", display(msg, 0), text)
	}
	return 1
}

// displayDepth bounds how deep tables are compared and shown: they may be
// circular.
const displayDepth = 20

func same(a, b lua.LValue, depth int) bool {
	ta, ok1 := a.(*lua.LTable)
	tb, ok2 := b.(*lua.LTable)
	if !ok1 || !ok2 || depth > displayDepth {
		return a == b
	}
	na, nb := 0, 0
	equal := true
	ta.ForEach(func(k, v lua.LValue) {
		na++
		equal = equal && same(v, tb.RawGet(k), depth+1)
	})
	tb.ForEach(func(_, _ lua.LValue) { nb++ })
	return equal && na == nb
}

// display writes a value as source has it.
func display(v lua.LValue, depth int) string {
	switch v := v.(type) {
	case lua.LString:
		return strconv.Quote(string(v))
	case lua.LNumber:
		return numberText(v)
	case *lua.LTable:
		if depth > displayDepth {
			return "{…}"
		}
		return displayTable(v, depth)
	}
	return v.String()
}

func displayTable(t *lua.LTable, depth int) string {
	var list, named []string
	n := 0
	for i := 1; element(t, i) != lua.LNil; i++ {
		list = append(list, display(element(t, i), depth+1))
		n = i
	}
	t.ForEach(func(k, v lua.LValue) {
		if i, ok := k.(lua.LNumber); ok && i >= 1 && i <= lua.LNumber(n) && i == lua.LNumber(int(i)) {
			return
		}
		name, ok := k.(lua.LString)
		if text := display(v, depth+1); ok {
			named = append(named, string(name)+" = "+text)
		} else {
			named = append(named, "["+display(k, depth+1)+"] = "+text)
		}
	})
	sort.Strings(named)
	return "{" + strings.Join(append(list, named...), ", ") + "}"
}
