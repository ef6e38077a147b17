package scripting

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// TestEventPage requires the table of spec/hooks.md to name the fields that the
// events of each kind have in Lua, and no others.
func TestEventPage(t *testing.T) {
	page, err := os.ReadFile("../spec/hooks.md")
	if err != nil {
		t.Fatal(err)
	}
	s := &state{L: lua.NewState()}
	defer s.L.Close()
	oops := errors.New("oops")
	for _, tt := range []struct {
		ev   hook.Event
		lazy []string // what pairs does not show
	}{
		{&hook.Expired{}, []string{"value", "lateness"}}, {&hook.Evicted{}, []string{"value"}}, {&hook.Key{Class: 1}, nil},
		{&hook.Command{Err: oops}, nil}, {&hook.Rewrite{Err: oops}, nil}, {&hook.Replay{}, nil}, {&hook.Persistence{Err: oops}, nil},
		{&hook.Metric{}, nil}, {&hook.Config{}, nil}, {&hook.Client{}, nil}, {&hook.Script{Err: oops}, nil}, {&hook.Server{}, nil},
	} {
		var row []string
		for line := range strings.Lines(string(page)) {
			if strings.HasPrefix(line, "| `"+string(tt.ev.Kind())+"` |") {
				row = strings.Split(strings.ReplaceAll(line, `\|`, "/"), "|")
			}
		}
		if row == nil {
			t.Errorf("hooks.md has no event %s", tt.ev.Kind())
			continue
		}
		var named []string
		for _, m := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(row[3], -1) {
			named = append(named, m[1])
		}
		has := tt.lazy
		s.event(tt.ev, nil).(*lua.LTable).ForEach(func(k, _ lua.LValue) { has = append(has, k.String()) })
		common := func(name string) bool { return name == "event" || name == "depth" || name == "db" }
		named, has = slices.DeleteFunc(named, common), slices.DeleteFunc(has, common)
		slices.Sort(named)
		slices.Sort(has)
		if !slices.Equal(named, has) {
			t.Errorf("%s: hooks.md names %v, Lua has %v", tt.ev.Kind(), named, has)
		}
	}
}
