package scripting_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

const counterLib = `#!lua name=a
local c=0
redis.register_function("inc",function(k,a) c=c+1 return {c,k,a} end)
redis.register_function{function_name="ro",callback=function() return redis.call("get","x") end,flags={"no-writes"},description="desc"}
redis.register_function("bad",function()
 error("oops") end)
redis.register_function("w",function() return redis.call("set","x",1) end)
redis.register_function{function_name="row",callback=function() return redis.call("set","x",1) end,flags={"no-writes"}}
redis.register_function("globals",function() return {pcall(function() return KEYS end)} end)
redis.register_function("late",function() redis.register_function("x",function() end) end)`

// TestLoadOfOurOwn: a library that names kevy could not be loaded into Redis, so
// its top level need not be as poor as there.
func TestLoadOfOurOwn(t *testing.T) {
	r := newRig(t)
	r.load(`#!lua name=ours
local format, names = string.format, {}
for i, n in ipairs{'a', 'b'} do names[i] = format('%s%d', n, i) end
kevy.register_command{ name = 'names', callback = function() return table.concat(names, ' ') .. type(math.pi) .. tostring(kevy.register_command) end }`)
	r.expect("a1 b2numbernil", "NAMES")
	r.load("#!lua name=theirs\nredis.register_function('f', function() return #string.format('%d', 10) + math.abs(-1) end)")
	r.expect("3", "FCALL", "f", "0")
}

