package scripting

import (
	"errors"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// maxReplyDepth bounds the nesting of a returned table.
const maxReplyDepth = 7000

// errStackLimit is Redis' answer to a table that is nested too deeply.
const errStackLimit wire.Error = "ERR reached lua stack limit"

// lineBreaks keeps one-line replies on one line.
var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")

// answer makes a script's result the reply of its call: an error table is the
// call's error, anything else is written. Fields are read without metamethods:
// nothing in the table can run.
func (s *state) answer(r wire.Reply, v lua.LValue) error {
	if t, ok := v.(*lua.LTable); ok {
		if text, ok := toText2(t.RawGetString("err")); ok {
			return counted(wire.Error(lineBreaks.Replace(text)), t)
		}
	}
	if v != relayed {
		s.sendValue(r, v, 0)
	}
	return nil
}

// counted is err, which an error table stands for, for the engine's statistics:
// the field is set in those that come from a command, which was counted.
func counted(err wire.Error, t *lua.LTable) error {
	if lua.LVAsBool(t.RawGetString(countedField)) {
		return command.Counted(err)
	}
	return err
}

const countedField = "ignore_error_stats_update"

func (s *state) sendValue(r wire.Reply, v lua.LValue, depth int) {
	switch v := v.(type) {
	case lua.LString:
		r.BulkString(string(v))
	case lua.LNumber:
		r.Int(truncInt(float64(v)))
	case lua.LBool:
		switch {
		case s.proto == 3:
			r.Bool(bool(v))
		case bool(v):
			r.Int(1)
		default:
			r.Null()
		}
	case *lua.LTable:
		if depth >= maxReplyDepth {
			r.Error(errStackLimit)
			return
		}
		s.sendTable(r, v, depth)
	default:
		r.Null()
	}
}

func (s *state) sendTable(r wire.Reply, t *lua.LTable, depth int) {
	if text, ok := toText2(t.RawGetString("err")); ok {
		r.Error(wire.Error(text))
		return
	}
	if text, ok := toText2(t.RawGetString("ok")); ok {
		r.Status(lineBreaks.Replace(text))
		return
	}
	if f, ok := t.RawGetString("double").(lua.LNumber); ok {
		r.Double(float64(f))
		return
	}
	if m, ok := t.RawGetString("map").(*lua.LTable); ok {
		s.sendMap(r, m, depth)
		return
	}
	if m, ok := t.RawGetString("set").(*lua.LTable); ok {
		s.sendSet(r, m, depth)
		return
	}
	if text, ok := t.RawGetString("big_number").(lua.LString); ok {
		r.BigNumber(lineBreaks.Replace(string(text)))
		return
	}
	if vs, ok := t.RawGetString("verbatim_string").(*lua.LTable); ok {
		text, ok1 := vs.RawGetString("string").(lua.LString)
		format, ok2 := vs.RawGetString("format").(lua.LString)
		if ok1 && ok2 {
			r.Verbatim((string(format) + "   ")[:3], string(text))
			return
		}
	}
	n := 0
	for element(t, n+1) != lua.LNil {
		n++
	}
	r.Array(n)
	for i := 1; i <= n; i++ {
		s.sendValue(r, element(t, i), depth+1)
	}
}

// toText2 takes strings only: a number in {err=1} is none of Redis' errors.
func toText2(v lua.LValue) (string, bool) {
	s, ok := v.(lua.LString)
	return string(s), ok
}

func (s *state) sendMap(r wire.Reply, m *lua.LTable, depth int) {
	n := 0
	m.ForEach(func(_, _ lua.LValue) { n++ })
	r.Map(n)
	for k, v := range pairs(m) {
		s.sendValue(r, k, depth+1)
		s.sendValue(r, v, depth+1)
	}
}

func (s *state) sendSet(r wire.Reply, m *lua.LTable, depth int) {
	n := 0
	m.ForEach(func(_, _ lua.LValue) { n++ })
	r.Set(n)
	for k := range pairs(m) {
		s.sendValue(r, k, depth+1)
	}
}

// fault is what a run ended with instead of a result.
type fault struct {
	reply wire.Error // the error reply, position included
	value lua.LValue // what was raised
	cause error      // why the run was stopped, or nil
}

func (f *fault) Error() string { return string(f.reply) }

// counted is the reply as the call's error.
func (f *fault) counted() error {
	if t, ok := f.value.(*lua.LTable); ok {
		return counted(f.reply, t)
	}
	return f.reply
}

// Unwrap gives the engine its own errors back: a run that touched an
// undeclared key is to be undone and run again.
func (f *fault) Unwrap() error { return f.cause }

// faultOf makes the reply of a failed run: the error's text, then the script's
// name and the place.
func (s *state) faultOf(err error) error {
	text, value := "", lua.LValue(lua.LNil)
	switch {
	case s.stopErr != nil:
		text = "ERR " + s.stopErr.Error()
	default:
		value = s.errorValue(err)
		text = errorText(s.L, value)
	}
	if s.errSource != "" || s.source != "" {
		source, line := s.errSource, s.errLine
		if source == "" {
			source, line = s.source, 0
		}
		text += " script: " + s.name + ", on @" + source + ":" + strconv.Itoa(line) + "."
	}
	text = lineBreaks.Replace(text)
	return &fault{reply: wire.Error(text), value: value, cause: s.stopErr}
}

// errorText is the reply's text for a raised value: of a table its err field,
// which has a code; of anything else the text behind the generic code.
func errorText(L *lua.LState, v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LTable:
		if text, ok := toText(v.RawGetString("err")); ok {
			return text
		}
		return "ERR unknown error"
	case lua.LString, lua.LNumber:
		text, _ := toText(v)
		return "ERR " + text
	case *lua.LUserData:
		return "ERR userdata"
	}
	return "ERR " + v.String()
}

// replyError is the text of an error for Go code.
func replyError(err error) string {
	var e wire.Error
	if errors.As(err, &e) {
		return string(e)
	}
	return "ERR " + err.Error()
}
