package command_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

func nop(*command.Call) error { return nil }

func rows() []command.Spec {
	return []command.Spec{
		{Name: "get", Arity: 2, Group: command.GroupString, Run: nop},
		{Name: "mget", Arity: -2, Run: nop},
		{Name: "object", Arity: -2, Group: command.GroupGeneric, Sub: []command.Spec{
			{Name: "freq", Arity: 3, Run: nop}, {Name: "help", Arity: 2, Group: command.GroupServer, Run: nop}}},
		{Name: "both", Arity: -1, Run: nop, Sub: []command.Spec{{Name: "sub", Arity: 2, Run: nop}}},
	}
}

func words(line string) (args [][]byte) {
	for _, w := range strings.Fields(line) {
		args = append(args, []byte(w))
	}
	return args
}

func TestResolve(t *testing.T) {
	table := command.NewTable(rows())
	for line, want := range map[string]string{
		"GET k": "get", "gEt k": "get", "MGET a b c": "mget", "OBJECT FREQ k": "object|freq", "object Help": "object|help", "both": "both", "BOTH x y": "both", "both SUB": "both|sub",
		"GET":              "ERR wrong number of arguments for 'get' command",
		"GET a b":          "ERR wrong number of arguments for 'get' command",
		"MGET":             "ERR wrong number of arguments for 'mget' command",
		"OBJECT":           "ERR wrong number of arguments for 'object' command",
		"OBJECT FREQ":      "ERR wrong number of arguments for 'object|freq' command",
		"object help x":    "ERR wrong number of arguments for 'object|help' command",
		"OBJECT no":        "ERR unknown subcommand 'no'. Try OBJECT HELP.",
		"nope":             "ERR unknown command 'nope', with args beginning with: ",
		"NoPe a bc":        "ERR unknown command 'NoPe', with args beginning with: 'a' 'bc' ",
		"object|freq freq": "ERR unknown command 'object|freq', with args beginning with: 'freq' ",
	} {
		spec, err := table.Resolve(words(line))
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = spec.FullName()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// TestUnknownOracle compares the replies to what is no command.
func TestUnknownOracle(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	table := command.NewTable(rows())
	long := strings.Repeat("x", 200)
	for _, line := range []string{"nope", "nope a b", "nope " + long, "nope " + long[:100] + " " + long, long + " a", "object nope", "object " + long, "object", "object freq", "get", "object help x"} {
		var args []string
		for _, a := range words(line) {
			args = append(args, string(a))
		}
		_, err := table.Resolve(words(line))
		if err == nil {
			t.Errorf("%s: resolved", line)
			continue
		}
		if want := fmt.Sprintf("-%s\r\n", err); !bytes.Equal(redis.Raw(args...), []byte(want)) {
			t.Errorf("%s\n got %q\nwant %q", line, want, redis.Raw(args...))
		}
	}
}

func TestTable(t *testing.T) {
	table := command.NewTable(rows())
	if n := table.Len(); n != 4 {
		t.Fatalf("%d rows", n)
	}
	object, ok := table.Lookup([]byte("OBJECT"))
	if !ok || object.Sub[0].Parent() != object || object.Parent() != nil || object.Stats() == nil || object.Sub[0].Stats() == nil {
		t.Fatal("a row lost its sub-commands, parent or counters")
	}
	if object.Sub[0].Group != command.GroupGeneric || object.Sub[1].Group != command.GroupServer {
		t.Error("a sub-command has its container's group unless it has one")
	}
	var names []string
	for _, s := range table.All() {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "both get mget object" {
		t.Errorf("All: %s", got)
	}
	if _, ok := table.Lookup([]byte(strings.Repeat("x", 1000))); ok {
		t.Error("a long name is found")
	}
}

func TestTableRefuses(t *testing.T) {
	table := command.NewTable(rows())
	for name, specs := range map[string][]command.Spec{
		"a taken name":                {{Name: "fresh", Arity: 1, Run: nop}, {Name: "get", Arity: 2, Run: nop}},
		"the same name twice":         {{Name: "fresh", Arity: 1, Run: nop}, {Name: "fresh", Arity: 1, Run: nop}},
		"upper case":                  {{Name: "Fresh", Arity: 1, Run: nop}},
		"a space":                     {{Name: "fr esh", Arity: 1, Run: nop}},
		"no name":                     {{Arity: 1, Run: nop}},
		"no arity":                    {{Name: "fresh", Run: nop}},
		"no handler":                  {{Name: "fresh", Arity: 1}},
		"a sub-command without arity": {{Name: "fresh", Arity: 1, Sub: []command.Spec{{Name: "sub", Run: nop}}}},
	} {
		if err := table.Add(specs...); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if _, ok := table.Lookup([]byte("fresh")); ok {
			t.Fatalf("%s: a part of the rows was added", name)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("NewTable accepts a duplicate")
		}
	}()
	command.NewTable(rows(), rows())
}

// TestTableChangesWhileInUse is for the race detector.
func TestTableChangesWhileInUse(t *testing.T) {
	table := command.NewTable(rows())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			name := fmt.Sprintf("plugin%d", i)
			for range 100 {
				if err := table.Add(command.Spec{Name: name, Arity: 1, Run: nop}); err != nil {
					t.Error(err)
				}
				table.Remove(strings.ToUpper(name), "absent")
			}
		}()
		go func() {
			defer wg.Done()
			for range 1000 {
				if _, err := table.Resolve(words("GET k")); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	if n := table.Len(); n != 4 {
		t.Errorf("%d rows are left", n)
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	table := command.NewTable(rows())
	args := words("GeT k")
	if n := testing.AllocsPerRun(100, func() { _, _ = table.Resolve(args) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestArity(t *testing.T) {
	for _, tc := range []struct {
		arity, n int
		want     bool
	}{{2, 2, true}, {2, 1, false}, {2, 3, false}, {-2, 2, true}, {-2, 9, true}, {-2, 1, false}} {
		spec := command.Spec{Arity: tc.arity}
		if got := spec.ArityOK(tc.n); got != tc.want {
			t.Errorf("arity %d with %d arguments: %v", tc.arity, tc.n, got)
		}
	}
}
