package scripting_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// hostile scripts must end with an error in a bounded time and memory, and
// leave a server that goes on.
var hostile = []struct{ name, script, want string }{
	{"loop", `while true do end`, "time limit"},
	{"loop in pcall", `while true do pcall(function() while true do end end) end`, "time limit"},
	{"loop in xpcall's handler", `xpcall(error, function() while true do end end)`, "time limit"},
	{"pcall of pcall", `local function f() while true do pcall(pcall, f) end end f()`, ""},
	{"loop in a coroutine", `local c = coroutine.wrap(function() while true do end end) while true do pcall(c) end`, "time limit"},
	{"coroutines without end", `while true do local c = coroutine.create(function() coroutine.yield() end) coroutine.resume(c) end`, "time limit"},
	{"coroutine in coroutine", `local function f() return coroutine.wrap(f)() end f()`, "C stack overflow"},
	{"deep coroutines with deep calls", `local function d(n) if n > 0 then return 1 + d(n-1) end return 0 end
		local function f(n) d(1900) if n > 0 then coroutine.wrap(f)(n-1) end end f(99) error('end')`, "end"},
	{"doubling", `local s = 'x' while true do s = s..s end`, "too long"},
	{"doubling under pcall", `local s = 'x' while true do pcall(function() s = s..s end) end`, ""},
	{"doubling through concat", `local s = 'x' while true do s = table.concat({s,s}) end`, ""},
	{"doubling through gsub", `local s = 'x' while true do s = s:gsub('.', '%0%0') end`, ""},
	{"doubling through format", `local s = 'x' while true do s = string.format('%s%s', s, s) end`, ""},
	{"rep", `return #string.rep('x', 2^33)`, "too large"},
	{"rep of rep", `return #(('x'):rep(2^20)):rep(2^12)`, "too"},
	{"rep in pcall", `while true do pcall(string.rep, 'x', 2^28) end`, ""},
	{"many strings", `local t = {} while true do t[#t+1] = ('x'):rep(2^20)..#t end`, ""},
	{"many tables", `local t = {} while true do t[#t+1] = {1,2,3,4,5,6,7,8} end`, ""},
	{"huge index", `local t = {} t[60000000] = 1 return #t`, ""},
	{"huge indexes", `local t = {} for i = 1, 1000 do t[i] = {} t[i][1000000] = 1 end`, ""},
	{"nested tables", `local t = {} while true do t = {t} end`, ""},
	{"linked closures", `local f = print == nil while true do local g = f f = function() return g end end`, ""},
	{"recursion", `local function f() return 1 + f() end f()`, "stack overflow"},
	{"recursion under pcall", `local function f() pcall(f) pcall(f) end f() while true do f() end`, ""},
	{"recursion through __index", `local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x`, "stack overflow"},
	{"recursion through tostring", `local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) tostring(t)`, "stack overflow"},
	{"recursion through gsub", `local function f(x) return (x:gsub('.', f)) end f('x')`, "stack overflow"},
	{"recursion through sort", `local function f() table.sort({1,2,3}, function(a, b) f() return a < b end) end f()`, "stack overflow"},
	{"loop in a sort under pcall", `while true do pcall(table.sort, {1,2,3}, function() while true do end end) end`, "time limit"},
	{"loop in gsub's function", `('x'):gsub('.', function() while true do end end)`, "time limit"},
	{"loop in gsub's table", `('x'):gsub('.', setmetatable({}, {__index = function() while true do end end}))`, "time limit"},
	{"loop in foreach", `table.foreach({1}, function() while true do end end)`, "time limit"},
	{"loop in a metamethod", `local t = setmetatable({}, {__index = function() while true do end end}) while true do pcall(function() return t.x end) end`, "time limit"},
	{"loop in __concat", `local t = setmetatable({}, {__concat = function() while true do end end}) return t..'x'`, "time limit"},
	{"loop in __eq and __lt", `local m = {__lt = function() while true do end end} return setmetatable({}, m) < setmetatable({}, m)`, "time limit"},
	{"loop in __call", `setmetatable({}, {__call = function() while true do end end})()`, "time limit"},
	{"loop in __tostring", `tostring(setmetatable({}, {__tostring = function() while true do end end}))`, "time limit"},
	{"loop in load's reader", `load(function() while true do end end)`, "time limit"},
	{"loop in loadstring", `while true do pcall(loadstring('while true do end')) end`, "time limit"},
	{"loop in an iterator", `for x in function() return 1 end do end`, "time limit"},
	{"loop of commands", `while true do redis.pcall('GET', 'bystander') end`, "time limit"},
	{"loop of failing commands", `while true do redis.pcall('NOSUCH') pcall(redis.call, 'GET') end`, "time limit"},
	{"loop of yields", `local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end`, "time limit"},
	{"coroutines that catch", `local function f() while true do pcall(coroutine.wrap(function() pcall(f) end)) end end f()`, ""},
	{"errors without end", `while true do pcall(error, {}) end`, "time limit"},
	{"xpcall of xpcall", `local function h() xpcall(error, h) end while true do xpcall(error, h) end`, ""},
	{"backtracking find", `local s = ('a'):rep(30000) while true do s:find('.-.-.-.-b') end`, ""},
	{"frontier and balance", `local s = ('('):rep(200000) while true do s:find('%b()') end`, ""},
	{"gmatch of nothing", `while true do for _ in (('x'):rep(1000)):gmatch('') do end end`, "time limit"},
	{"writes without end", `local i = 0 while true do i = i + 1 redis.call('SET', 'w'..(i % 100), i) end`, "time limit"},
	{"tail calls without end", `local function f() return f() end f()`, "time limit"},
	{"varargs", `local function f(...) return f(1, ...) end f()`, ""},
	{"error with a table", `error({foo = 1})`, "unknown error"},
	{"error with a table whose err is odd", `error({err = {}})`, "unknown error"},
	{"error with a function", `error(function() end)`, "ERR function"},
	{"error with a metatable", `error(setmetatable({}, {__index = function() error('again') end, __tostring = function() error('more') end}))`, "unknown error"},
	{"returned metatable", `return setmetatable({}, {__index = function() error('x') end, __len = function() error('y') end}) `, "[]"},
	{"returned loop", `local t = {} t[1] = t return t`, "stack limit"},
	{"returned loop of maps", `local t = {} t.map = {a = t} return t`, "stack limit"},
	{"pattern without end", `return ('a'):rep(100000):find(('a?'):rep(2000)..('a'):rep(2000)..'b')`, ""},
	{"exponential pattern", `return ('a'):rep(60):find('(a*)*b') or ('a'):rep(3000):find(('.-'):rep(12)..'b')`, ""},
	{"deep pattern", `return ('a'):rep(50000):find(('a?'):rep(50000))`, "pattern too complex"},
	{"many captures", `return ('a'):find(('()'):rep(40))`, "too many captures"},
	{"sort that lies", `local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end) return 1`, "1"},
	{"sort that never ends", `local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() while true do end end)`, "time limit"},
	{"json bomb", `local t = {} for i = 1, 900 do t = {t, t} end return cjson.encode(t)`, ""},
	{"json depth", `return cjson.decode(('['):rep(200000))`, "too many nested"},
	{"json depth raised", `cjson.decode_max_depth(100000) return type(cjson.decode(('['):rep(90000)..(']'):rep(90000)))`, "table"},
	{"msgpack bomb", `local s = ('\221\255\255\255\255'):rep(100) return cmsgpack.unpack(s)`, "Missing bytes"},
	{"msgpack depth", `return cmsgpack.unpack(('\145'):rep(100000))`, "too many nested"},
	{"struct bomb", `return struct.pack(('i32'):rep(100000), 1)`, "expected"},
	{"unpack", `return {unpack({}, 1, 1e8)}`, "too many results"},
	{"unpack overflow", `return {unpack({}, -2^62, 2^62)}`, "too many results"},
	{"concat far", `return table.concat({}, 'x', 1, 1e9)`, "invalid value"},
	{"insert far", `local t = {} table.insert(t, 2^40, 1) return 1`, "1"},
	{"load without end", `load(function() return 'local x = 1 ' end)`, ""},
	{"nested braces", "return " + strings.Repeat("{", 200000) + strings.Repeat("}", 200000), "too many syntax levels"},
	{"nested parentheses", "return " + strings.Repeat("(", 200000) + "1" + strings.Repeat(")", 200000), ""},
	{"nested functions", strings.Repeat("return function() ", 20000) + strings.Repeat(" end", 20000), "too many syntax levels"},
	{"long sum", "return 1" + strings.Repeat("+1", 100000), "too many syntax levels"},
	{"long concatenation", "return #('x'" + strings.Repeat("..'x'", 4000) + ")", "4001"},
	{"long call chain", "local f f = function() return f end return f" + strings.Repeat("()", 20000), "too many syntax levels"},
	{"nots", "return " + strings.Repeat("not ", 200000) + "1", "too many syntax levels"},
	{"brackets in a string", "return #[[" + strings.Repeat("{", 100000) + "]]", "100000"},
	{"nested braces in loadstring", `return loadstring('return '..('{'):rep(100000)..('}'):rep(100000))`, "nil"},
	{"unfinished", "return {", "near '"},
	{"zero bytes", "return '\x00'", "\x00"},
	{"hidden names", `return _G['` + "\x00" + `concat']`, "nonexistent"},
	{"not utf-8", "return '\xff\xfe'", "\xff\xfe"},
	{"setmetatable on a library's inside", `for _, l in pairs(_G) do if type(l) == 'table' then pcall(setmetatable, l, {}) pcall(rawset, l, 'x', 1) end end return tostring(string.x)`, "nil"},
	{"library through pairs", `local f, t = pairs(string) pcall(rawset, t, 'rep', nil) pcall(function() t.rep = nil end) return type(string.rep)`, "function"},
	{"library through getmetatable", `local m = getmetatable(string) or getmetatable('') pcall(function() m.__index = nil end) return ('x'):rep(2)`, "xx"},
	{"library through table functions", `pcall(table.insert, string, 1) pcall(table.sort, _G) pcall(table.remove, redis) return type(redis.call)`, "function"},
	{"json options do not stay", `cjson.encode_max_depth(1) cjson.encode_invalid_numbers(true) return 1`, "1"},
}

