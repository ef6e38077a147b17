package scripts_test

import (
	"fmt"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/scripting/luatest"
)

// TestLua runs the tests that are written in Lua, as kevy-lua script test does.
func TestLua(t *testing.T) {
	files, err := luatest.Files("tests")
	if err != nil {
		t.Fatal(err)
	}
	for _, shards := range []int{1, 4} {
		for _, file := range files {
			t.Run(fmt.Sprintf("%s/%d", file, shards), func(t *testing.T) {
				cfg := config.Default()
				cfg.Server.Shards = shards
				result, err := luatest.Run(t.Context(), []string{file}, luatest.Options{Config: cfg, Out: t.Output(), Verbose: true})
				if err != nil {
					t.Fatal(err)
				}
				if result.Failed > 0 || result.Passed == 0 {
					t.Errorf("%d passed, %d failed", result.Passed, result.Failed)
				}
			})
		}
	}
}
