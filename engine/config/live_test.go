package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func pairs(words ...string) []Pair {
	var out []Pair
	for i := 0; i < len(words); i += 2 {
		out = append(out, Pair{words[i], words[i+1]})
	}
	return out
}

func TestSetErrors(t *testing.T) {
	for _, test := range []struct {
		name, want string
		pairs      []Pair
	}{
		{"unknown", "Unknown option or number of arguments for CONFIG SET - 'nope'", pairs("timeout", "1", "nope", "1")},
		{"immutable", "CONFIG SET failed (possibly related to argument 'Databases') - can't set immutable config", pairs("timeout", "x", "Databases", "16")},
		{"first mistake of the names", "CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config", pairs("databases", "1", "nope", "1")},
		{"protected", "CONFIG SET failed (possibly related to argument 'dir') - can't set protected config", pairs("dir", "/tmp")},
		{"duplicate", "CONFIG SET failed (possibly related to argument 'TIMEOUT') - duplicate parameter", pairs("timeout", "1", "TIMEOUT", "2")},
		{"duplicate by path", "CONFIG SET failed (possibly related to argument 'server.timeout') - duplicate parameter", pairs("timeout", "1", "server.timeout", "2")},
		{"bool", "CONFIG SET failed (possibly related to argument 'appendonly') - argument must be 'yes' or 'no'", pairs("appendonly", "true")},
		{"alias keeps its name", "CONFIG SET failed (possibly related to argument 'lua-time-limit') - argument couldn't be parsed into an integer", pairs("LUA-time-limit", "x")},
		{"not settable here without an applier", "CONFIG SET failed (possibly related to argument 'port') - can't set immutable config", pairs("port", "7000")},
		{"ours", "CONFIG SET failed (possibly related to argument 'server.shards') - can't set immutable config", pairs("server.shards", "4")},
	} {
		t.Run(test.name, func(t *testing.T) {
			live := NewLive(Default())
			before := live.Get()
			_, err := live.Set(test.pairs, "test")
			var refused *SetError
			if !errors.As(err, &refused) || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if live.Get() != before {
				t.Error("a refused change changed something")
			}
		})
	}
}

func TestSetIsAllOrNothing(t *testing.T) {
	live := NewLive(Default())
	told := 0
	live.OnChange(func([]Change) { told++ })
	if _, err := live.Set(pairs("maxmemory", "1mb", "maxmemory-policy", "nonsense"), "test"); err == nil {
		t.Fatal("no error")
	}
	if live.Get().Memory.MaxMemory != 0 || told != 0 {
		t.Error("half of the change was made")
	}
	changes, err := live.Set(pairs("maxmemory", "1mb", "maxmemory-policy", "ALLKEYS-LRU", "timeout", "0"), "test")
	want := []Change{
		{Name: "maxmemory", Path: "memory.maxmemory", Old: "0", New: "1048576", By: "test"},
		{Name: "maxmemory-policy", Path: "memory.maxmemory-policy", Old: "noeviction", New: "allkeys-lru", By: "test"},
	}
	if err != nil || !reflect.DeepEqual(changes, want) || told != 1 {
		t.Errorf("got %+v, %v, told %d times", changes, err, told)
	}
	if changes, err := live.Set(pairs("maxmemory", "1048576"), "test"); changes != nil || err != nil || told != 1 {
		t.Errorf("the same value again: %v, %v, told %d times", changes, err, told)
	}
}

func TestSetAliasBesideName(t *testing.T) {
	live := NewLive(Default())
	if _, err := live.Set(pairs("lua-time-limit", "1", "busy-reply-threshold", "2"), "test"); err != nil {
		t.Fatal(err)
	}
	if got, _ := live.Get().Text("lua-time-limit"); got != "2" {
		t.Errorf("got %s, want the last", got)
	}
}

func TestProtected(t *testing.T) {
	for _, test := range []struct {
		setting       string
		remote, local bool
	}{{"no", false, false}, {"local", false, true}, {"yes", true, true}} {
		c := Default()
		c.Security.EnableProtectedConfigs = test.setting
		live := NewLive(c)
		if _, err := live.Set(pairs("dbfilename", "x.rdb"), "test"); (err == nil) != test.remote {
			t.Errorf("%s, remote: %v", test.setting, err)
		}
		if _, err := live.SetLocal(pairs("dbfilename", "y.rdb"), "test"); (err == nil) != test.local {
			t.Errorf("%s, local: %v", test.setting, err)
		}
	}
}

func TestSecretsAreNotTold(t *testing.T) {
	live := NewLive(Default())
	changes, err := live.Set(pairs("requirepass", "hunter2"), "test")
	if err != nil || strings.Contains(fmt.Sprint(changes), "hunter2") || changes[0].Old != "" || changes[0].New == "" {
		t.Errorf("got %+v, %v", changes, err)
	}
	if got := live.GetMatching([]string{"requirepass"}); got[0].Value != "hunter2" {
		t.Errorf("CONFIG GET: %v", got) // as Redis does
	}
}

