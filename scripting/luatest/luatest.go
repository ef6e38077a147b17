// Package luatest runs tests that are written in Lua: files named *_test.lua,
// each test on a fresh store in memory whose time it controls. spec/scripting.md
// says what the files look like.
//
// It knows the kevylua package and the trials of package scripting; it must not
// know command lines.
package luatest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// Options say what to run and how. The zero value runs everything and prints
// failures and a summary.
type Options struct {
	Out     io.Writer      // nil discards
	Verbose bool           // a line for each test
	Match   string         // only tests whose names contain it
	Config  *config.Config // of the stores; nil for the defaults
	Timeout time.Duration  // of one test; default 1 minute
}

// Result counts tests. A file that cannot be loaded counts as a failed one.
type Result struct{ Passed, Failed int }

// start is the time at which each store begins.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Files finds the test files among paths: files as they are, and what is named
// *_test.lua in folders and below them.
func Files(paths ...string) ([]string, error) { return Find("_test.lua", paths...) }

// Find finds files: those among paths, and what has the suffix in folders and below
// them.
func Find(suffix string, paths ...string) (files []string, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		err = filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(name, suffix) {
				files = append(files, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Run runs the tests of the files, in order. What goes wrong in a test is its
// failure; the error is what keeps tests from running at all.
func Run(ctx context.Context, files []string, o Options) (Result, error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	r := &run{o: o}
	for _, f := range files {
		if err := r.file(ctx, f); err != nil {
			return r.result, err
		}
	}
	fmt.Fprintf(o.Out, "%d passed, %d failed\n", r.result.Passed, r.result.Failed)
	return r.result, nil
}

type run struct {
	o      Options
	result Result
}

// file runs the tests of one file. Its top level runs anew for each of them.
func (r *run) file(ctx context.Context, name string) error {
	source, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := r.test(ctx, name, string(source), i)
		if err != nil || !more {
			return err
		}
	}
}

// test runs test i of a file; more says whether there is another after it.
func (r *run) test(ctx context.Context, file, source string, i int) (more bool, err error) {
	var log lines
	m, err := kevylua.OpenManual(kevylua.Options{Config: r.o.Config, Log: slog.New(slog.NewTextHandler(&log, nil))}, start)
	if err != nil {
		return false, err
	}
	defer m.Close()
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	began := time.Now()
	trial, err := m.Scripting().NewTrial(ctx, filepath.Base(file), source, &stage{m, filepath.Dir(file)})
	if err != nil {
		r.failed(file, "", err, &log)
		return false, nil
	}
	defer trial.Close()
	names := trial.Names()
	if i >= len(names) {
		return false, nil
	}
	name := names[i]
	if strings.Contains(name, r.o.Match) {
		if err := trial.Run(ctx, i); err != nil {
			r.failed(file, name, err, &log)
		} else {
			r.passed(file, name, time.Since(began))
		}
	}
	return i+1 < len(names), nil
}

func (r *run) passed(file, name string, took time.Duration) {
	r.result.Passed++
	if r.o.Verbose {
		fmt.Fprintf(r.o.Out, "ok   %s: %s (%s)\n", file, name, took.Round(time.Millisecond))
	}
}

func (r *run) failed(file, name string, err error, log *lines) {
	r.result.Failed++
	fmt.Fprintf(r.o.Out, "FAIL %s: %s\n     %v\n", file, name, err)
	for _, l := range log.all() {
		fmt.Fprintf(r.o.Out, "     log: %s\n", l)
	}
}

// stage is scripting.Stage over a store and a folder.
type stage struct {
	*kevylua.Manual
	dir string
}

// Read implements scripting.Stage.
func (s *stage) Read(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir, name)
	}
	return os.ReadFile(name)
}

// lines is a log to look at.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.FieldsFunc(l.buf.String(), func(r rune) bool { return r == '\n' })
}
