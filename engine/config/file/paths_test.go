package file

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWatchPaths: files that are written, replaced, made, deleted, linked.
func TestWatchPaths(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	told := make(chan struct{}, 100)
	w, err := WatchPaths(func() []string {
		return []string{filepath.Join(dir, "*.lua"), filepath.Join(dir, "later", "on", "*.lua")}
	}, func() { told <- struct{}{} }, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	path := filepath.Join(dir, "a.lua")
	put(t, filepath.Join(other, "real"), "1")
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"made", func() { put(t, path, "1") }},
		{"written", func() { put(t, path, "2") }},
		{"replaced", func() { replace(t, path, "3") }},
		{"deleted", func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
		{"linked", func() {
			if err := os.Symlink(filepath.Join(other, "real"), filepath.Join(dir, "l.lua")); err != nil {
				t.Fatal(err)
			}
		}},
		{"written behind the link", func() { put(t, filepath.Join(other, "real"), "2") }},
		{"a folder was made", func() {
			if err := os.MkdirAll(filepath.Join(dir, "later", "on"), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{"made in the folder", func() { put(t, filepath.Join(dir, "later", "on", "b.lua"), "1") }},
		{"kicked", w.Kick},
	} {
		step.do()
		select {
		case <-told:
		case <-time.After(time.Minute):
			t.Fatalf("%s: nothing was told", step.name)
		}
		for quiet := false; !quiet; { // a step may be told in two parts
			select {
			case <-told:
			case <-time.After(3 * quietTime):
				quiet = true
			}
		}
	}
	w.Close()
}
