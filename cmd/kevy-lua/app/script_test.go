package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/kevy-lua/kevy-lua/plugins/audit"
)

// program runs a command line in a folder of files, and returns what it prints
// and its exit code.
func program(t *testing.T, files map[string]string, args ...string) (out string, code int) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	root := command()
	root.SetArgs(args)
	root.SetOut(&b)
	root.SetErr(&b)
	err := root.Execute()
	var coded interface{ ExitCode() int }
	var usage usageError
	switch {
	case err == nil:
	case errors.As(err, &coded):
		code = coded.ExitCode()
	case errors.As(err, &usage):
		b.WriteString(err.Error() + "\n")
		code = exitUsage
	default:
		b.WriteString(err.Error() + "\n")
		code = exitFailure
	}
	return b.String(), code
}

func TestScriptCommands(t *testing.T) {
	files := map[string]string{
		"good.lua":         "return {redis.call('INCRBY', KEYS[1], ARGV[1]), #KEYS, #ARGV}",
		"bad.lua":          "return redis.cal('GET', KEYS[1])",
		"fails.lua":        "return redis.call('INCR')",
		"lib.lua":          "#!lua name=lib\nredis.register_function('f', function(keys, args) return keys[1] .. args[1] end)",
		"own.lua":          "#!lua name=own\nkevy.register_command{ name = 'own.cmd', arity = 3, callback = function(args) return args[2] end }",
		"warns.lua":        "local x = 1\nreturn redis.call('NOSUCH', x)",
		"good.toml":        "[scripting]\nlibraries = [\"l*.lua\"]",
		"sub/up.toml":      "[scripting]\nlibraries = [\"../lib.lua\"]",
		"plugin.toml":      "[[plugins]]\nname = \"audit\"\nmatch = \"a*\"",
		"option.toml":      "[[plugins]]\nname = \"audit\"\nmach = \"a*\"",
		"none.toml":        "[[plugins]]\nname = \"nosuch\"",
		"bad.toml":         "[scripting]\nlibraries = [\"none.lua\", \"sub/*.lua\"]",
		"sub/bad.lua":      "#!lua name=bad\nlocal = 1",
		"tests/a_test.lua": "library '../lib.lua'\ntest('f', function() equal(fcall('f', {'a'}, {'b'}), 'ab') end)",
		"b_test.lua":       "test('g', function()\n  equal(1, 2)\nend)",
	}
	for _, tt := range []struct {
		line string
		code int
		want string
	}{
		{"script check good.lua lib.lua", 0, "good.lua: a script, good\nlib.lua: library lib, good\n  function f\n"},
		{"script check tests/a_test.lua", 0, "tests/a_test.lua: a file of tests, good\n"},
		{"script check warns.lua", 0, "warns.lua:2: warning: there is no command 'NOSUCH'\nwarns.lua: a script, good\n"},
		{"config check --config good.toml", 0, "good.toml is good\n  library lib (lib.lua)\n"},
		{"config check --config sub/up.toml", 0, "sub/up.toml is good\n  library lib (lib.lua)\n"},
		{"config check --set scripting.libraries=lib.lua", 0, "the configuration is good\n  library lib (lib.lua)\n"},
		{"config check --config plugin.toml", 0, "plugin.toml is good\n  plugin audit\n"},
		{"config check --config option.toml", 1, `unknown option "mach" (did you mean "match"?)`},
		{"config check --config none.toml", 1, `no plugin "nosuch" is compiled in (there are: `},
		{"config check --config bad.toml", 1, "scripting: load libraries: none.lua: there is no such file; Error compiling function: sub/bad.lua:2: "},
		{"script check good.lua bad.lua", 1, "good.lua: a script, good\nbad.lua:1: redis has no field 'cal'\n"},
		{"script check sub/bad.lua", 1, "sub/bad.lua:2: syntax error"},
		{"script check tests", 0, "tests/a_test.lua: a file of tests, good\n"},
		{"script check .", 1, "sub/bad.lua:2: syntax error"},
		{"script check nosuch.lua", 1, "no such file"},
		{"script check", 2, "script check takes files or folders"},
		{"script run good.lua k , 5", 0, "1) (integer) 5\n2) (integer) 1\n3) (integer) 1\n"},
		{"script run good.lua k l , 5 x y", 0, "1) (integer) 5\n2) (integer) 2\n3) (integer) 3\n"},
		{"script run fails.lua", 1, "(error) ERR Wrong number of args"},
		{"script run lib.lua --call f a , b", 0, "\"ab\"\n"},
		{"script run own.lua --call own.cmd a b", 0, "\"b\"\n"},
		{"script run own.lua --call nosuch", 1, "(error) ERR Function not found"},
		{"script run lib.lua", 2, "--call names the function"},
		{"script run good.lua --call f", 2, "is no library"},
		{"script run", 2, "script run takes a file"},
		{"script test tests", 0, "1 passed, 0 failed\n"},
		{"script test -v tests", 0, "ok   tests/a_test.lua: f ("},
		{"script test", 1, "FAIL b_test.lua: g\n     b_test.lua:2: got 1, want 2\n1 passed, 1 failed\n"},
		{"script test --run f", 0, "1 passed, 0 failed\n"},
		{"script test good.lua nosuch", 1, "no such file"},
		{"build", 2, "build needs at least one --with"},
		{"build --with =x", 2, "is neither PACKAGE"},
		{"version", 0, "plugins: "},
	} {
		t.Run(tt.line, func(t *testing.T) {
			out, code := program(t, files, strings.Fields(tt.line)...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit code %d, want %d; output\n%swant\n%s", code, tt.code, out, tt.want)
			}
		})
	}
	if out, code := program(t, nil, "script", "test"); code != 1 || !strings.Contains(out, "there is no *_test.lua") {
		t.Errorf("an empty folder: %d, %s", code, out)
	}
}
