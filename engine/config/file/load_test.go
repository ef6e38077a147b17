package file

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, src Source) *config.Config {
	t.Helper()
	c, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNothingGivenIsDefault(t *testing.T) {
	if got := mustLoad(t, Source{}); !reflect.DeepEqual(got, config.Default()) {
		t.Errorf("got %+v\nwant %+v", got, config.Default())
	}
}

func TestSampleIsShippedAndIsDefault(t *testing.T) {
	const shipped = "../../../kevy-lua.toml"
	content, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if string(content) != string(config.Sample()) {
		t.Errorf("%s differs from config.Sample(); write it anew with: go test ./engine/config/file -run TestWriteSample -write-sample", shipped)
	}
	if got := mustLoad(t, Source{File: shipped}); !reflect.DeepEqual(got, config.Default()) {
		t.Error("the shipped sample does not load to the defaults")
	}
}

// settings are the lines "#key = value" of the sample, with their sections.
func settings(t *testing.T) (paths []string, lines map[string]string) {
	t.Helper()
	lines = map[string]string{}
	section := ""
	for line := range strings.Lines(string(config.Sample())) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		key, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), " = ")
		if !ok || !strings.HasPrefix(line, "#") || strings.HasPrefix(line, "# ") || section == "security" && (key == "name" || key == "enabled") {
			continue
		}
		paths = append(paths, section+"."+key)
		lines[section+"."+key] = line[1:]
	}
	return paths, lines
}

func TestEverySampleLineLoadsUncommented(t *testing.T) {
	paths, lines := settings(t)
	var documented int
	for _, p := range config.Params() {
		if p.Section() != "compat" {
			documented++
			if lines[p.Path] == "" {
				t.Errorf("%s is not in the sample", p.Path)
			}
		}
	}
	if len(paths) != documented {
		t.Errorf("%d settings in the sample, %d parameters", len(paths), documented)
	}
	for _, path := range paths {
		section, _, _ := strings.Cut(path, ".")
		got := mustLoad(t, Source{File: write(t, "c.toml", "["+section+"]\n"+lines[path]+"\n")})
		if !reflect.DeepEqual(got, config.Default()) {
			t.Errorf("%s: not the default", lines[path])
		}
	}
	var all strings.Builder
	for line := range strings.Lines(string(config.Sample())) {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") && line != "#\n" {
			line = line[1:]
		}
		all.WriteString(line)
	}
	want := config.Default()
	want.Plugins = []config.Plugin{{Name: "audit", Enabled: true}}
	if got := mustLoad(t, Source{File: write(t, "c.toml", all.String())}); !reflect.DeepEqual(got, want) {
		t.Errorf("the sample with every line uncommented is not the default:\n%+v", got)
	}
}

func TestPrecedence(t *testing.T) {
	base := config.Default()
	base.Server.Hz = 1
	base.Server.Databases, base.Server.TCPBacklog, base.Server.Loops = 1, 1, 1
	src := Source{
		Base:  base,
		File:  write(t, "c.toml", "[server]\ndatabases = 2\ntcp_backlog = 2\nloops = 2\n"),
		Env:   []string{"KEVY_SERVER_TCP_BACKLOG=3", "KEVY_SERVER_LOOPS=3", "HOME=/", "KEVYX=1", "KEVY_CONFIG=x"},
		Flags: map[string]string{"server.loops": "4"},
	}
	c := mustLoad(t, src)
	got := []int{c.Server.Hz, c.Server.Databases, c.Server.TCPBacklog, c.Server.Loops}
	if want := []int{1, 2, 3, 4}; !reflect.DeepEqual(got, want) {
		t.Errorf("base, file, env, flag: got %v, want %v", got, want)
	}
}

