package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// report is what a watcher said: a configuration or an error.
type report struct {
	port int
	err  error
}

// heard collects reports, and hands them out in order.
type heard chan report

func (h heard) loaded(c *config.Config) { h <- report{port: c.Server.Port} }
func (h heard) failed(err error)        { h <- report{err: err} }

func (h heard) next(t *testing.T) report {
	t.Helper()
	select {
	case r := <-h:
		return r
	case <-time.After(time.Minute):
		t.Fatal("the watcher said nothing")
		return report{}
	}
}

func (h heard) nextPort(t *testing.T, want int) {
	t.Helper()
	if got := h.next(t); got.err != nil || got.port != want {
		t.Fatalf("got port %d, error %v; want port %d", got.port, got.err, want)
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace writes beside the file and renames, as editors do.
func replace(t *testing.T, path, content string) {
	t.Helper()
	put(t, path+".new", content)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func watch(t *testing.T, path string) (heard, *Watcher) {
	t.Helper()
	h := make(heard, 64)
	w, err := Watch(Source{File: path}, h.loaded, h.failed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return h, w
}

func TestWatchRealFiles(t *testing.T) {
	path := write(t, "kevy-lua.toml", "server.port = 1\n")
	h, w := watch(t, path)
	h.nextPort(t, 1)
	put(t, path, "server.port = 2\n") // written in place
	h.nextPort(t, 2)
	for port := 3; port < 6; port++ { // the file that was watched is gone each time
		replace(t, path, "server.port = "+string(rune('0'+port))+"\n")
		h.nextPort(t, port)
	}
	replace(t, path, "server.prot = 6\n")
	if r := h.next(t); r.err == nil || !strings.Contains(r.err.Error(), `unknown key "server.prot"`) {
		t.Fatalf("a bad file: %+v", r)
	}
	replace(t, path, "server.port = 7\n")
	h.nextPort(t, 7)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := h.next(t); !errors.Is(r.err, os.ErrNotExist) {
		t.Fatalf("a missing file: %+v", r)
	}
	put(t, path, "server.port = 8\n")
	h.nextPort(t, 8)
	w.Reload() // reported although nothing changed
	h.nextPort(t, 8)
}

// TestWatchKubernetes: the file is a link into a link to a directory, and only the middle link changes.
func TestWatchKubernetes(t *testing.T) {
	dir := t.TempDir()
	version := func(name, content string) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name, "kevy-lua.toml"), content)
		if err := os.Symlink(name, filepath.Join(dir, "..tmp")); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
		if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", "server.port = 1\n")
	path := filepath.Join(dir, "kevy-lua.toml")
	if err := os.Symlink(filepath.Join("..data", "kevy-lua.toml"), path); err != nil {
		t.Fatal(err)
	}
	h, _ := watch(t, path)
	h.nextPort(t, 1)
	version("..2", "server.port = 2\n")
	h.nextPort(t, 2)
	put(t, filepath.Join(dir, "..2", "kevy-lua.toml"), "server.port = 3\n") // behind the link
	h.nextPort(t, 3)
}

func TestWatchRefusesAMissingDirectory(t *testing.T) {
	_, err := Watch(Source{File: filepath.Join(t.TempDir(), "absent", "c.toml")}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "config: watch") {
		t.Errorf("got %v", err)
	}
}

func TestWatchWithoutAFileReloadsOnly(t *testing.T) {
	h := make(heard, 1)
	w, err := Watch(Source{Flags: map[string]string{"port": "5"}}, h.loaded, h.failed)
	if err != nil {
		t.Fatal(err)
	}
	w.Reload()
	h.nextPort(t, 5)
	w.Close()
	w.Close()
}

// fake stands for fsnotify, so that time can be under control.
type fake struct {
	notes    chan fsnotify.Event
	failures chan error
	mu       sync.Mutex
	dirs     []string
	closed   bool
}

func newFake() *fake { return &fake{notes: make(chan fsnotify.Event), failures: make(chan error)} }

func (f *fake) add(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dirs = append(f.dirs, dir)
	return nil
}
func (f *fake) events() <-chan fsnotify.Event { return f.notes }
func (f *fake) errors() <-chan error          { return f.failures }
func (f *fake) close() error                  { f.closed = true; return nil }

func TestWatchWaitsForQuiet(t *testing.T) {
	path := write(t, "c.toml", "server.port = 1\n")
	synctest.Test(t, func(t *testing.T) {
		h, f := make(heard, 64), newFake()
		w := start(Source{File: path}, f, h.loaded, h.failed)
		defer func() {
			w.Close()
			if !f.closed {
				t.Error("the notifier was not closed")
			}
		}()
		changed := fsnotify.Event{Name: path, Op: fsnotify.Write}
		expect := func(what string, want int) {
			t.Helper()
			synctest.Wait()
			if len(h) != want {
				t.Fatalf("%s: %d reports, want %d", what, len(h), want)
			}
			for range want {
				<-h
			}
		}
		expect("at the start", 1)

		put(t, path, "server.port = 2\n")
		f.notes <- changed
		time.Sleep(quietTime - time.Millisecond)
		f.notes <- changed // still being written
		time.Sleep(quietTime - time.Millisecond)
		expect("before it is quiet", 0)
		time.Sleep(time.Millisecond)
		expect("when it is quiet", 1)

		f.notes <- changed
		time.Sleep(quietTime)
		expect("touched without a change", 0)

		put(t, path, "server.port = 3\n")
		f.notes <- fsnotify.Event{Name: filepath.Join(filepath.Dir(path), "other"), Op: fsnotify.Write}
		f.notes <- fsnotify.Event{Name: path, Op: fsnotify.Chmod}
		time.Sleep(10 * quietTime)
		expect("writing to another file, and chmod", 0)
		f.notes <- fsnotify.Event{Name: filepath.Join(filepath.Dir(path), "..data"), Op: fsnotify.Create}
		time.Sleep(quietTime)
		expect("another name was renamed", 1)

		put(t, path, "server.port = 4\n")
		begin := time.Now()
		for len(h) == 0 {
			f.notes <- changed
			time.Sleep(quietTime / 2)
		}
		if took := time.Since(begin); took < patience || took > patience+quietTime {
			t.Errorf("a file that is written all the time was read after %v, want %v", took, patience)
		}
		<-h

		put(t, path, "server.port = 5\n")
		f.failures <- fsnotify.ErrEventOverflow
		expect("events were lost", 1)
		time.Sleep(quietTime)
		expect("after events were lost", 1)
	})
}

func TestWatchReportsTheSameErrorOnce(t *testing.T) {
	path := write(t, "c.toml", "server.port = 1\n")
	synctest.Test(t, func(t *testing.T) {
		h, f := make(heard, 64), newFake()
		w := start(Source{File: path}, f, h.loaded, h.failed)
		defer w.Close()
		good := h.next(t)
		put(t, path, "server.port = x\n")
		for range 3 {
			f.notes <- fsnotify.Event{Name: path, Op: fsnotify.Write}
			time.Sleep(quietTime)
			synctest.Wait()
		}
		if len(h) != 1 {
			t.Fatalf("%d reports of one error", len(h))
		}
		if r := <-h; r.err == nil {
			t.Fatal("no error")
		}
		put(t, path, "server.port = 1\n")
		f.notes <- fsnotify.Event{Name: path, Op: fsnotify.Write}
		if got := h.next(t); got != good {
			t.Errorf("the file as it was: %+v", got)
		}
	})
}

// TestBadFileThenGood goes the whole way: what is in force stays until a good file comes.
func TestBadFileThenGood(t *testing.T) {
	path := write(t, "c.toml", "memory.maxmemory = '1mb'\nserver.port = 1\n")
	live := config.NewLive(mustLoad(t, Source{File: path}))
	changes := make(chan []config.Change, 8)
	live.OnChange(func(c []config.Change) { changes <- c })
	failures := make(chan error, 8)
	restarts := make(chan config.Change, 8)
	w, err := Watch(Source{File: path}, func(next *config.Config) {
		all, err := live.Swap(next, "file")
		if err != nil {
			failures <- err
		}
		for _, c := range all {
			if c.NeedsRestart {
				restarts <- c
			}
		}
	}, func(err error) { failures <- err })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	replace(t, path, "memory.maxmemory = '2mb'\nserver.port = nonsense\n")
	select {
	case <-failures:
	case <-time.After(time.Minute):
		t.Fatal("the bad file was not reported")
	}
	if got := live.Get().Memory.MaxMemory; got != 1<<20 {
		t.Fatalf("the bad file changed maxmemory to %d", got)
	}
	replace(t, path, "memory.maxmemory = '2mb'\nserver.port = 2\n")
	select {
	case c := <-changes:
		want := config.Change{Name: "maxmemory", Path: "memory.maxmemory", Old: "1048576", New: "2097152", By: "file"}
		if len(c) != 1 || c[0] != want {
			t.Errorf("changes %+v", c)
		}
	case <-time.After(time.Minute):
		t.Fatal("the good file was not taken")
	}
	if c := <-restarts; c.Name != "port" || c.New != "2" || live.Get().Server.Port != 1 {
		t.Errorf("restart needed: %+v, port %d", c, live.Get().Server.Port)
	}
}
