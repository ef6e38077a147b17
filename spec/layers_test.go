package spec

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kevy-lua/kevy-lua"

// layers gives each package, or each package below a folder ("…/*"), its
// layer. A package imports only packages of lower layers; within a folder
// marked here with a "/*" the packages may not know each other either. The
// picture is drawn in spec/architecture.md.
var layers = []struct {
	layer   int
	pattern string
}{
	{0, "engine/glob"},
	{0, "engine/rdb"},
	{0, "engine/wire"},
	{0, "engine/keyspace/cow"},
	{1, "engine/keyspace/cow/*"},
	{2, "engine/keyspace/trie"},
	{3, "engine/keyspace/*"},
	{4, "engine/keyspace"},
	{0, "persist/vfs"},
	{1, "persist/vfs/*"},
	{2, "persist"},
	{1, "reaper"},
	{1, "engine/hook"},
	{1, "engine/timer"},
	{2, "engine/config"},
	{3, "engine/config/file"},
	{5, "engine/exchange"},
	{5, "engine/command"},
	{6, "engine/command/commandtest"},
	{6, "engine/command/*"},
	{6, "plugins"},
	{7, "engine"},
	{7, "plugins/*"},
	{7, "scripts"},
	{8, "scripting"},
	{8, "engine/server"},
	{9, "."},
	{10, "plugins/plugintest"},
	{10, "scripting/luatest"},
	{10, "spec"},
	{10, "cmd/kevy-lua/*"},
	{11, "cmd/kevy-lua/app"},
	{12, "cmd/kevy-lua"},
	{11, "cmd/kevy-bench"}, // imports nothing of ours: it measures from outside
}

// forbidden are arrows that the layers would allow and the architecture does
// not: what a package must not know.
var forbidden = []struct{ from, to string }{
	{"scripting", "engine"}, {"scripting", "persist"}, {"scripting", "engine/server"},
	{"plugins", "engine"}, {"plugins/*", "engine"}, {"plugins/*", "persist"}, {"plugins/*", "scripting"},
	{"engine", "persist"}, {"engine", "plugins"}, {"engine", "reaper"}, {"engine", "engine/config/file"},
	{"engine/server", "persist"}, {"engine/server", "plugins"}, {"engine/server", "scripting"},
	{"persist", "engine/keyspace"}, {"persist", "engine/wire"}, {"persist", "engine/hook"},
	{"engine/command", "engine/config/file"},
}

// owners names for each third-party module the packages that may import it.
// The public edge of the library, the root package, names resp.Value.
var owners = map[string][]string{
	"github.com/tidwall/resp":             {"engine/wire", "."},
	"github.com/spf13/viper":              {"engine/config/file"},
	"github.com/fsnotify/fsnotify":        {"engine/config/file"},
	"github.com/go-viper/mapstructure/v2": {"engine/config/file"},
	"github.com/pelletier/go-toml/v2":     {"engine/config/file"},
	"go.yaml.in/yaml/v3":                  {"engine/config/file"},
	"github.com/yuin/gopher-lua":          {"scripting"},
	"github.com/prometheus/client_golang": {"plugins/metrics"},
	"github.com/robfig/cron/v3":           {"plugins"},
	"github.com/ergochat/readline":        {"cmd/kevy-lua/cli"},
	"github.com/spf13/cobra":              {"cmd/kevy-lua/app", "cmd/kevy-lua/cli"},
	"golang.org/x/sys":                    {"engine/server", "engine/keyspace", "persist/vfs"},
	"github.com/redis/go-redis/v9":        {"spec"},
	"github.com/go-redis/redis_rate/v10":  {"spec"},
	"github.com/hibiken/asynq":            {"spec"},
}

// packageFile is one Go file of the module.
type packageFile struct {
	pkg     string // the package's folder, "." for the root
	name    string
	test    bool
	imports []string
}

// files reads the imports with go/parser: the result of running "go list"
// would be cached with the test.
func files(t *testing.T) (out []packageFile) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(p))
		if err != nil {
			return err
		}
		file := packageFile{pkg: filepath.ToSlash(rel), name: d.Name(), test: strings.HasSuffix(p, "_test.go")}
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			file.imports = append(file.imports, name)
		}
		out = append(out, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// layerOf finds a package's row: its own name before a folder's pattern.
func layerOf(pkg string) (layer int, ok bool) {
	for _, l := range layers {
		if l.pattern == pkg {
			return l.layer, true
		}
	}
	for p := path.Dir(pkg); ; p = path.Dir(p) {
		for _, l := range layers {
			if l.pattern == p+"/*" || p == "." && l.pattern == "./*" {
				return l.layer, true
			}
		}
		if p == "." || p == "/" {
			return 0, false
		}
	}
}

func matches(pattern, pkg string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(pkg, dir+"/")
	}
	return pattern == pkg
}

func TestLayers(t *testing.T) {
	for _, f := range files(t) {
		from, ok := layerOf(f.pkg)
		if !ok {
			t.Errorf("%s has no layer: add it to spec/layers_test.go", f.pkg)
			continue
		}
		for _, i := range f.imports {
			if i != module && !strings.HasPrefix(i, module+"/") {
				continue
			}
			pkg := strings.TrimPrefix(strings.TrimPrefix(i, module), "/")
			if pkg == "" {
				pkg = "."
			}
			if f.test {
				continue // tests may look at anything; cycles the compiler refuses
			}
			to, ok := layerOf(pkg)
			if ok && to >= from {
				t.Errorf("%s/%s imports %s: an arrow that does not run down (layer %d to %d)", f.pkg, f.name, pkg, from, to)
			}
			for _, no := range forbidden {
				if matches(no.from, f.pkg) && no.to == pkg {
					t.Errorf("%s/%s imports %s, which it must not know", f.pkg, f.name, pkg)
				}
			}
		}
	}
}

func TestOwners(t *testing.T) {
	for _, f := range files(t) {
		for _, i := range f.imports {
			if !strings.Contains(strings.Split(i, "/")[0], ".") || i == module || strings.HasPrefix(i, module+"/") || f.test {
				continue
			}
			owned := false
			for mod, pkgs := range owners {
				if i == mod || strings.HasPrefix(i, mod+"/") {
					owned = true
					if !slices.Contains(pkgs, f.pkg) {
						t.Errorf("%s/%s imports %s, which belongs to %v", f.pkg, f.name, i, pkgs)
					}
				}
			}
			if !owned {
				t.Errorf("%s/%s imports %s, which has no owner: add it to spec/layers_test.go", f.pkg, f.name, i)
			}
		}
	}
}

// maxLines is where a file is taken to hold two ideas. Tests and tables are exempt.
const maxLines = 450

func TestFileSizes(t *testing.T) {
	for _, f := range files(t) {
		if f.test || strings.Contains(f.name, "table") {
			continue
		}
		b, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(f.pkg), f.name))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n > maxLines {
			t.Errorf("%s/%s has %d lines: would a reader find two ideas in it?", f.pkg, f.name, n)
		}
	}
}