func TestAppliersMayRefuse(t *testing.T) {
	live := NewLive(Default())
	var log []string
	live.OnApply(func(next *Config) error {
		log = append(log, fmt.Sprintf("size %d", next.Memory.MaxMemory))
		if live.Get().Memory.MaxMemory != 0 {
			t.Error("already in force")
		}
		return nil
	}, "maxmemory", "maxmemory-policy")
	busy := errors.New("Unable to listen on this port")
	live.OnApply(func(next *Config) error {
		log = append(log, fmt.Sprintf("port %d", next.Server.Port))
		if next.Server.Port == 1 {
			return busy
		}
		return nil
	}, "port")
	told := 0
	live.OnChange(func([]Change) { told++ })

	_, err := live.Set(pairs("maxmemory", "5", "maxmemory-policy", "allkeys-lru", "port", "1"), "test")
	if !errors.Is(err, busy) || err.Error() != "CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port" {
		t.Errorf("got %v", err)
	}
	if want := []string{"size 5", "port 1", "size 0"}; !reflect.DeepEqual(log, want) {
		t.Errorf("calls %v, want %v", log, want)
	}
	if live.Get().Memory.MaxMemory != 0 || told != 0 {
		t.Error("a refused change was made")
	}
	next := Default()
	next.Server.Port = 1
	if _, err := live.Swap(next, "file"); !errors.Is(err, busy) || err.Error() != "config: apply port: Unable to listen on this port" {
		t.Errorf("Swap: %v", err)
	}
	if _, err := live.Set(pairs("port", "7000"), "test"); err != nil || live.Get().Server.Port != 7000 || told != 1 {
		t.Errorf("an applied change: %v", err)
	}
}

func TestSwap(t *testing.T) {
	live := NewLive(Default())
	var told []Change
	live.OnChange(func(c []Change) { told = append(told, c...) })
	next := Default()
	next.Server.Databases = 32
	next.Server.Port = 7000
	next.Memory.MaxMemory = 1
	next.Plugins = []Plugin{{Name: "audit", Enabled: true}, {Name: "off"}}
	changes, err := live.Swap(next, "file")
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{Name: "maxmemory", Path: "memory.maxmemory", Old: "0", New: "1", By: "file"},
		{Name: "port", Path: "server.port", Old: "6379", New: "7000", By: "file", NeedsRestart: true},
		{Name: "databases", Path: "server.databases", Old: "16", New: "32", By: "file", NeedsRestart: true},
		{Name: "plugins", Path: "plugins", New: "audit", By: "file", NeedsRestart: true},
	}
	if !reflect.DeepEqual(changes, want) {
		t.Errorf("got  %+v\nwant %+v", changes, want)
	}
	if !reflect.DeepEqual(told, want[:1]) {
		t.Errorf("listeners were told %+v", told)
	}
	got := live.Get()
	if got.Server.Databases != 16 || got.Server.Port != 6379 || got.Memory.MaxMemory != 1 || got.Plugins != nil {
		t.Errorf("in force: %+v", got)
	}
	if next.Server.Databases != 32 {
		t.Error("Swap changed the configuration that it was given")
	}
}

func TestListenersMayChangeTheConfiguration(t *testing.T) {
	live := NewLive(Default())
	var seen []string
	live.OnChange(func(c []Change) {
		seen = append(seen, c[0].Name+"="+c[0].New)
		if c[0].Name == "timeout" {
			if _, err := live.Set(pairs("hz", "20"), "listener"); err != nil {
				t.Error(err)
			}
		}
	})
	if _, err := live.Set(pairs("timeout", "5"), "test"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"timeout=5", "hz=20"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("got %v, want %v", seen, want)
	}
}

func TestListenerThatPanicsDoesNotSilenceTheOthers(t *testing.T) {
	live := NewLive(Default())
	calls := 0
	live.OnChange(func([]Change) {
		if calls++; calls == 1 {
			panic("listener")
		}
	})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = live.Set(pairs("hz", "20"), "test")
	}()
	if _, err := live.Set(pairs("hz", "30"), "test"); err != nil || calls != 2 {
		t.Errorf("after the panic: %v, %d calls", err, calls)
	}
}

// TestConcurrentChangesAreToldInOrder: each change's Old is the New of the one before.
func TestConcurrentChangesAreToldInOrder(t *testing.T) {
	live := NewLive(Default())
	last, count := "0", 0
	live.OnChange(func(changes []Change) {
		for _, c := range changes {
			if c.Old != last {
				t.Errorf("told of %s → %s after %s", c.Old, c.New, last)
			}
			last = c.New
			count++
		}
	})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				if _, err := live.Set(pairs("maxmemory", fmt.Sprint(1+g*1000+i)), "test"); err != nil {
					t.Error(err)
				}
				_ = live.Get().Memory.MaxMemory
			}
		})
	}
	wg.Wait()
	if got, _ := live.Get().Text("maxmemory"); got != last || count != 400 {
		t.Errorf("in force %s, told %s, %d changes", got, last, count)
	}
}

func TestGetMatching(t *testing.T) {
	live := NewLive(Default())
	for _, test := range []struct {
		name     string
		patterns []string
		want     []string
	}{
		{"name as written", []string{"MaxMemory", "maxmemory"}, []string{"MaxMemory"}},
		{"glob", []string{"MAXMEMORY-s*"}, []string{"maxmemory-samples"}},
		{"class", []string{"hash-max-listpack-[a-e]*"}, []string{"hash-max-listpack-entries"}},
		{"aliases", []string{"hash-max-*-value"}, []string{"hash-max-listpack-value", "hash-max-ziplist-value"}},
		{"once", []string{"hz", "h?"}, []string{"hz"}},
		{"ours", []string{"reaper.b*"}, []string{"reaper.batch"}},
		{"path", []string{"memory.maxmemory"}, []string{"memory.maxmemory"}},
		{"paths of Redis' parameters are no second names in a glob", []string{"memory.maxm*"}, nil},
		{"unknown", []string{"nope", "nope*", "["}, nil},
		{"hidden by name", []string{"key-load-delay", "key-load-dela*"}, []string{"key-load-delay"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, pair := range live.GetMatching(test.patterns) {
				got = append(got, pair.Name)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