// errLimit is a good end for any of them: the machine may be slow.
const errLimit = "longer than its time limit"

// errHeap is the end of what has taken, or whose neighbour has taken, too much.
const errHeap = "more memory than its limit"

func TestHostile(t *testing.T) {
	r := newRig(t, with(func(c *config.Config) {
		c.Scripting.TimeLimit = 30 * time.Millisecond
		c.Scripting.MaxMemory = 16 << 20
	}))
	for i, tc := range hostile {
		if testing.Short() && i%5 != 0 {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			got := r.eval(tc.script)
			took := time.Since(begin)
			runtime.ReadMemStats(&after)
			if !strings.Contains(got, tc.want) && !strings.Contains(got, errLimit) && !strings.Contains(got, errHeap) {
				t.Errorf("got %.300s\nwant %s", got, tc.want)
			}
			if took > 20*time.Second { // far above what a quiet machine needs
				t.Errorf("took %v", took)
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 1<<30 {
				t.Errorf("the process grew by %d MB", grown>>20)
			}
			if got := r.eval("return cjson.encode({{2}})..('x'):rep(2)"); got != "[[2]]xx" {
				t.Errorf("afterwards: %s", got)
			}
			if testing.Verbose() {
				t.Logf("%v %.120q", took.Round(time.Millisecond), got)
			}
		})
	}
}

