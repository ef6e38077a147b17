package scripting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config/file"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// reloads are the loads of library files: at the start, when a file changes, and
// by command. One happens at a time.
type reloads struct {
	running sync.Mutex // held during one; taken before any lock of the engine

	mu      sync.Mutex // guards what follows
	watcher *file.PathWatcher
	over    bool // Stop has been called
	n       int64
	failed  int64
	lastErr string // of the last one; "" when it went well
	files   int
}

// watch begins to look after the library files, where some are configured, and
// reports whether somebody does.
func (r *Runner) watch() (*file.PathWatcher, bool) {
	reloads := &r.reloads
	reloads.mu.Lock()
	defer reloads.mu.Unlock()
	if reloads.watcher != nil || reloads.over || len(r.core.Live().Get().Scripting.Libraries) == 0 {
		return reloads.watcher, reloads.watcher != nil
	}
	w, err := file.WatchPaths(
		func() []string { return r.core.Live().Get().Scripting.Libraries },
		func() { _, _ = r.Reload() }, // what is wrong is in the log and in INFO
		func(err error) { r.core.Log().Warn("a change of a script library may be missed", "error", err) })
	if err != nil {
		r.core.Log().Warn("script libraries are not watched: HOOK RELOAD loads them after a change", "error", err)
		return nil, false
	}
	reloads.watcher = w
	return w, true
}

// unwatch ends that, and keeps reloads from beginning.
func (r *Runner) unwatch() {
	r.reloads.mu.Lock()
	w := r.reloads.watcher
	r.reloads.watcher, r.reloads.over = nil, true
	r.reloads.mu.Unlock()
	if w != nil {
		w.Close()
	}
}

// kick has the files looked at soon. It waits for nothing: its caller may hold
// locks of the engine, which loading needs.
func (r *Runner) kick() {
	r.reloads.mu.Lock()
	defer r.reloads.mu.Unlock()
	if r.reloads.over {
		return
	}
	r.tasks.Go(func() {
		if w, ok := r.watch(); ok {
			w.Kick()
			return
		}
		_, _ = r.Reload()
	})
}

// Reload loads the library files that the configuration names: those that are
// new or have changed, while libraries whose files are gone are taken out. A
// file that cannot be loaded leaves its library as it was; the error names all
// such files, and so do the log and INFO. It returns the names of the libraries
// that are loaded from files now. It must not be called inside a unit.
func (r *Runner) Reload() (names []string, err error) {
	r.reloads.running.Lock()
	defer r.reloads.running.Unlock()
	r.reloads.mu.Lock()
	over := r.reloads.over
	r.reloads.mu.Unlock()
	if over {
		return nil, errors.New("scripting: the store is closed")
	}
	before := r.fromFiles()
	files, problems := r.files()
	for _, f := range files {
		if err := r.loadFile(f); err != nil {
			problems = append(problems, fileProblem(f, err))
		}
	}
	for _, l := range r.libs.all() {
		if l.file == "" || slices.Contains(files, l.file) {
			continue
		}
		if err := r.exclusively(func() error { r.remove(l); return nil }); err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", l.file, err))
		}
	}
	return r.reloaded(before, len(files), problems)
}

// fileProblem says what is wrong with a file, which it names once.
func fileProblem(file string, err error) string {
	text := strings.TrimPrefix(err.Error(), "ERR ")
	if strings.Contains(text, chunkID("@"+file)+":") {
		return text
	}
	return file + ": " + text
}

// fromFiles are the libraries that were loaded from files, by name.
func (r *Runner) fromFiles() (libs []*lib) {
	return slices.DeleteFunc(r.libs.all(), func(l *lib) bool { return l.file == "" })
}

