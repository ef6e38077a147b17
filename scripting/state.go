package scripting

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// state is one Lua state with its sandbox, and the run that is going on in it.
// One goroutine uses it at a time; only what is atomic may be touched by others.
// It is the context.Context of its Lua threads (watch.go).
type state struct {
	runner *Runner
	L      *lua.LState
	env    *lua.LTable // the globals that scripts see, writable by us only

	frames  callStack      // of L
	protect *lua.LFunction // calls its first argument with the rest, see guarded
	coBody  *lua.FunctionProto
	guards  []*lua.LState // the threads of the protected calls in progress
	nested  int           // coroutines that resumed one another
	tainted bool          // not to be used again

	// Of a library's state.
	callbacks []*lua.LFunction // in the order of their registration
	target    *lib             // being loaded, or nil

	// The run.
	name      string          // SHA1 or function, for error texts
	source    string          // chunk name in error texts
	call      *command.Call   // nil outside units
	outside   outside         // runs the commands of a run outside units; nil in one
	idle      bool            // commands cannot be run: a library is being loaded
	bg        context.Context // of a run outside units
	db        int             // database of a run outside units
	proto     int             // RESP version of replies to redis.call
	replicate int             // redis.set_repl
	prng      prng
	json      jsonConfig
	dirty     int // c.Unit.Dirty at the begin
	calls     int64

	keys  params
	argv  params
	mains mains // of the scripts that ran here lately
	sink  sink
	relay relay
	args  [][]byte
	arena []byte

	jsonText []byte // of cjson.encode

	globalProxy *lua.LTable // _G

	errSource string // where the last error was raised
	errLine   int

	watch
}

// outside runs a command as a unit of its own.
type outside func(s *state, reply wire.Reply, args [][]byte) error

// replicateAll is redis.REPL_ALL, replicateLog the bit of the log.
const (
	replicateLog = 1
	replicateAll = 3
)

// stateOf returns the state that a thread belongs to.
func stateOf(L *lua.LState) *state { return L.Context().(*state) }

const (
	firstRegisters = 1024
	registerStep   = 16384
)

// newState makes a state with the sandbox in place.
func (r *Runner) newState() *state {
	cfg := r.core.Live().Get().Scripting
	L := lua.NewState(lua.Options{
		SkipOpenLibs: true, MinimizeStackMemory: true,
		CallStackSize: cfg.StackDepth,
		RegistrySize:  firstRegisters, RegistryMaxSize: cfg.RegistrySize, RegistryGrowStep: registerStep,
	})
	s := &state{runner: r, L: L, env: L.CreateTable(0, 256)}
	L.Env = s.env
	L.G.Global = s.env
	s.attach(L)
	s.frames = stackOf(L)
	L.Panic = machineError
	s.protect = L.NewFunction(guarded)
	s.coBody = coroutineBody
	s.sink.s = s
	s.keys.name, s.argv.name = keysName, argvName
	s.prng = newPrng(rand.Int32())
	s.sandbox()
	r.track(s)
	return s
}

// begin prepares a run. call is nil for a run outside units.
func (s *state) begin(kind int32, name, source string, call *command.Call) {
	s.name, s.source, s.call = name, source, call
	s.proto, s.replicate, s.json = 2, replicateAll, jsonDefaults
	s.outside, s.idle, s.bg = nil, false, nil
	s.calls, s.errSource, s.errLine = 0, "", 0
	s.L.G.CurrentThread = s.L
	s.nested, s.guards = 0, s.guards[:0]
	s.dirty = 0
	if call != nil {
		s.dirty = call.Unit.Dirty
	}
	s.watch.begin(s.runner, kind)
}

// end forgets the run.
func (s *state) end() {
	s.watch.end()
	s.call, s.bg = nil, nil
	s.sink.reset(2)
	clear(s.args)
	s.args = s.args[:0]
	if cap(s.arena) > maxIdleArena {
		s.arena = nil
	}
	s.arena = s.arena[:0]
	s.L.SetTop(0)
}

const maxIdleArena = 1 << 16

