package audit_test

import (
	"strings"
	"testing"
	"time"

	_ "github.com/kevy-lua/kevy-lua/plugins/audit"
	"github.com/kevy-lua/kevy-lua/plugins/plugintest"
)

func TestAudit(t *testing.T) {
	e := plugintest.New(t, `
[[plugins]]
name = "Audit"
match = "s:*"
keep = 2
`)
	for _, key := range []string{"s:1", "other", "s:2", "s:3"} {
		e.Do("SET", key, "v", "PX", 10)
		e.Advance(15 * time.Millisecond)
	}
	if n := e.Do("AUDIT.COUNT").Int; n != 3 {
		t.Errorf("%d expiries were counted", n)
	}
	latest := e.Do("AUDIT.LATEST").Elems
	if len(latest) != 2 || strings.Join(latest[0].Texts(), " ") != "s:3 string 0" {
		t.Errorf("the latest are %v", latest)
	}
	if info := e.Do("INFO", "audit").Text(); !strings.Contains(info, "audit_expired:3\r\n") {
		t.Errorf("INFO says %q", info)
	}
	if keep := e.Do("CONFIG", "GET", "audit.*").Fields(); keep["audit.keep"] != "2" || keep["audit.match"] != "s:*" {
		t.Errorf("CONFIG GET says %v", keep)
	}
	if _, err := e.Try("CONFIG", "SET", "audit.keep", "3"); err == nil {
		t.Error("an option was changed that is read at the start only")
	}
}

func TestBadOptions(t *testing.T) {
	for name, tt := range map[string]struct{ toml, want string }{
		"a key it does not have": {`mach = "x"`, `did you mean "match"`},
		"nothing to keep":        {`keep = 0`, "keep is 0"},
		"a text for a number":    {`keep = "many"`, "keep"},
	} {
		_, err := plugintest.Open(t, "[[plugins]]\nname = \"audit\"\n"+tt.toml)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
