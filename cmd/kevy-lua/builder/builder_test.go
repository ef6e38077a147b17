package builder

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	root   = "../../.."
	sample = root + "/spec/testdata/visits" // the plugin of spec/plugins.md
)

// offline is the environment of a toolchain that must do with what is there.
func offline() []string { return append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off") }

// author makes the folder of a plugin's author: the sample, as a module of its own.
func author(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(sample)); err != nil {
		t.Fatal(err)
	}
	kevy, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	// What go mod tidy would find, but it may only look at what is there.
	mod := strings.Replace(string(own), "module "+Module, "module example.com/visits", 1) +
		"\nrequire " + Module + " v0.0.0\n\nreplace " + Module + " => " + kevy + "\n"
	for name, content := range map[string][]byte{"go.mod": []byte(mod), "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheSamplePasses(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "./...")
	cmd.Dir, cmd.Env = author(t), offline()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	var out bytes.Buffer
	program := filepath.Join(t.TempDir(), "kevy-lua")
	p, err := ParsePlugin("example.com/visits=" + author(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := Build(t.Context(), Options{With: []Plugin{p}, Kevy: root, Output: program, Out: &out, Env: offline()}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	said, err := exec.CommandContext(t.Context(), program, "version").Output()
	if err != nil || !strings.Contains(string(said), "plugins: audit metrics visits") {
		t.Errorf("version says %q, %v", said, err)
	}
}

func TestTheSourceIsFound(t *testing.T) {
	m := &module{}
	dir, version, err := m.source()
	if err != nil || version != "" {
		t.Fatalf("%q, %q, %v", dir, version, err)
	}
	if path, err := modulePath(dir); path != Module {
		t.Errorf("%s is %q, %v", dir, path, err)
	}
}

// TestTheSourceBesideThePlugin: a program that does not know its source, as one that
// was built with -trimpath, takes what the plugin's module is developed with.
func TestTheSourceBesideThePlugin(t *testing.T) {
	dir := author(t)
	m := &module{ctx: t.Context(), replaced: map[string]string{}}
	if err := m.replace(dir); err != nil {
		t.Fatal(err)
	}
	if path, err := modulePath(m.beside); path != Module {
		t.Errorf("%q is %q, %v", m.beside, path, err)
	}
}

func TestWrongUse(t *testing.T) {
	for text, want := range map[string]Plugin{
		"example.com/a":       {Package: "example.com/a"},
		"example.com/a@v1.2":  {Package: "example.com/a", Version: "v1.2"},
		"example.com/a=../a@": {Package: "example.com/a", Dir: "../a@"},
	} {
		if p, err := ParsePlugin(text); p != want || err != nil {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	for _, text := range []string{"", "=x", "@v1", "a=", "a@"} {
		if _, err := ParsePlugin(text); err == nil {
			t.Errorf("%q was admitted", text)
		}
	}
	for name, tt := range map[string]struct {
		with Plugin
		want string
	}{
		"no module":      {Plugin{Package: "example.com/a", Dir: "testdata"}, "not the folder of a module"},
		"another module": {Plugin{Package: "example.com/a", Dir: root}, "there is no package example.com/a"},
	} {
		err := Build(t.Context(), Options{With: []Plugin{tt.with}, Kevy: root, Out: &bytes.Buffer{}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Build(t.Context(), Options{}); err == nil {
		t.Error("a program without plugins was built")
	}
}
