package scripting

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Versions that scripts see: those of the Redis whose behaviour this is.
const (
	redisVersion    = "7.0.15"
	redisVersionNum = 0x07000f
)

type tableDef struct {
	name   string
	values map[string]lua.LValue
}

func functions(fns map[string]lua.LGFunction) map[string]lua.LValue {
	m := make(map[string]lua.LValue, len(fns))
	for name, fn := range fns {
		m[name] = goFunction(fn)
	}
	return m
}

// libraryTables are the libraries of every state.
func libraryTables() []tableDef {
	mathValues := functions(mathFunctions)
	mathValues["pi"], mathValues["huge"] = lua.LNumber(3.141592653589793), lua.LNumber(inf)
	return []tableDef{
		{"string", functions(stringFunctions)},
		{"table", functions(tableFunctions)},
		{"math", mathValues},
		{"coroutine", functions(coroutineFunctions)},
		{"redis", redisValues()},
		{"cjson", cjsonValues()},
		{"cmsgpack", cmsgpackValues()},
		{"struct", functions(structFunctions)},
		{"bit", functions(bitFunctions)},
		{"kevy", functions(map[string]lua.LGFunction{"now": kevyNow})},
	}
}

// logValues are in redis both for scripts and while a library is loaded.
func logValues() map[string]lua.LValue {
	return map[string]lua.LValue{
		"log":       goFunction(redisLog),
		"LOG_DEBUG": lua.LNumber(0), "LOG_VERBOSE": lua.LNumber(1), "LOG_NOTICE": lua.LNumber(2), "LOG_WARNING": lua.LNumber(3),
		"REDIS_VERSION": lua.LString(redisVersion), "REDIS_VERSION_NUM": lua.LNumber(redisVersionNum),
	}
}

func redisValues() map[string]lua.LValue {
	m := logValues()
	for name, fn := range map[string]lua.LGFunction{
		"call": redisCall, "pcall": redisPcall, "error_reply": redisErrorReply, "status_reply": redisStatusReply,
		"sha1hex": redisSha1hex, "setresp": redisSetresp, "set_repl": redisSetRepl, "replicate_commands": redisReplicateCommands,
		"acl_check_cmd": redisACLCheck, "breakpoint": redisBreakpoint, "debug": redisDebug,
	} {
		m[name] = goFunction(fn)
	}
	for name, n := range map[string]int{"REPL_NONE": 0, "REPL_AOF": 1, "REPL_SLAVE": 2, "REPL_REPLICA": 2, "REPL_ALL": 3} {
		m[name] = lua.LNumber(n)
	}
	return m
}

const (
	msgNoArgs   = "ERR Please specify at least one argument for this redis lib call"
	msgArgTypes = "ERR Lua redis lib command arguments must be strings or integers"
	msgUnknown  = "ERR Unknown Redis command called from script"
	msgArity    = "ERR Wrong number of args calling Redis command from script"
)

// arguments converts the call's arguments. msg says what is wrong with them.
func (s *state) arguments(L *lua.LState) (msg string) {
	n := L.GetTop()
	if n == 0 {
		return msgNoArgs
	}
	s.args, s.arena = s.args[:0], s.arena[:0]
	for i := 1; i <= n; i++ {
		start := len(s.arena)
		switch v := L.Get(i).(type) {
		case lua.LString:
			s.arena = append(s.arena, v...)
		case lua.LNumber:
			s.arena = appendArg(s.arena, float64(v))
		default:
			return msgArgTypes
		}
		// Should the arena grow, the older slices keep the older memory.
		s.args = append(s.args, s.arena[start:len(s.arena):len(s.arena)])
	}
	return ""
}

// execute runs the command of the Lua arguments; its result goes to reply.
// failed is the error, nil when there is none.
func (s *state) execute(L *lua.LState, reply wire.Reply) (failed *lua.LTable) {
	if msg := s.arguments(L); msg != "" {
		return single("err", lua.LString(msg))
	}
	if s.idle {
		raise(L, "Script attempted to access nonexistent global variable 'call'")
	}
	s.calls++
	var err error
	if s.outside != nil {
		err = s.outside(s, reply, s.args)
	} else {
		err = doInUnit(s, reply, s.args)
	}
	if s.call != nil && !s.wrote.Load() && s.call.Unit.Dirty > s.dirty {
		s.wrote.Store(true)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, command.ErrUndeclared) || command.IsRollback(err) {
		s.stop(err)
		throw(L, lua.LString(err.Error()))
	}
	return errorTable(s.commandError(err))
}

// commandError is the text of a command's error as scripts get it: Redis has
// others for unknown commands and wrong numbers of arguments.
func (s *state) commandError(err error) string {
	table := s.runner.core.Table()
	if _, failed := table.Resolve(s.args); failed != nil {
		spec, ok := table.Lookup(s.args[0])
		if !ok || len(spec.Sub) > 0 && len(s.args) > 1 && !hasSub(spec, s.args[1]) {
			return msgUnknown
		}
		return msgArity
	}
	return replyError(err)
}

func hasSub(spec *command.Spec, name []byte) bool {
	for i := range spec.Sub {
		if command.EqualFold(name, spec.Sub[i].Name) {
			return true
		}
	}
	return spec.Run != nil
}

// doInUnit runs a command inside the unit of the script's own call.
func doInUnit(s *state, reply wire.Reply, args [][]byte) error {
	c := s.call
	records := len(c.Unit.Records)
	err := c.Do(reply, args...)
	if s.replicate&replicateLog == 0 {
		c.Unit.Records = c.Unit.Records[:min(records, len(c.Unit.Records))]
	}
	return err
}

