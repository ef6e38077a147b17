package visits

import (
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins/plugintest"
)

func TestVisits(t *testing.T) {
	e := plugintest.New(t, `
[[plugins]]
name = "visits"
idle = "1m"
`)
	metrics := e.Record(hook.KindMetric, "visits_*")

	e.Do("VISITS.ADD", "visits:home")
	e.Advance(50 * time.Second)
	if n := e.Do("VISITS.ADD", "visits:home").Int; n != 2 {
		t.Errorf("%d visits", n)
	}
	e.Advance(50 * time.Second) // the second visit has renewed it
	if n := e.Do("HGET", "visits:home", "count").Text(); n != "2" {
		t.Errorf("the key holds %q", n)
	}
	e.Advance(10 * time.Second)
	if gone := e.Do("LRANGE", "forgotten", 0, -1).Texts(); len(gone) != 1 || gone[0] != "visits:home hash" {
		t.Errorf("forgotten: %v", gone)
	}
	if events := metrics.Events(); len(events) != 11 {
		t.Errorf("%d reports in 110 seconds", len(events))
	}

	e.Do("VISITS.ADD", "visits:home")
	e.Crash() // what was answered is in the log
	if n := e.Do("VISITS.ADD", "visits:home").Int; n != 2 {
		t.Errorf("%d visits after a crash", n)
	}

	e.Do("SET", "text", "x")
	if _, err := e.Try("VISITS.ADD", "text"); err == nil {
		t.Error("a text was visited")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, option := range []string{`idle = "1ms"`, `idel = "1m"`, `idle = 60`} {
		if _, err := plugintest.Open(t, "[[plugins]]\nname = \"visits\"\n"+option); err == nil {
			t.Errorf("%s was admitted", option)
		}
	}
}