// run calls fn with args under protection and returns its first result. The
// error is a *fault: what the script ended with.
func (s *state) run(fn *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	L := s.L
	L.SetTop(0)
	L.Push(fn)
	for _, a := range args {
		L.Push(a)
	}
	if err := s.outermost(len(args)); err != nil {
		return lua.LNil, s.faultOf(err)
	}
	if s.stopErr != nil { // stopped while its last instruction ran
		return lua.LNil, s.faultOf(s.stopErr)
	}
	v := L.Get(-1)
	L.SetTop(0)
	return v, nil
}

// outermost calls a function under protection where no other is running. It does
// what PCall and guarded do, in one step.
func (s *state) outermost(nargs int) (err error) {
	L, done := s.L, false
	L.Panic = machineError
	keepUpvalues(L)
	defer func() {
		if done {
			return
		}
		s.note(L)
		closeUpvalues(L, 0)
		err = s.asError(recover())
		s.unwind()
	}()
	L.Call(nargs, 1)
	done = true
	return nil
}

// guarded is the function that every other protected call goes through: it calls its
// first argument with the others. When that fails, it closes the upvalues of
// what is given up while the registers still hold their values.
func guarded(L *lua.LState) int {
	s := stateOf(L)
	keepUpvalues(L)
	L.Panic = machineError
	f, _ := currentFrame(L)
	base, done := f.base(), false
	s.guards = append(s.guards, L)
	depth := len(s.guards)
	defer func() {
		s.guards = s.guards[:depth-1]
		if done {
			return
		}
		s.note(L)
		closeUpvalues(L, base)
		panic(s.asError(recover()))
	}()
	L.Call(L.GetTop()-1, lua.MultRet)
	done = true
	return L.GetTop()
}

// asError turns what a Go function panicked with into an error of the machine,
// so that it does not build a stack trace, for which it needs the square of the
// depth.
func (s *state) asError(p any) *lua.ApiError {
	e, ok := p.(*lua.ApiError)
	if !ok {
		e = &lua.ApiError{Type: lua.ApiErrorRun, StackTrace: noTrace}
		if text := fmt.Sprint(p); text == overflowPanic {
			e.Object = lua.LString(s.errPosition() + "stack overflow")
		} else {
			// A fault in Go code: report it, and never use this state again.
			s.tainted = true
			s.runner.core.Log().Error("panic in a Lua library", "script", s.name, "panic", text, "stack", string(debug.Stack()))
			e.Object = lua.LString("internal error: " + text)
		}
	}
	return e
}

// overflowPanic is what gopher-lua panics with when the call stack is full.
const overflowPanic = "lua callstack overflow"

// pcall runs a protected call of the nargs values on top of the stack and the
// function below them. Its results, or the error's value, are left there.
func (s *state) pcall(L *lua.LState, nargs int) (lua.LValue, bool) {
	if f, ok := currentFrame(L); ok && f.depth()+4 >= L.Options.CallStackSize {
		// PCall loses frames when not even its first call fits on the stack.
		return lua.LString(position(L, 1) + "stack overflow"), false
	}
	L.Insert(s.protect, L.GetTop()-nargs)
	err := L.PCall(nargs+1, lua.MultRet, nil)
	keepUpvalues(L)
	if err == nil {
		return nil, true
	}
	if s.stopErr != nil {
		throw(L, lua.LString(s.stopErr.Error())) // a stopped script catches nothing
	}
	return s.errorValue(err), false
}

// errorValue is what pcall returns as the error.
func (s *state) errorValue(err error) lua.LValue {
	var e *lua.ApiError
	if !errors.As(err, &e) {
		return lua.LString(err.Error())
	}
	return e.Object
}

// errPosition is where the last error was raised.
func (s *state) errPosition() string {
	if s.errSource == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", s.errSource, s.errLine)
}

// prng is the generator of math.random: drand48 of the C library, which Redis
// uses too, so that the same seed gives the same numbers.
type prng uint64

func newPrng(seed int32) prng { return prng(uint64(uint32(seed))<<16 | 0x330e) }

func (p *prng) next() int32 {
	*p = (*p*0x5deece66d + 0xb) & (1<<48 - 1)
	return int32(*p >> 17)
}
