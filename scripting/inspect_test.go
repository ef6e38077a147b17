package scripting_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestInspect(t *testing.T) {
	for name, tt := range map[string]struct{ code, want string }{
		"a good script":              {"local n = redis.call('GET', KEYS[1])\nreturn {n, ARGV[1], cjson.null, string.format('%d', 1), math.pi}", ""},
		"globals that are not there": {"local x = y\nif false then\n  return zz()\nend", "1 there is no global 'y'; 3 there is no global 'zz'"},
		"assignments":                {"x = 1\nfunction f() end\nlocal function g() y = 2 end", "1 assignment to the global 'x': it must be local; 2 assignment to the global 'f': it must be local; 3 assignment to the global 'y': it must be local"},
		"fields":                     {"return redis.cal('GET', string.fromat())", "1 redis has no field 'cal'; 1 string has no field 'fromat'"},
		"libraries' own":             {"redis.register_function('f', f)", "1 'redis.register_function' exists only in libraries, whose first line is '#!lua name=…'; 1 there is no global 'f'"},
		"a library": {`#!lua name=l
local function help(keys) return keys[1] end
redis.register_function{ function_name = 'f', callback = help, flags = { 'no-writes' } }
kevy.register_hook{ event = 'expired', match = 's:*', mode = 'atomic', name = 'h', callback = function(ev) redis.call('DEL', ev.key) end }
kevy.register_hook{ event = 'key', names = { 'set', 'del' }, name = 'k', callback = function(ev) end }
kevy.register_command{ name = 'l.c', arity = -2, flags = { 'no-writes', 'fast' }, callback = function(args) end }
kevy.register_hook{ event = 'command', phase = 'before', name = 'b', callback = function(ev) end }
kevy.register_timer{ every = '90s', name = 't', callback = function() end }`,
			"[function f flags=no-writes|hook h event=expired match=s:* mode=atomic|hook k event=key names=set,del mode=observe|hook b event=command phase=before|command l.c arity=-2 flags=fast,no-writes|timer t every 1m30s]"},
		"KEYS in a library": {"#!lua name=l\nredis.register_function('f', function() return KEYS[1] end)", "[function f]; 2 there is no global 'KEYS'"},
		"commands that are not there": {"redis.call('NOSUCH', KEYS[1])\nlocal x = redis.pcall('get', redis.call('Gett', 'a'))\nif x then return redis.call('OBJEKT', 'x') end\nlocal c = 'NO'\nredis.call(c, 'a') redis.call('SE' .. 'T', 'a') redis.call(ARGV[1] or 'SET')",
			"1 there is no command 'NOSUCH'; 2 there is no command 'Gett'; 3 there is no command 'OBJEKT'"},
		"a library's own command": {"#!lua name=l\nkevy.register_command{ name = 'l.c', callback = function(args) return redis.call('l.c', 'l.d') end }\nredis.register_function('f', function() return redis.call('L.D', 'x') end)",
			"[function f|command l.c arity=-1]; 3 there is no command 'L.D'"},
		"does not compile":           {"return +", "error: f.lua:1: "},
		"a library does not compile": {"#!lua name=l\nlocal = 1", "error: ERR Error compiling function: f.lua:2: "},
		"registers nothing":          {"#!lua name=l\nlocal x", "error: ERR No functions registered"},
		"takes a name":               {"#!lua name=l\nkevy.register_command{ name = 'get', callback = function() end }", "error: ERR Error registering commands"},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := newRig(t).runner.Inspect(t.Context(), "f.lua", tt.code)
			var got []string
			if err != nil {
				if !strings.HasPrefix(tt.want, "error: ") || !strings.HasPrefix("error: "+err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if len(report.Registered) > 0 {
				got = append(got, "["+strings.Join(report.Registered, "|")+"]")
			}
			for _, p := range report.Problems {
				got = append(got, fmt.Sprint(p.Line, " ", p.Text))
			}
			if text := strings.Join(got, "; "); text != tt.want {
				t.Errorf("\n got %s\nwant %s", text, tt.want)
			}
		})
	}
}
