package scripting_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/scripts"
)

// shipped are the tests of the files of package scripts.
var shipped = map[string]func(t *testing.T, r *rig, c *clock){
	"hooks/rewrite_report.lua": func(t *testing.T, r *rig, _ *clock) {
		r.Bus().Offer(&hook.Rewrite{Phase: "begin", Cause: "manual"})
		r.Bus().Offer(&hook.Rewrite{Phase: "end", Cause: "manual", Keys: 7, BeforeBytes: 100, AfterBytes: 50, Elapsed: 1500 * time.Microsecond})
		r.flush()
		got := text(r.do("LRANGE", "rewrites", "0", "-1"))
		if strings.Contains(got, "begin") || !strings.Contains(got, `"keys":7`) || !strings.Contains(got, `"elapsed_ms":1.5`) {
			t.Errorf("rewrites: %s", got)
		}
	},
}

func shippedSource(t *testing.T, file string) string {
	t.Helper()
	b, err := scripts.Files.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestShipped runs every file of package scripts; one without a test fails.
func TestShipped(t *testing.T) {
	err := fs.WalkDir(scripts.Files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		t.Run(file, func(t *testing.T) {
			test := shipped[file]
			if test == nil {
				if _, err := os.Stat("../scripts/tests/" + strings.TrimSuffix(path.Base(file), ".lua") + "_test.lua"); err != nil {
					t.Fatal("no test runs this file, here or in scripts/tests")
				}
				return
			}
			for _, n := range []int{1, 4} {
				var c clock
				r := newRig(t, withClock(&c), shards(n))
				if !strings.HasPrefix(file, "examples/") {
					r.load(shippedSource(t, file))
				}
				test(t, r, &c)
				for _, h := range r.Bus().Hooks() {
					if s := h.Stats(); s.Errors > 0 {
						t.Errorf("hook %s: %s", h.Options().Name, s.LastError)
					}
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
