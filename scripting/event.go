package scripting

import (
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// event makes the object that a hook's callback gets. Its fields are plain
// values, but for value, which is converted when it is first read. c is the call
// of an atomic hook, nil for observers.
func (s *state) event(ev hook.Event, c *command.Call) lua.LValue {
	if t := keyEvent(ev, c); t != nil {
		return t
	}
	t := s.L.CreateTable(0, 12)
	set := func(name string, v lua.LValue) { t.RawSetString(name, v) }
	text := func(name, v string) { set(name, lua.LString(v)) }
	number := func(name string, v int64) { set(name, lua.LNumber(v)) }
	ms := func(name string, d time.Duration) { set(name, lua.LNumber(float64(d)/1e6)) }
	failure := func(err error) {
		if err != nil {
			text("error", err.Error())
		}
	}
	text("event", string(ev.Kind()))
	number("depth", int64(ev.Depth()))
	if db := ev.Database(); db >= 0 {
		number("db", int64(db))
	}
	switch ev := ev.(type) {
	case *hook.Rewrite:
		text("phase", ev.Phase)
		text("cause", ev.Cause)
		number("keys", ev.Keys)
		number("before_bytes", ev.BeforeBytes)
		number("after_bytes", ev.AfterBytes)
		ms("freeze_ms", ev.Freeze)
		ms("dump_ms", ev.Dump)
		ms("longest_pause_ms", ev.LongestPause)
		ms("elapsed_ms", ev.Elapsed)
		failure(ev.Err)
	case *hook.Replay:
		number("commands", ev.Commands)
		number("keys", ev.Keys)
		number("bytes", ev.Bytes)
		ms("elapsed_ms", ev.Elapsed)
		number("dropped_bytes", ev.DroppedBytes)
		number("failures", ev.Failures)
	case *hook.Persistence:
		text("what", ev.What)
		ms("elapsed_ms", ev.Elapsed)
		failure(ev.Err)
	case *hook.Metric:
		text("name", ev.Name)
		text("type", string(ev.Type))
		set("value", lua.LNumber(ev.Value))
		labels := s.L.CreateTable(0, len(ev.Labels))
		for k, v := range ev.Labels {
			labels.RawSetString(k, lua.LString(v))
		}
		set("labels", labels)
	case *hook.Command:
		number("at", ev.AtMs)
		text("phase", ev.Phase)
		text("name", ev.Name)
		set("args", s.stringTable(ev.Args))
		number("client", ev.Client)
		text("addr", ev.Addr)
		text("user", ev.User)
		text("client_name", ev.ClientName)
		if ev.Phase != hook.Before {
			ms("elapsed_ms", ev.Elapsed)
		}
		failure(ev.Err)
	case *hook.Config:
		text("name", ev.Name)
		text("old", ev.Old)
		text("new", ev.New)
		text("by", ev.By)
	case *hook.Client:
		text("what", ev.What)
		number("id", ev.ID)
		text("addr", ev.Addr)
		text("user", ev.User)
		text("name", ev.Name)
	case *hook.Script:
		text("name", ev.Name)
		text("outcome", ev.Outcome)
		ms("elapsed_ms", ev.Elapsed)
		number("calls", ev.Calls)
		failure(ev.Err)
	case *hook.Timer:
		text("name", ev.Name)
		number("due", ev.DueMs)
		number("at", ev.AtMs)
	case *hook.Server:
		text("what", ev.What)
	}
	return t
}

// keep is ev:keep(ms): the key stays for so many milliseconds more.
func keep(L *lua.LState, ev *hook.Expired, c *command.Call) int {
	if c == nil {
		raise(L, "only an atomic hook can keep the key")
	}
	ms := checkInt(L, 2, "keep")
	if ms < 1 || int64(ms) > maxKeepMs {
		argError(L, 2, "keep", "milliseconds of at least 1 expected")
	}
	ev.KeepUntilMs = c.NowMs() + int64(ms)
	return 0
}

// maxKeepMs keeps deadlines within what the keyspace can hold.
const maxKeepMs = 1 << 45

// frozen converts a key's value: a string, a table of a list's or set's
// elements, of a hash's fields, of a sorted set's scores by member, or of a
// stream's entries as XRANGE replies them.
func (s *state) frozen(typ string, v hook.Value) lua.LValue {
	if v == nil {
		return lua.LNil
	}
	n := min(v.Len(), maxArray)
	switch typ {
	case "string":
		return lua.LString(v.Str())
	case "list":
		t := s.L.CreateTable(n, 0)
		appendTo := func(b []byte) bool { t.Append(lua.LString(b)); return true }
		v.RangeList(appendTo)
		return t
	case "set":
		t := s.L.CreateTable(n, 0)
		v.RangeSet(func(m []byte) bool { t.Append(lua.LString(m)); return true })
		return t
	case "hash":
		t := s.L.CreateTable(0, n)
		v.RangeHash(func(field, value []byte) bool { t.RawSetString(string(field), lua.LString(value)); return true })
		return t
	case "zset":
		t := s.L.CreateTable(0, n)
		v.RangeZSet(func(m []byte, score float64) bool { t.RawSetString(string(m), lua.LNumber(score)); return true })
		return t
	case "stream":
		t := s.L.CreateTable(n, 0)
		v.RangeStream(func(ms, seq uint64, fields [][]byte) bool {
			list := s.L.CreateTable(len(fields), 0)
			for _, b := range fields {
				list.Append(lua.LString(b))
			}
			entry := s.L.CreateTable(2, 0)
			entry.Append(lua.LString(strconv.FormatUint(ms, 10) + "-" + strconv.FormatUint(seq, 10)))
			entry.Append(list)
			t.Append(entry)
			return true
		})
		return t
	}
	return lua.LNil
}
