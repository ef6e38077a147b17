package scripting

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// raise ends the running Go function with an error: the position of its
// caller, when that is Lua code, and the message.
func raise(L *lua.LState, format string, args ...any) {
	throw(L, lua.LString(position(L, 1)+fmt.Sprintf(format, args...)))
}

// raiseBare raises without a position, as Lua's core does on behalf of a C function.
func raiseBare(L *lua.LState, msg string) { throw(L, lua.LString(msg)) }

// raiseReadonly is the answer to writing a protected table from a Go function.
func raiseReadonly(L *lua.LState) { raiseBare(L, msgReadonly) }

const msgReadonly = "Attempt to modify a readonly table"

// throw raises any value.
func throw(L *lua.LState, v lua.LValue) {
	s := stateOf(L)
	s.note(L)
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: v, StackTrace: noTrace})
}

// noTrace keeps PCall from building a stack trace that nobody reads.
const noTrace = "-"

// position is "source:line: " of the frame at a level (0 is the running
// function), or "" when that is no Lua code.
func position(L *lua.LState, level int) string {
	f, ok := frameAt(L, level)
	if !ok || !f.isLua() {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", f.fn().Proto.SourceName, f.line())
}

func frameAt(L *lua.LState, level int) (frame, bool) {
	f, ok := currentFrame(L)
	for ; ok && level > 0; level-- {
		f, ok = f.parent()
	}
	return f, ok
}

// note remembers where the error that is being raised comes from, for the
// reply of a script that ends with it: the running function, or its caller when
// that is a Go function.
func (s *state) note(L *lua.LState) {
	f, ok := currentFrame(L)
	if ok && !f.isLua() {
		f, ok = f.parent()
	}
	if ok && f.isLua() {
		s.errSource, s.errLine = f.fn().Proto.SourceName, f.line()
	} else {
		s.errSource, s.errLine = "", 0
	}
}

// machineError is the Panic function of our threads: it is called for errors
// that gopher-lua itself raises, with the message on the stack, and gives them
// Lua's texts.
func machineError(L *lua.LState) {
	s := stateOf(L)
	s.note(L)
	v := L.Get(-1)
	if msg, ok := v.(lua.LString); ok && s.stopErr == nil {
		v = lua.LString(translate(L, string(msg)))
	}
	if len(s.guards) == 0 || s.guards[len(s.guards)-1] != L {
		closeUpvalues(L, 0) // an unprotected thread dies of it
	}
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: v, StackTrace: noTrace})
}

// translate puts an error of gopher-lua's machine into Lua 5.1's words.
func translate(L *lua.LState, msg string) string {
	f, ok := currentFrame(L)
	for ok && !f.isLua() {
		f, ok = f.parent()
	}
	if !ok {
		return wording(nil, strings.TrimSpace(msg))
	}
	where := fmt.Sprintf("%s:%d: ", f.fn().Proto.SourceName, f.line())
	text, found := strings.CutPrefix(msg, where)
	if !found {
		return msg
	}
	inner, _ := currentFrame(L)
	if inner != f { // raised on behalf of a Go function: no instruction to look at
		return where + wording(nil, text)
	}
	return where + wording(&culprit{L, f}, text)
}

func wording(c *culprit, text string) string {
	switch {
	case strings.HasPrefix(text, "attempt to index a non-table object("):
		kind, _, _ := strings.Cut(strings.TrimPrefix(text, "attempt to index a non-table object("), ")")
		return "attempt to index " + c.indexed() + "(a " + kind + " value)"
	case text == "attempt to call a non-function object":
		return "attempt to call " + c.called()
	case strings.HasPrefix(text, "cannot perform "), text == "__unm undefined":
		return "attempt to perform arithmetic on " + c.operand()
	case text == "__len undefined":
		return "attempt to get length of " + c.measured()
	case strings.HasPrefix(text, "attempt to compare "):
		a, b, _ := strings.Cut(strings.TrimPrefix(text, "attempt to compare "), " with ")
		if a == b {
			return "attempt to compare two " + a + " values"
		}
		return text
	case strings.HasPrefix(text, "for statement init"):
		return "'for' initial value must be a number"
	case strings.HasPrefix(text, "for statement "):
		what, _, _ := strings.Cut(strings.TrimPrefix(text, "for statement "), " ")
		return "'for' " + what + " must be a number"
	case text == "registry overflow":
		return "stack overflow"
	case strings.HasPrefix(text, "too many recursions in "):
		return "loop in " + strings.TrimPrefix(text, "too many recursions in ")
	case text == "can not yield from outside of a coroutine":
		return "attempt to yield across metamethod/C-call boundary"
	}
	return text
}