// reloaded notes how a reload went, and tells what it has changed.
func (r *Runner) reloaded(before []*lib, files int, problems []string) (names []string, err error) {
	now, changed := r.fromFiles(), false
	for _, l := range now {
		names = append(names, l.name)
		if !slices.Contains(before, l) {
			changed = true
			r.core.Log().Info("script library loaded", "library", l.name, "file", l.file, "registered", l.summary())
		}
	}
	for _, l := range before {
		if !slices.Contains(now, l) && !slices.Contains(names, l.name) {
			changed = true
			r.core.Log().Info("script library taken out", "library", l.name, "file", l.file)
		}
	}
	reloads := &r.reloads
	reloads.mu.Lock()
	defer reloads.mu.Unlock()
	if changed || len(problems) > 0 {
		reloads.n++
	}
	mended := reloads.lastErr != ""
	reloads.files, reloads.lastErr = files, strings.Join(problems, "; ")
	if len(problems) == 0 {
		if mended {
			r.core.Log().Info("script libraries are good again", "libraries", strings.Join(names, " "))
		}
		return names, nil
	}
	reloads.failed++
	r.core.Log().Error("script libraries were not all loaded: what ran before goes on", "error", reloads.lastErr)
	return names, fmt.Errorf("scripting: load libraries: %s", reloads.lastErr)
}

// summary counts what the library registers.
func (l *lib) summary() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{len(l.functions), "functions"}, {len(l.hooks), "hooks"}, {len(l.commands), "commands"}, {len(l.timers), "timers"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprint(p.what, "=", p.n))
		}
	}
	return strings.Join(parts, " ")
}

// info adds the lines about library files.
func (r *reloads) info(add func(name string, value any)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add("library_files", r.files)
	add("library_files_watched", r.watcher != nil)
	add("library_reloads", r.n)
	add("library_reload_failures", r.failed)
	add("library_last_error", strings.Join(strings.Fields(r.lastErr), " "))
}

// files lists the configured files, each once. A name without a wildcard must exist;
// a wildcard passes over tests, which stand beside what they test.
func (r *Runner) files() (files, problems []string) {
	for _, pattern := range r.core.Live().Get().Scripting.Libraries {
		found, err := filepath.Glob(pattern)
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s: %v", pattern, err))
		case len(found) == 0 && !strings.ContainsAny(pattern, "*?["):
			problems = append(problems, pattern+": there is no such file")
		}
		for _, f := range found {
			if f != pattern && IsTest(f) {
				continue
			}
			if !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files, problems
}

// exclusiveRow is the unit in which libraries of files are exchanged.
var exclusiveRow = command.Spec{Name: "libraries", Arity: 1, Flags: command.AllShards}

// exclusively runs fn under all locks, as FUNCTION LOAD does, so that no event
// falls between the old hooks and the new ones.
func (r *Runner) exclusively(fn func() error) error {
	row := exclusiveRow
	row.Run = func(*command.Call) error {
		r.libs.load.Lock()
		defer r.libs.load.Unlock()
		return fn()
	}
	return r.core.Update(context.Background(), 0, &row, [][]byte{[]byte(row.Name)}, &wire.Collector{})
}

var errNoFile = errors.New("this is not a regular file")

// loadFile loads one file, unless its library is what is loaded already.
func (r *Runner) loadFile(file string) error {
	// Opening a pipe would wait for whoever writes to it.
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return cmp.Or(err, errNoFile)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	code := string(text)
	name, _, err := libraryShebang(code)
	if err != nil {
		return err
	}
	if old, err := r.replaceable(name, file); err != nil || old != nil && old.code == code {
		return err
	}
	l, err := r.newLib(code, file, false)
	if err != nil {
		return err
	}
	l.file = file
	err = r.exclusively(func() error {
		old, err := r.replaceable(name, file)
		if err != nil {
			return err
		}
		return r.install(old, l)
	})
	if err != nil {
		l.retire()
	}
	return err
}

// replaceable returns the library that one from the file takes the place of, or
// nil: that of its name, or what the file had under another name before.
func (r *Runner) replaceable(name, file string) (*lib, error) {
	old := r.libs.get(name)
	switch {
	case old != nil && old.file == "":
		return nil, fmt.Errorf("library '%s' was loaded by FUNCTION LOAD already", name)
	case old != nil && old.file != file:
		return nil, fmt.Errorf("library '%s' comes from %s already", name, old.file)
	case old != nil:
		return old, nil
	}
	for _, l := range r.fromFiles() {
		if l.file == file {
			return l, nil
		}
	}
	return nil, nil
}

// unloadAll takes out all libraries and waits for what they still run.
func (r *Runner) unloadAll(ctx context.Context) error {
	r.libs.load.Lock()
	for _, l := range r.libs.all() {
		r.remove(l)
	}
	r.libs.load.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.tasks.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("scripting: hooks still run: %w", ctx.Err())
	}
}
