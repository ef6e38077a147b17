package file

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

func TestShowOptions(t *testing.T) {
	type nested struct {
		Deep int `mapstructure:"deep"`
	}
	type embedded struct{ Flat string }
	options := struct {
		Name     string         `mapstructure:"name"`
		Every    time.Duration  `mapstructure:"every"`
		On       bool           `mapstructure:"on"`
		Size     Bytes          `mapstructure:"size"`
		Rate     float64        `mapstructure:"rate"`
		List     []string       `mapstructure:"list"`
		Weights  map[string]int `mapstructure:"weights"`
		Table    nested         `mapstructure:"table"`
		embedded                // not exported: not an option
		Squashed nested         `mapstructure:",squash"`
		Untagged int
		Hidden   string   `mapstructure:"-"`
		Tables   []nested `mapstructure:"tables"`
		Func     func()   `mapstructure:"func"`
		None     *int     `mapstructure:"none"`
	}{Name: "x", Every: 90 * time.Second, On: true, Size: 64, Rate: 0.5, List: []string{"a", "b"},
		Weights: map[string]int{"b": 2, "a": 1}, Table: nested{7}, Squashed: nested{8}, Untagged: 9}
	var got []string
	for _, p := range ShowOptions("p", &options) {
		got = append(got, fmt.Sprintf("%s=%s", p.Name, p.Value))
	}
	want := "p.name=x p.every=1m30s p.on=yes p.size=64 p.rate=0.5 p.list=a b p.weights=a=1 b=2 p.table.deep=7 p.deep=8 p.untagged=9"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("\n got %s\nwant %s", text, want)
	}
	for _, none := range []any{nil, 7, "x", (*nested)(nil)} {
		if got := ShowOptions("p", none); got != nil {
			t.Errorf("%v shows %v", none, got)
		}
	}
}

func TestShownOptionsAreGetAndNotSet(t *testing.T) {
	l := config.NewLive(config.Default())
	l.Show([]config.Pair{{Name: "p.a", Value: "1"}, {Name: "p.b", Value: "2"}})
	l.Show([]config.Pair{{Name: "p.b", Value: "3"}})
	for pattern, want := range map[string]string{"p.*": "[{p.a 1} {p.b 3}]", "P.B": "[{p.b 3}]", "q.*": "[]"} {
		if got := fmt.Sprint(l.GetMatching([]string{pattern})); got != want {
			t.Errorf("%s: %s", pattern, got)
		}
	}
	if got := l.GetMatching([]string{"p.a", "p.*"}); len(got) != 2 {
		t.Errorf("a name comes twice: %v", got)
	}
	for name, want := range map[string]string{"p.a": "immutable", "p.c": "Unknown option"} {
		if _, err := l.Set([]config.Pair{{Name: name, Value: "9"}}, "command"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