func TestPartialValuesAddUpOverTheLayers(t *testing.T) {
	c := mustLoad(t, Source{
		File:  write(t, "c.toml", `server.client-output-buffer-limit = ["normal 1mb 0 0"]`),
		Env:   []string{"KEVY_SERVER_CLIENT_OUTPUT_BUFFER_LIMIT=replica 2mb 0 0"},
		Flags: map[string]string{"client-output-buffer-limit": "pubsub 3mb 0 0"},
	})
	l := c.Server.ClientOutputBufferLimit
	if l.Normal.Hard != 1<<20 || l.Replica.Hard != 2<<20 || l.Pubsub.Hard != 3<<20 {
		t.Errorf("got %v", l)
	}
}

func TestListsReplaceLists(t *testing.T) {
	base := config.Default()
	base.Server.Bind = []string{"1.1.1.1", "2.2.2.2"}
	c := mustLoad(t, Source{Base: base, File: write(t, "c.toml", `server.bind = ["3.3.3.3"]`)})
	if !reflect.DeepEqual(c.Server.Bind, []string{"3.3.3.3"}) {
		t.Errorf("got %v", c.Server.Bind)
	}
}

// TestPathsOfAFile: relative ones are relative to the file, those of the other layers
// to the working directory.
func TestPathsOfAFile(t *testing.T) {
	name := write(t, "c.toml", "[scripting]\nlibraries = [\"a.lua\", \"../b/*.lua\", \"/c.lua\"]")
	dir := filepath.Dir(name)
	for _, tt := range []struct {
		src  Source
		want []string
	}{
		{Source{File: name}, []string{filepath.Join(dir, "a.lua"), filepath.Join(filepath.Dir(dir), "b/*.lua"), "/c.lua"}},
		{Source{File: name, Env: []string{"KEVY_SCRIPTING_LIBRARIES=d.lua"}}, []string{"d.lua"}},
		{Source{File: name, Flags: map[string]string{"scripting.libraries": "e.lua,f.lua"}}, []string{"e.lua", "f.lua"}},
	} {
		if got := mustLoad(t, tt.src).Scripting.Libraries; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestSpellings(t *testing.T) {
	c := mustLoad(t, Source{File: write(t, "c.toml", `
[Server]
PORT = "7000"
tcp_keepalive = "2m"
unixsocketperm = "700"
Proto-Max-Bulk-Len = "64MB"
min_slaves_to_write = 1
[persistence]
appendonly = "no"
aof-load-truncated = false
save = ["3600 1", "300 100"]
[memory]
hash-max-ziplist-entries = 7
[scripting]
lua-time-limit = "1s"
libraries = ["/a.lua", "/b/*.lua"]
[log]
loglevel = "DEBUG"
[notifications]
notify-keyspace-events = "EKA"
[security]
enable-debug-command = true
[compat]
slave-read-only = "no"
latency-tracking-info-percentiles = [50, 99.5]
maxmemory-clients = "10%"
`)})
	for name, want := range map[string]string{
		"port": "7000", "tcp-keepalive": "120", "unixsocketperm": "700", "proto-max-bulk-len": "67108864",
		"appendonly": "no", "aof-load-truncated": "no", "save": "3600 1 300 100", "hash-max-listpack-entries": "7",
		"busy-reply-threshold": "1000", "scripting.libraries": "/a.lua,/b/*.lua", "loglevel": "debug",
		"notify-keyspace-events": "AKE", "enable-debug-command": "yes", "replica-read-only": "no",
		"latency-tracking-info-percentiles": "50 99.5", "maxmemory-clients": "10%", "min-replicas-to-write": "1",
	} {
		if got, _ := c.Text(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if c.Server.TCPKeepAlive != 2*time.Minute || c.Server.UnixSocketPerm != 0o700 {
		t.Errorf("typed values: %v %o", c.Server.TCPKeepAlive, c.Server.UnixSocketPerm)
	}
}

func TestMistakesInFiles(t *testing.T) {
	for _, test := range []struct{ name, file, content, want string }{
		{"typo in a key", "c.toml", "[persistence]\napendfsync = 'no'", `unknown key "persistence.apendfsync" (did you mean "appendfsync"?)`},
		{"key of another section", "c.toml", "[server]\nappendfsync = 'no'", `unknown key "server.appendfsync" (it belongs in [persistence])`},
		{"key above the sections", "c.toml", "port = 1", `unknown key "port" (it belongs in [server])`},
		{"typo above the sections", "c.toml", "prot = 1", `unknown key "prot" (did you mean "port"?)`},
		{"nothing like it", "c.toml", "[server]\nxyzzyplugh = 1", `unknown key "server.xyzzyplugh"`},
		{"typo in a section", "c.toml", "[persistance]\nappendfsync = 'no'", `unknown section "persistance" (did you mean "persistence"?)`},
		{"empty unknown section", "c.toml", "[sever]\n", `unknown section "sever" (did you mean "server"?)`},
		{"section that is a value", "c.toml", "server = 1", `server must be a section, not a value`},
		{"enum", "c.toml", "[persistence]\nappendfsync = 'sometimes'", `persistence.appendfsync = "sometimes": expected one of everysec, always, no`},
		{"bool", "c.toml", "[persistence]\nappendonly = 'maybe'", `persistence.appendonly = "maybe": expected yes or no`},
		{"bool as number", "c.toml", "[persistence]\nappendonly = 1", `persistence.appendonly = 1: expected yes or no`},
		{"size", "c.toml", "[memory]\nmaxmemory = '64xb'", `memory.maxmemory = "64xb": expected a size in bytes`},
		{"negative size", "c.toml", "[memory]\nmaxmemory = -1", `memory.maxmemory = -1: expected a size in bytes`},
		{"fraction", "c.toml", "[server]\nport = 1.5", `server.port = 1.5: expected an integer, between 0 and 65535`},
		{"out of range", "c.toml", "[server]\nport = 70000", `server.port = 70000: expected an integer, between 0 and 65535`},
		{"duration", "c.toml", "[hooks]\ntime-budget = 'soon'", `hooks.time-budget = "soon": expected a duration`},
		{"duration without unit", "c.toml", "[hooks]\ntime-budget = 5", `hooks.time-budget = 5: expected a duration`},
		{"duration in parts of the unit", "c.toml", "[server]\ntimeout = '1500ms'", `server.timeout = "1500ms": expected a whole number of seconds`},
		{"octal as number", "c.yaml", "server:\n  unixsocketperm: 0700", `server.unixsocketperm = 448: expected file permissions in octal, as a string`},
		{"string as number", "c.yaml", "security:\n  requirepass: 123", `security.requirepass: expected a string`},
		{"list as string", "c.toml", "[server]\nport = [1]", `server.port = [1]: expected an integer`},
		{"list with an empty element", "c.toml", "[server]\nbind = ['']", `server.bind = []: expected a list of strings`},
		{"list with a separator in an element", "c.toml", "[scripting]\nlibraries = ['a,b']", `scripting.libraries = [a,b]: expected a list of strings`},
		{"table", "c.toml", "[server.port]\nx = 1", `server.port = a table: expected an integer`},
		{"empty", "c.yaml", "server:\n  port:\n", `server.port = nothing: expected an integer`},
		{"empty text", "c.toml", "[memory]\nmaxmemory = ''", `memory.maxmemory = "": expected a size`},
		{"secrets are not shown", "c.toml", "[security]\nrequirepass = ['hunter2']", `security.requirepass: expected a string`},
		{"the same key twice, spelled differently", "c.toml", "[server]\ntcp_backlog = 1\ntcp-backlog = 2", `server.tcp-backlog and server.tcp_backlog are the same parameter`},
		{"key and alias", "c.toml", "[scripting]\nlua-time-limit = 1\nbusy-reply-threshold = 2", `are the same parameter`},
		{"section twice by case", "c.toml", "[server]\n[Server]\n", `section "server" is given twice`},
		{"TOML syntax", "c.toml", "[server]\nport = \n", `c.toml:2:`},
		{"TOML twice", "c.toml", "[server]\nport = 1\nport = 2\n", `c.toml`},
		{"YAML syntax", "c.yaml", "server: [", `c.yaml`},
		{"YAML twice", "c.yaml", "server:\n  port: 1\n  port: 2\n", `already defined`},
		{"JSON syntax", "c.json", `{"server":`, `c.json`},
		{"JSON twice", "c.json", `{"server":{"port":1,"port":2}}`, `key "port" is given twice`},
		{"extension", "c.ini", ``, `must end in .toml, .yaml, .yml or .json`},
		{"plugins as section", "c.toml", "[plugins.audit]\nx = 1", `plugins must be a list of tables: [[plugins]]`},
		{"plugin without name", "c.toml", "[[plugins]]\nx = 1", `plugins, table 1: it needs a name`},
		{"plugin twice", "c.toml", "[[plugins]]\nname='a'\n[[plugins]]\nname='A'", `plugins: "A" is named twice`},
		{"plugin enabled", "c.toml", "[[plugins]]\nname='a'\nenabled='perhaps'", `plugins, table 1: enabled = "perhaps": expected yes or no`},
		{"a promise that cannot be kept", "c.toml", "[compat]\naclfile = 'users.acl'", `compat.aclfile = "users.acl": expected nothing (ACL files are not supported)`},
		{"cluster", "c.toml", "[compat]\ncluster-enabled = true", `compat.cluster-enabled = true: expected no (cluster mode is not supported)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := Load(Source{File: write(t, test.file, test.content)})
			if err == nil {
				t.Fatalf("loaded: %+v", c)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant …%s…", err, test.want)
			}
			if !strings.HasPrefix(err.Error(), "config: ") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Load(Source{File: filepath.Join(t.TempDir(), "absent.toml")})
	if !os.IsNotExist(unwrapAll(err)) || !strings.Contains(err.Error(), "absent.toml") {
		t.Errorf("got %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if _, isPath := err.(*os.PathError); isPath || !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

func TestAllMistakesAreReported(t *testing.T) {
	_, err := Load(Source{
		File:  write(t, "c.toml", "[server]\nprot = 1\nport = 'x'\n"),
		Env:   []string{"KEVY_SERVER_PROT=1"},
		Flags: map[string]string{"prot": "1"},
	})
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("got %v", err)
	}
}

func TestMistakesInEnvironment(t *testing.T) {
	for _, test := range []struct{ name, entry, want string }{
		{"typo", "KEVY_PERSISTENCE_APENDFSYNC=no", "unknown variable KEVY_PERSISTENCE_APENDFSYNC (did you mean KEVY_PERSISTENCE_APPENDFSYNC?)"},
		{"value", "KEVY_SERVER_PORT=abc", `KEVY_SERVER_PORT = "abc": expected an integer`},
		{"empty", "KEVY_MEMORY_MAXMEMORY=", `KEVY_MEMORY_MAXMEMORY = "": expected a size`},
		{"not even close", "KEVY_X=1", "unknown variable KEVY_X"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(Source{Env: []string{test.entry}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …%s…", err, test.want)
			}
		})
	}
}

func TestServiceLinksAreNotMistakes(t *testing.T) {
	got := mustLoad(t, Source{Env: []string{
		"KEVY_SERVICE_HOST=10.0.0.1", "KEVY_SERVICE_PORT=6379", "KEVY_SERVICE_PORT_RESP=6379", "KEVY_PORT=tcp://10.0.0.1:6379",
		"KEVY_PORT_6379_TCP=tcp://10.0.0.1:6379", "KEVY_PORT_6379_TCP_PROTO=tcp", "KEVY_PORT_6379_TCP_ADDR=10.0.0.1",
		"KEVY_LUA_SERVICE_HOST=10.0.0.1", "KEVY_SERVER_PORT=tcp://10.0.0.1:6379",
	}})
	if !reflect.DeepEqual(got, config.Default()) {
		t.Error("service links changed something")
	}
}

func TestEnvironmentLists(t *testing.T) {
	c := mustLoad(t, Source{Env: []string{"KEVY_SCRIPTING_LIBRARIES=a.lua, b.lua", "KEVY_SERVER_BIND=127.0.0.1 ::1", "KEVY_PERSISTENCE_APPENDONLY=false"}})
	if !reflect.DeepEqual(c.Scripting.Libraries, []string{"a.lua", "b.lua"}) || len(c.Server.Bind) != 2 || c.Persistence.AppendOnly {
		t.Errorf("got %v %v %v", c.Scripting.Libraries, c.Server.Bind, c.Persistence.AppendOnly)
	}
}

func TestMistakesInFlags(t *testing.T) {
	for _, test := range []struct {
		name, want string
		flags      map[string]string
	}{
		{"typo", `flags: unknown parameter "apendfsync" (did you mean "appendfsync"?)`, map[string]string{"apendfsync": "no"}},
		{"value", `flags: maxmemory = "lots": expected a size`, map[string]string{"maxmemory": "lots"}},
		{"twice", `flags: "port" and "server.port" are the same parameter`, map[string]string{"port": "1", "server.port": "2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(Source{Flags: test.flags})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …%s…", err, test.want)
			}
		})
	}
}

// other returns a value that is not the default and that the row accepts, or "" when there is none.
func other(p config.Param, now string) string {
	candidates := append([]string{"yes", "no", "1", "2", "7mb", "5s", "3s", "600", "x", "KEA", "/other", "127.0.0.1:99",
		"normal 1 2 3", "1 2", "1 2 3", "save now", "127.0.0.1 ::1", "20000", "1000000"}, p.Values...)
	for _, text := range candidates {
		if p.FileRelative && text[0] != '/' {
			continue
		}
		v, err := p.Parse(config.Default(), text)
		if err == nil && text != now && !reflect.DeepEqual(v, config.Default().Value(&p)) {
			return text
		}
	}
	return ""
}

// TestEveryRowRoundTrips: file → Config → CONFIG GET → CONFIG SET.
func TestEveryRowRoundTrips(t *testing.T) {
	single := 0
	for _, p := range config.Params() {
		now, _ := config.Default().Text(p.Path)
		text := other(p, now)
		if text == "" {
			single++ // rows that accept one value only
			continue
		}
		content := fmt.Sprintf("[%s]\n%s = %q\n", p.Section(), p.Key(), text)
		c, err := Load(Source{File: write(t, "c.toml", content)})
		if err != nil {
			t.Errorf("%s: %v", content, err)
			continue
		}
		printed, _ := c.Text(p.Path)
		byEnv, err := Load(Source{Env: []string{p.Env() + "=" + text}})
		if err != nil || !reflect.DeepEqual(byEnv, c) {
			t.Errorf("%s: by environment: %v", p.Path, err)
		}
		live := config.NewLive(c)
		live.OnApply(func(*config.Config) error { return nil }, p.Path)
		for _, name := range append([]string{p.ConfigName(), p.Path}, p.Aliases...) {
			got := live.GetMatching([]string{name})
			if len(got) != 1 || got[0].Value != printed {
				t.Errorf("CONFIG GET %s: %v, want %q", name, got, printed)
			}
		}
		byFlag := mustLoad(t, Source{Flags: map[string]string{p.ConfigName(): printed}})
		if !reflect.DeepEqual(byFlag, c) {
			t.Errorf("%s: %q does not read back as what it was printed from", p.Path, printed)
		}
		if p.Mutable == config.Fixed || p.Protected {
			continue
		}
		back := config.NewLive(config.Default())
		back.OnApply(func(*config.Config) error { return nil }, p.Path)
		if _, err := back.Set([]config.Pair{{Name: p.ConfigName(), Value: printed}}, "test"); err != nil {
			t.Errorf("CONFIG SET %s %q: %v", p.ConfigName(), printed, err)
		}
		if !reflect.DeepEqual(back.Get(), c) {
			t.Errorf("CONFIG SET %s %q gives another configuration than the file", p.ConfigName(), printed)
		}
	}
	if single != 19 {
		t.Errorf("%d rows accept one value only: the candidates of this test miss some", single)
	}
}

func TestThreeSyntaxesGiveTheSame(t *testing.T) {
	toml := mustLoad(t, Source{File: write(t, "c.toml", `
[server]
port = 7000
bind = ["127.0.0.1", "::1"]
[persistence]
appendonly = false
auto-aof-rewrite-min-size = "1gb"
[[plugins]]
name = "audit"
rate = 5
ratio = 0.5
targets = ["a", 1]
nested = { Deep = [{ x = 1 }] }
[[plugins]]
name = "Bloom"
enabled = false
`)})
	yaml := mustLoad(t, Source{File: write(t, "c.yml", `
server:
  port: 7000
  bind: ["127.0.0.1", "::1"]
persistence:
  appendonly: no
  auto-aof-rewrite-min-size: 1gb
memory:
plugins:
  - name: audit
    rate: 5
    ratio: 0.5
    targets: [a, 1]
    nested: {Deep: [{x: 1}]}
  - name: Bloom
    enabled: no
`)})
	json := mustLoad(t, Source{File: write(t, "c.json", `{
"server": {"port": 7000, "bind": ["127.0.0.1", "::1"]},
"persistence": {"appendonly": false, "auto-aof-rewrite-min-size": 1073741824},
"plugins": [
 {"name": "audit", "rate": 5, "ratio": 0.5, "targets": ["a", 1], "nested": {"Deep": [{"x": 1}]}},
 {"name": "Bloom", "enabled": false}]}`)})
	if !reflect.DeepEqual(toml, yaml) {
		t.Errorf("YAML differs:\n%+v\n%+v", toml, yaml)
	}
	if !reflect.DeepEqual(toml, json) {
		t.Errorf("JSON differs:\n%+v\n%+v", toml, json)
	}
	if len(toml.Plugins) != 2 || toml.Plugins[1].Name != "Bloom" || toml.Plugins[1].Enabled || !toml.Plugins[0].Enabled {
		t.Errorf("plugins: %+v", toml.Plugins)
	}
}

func TestBasePluginsStayUnlessTheFileNamesSome(t *testing.T) {
	base := config.Default()
	base.Plugins = []config.Plugin{{Name: "a", Enabled: true, Options: map[string]any{"x": int64(1)}}}
	got := mustLoad(t, Source{Base: base, Flags: map[string]string{"port": "1"}})
	if !reflect.DeepEqual(got.Plugins, base.Plugins) {
		t.Errorf("got %+v", got.Plugins)
	}
	got = mustLoad(t, Source{Base: base, File: write(t, "c.toml", "[[plugins]]\nname='b'\n")})
	if len(got.Plugins) != 1 || got.Plugins[0].Name != "b" {
		t.Errorf("got %+v", got.Plugins)
	}
}

func TestDecodeOptions(t *testing.T) {
	type options struct {
		Rate    int           `mapstructure:"rate"`
		Ratio   float64       `mapstructure:"ratio"`
		Every   time.Duration `mapstructure:"every"`
		MaxSize Bytes         `mapstructure:"max-size"`
		Targets []string      `mapstructure:"targets"`
		Keep    string        `mapstructure:"keep"`
	}
	load := func(text string) config.Plugin {
		return mustLoad(t, Source{File: write(t, "c.toml", "[[plugins]]\nname = 'audit'\n"+text)}).Plugins[0]
	}
	got := options{Keep: "default", Targets: []string{"x", "y"}}
	if err := DecodeOptions(load("rate = 5\nratio = 1\nevery = '10s'\nmax_size = '64mb'\ntargets = ['a']\n"), &got); err != nil {
		t.Fatal(err)
	}
	want := options{Rate: 5, Ratio: 1, Every: 10 * time.Second, MaxSize: 64 << 20, Targets: []string{"a"}, Keep: "default"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, test := range []struct{ name, text, want string }{
		{"typo", "rat = 5", `config: plugin audit: unknown option "rat" (did you mean "rate"?)`},
		{"type", "rate = 'five'", `config: plugin audit: 'rate' expected type`},
		{"duration without unit", "every = 10", `write it with its unit`},
		{"size", "max-size = '64xb'", `memory value`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := DecodeOptions(load(test.text), &options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …%s…", err, test.want)
			}
		})
	}
}
