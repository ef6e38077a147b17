// Package errfs wraps a file system, counts its calls and lets a chosen one fail.
//
// It knows vfs only.
package errfs

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// ErrInjected is the error of a call that was chosen to fail, unless Plan names another.
var ErrInjected = errors.New("injected error")

// Op is one call: its method in lower case ("write", "sync", "rename", "syncdir" …) and the file
// it is about.
type Op struct {
	Method string
	Path   string
}

// Plan says which calls fail.
type Plan struct {
	// Nth is the number, counted from 1 over the calls that Match accepts, of the first call that
	// fails; 0 lets none fail.
	Nth int
	// Forever makes all later calls that Match accepts fail, too; otherwise only the one does.
	Forever bool
	// Match selects the calls that count; nil means all.
	Match func(Op) bool
	// Err is what a failing call returns; nil means ErrInjected.
	Err error
}

// FS is a file system that fails on demand. Safe for concurrent use.
type FS struct {
	base vfs.FS

	mu     sync.Mutex
	plan   Plan
	calls  int
	failed int
	before func(Op)
}

// New wraps base; nothing fails until Set.
func New(base vfs.FS) *FS { return &FS{base: base} }

// Set replaces the plan and starts counting anew.
func (e *FS) Set(p Plan) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plan, e.calls, e.failed = p, 0, 0
}

// Before sets a function that is called ahead of every call, outside the lock, whether the call
// will fail or not.
func (e *FS) Before(f func(Op)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.before = f
}

// Calls returns how many calls have counted since Set, and how many of them failed.
func (e *FS) Calls() (counted, failed int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls, e.failed
}

func (e *FS) check(method, path string) error {
	op := Op{method, path}
	e.mu.Lock()
	before := e.before
	e.mu.Unlock()
	if before != nil {
		before(op)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.plan.Match != nil && !e.plan.Match(op) {
		return nil
	}
	e.calls++
	if e.plan.Nth == 0 || e.calls < e.plan.Nth || e.calls > e.plan.Nth && !e.plan.Forever {
		return nil
	}
	e.failed++
	err := e.plan.Err
	if err == nil {
		err = ErrInjected
	}
	return &fs.PathError{Op: method, Path: path, Err: err}
}

func (e *FS) open(method, name string, open func(string) (vfs.File, error)) (vfs.File, error) {
	if err := e.check(method, name); err != nil {
		return nil, err
	}
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	return &file{File: f, fs: e, name: name}, nil
}

// Open implements vfs.FS.
func (e *FS) Open(name string) (vfs.File, error) { return e.open("open", name, e.base.Open) }

// Create implements vfs.FS.
func (e *FS) Create(name string) (vfs.File, error) { return e.open("create", name, e.base.Create) }

// OpenAppend implements vfs.FS.
func (e *FS) OpenAppend(name string) (vfs.File, error) {
	return e.open("openappend", name, e.base.OpenAppend)
}

// Rename implements vfs.FS.
func (e *FS) Rename(oldName, newName string) error {
	if err := e.check("rename", newName); err != nil {
		return err
	}
	return e.base.Rename(oldName, newName)
}

// Remove implements vfs.FS.
func (e *FS) Remove(name string) error {
	if err := e.check("remove", name); err != nil {
		return err
	}
	return e.base.Remove(name)
}

// ReadDir implements vfs.FS.
func (e *FS) ReadDir(name string) ([]string, error) {
	if err := e.check("readdir", name); err != nil {
		return nil, err
	}
	return e.base.ReadDir(name)
}

// Stat implements vfs.FS.
func (e *FS) Stat(name string) (fs.FileInfo, error) {
	if err := e.check("stat", name); err != nil {
		return nil, err
	}
	return e.base.Stat(name)
}

// MkdirAll implements vfs.FS.
func (e *FS) MkdirAll(name string) error {
	if err := e.check("mkdirall", name); err != nil {
		return err
	}
	return e.base.MkdirAll(name)
}

// SyncDir implements vfs.FS.
func (e *FS) SyncDir(name string) error {
	if err := e.check("syncdir", name); err != nil {
		return err
	}
	return e.base.SyncDir(name)
}

// Lock implements vfs.FS.
func (e *FS) Lock(name string) (io.Closer, error) {
	if err := e.check("lock", name); err != nil {
		return nil, err
	}
	return e.base.Lock(name)
}

type file struct {
	vfs.File
	fs   *FS
	name string
}

func (f *file) Read(p []byte) (int, error) {
	if err := f.fs.check("read", f.name); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.check("readat", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

// Write, when chosen to fail, first writes half of p: that is what a full disk does.
func (f *file) Write(p []byte) (int, error) {
	if err := f.fs.check("write", f.name); err != nil {
		n, werr := f.File.Write(p[:len(p)/2])
		if werr != nil {
			return n, werr
		}
		return n, err
	}
	return f.File.Write(p)
}

func (f *file) Seek(offset int64, whence int) (int64, error) {
	if err := f.fs.check("seek", f.name); err != nil {
		return 0, err
	}
	return f.File.Seek(offset, whence)
}

func (f *file) Truncate(size int64) error {
	if err := f.fs.check("truncate", f.name); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *file) Sync() error {
	if err := f.fs.check("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *file) Size() (int64, error) {
	if err := f.fs.check("size", f.name); err != nil {
		return 0, err
	}
	return f.File.Size()
}

// Close closes the file even when it is chosen to report an error: close(2) does.
func (f *file) Close() error {
	err := f.fs.check("close", f.name)
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}
