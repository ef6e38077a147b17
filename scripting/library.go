package scripting

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// lib is one loaded library: its code, what it registered, and the Lua states
// in which its functions run. What it registered does not change; a reload makes
// a new lib.
//
// Its upvalues live in states. There are three kinds: the main state serves
// functions, commands and atomic hooks, which run inside units; the background
// state serves observers and timers, which run outside, and another one hooks
// that are asked before; spares serve calls that come back into the library
// within one unit. Each has upvalues of its own.
type lib struct {
	runner *Runner
	name   string
	code   string // as given, shebang included
	file   string // where it was read from; "" for FUNCTION LOAD
	chunk  string // what positions in its errors begin with
	proto  *lua.FunctionProto
	kevy   bool // it names the global kevy: its top level may use the libraries

	functions []*function
	hooks     []*hookDef
	commands  []*commandDef
	timers    []*timerDef
	timings   []*plugins.Timing // of timers, while the library is installed; guarded by libraries.load
	callbacks int

	main, background instance
	asking           instance // of hooks that are asked before something happens, so that no client waits for an observer
	mu               sync.Mutex
	spares           []*state
	retired          atomic.Bool // replaced: runs under way go on, their states are not kept
}

// function is what redis.register_function registered.
type function struct {
	lib         *lib
	name        string
	description string
	flags       flags
	callback    int
	wide        atomic.Bool // it has touched keys that it was not given
}

// instance is a state that is used by one goroutine at a time.
type instance struct {
	mu sync.Mutex
	s  atomic.Pointer[state] // made when it is first needed; changed with mu held
}

// maxSpares bounds the spare states that are kept.
const maxSpares = 4

// loadBudget is how long a library's top level may run, as in Redis.
const loadBudget = 500 * time.Millisecond

// userFunction is how errors name the code of a library that has no file, as in Redis.
const userFunction = "user_function"

// newLib compiles code and runs its top level. Nothing is registered with the
// engine yet. Positions in its errors begin with source.
func (r *Runner) newLib(code, source string, unlimited bool) (*lib, error) {
	name, rest, err := libraryShebang(code)
	if err != nil {
		return nil, err
	}
	chunk := "@" + source
	proto, kevy, err := compileMain(rest, chunk, r.shelf, false)
	if err != nil {
		return nil, wire.Error("ERR Error compiling function: " + err.Error())
	}
	l := &lib{runner: r, name: name, code: code, chunk: chunkID(chunk), proto: proto, kevy: kevy}
	s, err := l.newState(l, unlimited)
	if err != nil {
		return nil, err
	}
	if len(l.functions)+len(l.hooks)+len(l.commands)+len(l.timers) == 0 {
		r.forget(s)
		return nil, wire.Error("ERR No functions registered")
	}
	l.main.s.Store(s)
	return l, nil
}

// newState makes a state and runs the library's top level in it. What that
// registers is entered into target, which is l the first time.
func (l *lib) newState(target *lib, unlimited bool) (*state, error) {
	s := l.runner.newState()
	s.loading(true, l.kevy)
	s.begin(runLoad, l.name, l.chunk, nil)
	s.idle = true
	s.target, s.callbacks = target, nil
	if s.limit = loadBudget; unlimited {
		s.limit = 0
	}
	_, err := s.run(s.L.NewFunctionFromProto(l.proto))
	stopped := s.stopErr
	s.end()
	s.target = nil
	s.loading(false, l.kevy)
	if err != nil {
		l.runner.forget(s)
		if errors.Is(stopped, errTimeout) {
			return nil, wire.Error("ERR FUNCTION LOAD timeout")
		}
		var f *fault
		if errors.As(err, &f) {
			return nil, wire.Error("ERR Error registering functions: " + errorText(s.L, f.value))
		}
		return nil, err
	}
	return s, nil
}

// again makes another state of a library that was loaded before.
func (l *lib) again() (*state, error) {
	shadow := &lib{runner: l.runner, name: l.name, chunk: l.chunk}
	s, err := l.newState(shadow, true)
	if err != nil {
		return nil, err
	}
	if l.retired.Load() {
		l.runner.forget(s)
	}
	if len(s.callbacks) != l.callbacks {
		l.runner.forget(s)
		return nil, fmt.Errorf("library %s registers differently each time", l.name)
	}
	return s, nil
}

// units knows which units are inside a library, so that a call that comes back
// does not wait for itself, nor two units for one another.
type units struct {
	mu sync.Mutex
	in map[*command.Unit]int
}

func (u *units) enter(unit *command.Unit) (nested bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.in == nil {
		u.in = map[*command.Unit]int{}
	}
	u.in[unit]++
	return u.in[unit] > 1
}

func (u *units) leave(unit *command.Unit) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.in[unit]--; u.in[unit] == 0 {
		delete(u.in, unit)
	}
}

