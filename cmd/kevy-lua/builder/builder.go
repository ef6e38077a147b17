// Package builder makes a kevy-lua with other plugins: it writes a main package
// that imports them beside the program's own, in a module of its own, and has the
// Go toolchain build it.
//
// It knows the toolchain and the layout of this module. It must not know command
// lines.
package builder

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// Module is the path of this module.
const Module = "github.com/kevy-lua/kevy-lua"

// Options say what to build.
type Options struct {
	With   []Plugin
	Kevy   string // a checkout of this module; "" finds the source of the running program
	Output string
	Keep   bool // leave the generated module where it is, and say where
	Out    io.Writer
	Env    []string // for the toolchain; nil takes the process's
}

// Plugin is a package to import.
type Plugin struct {
	Package string // its import path
	Version string // of its module, as go get takes it; "" for the latest
	Dir     string // of its module, in place of a version
}

// ParsePlugin reads PACKAGE, PACKAGE@VERSION or PACKAGE=DIRECTORY.
func ParsePlugin(text string) (Plugin, error) {
	var p Plugin
	var local, versioned bool
	p.Package, p.Dir, local = strings.Cut(text, "=")
	if !local {
		p.Package, p.Version, versioned = strings.Cut(text, "@")
	}
	if p.Package == "" || local && p.Dir == "" || versioned && p.Version == "" {
		return p, fmt.Errorf("builder: %q is neither PACKAGE, PACKAGE@VERSION nor PACKAGE=DIRECTORY", text)
	}
	return p, nil
}

// Build builds the program.
func Build(ctx context.Context, o Options) error {
	if len(o.With) == 0 {
		return errors.New("builder: no plugin was named")
	}
	output, err := filepath.Abs(o.Output)
	if err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	dir, err := os.MkdirTemp("", "kevy-lua-build-")
	if err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	if o.Keep {
		fmt.Fprintf(o.Out, "the generated module is in %s\n", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	m := &module{ctx: ctx, dir: dir, o: o, replaced: map[string]string{}}
	if err := m.write(); err != nil {
		return err
	}
	return m.run("build", "-o", output, ".")
}

// module is the generated module.
type module struct {
	ctx      context.Context
	dir      string
	o        Options
	replaced map[string]string // modules that are taken from folders
	required []requirement     // what their go.mod files require
	sums     []byte            // their go.sum files
	beside   string            // the checkout of this module that a plugin is developed with; "" when there is none
}

type requirement struct{ Path, Version string }

// write makes the module: its main package, and a go.mod that finds everything.
func (m *module) write() error {
	for _, p := range m.o.With {
		if p.Dir == "" {
			continue
		}
		if err := m.replaceFor(p); err != nil {
			return err
		}
	}
	source, version, err := m.source()
	if err != nil {
		return err
	}
	if source != "" {
		if err := m.replace(source); err != nil {
			return err
		}
	}
	if err := m.files(); err != nil {
		return err
	}
	if version != "" {
		if err := m.run("get", Module+"@"+version); err != nil {
			return fmt.Errorf("%w (--kevy names a checkout of kevy-lua to build from)", err)
		}
	}
	for _, p := range m.o.With {
		if p.Dir != "" {
			continue
		}
		if err := m.run("get", p.Package+"@"+orLatest(p.Version)); err != nil {
			return err
		}
	}
	return nil
}

func orLatest(version string) string {
	if version == "" {
		return "latest"
	}
	return version
}

// source is where this module comes from: a folder, or a version. The plugins have
// been looked at.
func (m *module) source() (dir, version string, err error) {
	if m.o.Kevy != "" {
		return m.o.Kevy, "", nil
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, mod := range append([]*debug.Module{&info.Main}, info.Deps...) {
			if mod.Path == Module && mod.Replace == nil && strings.HasPrefix(mod.Version, "v") && !strings.Contains(mod.Version, "+dirty") {
				version = mod.Version
			}
		}
	}
	if dir := cmp.Or(checkout(), m.beside); dir != "" {
		return dir, "", nil
	}
	if version == "" {
		return "", "", errors.New("builder: this program was not built from a released version, and its source is not where it was built: name a checkout with --kevy")
	}
	return "", version, nil
}

// checkout finds the folder from which the running program was built, which knows
// the path of this file, or the one in which it runs.
func checkout() string {
	var from []string
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		from = append(from, filepath.Dir(file))
	}
	if wd, err := os.Getwd(); err == nil {
		from = append(from, wd)
	}
	for _, dir := range from {
		for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
			if path, err := modulePath(dir); err == nil && path == Module {
				return dir
			}
		}
	}
	return ""
}

