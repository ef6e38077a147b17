package app

import (
	"bytes"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// TestRetune: what belongs to the process follows CONFIG SET, also for loggers that
// were derived before.
func TestRetune(t *testing.T) {
	gogc := debug.SetGCPercent(100)
	limit := debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(gogc)
		debug.SetMemoryLimit(limit)
	})
	var out bytes.Buffer
	live := config.NewLive(config.Default())
	log, err := newLogging(live.Get(), &out)
	if err != nil {
		t.Fatal(err)
	}
	pace := &pacer{}
	t.Cleanup(pace.end)
	retune(live, pace, log)
	part := log.With("part", "x").WithGroup("g")
	set := func(name, value string) {
		t.Helper()
		if _, err := live.Set([]config.Pair{{Name: name, Value: value}}, "command"); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		out.Reset()
		part.Info("hello", "n", 1)
		if got := out.String(); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("logged %q, want %q", got, want)
		}
	}
	expect("msg=hello part=x g.n=1")
	set("log.format", "json")
	expect(`"msg":"hello","part":"x","g":{"n":1}`)
	set("loglevel", "warning")
	expect("")
	set("loglevel", "notice")
	set("log.format", "text")
	expect("part=x")

	set("memory.gogc-floor", "0")
	set("memory.gogc", "37")
	if got := debug.SetGCPercent(100); got != 37 {
		t.Errorf("GOGC is %d", got)
	}
	set("memory.memory-limit", "1gb")
	if got := debug.SetMemoryLimit(-1); got != 1<<30 {
		t.Errorf("the memory limit is %d", got)
	}
	set("memory.memory-limit", "0")
	if got := debug.SetMemoryLimit(-1); got < 1<<60 {
		t.Errorf("without a limit it is %d", got)
	}
}