// inside runs fn with a state of the library, for a call inside a unit.
func (l *lib) inside(c *command.Call, fn func(s *state) error) error {
	nested := l.runner.inside.enter(c.Unit)
	defer l.runner.inside.leave(c.Unit)
	if nested && !l.main.mu.TryLock() {
		s, err := l.spare()
		if err != nil {
			return err
		}
		defer l.giveBack(s)
		return fn(s)
	}
	if !nested {
		l.main.mu.Lock()
	}
	defer l.main.mu.Unlock()
	return l.main.use(l, fn)
}

// outside runs fn with the background state. No lock of the engine is held.
func (l *lib) outside(fn func(s *state) error) error {
	l.background.mu.Lock()
	defer l.background.mu.Unlock()
	return l.background.use(l, fn)
}

// use runs fn with the instance's state, which is made anew when there is none
// or a fault in Go code has spoilt it. Called with the instance locked.
func (in *instance) use(l *lib, fn func(s *state) error) error {
	s := in.s.Load()
	if s != nil && s.tainted {
		l.runner.forget(s)
		s = nil
	}
	if s == nil {
		var err error
		if s, err = l.again(); err != nil {
			return err
		}
		in.s.Store(s)
	}
	return fn(s)
}

func (l *lib) spare() (*state, error) {
	l.mu.Lock()
	if n := len(l.spares); n > 0 {
		s := l.spares[n-1]
		l.spares = l.spares[:n-1]
		l.mu.Unlock()
		return s, nil
	}
	l.mu.Unlock()
	return l.again()
}

func (l *lib) giveBack(s *state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.tainted || len(l.spares) >= maxSpares || l.retired.Load() {
		l.runner.forget(s)
		return
	}
	l.spares = append(l.spares, s)
}

// held is the number of Lua states that the library has.
func (l *lib) held() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, in := range []*instance{&l.main, &l.background} {
		if in.s.Load() != nil {
			n++
		}
	}
	return n + int64(len(l.spares))
}

// retire forgets the library's states. Runs that are under way go on.
func (l *lib) retire() {
	l.retired.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range append(l.spares, l.main.s.Load(), l.background.s.Load(), l.asking.s.Load()) {
		if s != nil {
			l.runner.forget(s)
		}
	}
	l.spares = nil
}

// libraries are the loaded ones, by name, and their functions.
type libraries struct {
	load      sync.Mutex // serialises loads, reloads and removals
	mu        sync.RWMutex
	byName    map[string]*lib
	functions map[string]*function // by name in lower case
}

func (ls *libraries) init() {
	ls.byName, ls.functions = map[string]*lib{}, map[string]*function{}
}

func (ls *libraries) get(name string) *lib {
	ls.mu.RLock()
	defer ls.mu.RUnlock()
	return ls.byName[name]
}

func (ls *libraries) function(name []byte) *function {
	ls.mu.RLock()
	defer ls.mu.RUnlock()
	if f := ls.functions[string(name)]; f != nil {
		return f
	}
	return ls.functions[strings.ToLower(string(name))]
}

// all returns the libraries by name.
func (ls *libraries) all() []*lib {
	ls.mu.RLock()
	defer ls.mu.RUnlock()
	list := make([]*lib, 0, len(ls.byName))
	for _, l := range ls.byName {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *lib) int { return strings.Compare(a.name, b.name) })
	return list
}

// Libraries are the names of the libraries that are loaded, each with the file that
// it comes from, if it does.
func (r *Runner) Libraries() (names []string) {
	for _, l := range r.libs.all() {
		name := l.name
		if l.file != "" {
			name += " (" + l.file + ")"
		}
		names = append(names, name)
	}
	return names
}

func (ls *libraries) figures() (libs, fns int) {
	ls.mu.RLock()
	defer ls.mu.RUnlock()
	return len(ls.byName), len(ls.functions)
}

// codes are the libraries of FUNCTION LOAD: those of files come from there.
func (ls *libraries) codes() []string {
	var codes []string
	for _, l := range ls.all() {
		if l.file == "" {
			codes = append(codes, l.code)
		}
	}
	return codes
}

// conflict is the first function of l that another library has too.
func (ls *libraries) conflict(l, old *lib) *function {
	ls.mu.RLock()
	defer ls.mu.RUnlock()
	for _, f := range l.functions {
		if other := ls.functions[strings.ToLower(f.name)]; other != nil && other.lib != old {
			return f
		}
	}
	return nil
}

// swap enters l in place of old; either may be nil.
func (ls *libraries) swap(old, l *lib) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if old != nil {
		delete(ls.byName, old.name)
		for _, f := range old.functions {
			delete(ls.functions, strings.ToLower(f.name))
		}
	}
	if l != nil {
		ls.byName[l.name] = l
		for _, f := range l.functions {
			ls.functions[strings.ToLower(f.name)] = f
		}
	}
}

// owner is under what name the library's hooks are listed.
func (l *lib) owner() string { return "lua:" + l.name }
