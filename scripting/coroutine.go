package scripting

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// Coroutines. gopher-lua's own create and resume do the work, but a thread that
// create makes does not inherit the context as it must (it would get a child of
// it, with a goroutine), and its errors would not be ours: so its body is a
// Lua function that first calls coroutineArm.

// maxNesting bounds coroutines that resume one another: each takes stack from
// the goroutine, and a Go stack that overflows cannot be caught. coroutineDepth
// bounds the calls inside each.
const (
	maxNesting     = 100
	coroutineDepth = 2000
)

var stockCoroutines = func() map[string]lua.LGFunction {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	lua.OpenCoroutine(L)
	lib := L.Get(-1).(*lua.LTable)
	fns := map[string]lua.LGFunction{}
	lib.ForEach(func(k, v lua.LValue) { fns[k.String()] = v.(*lua.LFunction).GFunction })
	return fns
}()

var (
	stockCreate = stockCoroutines["create"]
	stockResume = stockCoroutines["resume"]
	stockStatus = stockCoroutines["status"]
)

// coroutineBody is the prototype of "function(...) arm() return body(...) end",
// with body as its upvalue.
var coroutineBody = func() *lua.FunctionProto {
	chunk, err := parse.Parse(strings.NewReader("local body = nil return function(...) arm() return body(...) end"), "coroutine")
	if err == nil {
		r := &rewriter{rename: map[string]string{"arm": hiddenArm}}
		r.block(chunk)
		err = r.err
	}
	if err != nil {
		panic(err)
	}
	proto, err := lua.Compile(chunk, "coroutine")
	if err != nil {
		panic(err)
	}
	return proto.FunctionPrototypes[0]
}()

var coroutineFunctions = map[string]lua.LGFunction{
	"create": coCreate, "resume": coResume, "wrap": coWrap, "yield": coYield, "status": coStatus, "running": coRunning,
}

// newThread makes a suspended thread that will run fn.
func newThread(L *lua.LState, fn *lua.LFunction) *lua.LState {
	s := stateOf(L)
	body := L.NewFunctionFromProto(s.coBody)
	up := &lua.Upvalue{}
	up.Close()
	up.SetValue(fn)
	body.Upvalues[0] = up

	L.SetTop(0)
	L.Push(body)
	L.RemoveContext()
	depth := L.Options.CallStackSize
	L.Options.CallStackSize = min(depth, coroutineDepth)
	stockCreate(L)
	L.Options.CallStackSize = depth
	s.attach(L)
	th := L.Get(-1).(*lua.LState)
	s.attach(th)
	L.SetTop(0)
	return th
}

// coroutineArm is the first that a thread calls: from now on its errors are ours.
func coroutineArm(L *lua.LState) int {
	L.Panic = machineError
	keepUpvalues(L)
	return 0
}

func coCreate(L *lua.LState) int {
	fn, ok := L.Get(1).(*lua.LFunction)
	if !ok || fn.IsG {
		argError(L, 1, "create", "Lua function expected")
	}
	L.Push(newThread(L, fn))
	return 1
}

func checkThread(L *lua.LState, fn string) *lua.LState {
	th, ok := L.Get(1).(*lua.LState)
	if !ok {
		argError(L, 1, fn, "coroutine expected")
	}
	return th
}

func coResume(L *lua.LState) int {
	th := checkThread(L, "resume")
	if msg := unresumable(L, th); msg != "" {
		L.Push(lua.LFalse)
		L.Push(lua.LString(msg))
		return 2
	}
	return resume(L)
}

// unresumable says why a thread cannot be resumed, or "".
func unresumable(L *lua.LState, th *lua.LState) string {
	switch {
	case th.Dead:
		return "cannot resume dead coroutine"
	case th == L:
		return "cannot resume running coroutine"
	case th.Parent != nil || th == stateOf(L).L:
		return "cannot resume normal coroutine"
	case stateOf(L).nested >= maxNesting:
		return "C stack overflow"
	}
	return ""
}

func resume(L *lua.LState) int {
	s := stateOf(L)
	s.nested++
	defer func() { s.nested-- }()
	n := stockResume(L)
	if n == 2 && L.Get(-1) == lua.LString(overflowPanic) && L.Get(-2) == lua.LFalse {
		L.Replace(-1, lua.LString("stack overflow"))
	}
	if s.stopErr != nil {
		throw(L, lua.LString(s.stopErr.Error()))
	}
	return n
}

func coWrap(L *lua.LState) int {
	fn, ok := L.Get(1).(*lua.LFunction)
	if !ok || fn.IsG {
		argError(L, 1, "wrap", "Lua function expected")
	}
	th := newThread(L, fn)
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if msg := unresumable(L, th); msg != "" {
			raise(L, "%s", msg)
		}
		L.Insert(th, 1)
		n := resume(L)
		first := L.GetTop() - n + 1
		if lua.LVAsBool(L.Get(first)) {
			return n - 1
		}
		v := L.Get(first + 1)
		if text, ok := toText(v); ok {
			v = lua.LString(position(L, 1) + text)
		}
		throw(L, v)
		return 0
	}))
	return 1
}

func coYield(L *lua.LState) int {
	s := stateOf(L)
	if L == s.L || len(s.guards) > 0 && s.guards[len(s.guards)-1] == L {
		raiseBare(L, "attempt to yield across metamethod/C-call boundary")
	}
	return -1
}

func coStatus(L *lua.LState) int {
	th := checkThread(L, "status")
	if th != L && !th.Dead && (th.Parent != nil || th == stateOf(L).L) {
		L.Push(lua.LString("normal"))
		return 1
	}
	return stockStatus(L)
}

func coRunning(L *lua.LState) int {
	if L == stateOf(L).L {
		L.Push(lua.LNil)
	} else {
		L.Push(L)
	}
	return 1
}
