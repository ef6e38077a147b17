package scripting

import (
	"math"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// loop is the type of gopher-lua's main loops: they run a thread until the frame
// at which they were entered returns.
type loop func(L *lua.LState, base unsafe.Pointer)

// step runs one instruction. base is the frame at which the loop was entered; the
// result is 1 when that has returned.
type step func(L *lua.LState, inst uint32, base unsafe.Pointer) int

// stockSteps are gopher-lua's instructions, by opcode.
//
//go:linkname stockSteps github.com/yuin/gopher-lua.jumpTable
var stockSteps [lua.OP_NOP + 1]step

// steps are those of watchedLoop: the stock ones but for %, which there is
// slow for integers, and another one for very large numbers.
var steps = func() [len(stockSteps)]step {
	for _, s := range stockSteps {
		if s == nil {
			panic("scripting: gopher-lua has no jumpTable any more")
		}
	}
	own := stockSteps
	own[lua.OP_MOD] = modStep
	return own
}()

// stockLoop is what a thread of gopher-lua has.
var stockLoop = func() loop {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	return *loopOf(L)
}()

func loopOf(L *lua.LState) *loop { return at[loop](unsafe.Pointer(L), offLoop) }

// attach makes s the context of a thread, and watchedLoop its loop.
func (s *state) attach(L *lua.LState) {
	L.SetContext(s)
	*loopOf(L) = watchedLoop
}

// watchedLoop is stockLoop with our steps, and with a count of the instructions by
// which runs can be ended. gopher-lua has a loop that asks the channel of a context
// before each instruction; that costs more, and a coroutine is not under it.
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
		if s.ticks--; s.ticks <= 0 {
			if s.check(); s.stopErr != nil {
				L.RaiseError("%s", s.stopErr.Error())
			}
		}
		if steps[inst>>26](L, inst, base) == 1 {
			return
		}
	}
}

// registers are those of a frame.
type registers struct {
	base  int
	array []lua.LValue // of the whole thread
	top   *int
}

func registersOf(L *lua.LState, f frame) registers {
	r := *at[unsafe.Pointer](unsafe.Pointer(L), offRegistry)
	return registers{f.base(), *at[[]lua.LValue](r, offRegistryArray), at[int](r, offRegistryTop)}
}

// registerRoom is how many registers a thread has memory for.
func registerRoom(L *lua.LState) int {
	return cap(*at[[]lua.LValue](*at[unsafe.Pointer](unsafe.Pointer(L), offRegistry), offRegistryArray))
}

func (r *registers) get(n int) lua.LValue { return r.array[r.base+n] }

// set does not make room: a frame has all registers that its code names.
func (r *registers) set(n int, v lua.LValue) {
	n += r.base
	r.array[n] = v
	if n >= *r.top {
		*r.top = n + 1
	}
}

// modStep is a % b of numbers; other operands are left to the stock instruction.
func modStep(L *lua.LState, inst uint32, base unsafe.Pointer) int {
	f, _ := currentFrame(L)
	code, a, b, c, _ := operands(inst)
	regs := registersOf(L, f)
	x, ok1 := regs.number(f, b)
	y, ok2 := regs.number(f, c)
	if !ok1 || !ok2 {
		return stockSteps[code](L, inst, base)
	}
	if i, j := int64(x), int64(y); float64(i) == x && float64(j) == y && j > 0 {
		m := i % j
		if m < 0 {
			m += j
		}
		regs.set(a, number(m))
	} else {
		regs.set(a, lua.LNumber(x-math.Floor(x/y)*y)) // as Lua 5.1 has it
	}
	return 0
}

// number is an operand, a register or a constant, that is a number.
func (r *registers) number(f frame, operand int) (float64, bool) {
	var v lua.LValue
	if operand >= constant {
		v = f.fn().Proto.Constants[operand-constant]
	} else {
		v = r.get(operand)
	}
	n, ok := v.(lua.LNumber)
	return float64(n), ok
}
