package vfs_test

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

// Every file system behaves alike.
func TestFileSystems(t *testing.T) {
	now := func() time.Time { return time.Unix(1, 0) }
	for _, tt := range []struct {
		name string
		fs   vfs.FS
	}{
		{"os", vfs.OS}, {"memfs", memfs.New(now)}, {"errfs", errfs.New(memfs.New(now))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			check(t, tt.fs.MkdirAll(dir))
			check(t, tt.fs.MkdirAll(dir))
			testFiles(t, tt.fs, dir)
			testNames(t, tt.fs, dir)
			testLock(t, tt.fs, dir)
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testFiles(t *testing.T, fsys vfs.FS, dir string) {
	path := filepath.Join(dir, "file")
	if _, err := fsys.Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open of what does not exist: %v", err)
	}
	f, err := fsys.Create(path)
	check(t, err)
	write(t, f, "hello, world")
	_, err = f.Seek(7, io.SeekStart)
	check(t, err)
	write(t, f, "W")
	check(t, f.Truncate(8))
	_, err = f.Seek(-1, io.SeekEnd)
	check(t, err)
	b := make([]byte, 4)
	if n, err := f.Read(b); n != 1 || err != nil || b[0] != 'W' {
		t.Errorf("read %d %v %q", n, err, b)
	}
	if n, err := f.Read(b); n != 0 || err != io.EOF {
		t.Errorf("read at the end: %d, %v", n, err)
	}
	if n, err := f.ReadAt(b, 0); n != 4 || err != nil || string(b) != "hell" {
		t.Errorf("ReadAt: %d %v %q", n, err, b)
	}
	if n, err := f.ReadAt(b, 6); n != 2 || err != io.EOF {
		t.Errorf("ReadAt over the end: %d, %v", n, err)
	}
	check(t, f.Truncate(10))
	check(t, f.Sync())
	check(t, f.Close())
	if f.Close() == nil {
		t.Error("second close: no error")
	}

	f, err = fsys.OpenAppend(path)
	check(t, err)
	write(t, f, "!")
	if size, err := f.Size(); size != 11 || err != nil {
		t.Errorf("size %d, %v", size, err)
	}
	// It is not the append mode: a write goes where Seek says.
	_, err = f.Seek(0, io.SeekStart)
	check(t, err)
	write(t, f, "J")
	check(t, f.Close())
	f, err = fsys.Open(path)
	check(t, err)
	all, err := io.ReadAll(f)
	check(t, err)
	if string(all) != "Jello, W\x00\x00!" {
		t.Errorf("content %q", all)
	}
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("write to a file that was opened for reading: no error")
	}
	check(t, f.Close())
	f, err = fsys.Create(path)
	check(t, err)
	if size, err := f.Size(); size != 0 || err != nil {
		t.Errorf("created anew: size %d, %v", size, err)
	}
	check(t, f.Close())
}

func testNames(t *testing.T, fsys vfs.FS, dir string) {
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"one", "two"} {
		f, err := fsys.Create(at(name))
		check(t, err)
		write(t, f, name)
		check(t, f.Close())
	}
	check(t, fsys.Rename(at("one"), at("two")))
	st, err := fsys.Stat(at("two"))
	check(t, err)
	if st.Size() != 3 || st.Name() != "two" || st.IsDir() || !st.Mode().IsRegular() {
		t.Errorf("%+v", st)
	}
	st, err = fsys.Stat(dir)
	check(t, err)
	if !st.IsDir() {
		t.Error("the directory is none")
	}
	for _, err := range []error{
		fsys.Rename(at("one"), at("two")), fsys.Remove(at("one")), fsys.SyncDir(at("none")),
		errOf(fsys.Stat(at("one"))), errOf(fsys.ReadDir(at("none"))), errOf(fsys.Create(at("none/x"))),
	} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v", err)
		}
	}
	if fsys.Remove(dir) == nil {
		t.Error("a directory with files was removed")
	}
	check(t, fsys.SyncDir(dir))
	names, err := fsys.ReadDir(dir)
	check(t, err)
	if got := strings.Join(names, " "); got != "file two" {
		t.Errorf("names %s", got)
	}
	check(t, fsys.Remove(at("two")))
}

func testLock(t *testing.T, fsys vfs.FS, dir string) {
	path := filepath.Join(dir, "lock")
	lock, err := fsys.Lock(path)
	check(t, err)
	if _, err := fsys.Lock(path); !errors.Is(err, vfs.ErrLocked) {
		t.Errorf("second lock: %v", err)
	}
	check(t, lock.Close())
	lock, err = fsys.Lock(path)
	check(t, err)
	check(t, lock.Close())
}

func errOf[T any](_ T, err error) error { return err }

func write(t *testing.T, f vfs.File, s string) {
	t.Helper()
	n, err := f.Write([]byte(s))
	if n != len(s) {
		t.Fatalf("wrote %d of %d", n, len(s))
	}
	check(t, err)
}
