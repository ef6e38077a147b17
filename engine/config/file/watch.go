package file

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// A file is written in several steps: a change is read when it has been quiet for quietTime, or when
// the first step is patience old.
const (
	quietTime = 100 * time.Millisecond
	patience  = 2 * time.Second
)

// Watcher reads a source again when its file changes, and when told to.
//
// It watches the directory and not the file: editors and deployment tools replace files by renaming,
// and Kubernetes replaces a directory behind a symbolic link; a watch on the file would stay with the
// old one. Where the file is a link, the directory that it leads to is watched too.
type Watcher struct {
	src     Source
	onLoad  func(*config.Config)
	onError func(error)

	reload chan struct{}
	quit   chan struct{}
	done   chan struct{}
	once   sync.Once

	last state // of the goroutine
}

// state is what the last reading found. A further reading that finds the same is not reported.
type state struct {
	sum    [sha256.Size]byte
	err    string
	loaded bool
}

// notifier is what is needed of fsnotify.
type notifier interface {
	add(dir string) error
	events() <-chan fsnotify.Event
	errors() <-chan error
	close() error
}

type fsNotifier struct{ *fsnotify.Watcher }

func (n fsNotifier) add(dir string) error          { return n.Add(dir) }
func (n fsNotifier) events() <-chan fsnotify.Event { return n.Events }
func (n fsNotifier) errors() <-chan error          { return n.Errors }
func (n fsNotifier) close() error                  { return n.Close() }

// Watch starts watching. It reads the source once at the beginning, so that a change between Load and
// Watch is not lost; after that when the content of the file has changed, with a fresh Load each time.
// What was read goes to onLoad; a source that cannot be loaded goes to onError, and nothing else
// happens: the configuration in force stays until a good one comes. Both run on the watcher's own
// goroutine, one at a time, and must not call Close. A source without a file is only read by Reload.
func Watch(src Source, onLoad func(*config.Config), onError func(error)) (*Watcher, error) {
	if src.File == "" {
		return start(src, nil, onLoad, onError), nil
	}
	native, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("config: watch %s: %w", src.File, err)
	}
	n := fsNotifier{native}
	if err := n.add(filepath.Dir(src.File)); err != nil {
		return nil, errors.Join(fmt.Errorf("config: watch %s: %w", filepath.Dir(src.File), err), n.close())
	}
	return start(src, n, onLoad, onError), nil
}

func start(src Source, n notifier, onLoad func(*config.Config), onError func(error)) *Watcher {
	w := &Watcher{
		src: src, onLoad: onLoad, onError: onError,
		reload: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run(n)
	return w
}

// Reload asks for a reading now, as on SIGHUP, and does not wait for it. Its result is reported even
// if nothing has changed. Requests that come while one is waiting become one.
func (w *Watcher) Reload() {
	select {
	case w.reload <- struct{}{}:
	default:
	}
}

// Close stops watching and waits until the goroutine, and with it any callback, has ended. It may be
// called more than once.
func (w *Watcher) Close() {
	w.once.Do(func() { close(w.quit) })
	<-w.done
}

func (w *Watcher) run(n notifier) {
	defer close(w.done)
	var events <-chan fsnotify.Event
	var failures <-chan error
	quiet := time.NewTimer(quietTime)
	defer quiet.Stop()
	quiet.Stop()
	if n != nil {
		events, failures = n.events(), n.errors()
		defer func() { _ = n.close() }() // closing an inotify descriptor: nothing was written
		w.read(n, false)
	}
	var since time.Time // of the first change not read yet; zero when there is none
	for {
		select {
		case <-w.quit:
			return
		case <-w.reload:
			quiet.Stop()
			since = time.Time{}
			w.read(n, true)
		case <-quiet.C:
			since = time.Time{}
			w.read(n, false)
		case event, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			now := time.Now()
			switch {
			case !w.concerns(event):
			case since.IsZero():
				since = now
				quiet.Reset(quietTime)
			default:
				quiet.Reset(min(quietTime, max(0, patience-now.Sub(since))))
			}
		case err, ok := <-failures:
			if !ok {
				failures = nil
				continue
			}
			// Events may have been lost: look at the file itself.
			w.onError(fmt.Errorf("config: watch %s: %w", w.src.File, err))
			since = time.Now()
			quiet.Reset(quietTime)
		}
	}
}

// concerns leaves out writing to other files of the directory, which may be a busy one. Other names
// that come, go or are renamed do count: one of them may be the link that leads to the file.
func (w *Watcher) concerns(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod {
		return false
	}
	if filepath.Base(event.Name) == filepath.Base(w.src.File) || event.Op&^(fsnotify.Write|fsnotify.Chmod) != 0 {
		return true
	}
	target, err := filepath.EvalSymlinks(w.src.File)
	return err == nil && filepath.Base(event.Name) == filepath.Base(target)
}

// read loads the source and reports it, unless it is what was reported last. The directories are added
// each time: a link may lead elsewhere now, and a directory may have been made anew.
func (w *Watcher) read(n notifier, always bool) {
	if n != nil {
		if err := w.follow(n); err != nil {
			w.report(nil, state{err: err.Error()}, err, always)
			return
		}
	}
	c, sum, err := load(w.src)
	found := state{sum: sum, loaded: true}
	if err != nil {
		found.err = err.Error()
	}
	w.report(c, found, err, always)
}

func (w *Watcher) report(c *config.Config, found state, err error, always bool) {
	if found == w.last && !always {
		return
	}
	w.last = found
	if err != nil {
		w.onError(err)
		return
	}
	w.onLoad(c)
}

func (w *Watcher) follow(n notifier) error {
	dirs := []string{filepath.Dir(w.src.File)}
	if target, err := filepath.EvalSymlinks(w.src.File); err == nil && filepath.Dir(target) != dirs[0] {
		dirs = append(dirs, filepath.Dir(target))
	}
	for _, dir := range dirs {
		if err := n.add(dir); err != nil {
			return fmt.Errorf("config: watch %s: %w", dir, err)
		}
	}
	return nil
}
