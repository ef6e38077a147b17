package scripting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Stage is the store on which a trial plays, as its driver controls it.
type Stage interface {
	// Advance lets the store's time pass. Expiries, timers and observers have run
	// when it returns.
	Advance(ctx context.Context, d time.Duration) error
	// Settle waits until the observers have run for all events so far.
	Settle(ctx context.Context) error
	// Read returns the content of a file that is named relative to the trial's own.
	Read(name string) ([]byte, error)
}

// Trial is a file of tests in a Lua state of its own. Its top level names tests,
// with test(name, function); each command of a test is a unit of its own, may be
// any command that a client may send without a connection, and has had its
// effects on observers when it returns. One goroutine uses it at a time.
type Trial struct {
	runner *Runner
	s      *state
	stage  Stage
	file   string
	names  []string
	tests  []*lua.LFunction
	open   bool // the top level runs: tests may be named
}

// NewTrial compiles a file and runs its top level. An error names the line.
func (r *Runner) NewTrial(ctx context.Context, file, source string, stage Stage) (*Trial, error) {
	proto, _, err := compileMain(source, "@"+file, r.shelf, false)
	if err != nil {
		return nil, err
	}
	t := &Trial{runner: r, s: r.newState(), stage: stage, file: chunkID("@" + file)}
	for name, fn := range trialFunctions {
		t.s.env.RawSetString(name, goFunction(fn))
	}
	t.open = true
	err = t.play(ctx, t.s.L.NewFunctionFromProto(proto))
	t.open = false
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Names are the tests' names, in the order of the file.
func (t *Trial) Names() []string { return t.names }

// Run runs a test by its number. The error says what is wrong, and where.
func (t *Trial) Run(ctx context.Context, i int) error { return t.play(ctx, t.tests[i]) }

// Close forgets the state.
func (t *Trial) Close() { t.runner.forget(t.s) }

type trialKey struct{}

func trialOf(L *lua.LState) *Trial { return stateOf(L).bg.Value(trialKey{}).(*Trial) }

func (t *Trial) play(ctx context.Context, fn *lua.LFunction) error {
	s := t.s
	s.begin(runHook, t.file, t.file, nil)
	defer s.end()
	s.limit = 0 // ctx ends what does not end by itself
	s.bg, s.db, s.outside = context.WithValue(ctx, trialKey{}, t), 0, doTrial
	_, err := s.run(fn)
	var f *fault
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &f):
		return err
	case f.value == lua.LNil || f.value == nil:
		return fmt.Errorf("%s:%d: %w", t.file, s.errLine, s.stopErr)
	}
	text := errorText(s.L, f.value)
	if _, raised := toText(f.value); raised {
		text = strings.TrimPrefix(text, "ERR ") // which is there for clients
	}
	if s.errSource != "" && !strings.HasPrefix(text, s.errSource+":") {
		text = fmt.Sprintf("%s:%d: %s", s.errSource, s.errLine, text)
	}
	return errors.New(text)
}

// doTrial runs a command as a client would.
func doTrial(s *state, reply wire.Reply, args [][]byte) error {
	if command.EqualFold(args[0], "select") {
		return doOutside(s, reply, args)
	}
	c := wire.Collector{RESP3: s.proto == 3}
	err := s.runner.core.Do(s.bg, s.db, args, &c)
	if late := s.bg.Value(trialKey{}).(*Trial).stage.Settle(s.bg); err == nil {
		err = late
	}
	if err != nil {
		return wire.Error(replyError(err)) // of the engine's own errors only the text is meant
	}
	v, err := c.Typed()
	if err == nil {
		err = v.Err() // what a script returned as an error
	}
	if err == nil {
		v.Send(reply)
	}
	return err
}

// trialFunctions are the globals that test files have besides those of scripts.
var trialFunctions = map[string]lua.LGFunction{
	"test": trialTest, "advance": trialAdvance, "library": trialLibrary, "script": trialScript, "fcall": trialFcall,
	"equal": trialEqual, "fails": trialFails,
}

// trialTest is test(name, function).
func trialTest(L *lua.LState) int {
	t := trialOf(L)
	name := checkString(L, 1, "test")
	fn, ok := L.Get(2).(*lua.LFunction)
	switch {
	case !ok:
		raise(L, "test: a name and a function are expected")
	case !t.open:
		raise(L, "test: tests are named at the top level of the file")
	}
	for _, other := range t.names {
		if other == name {
			raise(L, "test: there are two tests named '%s'", name)
		}
	}
	t.names, t.tests = append(t.names, name), append(t.tests, fn)
	return 0
}

// trialAdvance is advance(duration): text such as '1.5s', or milliseconds.
func trialAdvance(L *lua.LState) int {
	var d time.Duration
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		d = time.Duration(float64(v) * float64(time.Millisecond))
	case lua.LString:
		var err error
		if d, err = time.ParseDuration(string(v)); err != nil {
			raise(L, "advance: '%s' is not a duration such as '10s'", v)
		}
	default:
		raise(L, "advance: a duration such as '10s' is expected, or milliseconds")
	}
	if d < 0 {
		raise(L, "advance: time does not go back")
	}
	if err := trialOf(L).stage.Advance(stateOf(L).bg, d); err != nil {
		raise(L, "advance: %s", err)
	}
	return 0
}

func (t *Trial) read(L *lua.LState, fn string) string {
	b, err := t.stage.Read(checkString(L, 1, fn))
	if err != nil {
		raise(L, "%s: %s", fn, err)
	}
	return string(b)
}

// trialLibrary is library(file): it loads a library, in place of one of its name.
func trialLibrary(L *lua.LState) int {
	t, file := trialOf(L), checkString(L, 1, "library")
	l, err := t.runner.loadNamed(t.read(L, "library"), file)
	if err != nil {
		raise(L, "library: %s", fileProblem(file, err))
	}
	L.Push(lua.LString(l.name))
	return 1
}

// trialScript is script(file): it returns a function of keys and arguments, both
// tables or nil, that runs the script.
func trialScript(L *lua.LState) int {
	source := lua.LString(trialOf(L).read(L, "script"))
	L.Push(goFunction(func(L *lua.LState) int {
		return trialCall(L, callArgs(L, []lua.LValue{lua.LString("EVAL"), source}, 1, "script")...)
	}))
	return 1
}

// trialFcall is fcall(function, keys, arguments).
func trialFcall(L *lua.LState) int {
	name := lua.LString(checkString(L, 1, "fcall"))
	return trialCall(L, callArgs(L, []lua.LValue{lua.LString("FCALL"), name}, 2, "fcall")...)
}

// callArgs appends the number of keys, the keys and the arguments, which are
// tables or nil at position n and the next.
func callArgs(L *lua.LState, args []lua.LValue, n int, fn string) []lua.LValue {
	var lists [2][]lua.LValue
	for i := range lists {
		v := L.Get(n + i)
		if v == lua.LNil {
			continue
		}
		t, ok := v.(*lua.LTable)
		if !ok {
			raise(L, "%s: keys and arguments are tables", fn)
		}
		for j := 1; element(t, j) != lua.LNil; j++ {
			lists[i] = append(lists[i], element(t, j))
		}
	}
	args = append(args, lua.LNumber(len(lists[0])))
	return append(append(args, lists[0]...), lists[1]...)
}

// trialCall is redis.call on behalf of a function of the trial.
func trialCall(L *lua.LState, args ...lua.LValue) int {
	L.Push(stateOf(L).runner.shelf.globals[hidden+"redis.call"])
	for _, a := range args {
		L.Push(a)
	}
	L.Call(len(args), 1)
	return 1
}
