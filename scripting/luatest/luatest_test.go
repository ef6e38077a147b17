package luatest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/scripting/luatest"
)

// write makes a folder of files.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, dir string, o luatest.Options) (luatest.Result, string) {
	t.Helper()
	files, err := luatest.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o.Out = &out
	result, err := luatest.Run(t.Context(), files, o)
	if err != nil {
		t.Fatal(err)
	}
	return result, strings.ReplaceAll(out.String(), dir+"/", "")
}

func TestOutcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		code string
		want []string // in the output; a pass has none but the summary
	}{
		"passes":            {`test('a', function() equal({1, {x = 'y'}}, {1, {x = 'y'}}) end)`, []string{"1 passed, 0 failed"}},
		"no tests":          {`local x = 1`, []string{"0 passed, 0 failed"}},
		"not equal":         {"test('a', function()\n equal({1, x = 'y'}, {1, 2, z = 3})\nend)", []string{"FAIL a_test.lua: a\n     a_test.lua:2: got {1, x = \"y\"}, want {1, 2, z = 3}"}},
		"assert":            {"test('a', function()\n\n assert(false, 'no way')\nend)", []string{"a_test.lua:3: no way"}},
		"an error":          {"test('a', function() local x = nil + 1 end)", []string{"a_test.lua:1: attempt to perform arithmetic on a nil value"}},
		"a failing command": {"test('a', function()\n redis.call('SET', 'k', 'v')\n redis.call('INCR', 'k')\nend)", []string{"a_test.lua:3: ERR value is not an integer"}},
		"an error reply":    {"test('a', function() redis.call('EVAL', \"return redis.error_reply('MY fault')\", 0) end)", []string{"MY fault"}},
		"syntax":            {"test('a', function(", []string{"FAIL a_test.lua: ", "a_test.lua:1: "}},
		"top level":         {"nosuch()", []string{"a_test.lua:1: Script attempted to access nonexistent global variable 'nosuch'"}},
		"nested tests":      {"test('a', function() test('b', function() end) end)", []string{"at the top level"}},
		"twice":             {"test('a', function() end) test('a', function() end)", []string{"two tests named 'a'"}},
		"fails passes":      {"test('a', function() equal(fails(function() error('oops') end, 'oops'), 'a_test.lua:1: oops') end)", []string{"1 passed"}},
		"fails does not":    {"test('a', function() fails(function() end, 'oops') end)", []string{"it did not fail; an error with 'oops' was wanted"}},
		"fails otherwise":   {"test('a', function() fails(function() error('x') end, 'oops') end)", []string{`it failed with "a_test.lua:1: x"; 'oops' was wanted`}},
		"no file":           {"library 'nosuch.lua'", []string{"nosuch.lua"}},
		"a bad library":     {"library 'lib.lua'", []string{"a_test.lua:1: library: Error compiling function: lib.lua:2: "}},
		"a library's fault": {"library 'fails.lua'\ntest('a', function() fcall('f') end)", []string{"fails.lua:3: oops"}},
		"bad duration":      {"test('a', function() advance('soon') end)", []string{"a_test.lua:1: advance: 'soon' is not a duration"}},
		"hooks that fail are shown": {`redis.call('FUNCTION', 'LOAD', [[#!lua name=l
kevy.register_hook{ event = 'key', match = 'k', callback = function() error('from the hook') end }]])
test('a', function() redis.call('SET', 'k', 'v') error('here') end)`, []string{"a_test.lua:3: here", "log: ", "from the hook"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, out := run(t, write(t, map[string]string{"a_test.lua": tt.code, "lib.lua": "#!lua name=l\nlocal = 1",
				"fails.lua": "#!lua name=l\nredis.register_function('f', function()\n error('oops')\nend)"}), luatest.Options{})
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
		})
	}
}

func TestEachTestHasAFreshStore(t *testing.T) {
	dir := write(t, map[string]string{
		"lib.lua": "#!lua name=lib\nredis.register_function('twice', function(keys, args) return args[1] * 2 end)",
		"sub/a_test.lua": `
library '../lib.lua'
local n = 0
local function both()
  n = n + 1
  equal(n, 1)
  equal(redis.call('INCR', 'k'), 1)
  equal(kevy.now(), 1767225600000)
  advance(1500)
  equal(kevy.now(), 1767225601500)
  equal(fcall('twice', nil, { 21 }), 42)
end
test('first', both)
test('second', both)
test('third: timers and deadlines come in order', function()
  redis.call('FUNCTION', 'LOAD', [[#!lua name=t
kevy.register_timer{ every = '400ms', callback = function() redis.call('RPUSH', 'l', 'timer') end }
kevy.register_hook{ event = 'expired', callback = function(ev) redis.call('RPUSH', 'l', ev.key .. ' ' .. ev.lateness) end }
]])
  redis.call('SET', 'a', 1, 'PX', 399)
  redis.call('SET', 'b', 1, 'PX', 401)
  advance('1s')
  equal(redis.call('LRANGE', 'l', 0, -1), { 'a 0', 'timer', 'b 0', 'timer' })
end)`,
		"not_a_test.txt": "x",
	})
	result, out := run(t, dir, luatest.Options{Verbose: true})
	if result.Passed != 3 || result.Failed != 0 || strings.Count(out, "ok   sub/a_test.lua: ") != 3 {
		t.Errorf("%+v\n%s", result, out)
	}
	if result, out = run(t, dir, luatest.Options{Match: "second"}); result.Passed != 1 {
		t.Errorf("%+v\n%s", result, out)
	}
}

func TestEndlessTestsEnd(t *testing.T) {
	dir := write(t, map[string]string{"a_test.lua": "test('a', function()\nwhile true do end\nend)"})
	result, out := run(t, dir, luatest.Options{Timeout: 50 * time.Millisecond})
	if result.Failed != 1 || result.Passed != 0 || !strings.Contains(out, "FAIL a_test.lua: ") {
		t.Errorf("%+v\n%s", result, out)
	}
}
