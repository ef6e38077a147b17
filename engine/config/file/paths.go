package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// PathWatcher tells when files that patterns name have changed, appeared or
// gone. It watches their directories, for the reasons that Watcher has, and
// says so once when they have been quiet for a moment.
type PathWatcher struct {
	patterns func() []string
	changed  func()
	onError  func(error)

	kick chan struct{}
	quit chan struct{}
	done chan struct{}
	once sync.Once
}

// WatchPaths starts watching the glob patterns that patterns returns; it is asked
// again after each change and by Kick. changed and onError are called on the
// watcher's own goroutine, one at a time, and must not call Close.
func WatchPaths(patterns func() []string, changed func(), onError func(error)) (*PathWatcher, error) {
	native, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("config: watch files: %w", err)
	}
	return startPaths(fsNotifier{native}, patterns, changed, onError), nil
}

func startPaths(n notifier, patterns func() []string, changed func(), onError func(error)) *PathWatcher {
	w := &PathWatcher{
		patterns: patterns, changed: changed, onError: onError,
		kick: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	w.follow(n) // before the caller looks at the files: no change is missed
	go w.run(n)
	return w
}

// Kick makes the watcher call changed soon, as after a change of a file.
func (w *PathWatcher) Kick() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// Close stops watching and waits for the goroutine. It may be called more than once.
func (w *PathWatcher) Close() {
	w.once.Do(func() { close(w.quit) })
	<-w.done
}

func (w *PathWatcher) run(n notifier) {
	defer close(w.done)
	defer func() { _ = n.close() }() // closing an inotify descriptor: nothing was written
	events, failures := n.events(), n.errors()
	quiet := time.NewTimer(quietTime)
	defer quiet.Stop()
	quiet.Stop()
	var since time.Time // of the first change not told yet; zero when there is none
	note := func() {
		now := time.Now()
		if since.IsZero() {
			since = now
		}
		quiet.Reset(min(quietTime, max(0, patience-now.Sub(since))))
	}
	for {
		select {
		case <-w.quit:
			return
		case <-w.kick:
			note()
		case <-quiet.C:
			since = time.Time{}
			w.follow(n)
			w.changed()
		case event, ok := <-events:
			if !ok {
				events = nil
			} else if w.concerns(event) {
				note()
			}
		case err, ok := <-failures:
			if !ok {
				failures = nil
				continue
			}
			w.onError(fmt.Errorf("config: watch files: %w", err))
			note() // events may have been lost
		}
	}
}

// concerns leaves out writing to files that no pattern names. Names that come,
// go or are renamed do count: one may be a link that leads to a file.
func (w *PathWatcher) concerns(event fsnotify.Event) bool {
	switch {
	case event.Op == fsnotify.Chmod:
		return false
	case event.Op&^(fsnotify.Write|fsnotify.Chmod) != 0:
		return true
	}
	for _, p := range w.patterns() {
		if ok, err := filepath.Match(filepath.Clean(p), filepath.Clean(event.Name)); ok && err == nil {
			return true
		}
		if files, _ := filepath.Glob(p); leadsTo(files, event.Name) {
			return true
		}
	}
	return false
}

// leadsTo reports whether one of the files is a link to name.
func leadsTo(files []string, name string) bool {
	for _, f := range files {
		if target, err := filepath.EvalSymlinks(f); err == nil && target == filepath.Clean(name) {
			return true
		}
	}
	return false
}

// follow watches the directories of the patterns, and those that links lead to.
// It is repeated after each change, since a directory may have been made anew.
func (w *PathWatcher) follow(n notifier) {
	dirs := map[string]bool{}
	for _, p := range w.patterns() {
		for parent := filepath.Dir(p); ; parent = filepath.Dir(parent) {
			found, err := filepath.Glob(parent)
			for _, d := range found {
				dirs[d] = true
			}
			// A folder that is not there yet is waited for in the one above. A bad
			// pattern is told by who loads the files.
			if err != nil || len(found) > 0 || parent == filepath.Dir(parent) {
				break
			}
		}
		files, _ := filepath.Glob(p)
		for _, f := range files {
			if target, err := filepath.EvalSymlinks(f); err == nil {
				dirs[filepath.Dir(target)] = true
			}
		}
	}
	for d := range dirs {
		if err := n.add(d); err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.onError(fmt.Errorf("config: watch %s: %w", d, err))
		}
	}
}
