package plugins_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// observed gathers a line for each event that the typed observers of a host get.
type observed struct {
	mu    sync.Mutex
	lines []string
}

func (o *observed) add(format string, args ...any) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, fmt.Sprintf(format, args...))
	return nil
}

// of returns what the observer with that prefix got, in order.
func (o *observed) of(prefix string) (lines []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.lines {
		if rest, ok := strings.CutPrefix(l, prefix+" "); ok {
			lines = append(lines, rest)
		}
	}
	return lines
}

// Provision implements plugins.Plugin.
func (o *observed) Provision(h *plugins.Host) error {
	for _, err := range []error{
		h.OnKey("k*", hook.String, func(_ context.Context, ev *hook.Key) error { return o.add("key %s %s", ev.Name, ev.Key) }),
		h.OnExpired("k*", func(_ context.Context, ev *hook.Expired) error { return o.add("expired %s %s", ev.Key, ev.Value.Str()) }),
		h.OnEvicted("", func(_ context.Context, ev *hook.Evicted) error { return o.add("evicted %s %s", ev.Key, ev.Policy) }),
		h.OnCommand("ping", func(_ context.Context, ev *hook.Command) error { return o.add("command %s %s", ev.Phase, ev.Name) }),
		h.OnConfig("maxmemory", func(_ context.Context, ev *hook.Config) error { return o.add("config %s %s", ev.New, ev.By) }),
		h.OnClient(func(_ context.Context, ev *hook.Client) error { return o.add("client %s %s", ev.What, ev.Addr) }),
		h.OnScript("", func(_ context.Context, ev *hook.Script) error { return o.add("script %s %d", ev.Outcome, ev.Calls) }),
		h.OnReplay(func(_ context.Context, ev *hook.Replay) error { return o.add("replay %d", ev.Keys) }),
		h.OnServer(func(_ context.Context, ev *hook.Server) error { return o.add("server %s", ev.What) }),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestTypedObservers: each of the host's observers gets the events that it names, those
// from before the store was open and those of its end too.
func TestTypedObservers(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	cfg := kevylua.DefaultConfig()
	cfg.Memory.MaxMemoryPolicy = "allkeys-random"
	o := &observed{}
	m, err := kevylua.OpenManual(kevylua.Options{
		Dir: "data", Config: cfg, FS: memfs.New(func() time.Time { return at }), Plugins: []kevylua.NamedPlugin{{Name: "observed", Plugin: o}},
	}, at)
	if err != nil {
		t.Fatal(err)
	}
	do := func(args ...any) {
		t.Helper()
		if _, err := m.Do(t.Context(), args...); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
	do("SET", "kept", "v")
	do("SET", "other", "v")
	if err := m.Reopen(nil); err != nil {
		t.Fatal(err)
	}
	do("SET", "k", "short", "PX", 5)
	if err := m.Advance(t.Context(), 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	do("PING")
	do("EVAL", "return redis.call('GET', 'kept')", 0)
	s, err := m.Engine().NewSession(engine.SessionOptions{Addr: "there", Transport: "tcp"})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	do("FLUSHALL")
	do("CONFIG", "SET", "maxmemory", 100_000)
	do("SET", "large", strings.Repeat("x", 200_000))
	do("PING") // whatever comes next makes room
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		observer string
		want     []string
	}{
		{"key", []string{"set kept", "set k"}},
		{"expired", []string{"k short"}},
		{"evicted", []string{"large allkeys-random"}},
		{"command", []string{"after ping", "after ping"}},
		{"config", []string{"100000 command"}},
		{"client", []string{"connected there", "disconnected there"}},
		{"script", []string{"ok 1"}},
		{"replay", []string{"0", "2"}},
		{"server", []string{"started", "stopping", "started", "stopping"}},
	} {
		if got := o.of(tt.observer); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.observer, got, tt.want)
		}
	}
}