// functionScript is run here and on redis-server: the replies must be equal.
// Commands that differ on purpose are not in it.
var functionScript = [][]string{
	{"FUNCTION", "LOAD", "return 1"},
	{"FUNCTION", "LOAD", "#!lua name=a"},
	{"FUNCTION", "LOAD", "#!lua\nreturn 1"},
	{"FUNCTION", "LOAD", "#!js name=a\nreturn 1"},
	{"FUNCTION", "LOAD", "#!lua name=a\nreturn 1"},
	{"FUNCTION", "LOAD", "#!lua name=a name=b\nreturn 1"},
	{"FUNCTION", "LOAD", "#!lua name=a-b\nreturn 1"},
	{"FUNCTION", "LOAD", "#!lua name=a foo=1\nreturn 1"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.call('ping')"},
	{"FUNCTION", "LOAD", "#!lua name=a\nx=1"},
	{"FUNCTION", "LOAD", "#!lua name=a\nreturn nosuch"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function('f1')"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function('f 1',function() end)"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function{function_name='f',callback=function() end,foo=1}"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function{function_name='f'}"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function{callback=function() end}"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function{function_name='f',callback=function() end,flags={'bad'}}"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function{function_name='f',callback=function() end,flags='bad'}"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function('f',function() end) redis.register_function('f',function() end)"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function()"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function(1)"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function(1,2,3)"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function{function_name='f',callback=1}"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.register_function{function_name={},callback=function() end}"},
	{"FUNCTION", "LOAD", "#!lua \"name=a\"\nx=1"},
	{"FUNCTION", "LOAD", "#!lua name='a\nx=1"},
	{"FUNCTION", "LOAD", "#!\nx=1"},
	{"EVAL", "#!lua 'flags=no-writes\nreturn 1", "0"},
	{"EVAL", "#!lua 'flags=no-writes'\nreturn redis.call('set','x',1)", "0"},
	{"FUNCTION", "LOAD", "#!lua name=a\nlocal x=math.random()"},
	{"FUNCTION", "LOAD", "#!lua name=a\nlocal x=redis.nosuch"},
	{"FUNCTION", "LOAD", "#!lua name=a\nlocal x=string.nosuch"},
	{"FUNCTION", "LOAD", "#!lua name=a\nmath.x=1"},
	{"FUNCTION", "LOAD", "#!lua name=a\nredis.x=1"},
	{"FUNCTION", "LOAD", "#!lua name=a\n_G.x=1"},
	{"FUNCTION", "LOAD", "#!lua name=a\nfor k in pairs(redis) do end"},
	{"FUNCTION", "LOAD", "#!lua name=a\nerror('x')"},
	{"FUNCTION", "LOAD", "#!lua name=a\nsetmetatable(_G,{})"},
	{"FUNCTION", "LOAD", "#!lua name=a\nlocal x=('x'):rep(3)..1 local y=x.y.z"},
	{"FUNCTION", "LOAD", counterLib},
	{"FUNCTION", "LOAD", counterLib},
	{"FUNCTION", "LOAD", "#!lua name=b\nredis.register_function('inc',function() end)"},
	{"FUNCTION", "LOAD", "foo", "bar"},
	{"FUNCTION", "LOAD"},
	{"FCALL", "inc", "1", "k", "a", "b"},
	{"FCALL", "inc", "0"},
	{"FCALL", "INC", "0"},
	{"FCALL", "nosuch", "0"},
	{"FCALL", "inc", "x"},
	{"FCALL", "inc", "5", "a"},
	{"FCALL", "inc", "-1"},
	{"FCALL", "bad", "0"},
	{"FCALL", "w", "0"},
	{"FCALL", "row", "0"},
	{"FCALL", "globals", "0"},
	{"FCALL", "late", "0"},
	{"FCALL_RO", "inc", "0"},
	{"FCALL_RO", "ro", "0"},
	{"FCALL_RO", "row", "0"},
	{"FUNCTION", "STATS"},
	{"FUNCTION", "LIST", "LIBRARYNAME", "b*"},
	{"FUNCTION", "LIST", "foo"},
	{"FUNCTION", "LIST", "LIBRARYNAME"},
	{"FUNCTION", "DELETE", "x"},
	{"FUNCTION", "FLUSH", "foo"},
	{"FUNCTION", "FLUSH", "SYNC", "foo"},
	{"FUNCTION", "KILL"},
	{"FUNCTION", "NOSUCH"},
	{"FUNCTION", "RESTORE", "x"},
	{"FUNCTION", "RESTORE", "x", "foo"},
	{"FUNCTION", "LOAD", "REPLACE", "#!lua name=a\nredis.register_function('only',function() return 7 end)"},
	{"FCALL", "only", "0"},
	{"FCALL", "inc", "0"},
	{"FUNCTION", "LIST", "WITHCODE"},
	{"FUNCTION", "LOAD", "REPLACE", "#!lua name=a\nx=1"},
	{"FCALL", "only", "0"},
	{"FUNCTION", "DELETE", "a"},
	{"FUNCTION", "LIST"},
	{"FUNCTION", "FLUSH", "SYNC"},
	{"SCRIPT", "LOAD", "return 7"},
	{"SCRIPT", "EXISTS", "2b7a11ebb0c6a3dda1c8b3eb1a2fba6a5d7a1b5e", "E9F69F2BEB755BE68B5E456EE2CE9AADFBC4EBF4"},
	{"EVALSHA", "nosuch", "0"},
	{"EVALSHA", "2b7a11ebb0c6a3dda1c8b3eb1a2fba6a5d7a1b5e", "0"},
	{"SCRIPT", "FLUSH", "foo"},
	{"SCRIPT", "KILL"},
	{"SCRIPT", "DEBUG", "foo"},
	{"SCRIPT", "DEBUG", "NO"},
	{"SCRIPT", "NOSUCH"},
	{"EVAL", "return 1", "x"},
	{"EVAL", "return 1", "2", "a"},
	{"EVAL", "return 1", "-1"},
	{"EVAL", "return 1"},
	{"EVAL_RO", "return redis.call('set','x',1)", "0"},
	{"EVAL_RO", "#!lua\nreturn 1", "0"},
	{"EVAL_RO", "#!lua flags=no-writes\nreturn redis.call('get','x')", "0"},
}

func TestFunctionsOracle(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	for _, resp3 := range []bool{false, true} {
		redis.Hello(2)
		if resp3 {
			redis.Hello(3)
		}
		redis.Do("FUNCTION", "FLUSH")
		r := newRig(t)
		for _, args := range functionScript {
			want, got := oneLine(text(redis.Do(args...))), oneLine(text(r.doProto(resp3, args...)))
			if got != want {
				t.Errorf("RESP3 %v: %q\n got %s\nwant %s", resp3, args, got, want)
			}
		}
	}
}

func TestScriptsAreLogged(t *testing.T) {
	r := newRig(t)
	sha := text(r.do("SCRIPT", "LOAD", "return 7"))
	r.expect("7", "EVALSHA", sha, "0")
	r.expect("7", "EVALSHA", strings.ToUpper(sha), "0")
	r.do("SCRIPT", "LOAD", "return 7")
	r.do("EVAL", "return redis.call('set',KEYS[1],'v','px','1000') and redis.call('incr','n')", "1", "k")
	log := r.journal.take()
	if len(log) != 3 || log[0] != "SCRIPT LOAD return 7" || !strings.HasPrefix(strings.ToLower(log[1]), "set k v pxat ") || log[2] != "incr n" {
		t.Errorf("logged %q", log)
	}
	r.eval("redis.set_repl(redis.REPL_NONE) redis.call('set','k','x') redis.set_repl(redis.REPL_ALL) redis.call('set','l','y')")
	if log := r.journal.take(); !slices.Equal(log, []string{"set l y"}) {
		t.Errorf("logged %q", log)
	}
	r.eval("return redis.call('get','k')")
	if log := r.journal.take(); log != nil {
		t.Errorf("reading logged %q", log)
	}
	r.do("SCRIPT", "FLUSH")
	r.expect("-NOSCRIPT No matching script. Please use EVAL.", "EVALSHA", sha, "0")
	r.expect("-NOSCRIPT No matching script. Please use EVAL.", "EVALSHA", "short", "-1")
	r.expect("-ERR value is not an integer or out of range", "EVALSHA", sha, "x")

	// A log with a script and a library: both are there after a restart.
	again := newRig(t)
	for _, args := range [][]string{{"SCRIPT", "LOAD", "return 7"}, {"FUNCTION", "LOAD", counterLib}, {"FUNCTION", "LOAD", counterLib}} {
		if err := again.Replay(0, byteArgs(args)); err != nil {
			t.Fatal(err)
		}
	}
	again.EndReplay()
	again.expect("7", "EVALSHA", sha, "0")
	again.expect("[1 [] []]", "FCALL", "inc", "0")
}

func TestDump(t *testing.T) {
	r := newRig(t)
	r.expect("a", "FUNCTION", "LOAD", counterLib)
	long := "#!lua name=long\nredis.register_function('long',function() return '" + strings.Repeat("abc", 10000) + "' end)"
	r.expect("long", "FUNCTION", "LOAD", long)
	dump := string(r.do("FUNCTION", "DUMP").Str)
	r.expect("-ERR Library a already exists", "FUNCTION", "RESTORE", dump)
	r.expect("+OK", "FUNCTION", "RESTORE", dump, "REPLACE")
	r.expect("+OK", "FUNCTION", "RESTORE", dump, "FLUSH")
	r.expect("[1 [] []]", "FCALL", "inc", "0")
	for i := range len(dump) {
		broken := dump[:i] + string(dump[i]^1) + dump[i+1:]
		if i%97 == 0 || i < 10 {
			r.expect("-ERR DUMP payload version or checksum are wrong", "FUNCTION", "RESTORE", broken, "REPLACE")
		}
	}
	redis := commandtest.StartRedis(t, true)
	if got := text(redis.Do("FUNCTION", "RESTORE", dump)); got != "+OK" {
		t.Errorf("redis-server cannot restore our dump: %s", got)
	}
	theirs := string(redis.Do("FUNCTION", "DUMP").Str)
	other := newRig(t)
	other.expect("+OK", "FUNCTION", "RESTORE", theirs)
	other.expect("[1 [] []]", "FCALL", "inc", "0")
	if got := other.do("FCALL", "long", "0"); len(got.Str) != 30000 {
		t.Errorf("the long function returned %d bytes", len(got.Str))
	}
}

func TestFailedReplaceKeepsTheOldLibrary(t *testing.T) {
	r := newRig(t)
	r.expect("a", "FUNCTION", "LOAD", "#!lua name=a\nredis.register_function('f',function() return 1 end) kevy.register_command{name='a.cmd',callback=function() return 'old' end}")
	r.expect("b", "FUNCTION", "LOAD", "#!lua name=b\nredis.register_function('g',function() return 2 end)")
	r.journal.take()
	for _, bad := range []string{
		"#!lua name=a\nredis.register_function('f',function() return 1 end) error('no')",
		"#!lua name=a\nredis.register_function('g',function() return 1 end)",
		"#!lua name=a\nkevy.register_command{name='get',callback=function() end}",
		"#!lua name=a\nkevy.register_hook{event='expired',mode='outbox',callback=function() end}",
		"#!lua name=a\nredis.register_function('f',function() return 1 end) while true do end",
		"#!lua name=a\nredis.register_function('f'",
	} {
		if got := text(r.do("FUNCTION", "LOAD", "REPLACE", bad)); !strings.HasPrefix(got, "-ERR") {
			t.Errorf("%s: got %s", bad, got)
		}
		r.expect("1", "FCALL", "f", "0")
		r.expect("2", "FCALL", "g", "0")
		r.expect("old", "A.CMD")
		if log := r.journal.take(); log != nil {
			t.Errorf("%s: logged %q", bad, log)
		}
	}
}
