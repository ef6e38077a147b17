package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// FuzzLoad: whatever a file holds, it either loads to a valid configuration or is refused by an error
// that names it.
func FuzzLoad(f *testing.F) {
	for _, seed := range []struct {
		format  uint8
		content string
	}{
		{0, string(config.Sample())}, {0, "[server]\nport = 1\n[[plugins]]\nname = 'a'\nx = {y = [1]}\n"}, {0, "a.b.c = 1979-05-27T07:32:00Z\n[server]\nport = nan\n"},
		{1, "server:\n  port: 1\n  ? [a]\n  : b\nplugins: [{name: a, 1: 2}]\n"}, {1, "server: &a {port: 1}\nlog: *a\n"}, {1, "1: 2\nserver: {true: x}\n"},
		{2, `{"server":{"port":1,"bind":["a",{}]},"plugins":[{"name":"a"}]}`}, {2, `{"a":{"a":[{"a":1,"a":2}]}}`}, {2, `[]`}, {2, `null`}, {2, `{}{}`},
	} {
		f.Add(seed.format, seed.content)
	}
	path := filepath.Join(f.TempDir(), "c")
	f.Fuzz(func(t *testing.T, format uint8, content string) {
		path := path + []string{".toml", ".yaml", ".json"}[format%3]
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(Source{File: path})
		if err == nil {
			err = c.Validate()
			if err != nil {
				t.Fatalf("loaded, but not valid: %v", err)
			}
			return
		}
		if !strings.HasPrefix(err.Error(), "config: ") {
			t.Fatalf("an error without a beginning: %v", err)
		}
	})
}
