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
