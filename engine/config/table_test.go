package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	for _, p := range Params() {
		if p.Doc == "" || !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: the doc must be a sentence: %q", p.Path, p.Doc)
		}
		if strings.Count(p.Path, ".") != 1 || p.Path != strings.ToLower(p.Path) {
			t.Errorf("%s: a path is section.key in lower case", p.Path)
		}
		if p.Name != "" && strings.Contains(p.Name, ".") {
			t.Errorf("%s: Redis' names have no dot", p.Name)
		}
		if p.Kind == Duration && p.Unit == 0 || p.Kind == List && p.Separator == "" || p.Kind == Enum && p.Values == nil {
			t.Errorf("%s: incomplete", p.Path)
		}
		for _, name := range append([]string{p.Path, p.ConfigName(), strings.ToUpper(p.Path)}, p.Aliases...) {
			if found, ok := Lookup(name); !ok || found.Path != p.Path {
				t.Errorf("Lookup(%q) does not find %s", name, p.Path)
			}
		}
		if found, ok := LookupEnv(p.Env()); !ok || found.Path != p.Path {
			t.Errorf("LookupEnv(%q) does not find %s", p.Env(), p.Path)
		}
		if found, ok := LookupKey(p.Section(), strings.ReplaceAll(p.Key(), "-", "_")); !ok || found.Path != p.Path {
			t.Errorf("LookupKey does not find %s with underscores", p.Path)
		}
	}
	if err := Default().Validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}

// TestEveryFieldIsTagged: build compares rows and tags; a field without a tag would escape both.
func TestEveryFieldIsTagged(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(s reflect.Type) {
		for i := range s.NumField() {
			f := s.Field(i)
			if f.Tag.Get("mapstructure") == "" {
				t.Errorf("%s.%s has no mapstructure tag", s.Name(), f.Name)
			}
			if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[OutputLimits]() {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Config]())
}

func TestCloneIsDeep(t *testing.T) {
	c := Default()
	c.Plugins = []Plugin{{Name: "a", Options: map[string]any{"list": []any{map[string]any{"x": 1}}}}}
	c.Scripting.Libraries = []string{"a"}
	twin := c.Clone()
	if !reflect.DeepEqual(c, twin) {
		t.Fatal("a clone differs")
	}
	twin.Server.Bind[0] = "x"
	twin.Scripting.Libraries[0] = "x"
	twin.Compat["dynamic-hz"] = "x"
	twin.Plugins[0].Options["list"].([]any)[0].(map[string]any)["x"] = 2
	twin.Plugins[0].Name = "x"
	if c.Server.Bind[0] == "x" || c.Scripting.Libraries[0] == "x" || c.Compat["dynamic-hz"] == "x" || c.Plugins[0].Name == "x" ||
		c.Plugins[0].Options["list"].([]any)[0].(map[string]any)["x"] != 1 {
		t.Error("a clone shares data with its original")
	}
	if Default().Server.Bind[0] == "x" {
		t.Error("the defaults changed")
	}
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"range", func(c *Config) { c.Server.Port = 70000 }, `config: server.port: "70000" is not valid: expected an integer, between 0 and 65535`},
		{"enum", func(c *Config) { c.Persistence.AppendFsync = "never" }, `config: persistence.appendfsync: "never" is not valid: expected one of everysec, always, no`},
		{"enum in another case", func(c *Config) { c.Persistence.AppendFsync = "No" }, `is not valid`},
		{"part of a unit", func(c *Config) { c.Server.Timeout = 1 }, `server.timeout`},
		{"clamped", func(c *Config) { c.Server.Hz = 0 }, `expected an integer between 1 and 500`},
		{"events", func(c *Config) { c.Notifications.KeyspaceEvents = 1 << 15 }, `notify-keyspace-events`},
		{"list element with the separator", func(c *Config) { c.Server.Bind = []string{"a b"} }, `server.bind`},
		{"inert", func(c *Config) { c.Compat["io-threads"] = "0" }, `compat.io-threads`},
		{"inert row missing", func(c *Config) { delete(c.Compat, "io-threads") }, `compat.io-threads: no value`},
		{"secret", func(c *Config) { c.Compat["masterauth"] = "s"; c.Metrics.Listen = "nowhere" }, `metrics.listen: "nowhere" is not valid: expected a host and a port`},
		{"plugin without a name", func(c *Config) { c.Plugins = []Plugin{{}} }, `plugins: table 1 has no name`},
		{"plugin twice", func(c *Config) { c.Plugins = []Plugin{{Name: "a"}, {Name: "A"}} }, `plugins: "A" is named twice`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Default()
			test.change(c)
			err := c.Validate()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …%s…", err, test.want)
			}
			if _, err := NewLive(Default()).Swap(c, "test"); err == nil {
				t.Error("Swap took it")
			}
		})
	}
}

func TestSuggest(t *testing.T) {
	among := []string{"appendfsync", "appendonly", "port", "maxmemory", "maxmemory-policy", "timeout", "hz"}
	for _, test := range []struct{ name, want string }{
		{"apendfsync", "appendfsync"}, {"APPENDFSYNC", "appendfsync"}, {"appendfsnyc", "appendfsync"},
		{"prot", "port"}, {"maxmemory_policy", "maxmemory-policy"}, {"fsync", "appendfsync"},
		{"maxm", ""}, {"completely-else", ""}, {"", ""}, {"x", ""}, {"zh", "hz"},
	} {
		if got := Suggest(test.name, among); got != test.want {
			t.Errorf("Suggest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestReferenceNamesEveryRow(t *testing.T) {
	page := string(Reference())
	for _, p := range Params() {
		if !strings.Contains(page, "| `"+p.Key()+"` |") {
			t.Errorf("%s is missing", p.Path)
		}
	}
}