// replaceFor takes a plugin's module from its folder.
func (m *module) replaceFor(p Plugin) error {
	path, err := modulePath(p.Dir)
	if err != nil {
		return err
	}
	if p.Package != path && !strings.HasPrefix(p.Package, path+"/") {
		return fmt.Errorf("builder: %s holds the module %s, in which there is no package %s", p.Dir, path, p.Package)
	}
	return m.replace(p.Dir)
}

func (m *module) replace(dir string) error {
	path, err := modulePath(dir)
	if err != nil {
		return err
	}
	if m.replaced[path], err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("builder: %w", err)
	}
	m.sums = append(m.sums, sums...)
	// With all its requirements in the generated go.mod, indirect ones too, a module
	// needs no look at what these require in turn.
	described, err := exec.CommandContext(m.ctx, "go", "mod", "edit", "-json", filepath.Join(dir, "go.mod")).Output()
	if errors.Is(err, exec.ErrNotFound) {
		return errNoToolchain
	}
	var mod struct {
		Require []requirement
		Replace []struct{ Old, New requirement }
	}
	if err == nil {
		err = json.Unmarshal(described, &mod)
	}
	if err != nil {
		return fmt.Errorf("builder: read %s: %w", filepath.Join(dir, "go.mod"), err)
	}
	m.required = append(m.required, mod.Require...)
	for _, r := range mod.Replace {
		if local := r.New.Version == "" && r.New.Path != ""; r.Old.Path == Module && local {
			if m.beside = r.New.Path; !filepath.IsAbs(m.beside) {
				m.beside = filepath.Join(dir, m.beside)
			}
		}
	}
	return nil
}

var errNoToolchain = errors.New("builder: there is no Go toolchain: install Go from https://go.dev/dl")

// modulePath reads the module's path from the go.mod of a folder.
func modulePath(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("builder: %s is not the folder of a module: %w", dir, err)
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "module" {
			return strings.Trim(fields[1], `"`), nil
		}
	}
	return "", fmt.Errorf("builder: %s names no module", filepath.Join(dir, "go.mod"))
}

func (m *module) files() error {
	var mod strings.Builder
	fmt.Fprintf(&mod, "module kevy-lua-with-plugins\n\ngo %s\n", goVersion())
	for _, path := range slices.Sorted(maps.Keys(m.replaced)) {
		fmt.Fprintf(&mod, "\nrequire %s v0.0.0\nreplace %s => %q\n", path, path, m.replaced[path])
	}
	for _, r := range m.required {
		if m.replaced[r.Path] == "" {
			fmt.Fprintf(&mod, "require %s %s\n", r.Path, r.Version)
		}
	}
	imports := []string{Module + "/plugins/audit", Module + "/plugins/metrics"}
	for _, p := range m.o.With {
		imports = append(imports, p.Package)
	}
	var main strings.Builder
	fmt.Fprintf(&main, "// Made by kevy-lua build.\npackage main\n\nimport (\n\t%q\n\n", Module+"/cmd/kevy-lua/app")
	for _, i := range imports {
		fmt.Fprintf(&main, "\t_ %q\n", i)
	}
	main.WriteString(")\n\nfunc main() { app.Main() }\n")
	for name, content := range map[string]string{"go.mod": mod.String(), "go.sum": string(m.sums), "main.go": main.String()} {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(content), 0o644); err != nil {
			return fmt.Errorf("builder: %w", err)
		}
	}
	return nil
}

// goVersion is the language version of the generated module: that of the
// running program's toolchain.
func goVersion() string {
	v, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go"), " ")
	if v == "" || v[0] < '0' || v[0] > '9' {
		return "1.26" // a toolchain between releases
	}
	return v
}

// run runs the Go toolchain in the module. go.mod and go.sum are completed on the
// way: nobody else writes them.
func (m *module) run(args ...string) error {
	fmt.Fprintf(m.o.Out, "go %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(m.ctx, "go", args...)
	env := m.o.Env
	if env == nil {
		env = os.Environ()
	}
	flags := strings.TrimSpace(os.Getenv("GOFLAGS") + " -mod=mod")
	cmd.Dir, cmd.Env = m.dir, append(slices.Clone(env), "GOFLAGS="+flags, "GOWORK=off")
	cmd.Stdout, cmd.Stderr = m.o.Out, m.o.Out
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return errNoToolchain
		}
		return fmt.Errorf("builder: go %s: %w", args[0], err)
	}
	return nil
}