// hostileRig has limits so small that the set is through quickly.
func hostileRig(t testing.TB, opts ...option) *rig {
	return newRig(t, append(opts, with(func(c *config.Config) {
		c.Scripting.TimeLimit = 20 * time.Millisecond
		c.Scripting.MaxMemory, c.Hooks.MemoryBudget = 16<<20, 16<<20
		c.Hooks.TripAfter = 0
	}))...)
}

// aliveBytes is the heap after a collection.
func aliveBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// withClient runs fn while another client asks for a key, which must be
// answered with its value all the time.
func (r *rig) withClient(fn func()) {
	r.t.Helper()
	stop, asked := make(chan struct{}), 0
	var client sync.WaitGroup
	client.Add(1)
	go func() {
		defer client.Done()
		for {
			if got := text(r.do("GET", "bystander")); got != "here" {
				r.t.Errorf("the other client got %s", got)
				return
			}
			asked++
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	fn()
	close(stop)
	client.Wait()
	if asked == 0 {
		r.t.Error("the other client was never answered")
	}
}

// TestHostileFunctions: the same set as functions of libraries.
func TestHostileFunctions(t *testing.T) {
	r := hostileRig(t, shards(2))
	r.do("SET", "bystander", "here")
	before := aliveBytes()
	r.withClient(func() {
		for i, tc := range hostile {
			if testing.Short() && i%5 != 1 {
				continue
			}
			t.Run(tc.name, func(t *testing.T) {
				got := text(r.do("FUNCTION", "LOAD", "REPLACE", "#!lua name=h\nredis.register_function('h', function(KEYS, ARGV) "+tc.script+" \nend)"))
				if got == "h" {
					got = text(r.do("FCALL", "h", "0"))
				}
				if !strings.Contains(got, tc.want) && !strings.Contains(got, errLimit) && !strings.Contains(got, errHeap) {
					t.Errorf("got %.300s\nwant %s", got, tc.want)
				}
				if got := r.eval("return cjson.encode({{2}})..('x'):rep(2)"); got != "[[2]]xx" {
					t.Errorf("afterwards: %s", got)
				}
			})
		}
	})
	r.do("FUNCTION", "FLUSH")
	if grown := aliveBytes() - before; grown > 64<<20 {
		t.Errorf("%d MB stay", grown>>20)
	}
}

// TestHostileHooks: the same set as atomic hooks, whose cause stands, and as
// observers. HOOK STATS' figures tell what happened.
func TestHostileHooks(t *testing.T) {
	r := hostileRig(t)
	r.do("SET", "bystander", "here")
	before := aliveBytes()
	r.withClient(func() {
		for i, tc := range hostile {
			if testing.Short() && i%5 != 2 {
				continue
			}
			for _, mode := range []string{"atomic", "observe"} {
				t.Run(tc.name+" "+mode, func(t *testing.T) {
					got := text(r.do("FUNCTION", "LOAD", "REPLACE", `#!lua name=h
kevy.register_hook{ event = 'key', match = 'cause', mode = '`+mode+`', budget = 20, callback = function(ev) `+tc.script+` \nend }`))
					if got != "h" {
						return // the source itself is the attack, and was refused
					}
					if got := text(r.do("SET", "cause", "x")); got != "+OK" {
						t.Errorf("the cause got %s", got)
					}
					r.flush()
					hooks := r.Bus().Hooks()
					if len(hooks) != 1 {
						t.Fatalf("%d hooks", len(hooks))
					}
					s := hooks[0].Stats()
					if s.Runs != 1 || strings.Contains(tc.want, "limit") && s.Errors != 1 {
						t.Errorf("stats %+v", s)
					}
					if got := r.eval("return cjson.encode({{2}})..('x'):rep(2)"); got != "[[2]]xx" {
						t.Errorf("afterwards: %s", got)
					}
				})
			}
		}
	})
	r.do("FUNCTION", "FLUSH")
	r.flush()
	if grown := aliveBytes() - before; grown > 64<<20 {
		t.Errorf("%d MB stay", grown>>20)
	}
}

func TestMemoryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r := newRig(t, with(func(c *config.Config) {
		c.Scripting.TimeLimit = time.Minute
		c.Scripting.MaxMemory = 16 << 20
	}))
	for _, script := range []string{
		`local t = {} while true do t[#t+1] = {1,2,3,4,5,6,7,8} end`,
		`local t = {} while true do t[#t+1] = ('x'):rep(2^20)..#t end`,
		`local t = {} while true do pcall(function() while true do t = {t} end end) end`,
		`local t = {} for i = 1, 1e9 do t[i] = i end`,
	} {
		begin := time.Now()
		if got := r.eval(script); !strings.Contains(got, "more memory than its limit") {
			t.Errorf("%s: %s", script, got)
		}
		t.Logf("%v %s", time.Since(begin).Round(time.Millisecond), script)
	}
	// What a script writes into the keyspace is not its own memory.
	r.want(`local v = ('x'):rep(2^16) for i = 1, 500 do redis.call('set', i, v) end return 'ok'`, "ok")
}