func redisCall(L *lua.LState) int {
	s := stateOf(L)
	s.sink.reset(s.proto)
	if failed := s.execute(L, &s.sink); failed != nil {
		throw(L, failed)
	}
	L.Push(s.sink.result)
	return 1
}

// redisRelay is redis.call where its result is the script's: it becomes the
// reply at once.
func redisRelay(L *lua.LState) int {
	s := stateOf(L)
	if s.call == nil || s.proto != 2 {
		return redisCall(L)
	}
	s.relay.to = s.call.Reply
	if failed := s.execute(L, &s.relay); failed != nil {
		throw(L, failed)
	}
	L.Push(relayed)
	return 1
}

// redisDo is redis.call where the result is not used.
func redisDo(L *lua.LState) int {
	s := stateOf(L)
	s.sink.reset(s.proto)
	s.sink.discard = true
	if failed := s.execute(L, &s.sink); failed != nil {
		throw(L, failed)
	}
	return 0
}

func redisPcall(L *lua.LState) int {
	s := stateOf(L)
	s.sink.reset(s.proto)
	if failed := s.execute(L, &s.sink); failed != nil {
		L.Push(failed)
		return 1
	}
	L.Push(s.sink.result)
	return 1
}

func redisErrorReply(L *lua.LState) int {
	text, ok := L.Get(1).(lua.LString)
	if !ok || L.GetTop() != 1 {
		L.Push(single("err", lua.LString("ERR wrong number or type of arguments")))
		return 1
	}
	L.Push(single("err", lua.LString(withCode(string(text)))))
	return 1
}

// withCode gives an error text a code: a text of one word gets the generic one.
func withCode(text string) string {
	text = strings.TrimRight(strings.TrimPrefix(text, "-"), "\r\n")
	if !strings.Contains(text, " ") {
		return "ERR " + text
	}
	return text
}

func redisStatusReply(L *lua.LState) int {
	text, ok := L.Get(1).(lua.LString)
	if !ok || L.GetTop() != 1 {
		L.Push(single("err", lua.LString("ERR wrong number or type of arguments")))
		return 1
	}
	L.Push(single("ok", text))
	return 1
}

// fail raises an error without a position, as Redis' own functions do.
func fail(L *lua.LState, msg string) int {
	throw(L, single("err", lua.LString("ERR "+msg)))
	return 0
}

func redisSha1hex(L *lua.LState) int {
	if L.GetTop() != 1 {
		return fail(L, "wrong number of arguments")
	}
	text, _ := toText(L.Get(1))
	L.Push(lua.LString(sha1hex(text)))
	return 1
}

func sha1hex(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

var logLevels = [...]slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}

func redisLog(L *lua.LState) int {
	if L.GetTop() < 2 {
		return fail(L, "redis.log() requires two arguments or more.")
	}
	level, ok := L.Get(1).(lua.LNumber)
	if !ok {
		return fail(L, "First argument must be a number (log level).")
	}
	if level < 0 || level > 3 {
		return fail(L, "Invalid debug level.")
	}
	var parts []string
	for i := 2; i <= L.GetTop(); i++ {
		if text, ok := toText(L.Get(i)); ok {
			parts = append(parts, text)
		}
	}
	s := stateOf(L)
	s.runner.core.Log().Log(s.logContext(), logLevels[int(level)], strings.Join(parts, " "), "script", s.name)
	return 0
}

func redisSetresp(L *lua.LState) int {
	if L.GetTop() != 1 {
		return fail(L, "redis.setresp() requires one argument.")
	}
	n, ok := toNumber(L.Get(1))
	if !ok || n != 2 && n != 3 {
		return fail(L, "RESP version must be 2 or 3.")
	}
	stateOf(L).proto = int(n)
	return 0
}

func redisSetRepl(L *lua.LState) int {
	if L.GetTop() != 1 {
		return fail(L, "redis.set_repl() requires two arguments.")
	}
	n, _ := toNumber(L.Get(1))
	if flags := int(n); flags&^replicateAll != 0 {
		return fail(L, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	stateOf(L).replicate = int(n)
	return 0
}

func redisReplicateCommands(L *lua.LState) int {
	L.Push(lua.LTrue)
	return 1
}

// redisACLCheck answers that the user may: there is only the one who may run everything.
func redisACLCheck(L *lua.LState) int {
	s := stateOf(L)
	if msg := s.arguments(L); msg != "" {
		return fail(L, strings.TrimPrefix(msg, "ERR "))
	}
	table := s.runner.core.Table()
	spec, ok := table.Lookup(s.args[0])
	if !ok || len(spec.Sub) > 0 && len(s.args) > 1 && !hasSub(spec, s.args[1]) {
		return fail(L, "Invalid command passed to redis.acl_check_cmd()")
	}
	L.Push(lua.LTrue)
	return 1
}

// redisBreakpoint answers that no debugger is attached.
func redisBreakpoint(L *lua.LState) int {
	L.Push(lua.LFalse)
	return 1
}

func redisDebug(*lua.LState) int { return 0 }

// kevyNow is the unit's time in milliseconds, which TIME has as strings.
func kevyNow(L *lua.LState) int {
	s := stateOf(L)
	ms := s.runner.core.Now().UnixMilli()
	if s.call != nil {
		ms = s.call.NowMs()
	}
	L.Push(lua.LNumber(ms))
	return 1
}
