package scripting

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// loop is the type of gopher-lua's main loops: they run a thread until the frame
// at which they were entered returns.
type loop func(L *lua.LState, base unsafe.Pointer)

// steps are gopher-lua's instructions, by opcode.
//
//go:linkname steps github.com/yuin/gopher-lua.jumpTable
var steps [lua.OP_NOP + 1]func(L *lua.LState, inst uint32, base unsafe.Pointer) int

func init() {
	for _, step := range steps {
		if step == nil {
			panic("scripting: gopher-lua has no jumpTable any more")
		}
	}
}

// stockLoop runs a thread that has a context.
var stockLoop = func() loop {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	L.SetContext((*state)(nil))
	return *loopOf(L)
}()

func loopOf(L *lua.LState) *loop { return at[loop](unsafe.Pointer(L), offLoop) }

// attach makes s the context of a state's main thread, and watchedLoop its loop.
func (s *state) attach(L *lua.LState) {
	L.SetContext(s)
	*loopOf(L) = watchedLoop
}

// watchedLoop is stockLoop for the main thread of a state: it counts the
// instructions itself, where the stock loop asks the context's channel before each.
// A coroutine has the stock loop.
func watchedLoop(L *lua.LState, base unsafe.Pointer) {
	here := at[frame](unsafe.Pointer(L), offFrame)
	if here.p == nil || !here.isLua() {
		stockLoop(L, base)
		return
	}
	s := stateOf(L)
	for {
		f := *here
		pc := at[int](f.p, offFramePc)
		inst := f.fn().Proto.Code[*pc]
		*pc++
		if s.ticks--; s.ticks <= 0 && s.check() != nil {
			L.RaiseError("%s", s.stopErr.Error())
		}
		if steps[inst>>26](L, inst, base) == 1 {
			return
		}
	}
}
