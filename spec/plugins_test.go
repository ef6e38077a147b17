package spec

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/scripting/luatest"
)

// TestPluginPage requires the code on plugins.md to be that of testdata/visits,
// which the test of cmd/kevy-lua/builder compiles, tests and builds into a program.
func TestPluginPage(t *testing.T) {
	page, err := os.ReadFile("plugins.md")
	must(t, err)
	for _, name := range []string{"visits.go", "visits_test.go"} {
		code, err := os.ReadFile(filepath.Join("testdata", "visits", name))
		must(t, err)
		if !strings.Contains(string(page), name+":\n\n```go\n"+string(code)+"```\n") {
			t.Errorf("plugins.md does not have %s as it is in testdata/visits", name)
		}
	}
}

// TestScriptingPage requires the example on scripting.md to be that of
// testdata/stock, its output to be what the program prints, and its tests to pass.
func TestScriptingPage(t *testing.T) {
	page, err := os.ReadFile("scripting.md")
	must(t, err)
	for _, name := range []string{"stock.lua", "stock_test.lua"} {
		code, err := os.ReadFile(filepath.Join("testdata", "stock", name))
		must(t, err)
		if !strings.Contains(string(page), "```lua\n"+string(code)+"```\n") {
			t.Errorf("scripting.md does not have %s as it is in testdata/stock", name)
		}
	}
	files, err := luatest.Files("testdata/stock")
	must(t, err)
	var out bytes.Buffer
	_, err = luatest.Run(t.Context(), files, luatest.Options{Out: &out})
	must(t, err)
	if !strings.Contains(string(page), "$ kevy-lua script test\n"+out.String()+"```\n") {
		t.Errorf("scripting.md has another output than\n%s", out.String())
	}
}

// TestReadmeHook requires the library in the README to do what the README says.
func TestReadmeHook(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	must(t, err)
	_, code, there := strings.Cut(string(page), "```lua\n")
	code, _, ends := strings.Cut(code, "```\n")
	if !there || !ends {
		t.Fatal("the README has no Lua")
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "sessions.lua"), []byte(code), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "sessions_test.lua"), []byte(`library 'sessions.lua'
test('a session ends', function()
  redis.call('SET', 'session:1', 'alice', 'PX', 100)
  advance(100)
  local ended = cjson.decode(redis.call('LINDEX', 'ended', 0))
  equal(ended, { key = 'session:1', value = 'alice', late = 0 })
  equal(redis.call('SESSION.COUNT'), 1)
end)`), 0o600))
	var out bytes.Buffer
	result, err := luatest.Run(t.Context(), []string{filepath.Join(dir, "sessions_test.lua")}, luatest.Options{Out: &out})
	must(t, err)
	if result.Passed != 1 || result.Failed != 0 {
		t.Errorf("%s", out.String())
	}
}
