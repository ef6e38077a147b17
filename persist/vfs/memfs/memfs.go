// Package memfs is a file system in memory that can suffer a power cut.
//
// Everything that vfs.FS does not promise to be durable is at risk in Crash: what was written to a
// file since its last Sync, and each name that was created, renamed or removed since the last
// SyncDir of its directory. It knows vfs only.
package memfs

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// FS is a file system in memory. Paths are slash-separated and cleaned; "/x" and "x" are the same
// file. The root directory always exists. Safe for concurrent use.
type FS struct {
	mu      sync.Mutex
	now     func() time.Time
	entries map[string]*node // as processes see it
	durable map[string]*node // as the disk has it
	pending []entryOp        // what SyncDir has not made durable, oldest first
	locks   map[string]bool
}

// entryOp is a change of one directory entry: the name now means node, or nothing when node is nil.
// A rename is one op with two names, because a file system does it at once.
type entryOp struct {
	gone string // the name that ceased to be, or ""
	name string // the name that now means node, or ""
	node *node
}

// node is a file or a directory, whatever names lead to it.
type node struct {
	dir      bool
	data     []byte    // as processes see it
	synced   []byte    // as of the last Sync
	writes   []writeOp // since the last Sync, oldest first
	modified time.Time
}

// writeOp is a write at an offset, or a truncation when data is nil.
type writeOp struct {
	offset int64
	data   []byte
}

// New returns an empty file system. now gives files their modification time.
func New(now func() time.Time) *FS {
	root := &node{dir: true}
	return &FS{
		now:     now,
		entries: map[string]*node{"": root},
		durable: map[string]*node{"": root},
		locks:   map[string]bool{},
	}
}

func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

func parent(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return ""
}

func pathErr(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Open implements vfs.FS.
func (m *FS) Open(name string) (vfs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.entries[clean(name)]
	if !ok {
		return nil, pathErr("open", name, fs.ErrNotExist)
	}
	if n.dir {
		return nil, pathErr("open", name, fmt.Errorf("is a directory"))
	}
	return &file{fs: m, node: n, name: name, readOnly: true}, nil
}

// Create implements vfs.FS.
func (m *FS) Create(name string) (vfs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.openWritable("create", name)
	if err != nil {
		return nil, err
	}
	if len(f.node.data) > 0 {
		f.node.truncate(0)
	}
	return f, nil
}

// OpenAppend implements vfs.FS.
func (m *FS) OpenAppend(name string) (vfs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.openWritable("open", name)
	if err != nil {
		return nil, err
	}
	f.pos = int64(len(f.node.data))
	return f, nil
}

// openWritable is called with the lock held.
func (m *FS) openWritable(op, name string) (*file, error) {
	key := clean(name)
	n, ok := m.entries[key]
	switch {
	case ok && n.dir:
		return nil, pathErr(op, name, fmt.Errorf("is a directory"))
	case !ok:
		if p, ok := m.entries[parent(key)]; !ok || !p.dir {
			return nil, pathErr(op, name, fs.ErrNotExist)
		}
		n = &node{modified: m.now()}
		m.entries[key] = n
		m.pending = append(m.pending, entryOp{name: key, node: n})
	}
	return &file{fs: m, node: n, name: name}, nil
}

// Rename implements vfs.FS.
func (m *FS) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, to := clean(oldName), clean(newName)
	n, ok := m.entries[from]
	if !ok {
		return pathErr("rename", oldName, fs.ErrNotExist)
	}
	if n.dir {
		return pathErr("rename", oldName, fmt.Errorf("renaming a directory is not supported"))
	}
	if p, ok := m.entries[parent(to)]; !ok || !p.dir {
		return pathErr("rename", newName, fs.ErrNotExist)
	}
	delete(m.entries, from)
	m.entries[to] = n
	m.pending = append(m.pending, entryOp{gone: from, name: to, node: n})
	return nil
}

// Remove implements vfs.FS.
func (m *FS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := clean(name)
	n, ok := m.entries[key]
	if !ok {
		return pathErr("remove", name, fs.ErrNotExist)
	}
	if n.dir && len(m.list(key)) > 0 {
		return pathErr("remove", name, fmt.Errorf("directory not empty"))
	}
	delete(m.entries, key)
	m.pending = append(m.pending, entryOp{gone: key})
	return nil
}

// ReadDir implements vfs.FS.
func (m *FS) ReadDir(name string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := clean(name)
	if n, ok := m.entries[key]; !ok || !n.dir {
		return nil, pathErr("readdir", name, fs.ErrNotExist)
	}
	return m.list(key), nil
}

// list is called with the lock held.
func (m *FS) list(dir string) []string {
	names := []string{}
	for key := range m.entries {
		if key != "" && parent(key) == dir {
			names = append(names, path.Base(key))
		}
	}
	sort.Strings(names)
	return names
}

// Stat implements vfs.FS.
func (m *FS) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.entries[clean(name)]
	if !ok {
		return nil, pathErr("stat", name, fs.ErrNotExist)
	}
	return info{path.Base(clean(name)), int64(len(n.data)), n.dir, n.modified}, nil
}

// MkdirAll implements vfs.FS.
func (m *FS) MkdirAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mkdirAll(clean(name))
}

func (m *FS) mkdirAll(key string) error {
	if n, ok := m.entries[key]; ok {
		if !n.dir {
			return pathErr("mkdir", key, fmt.Errorf("not a directory"))
		}
		return nil
	}
	if err := m.mkdirAll(parent(key)); err != nil {
		return err
	}
	n := &node{dir: true, modified: m.now()}
	m.entries[key] = n
	m.pending = append(m.pending, entryOp{name: key, node: n})
	return nil
}

// SyncDir implements vfs.FS.
func (m *FS) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir := clean(name)
	if n, ok := m.entries[dir]; !ok || !n.dir {
		return pathErr("syncdir", name, fs.ErrNotExist)
	}
	rest := m.pending[:0]
	for _, op := range m.pending {
		inDir := op.name != "" && parent(op.name) == dir || op.gone != "" && parent(op.gone) == dir
		if inDir {
			op.apply(m.durable)
		} else {
			rest = append(rest, op)
		}
	}
	m.pending = rest
	return nil
}

func (op entryOp) apply(entries map[string]*node) {
	if op.gone != "" {
		delete(entries, op.gone)
	}
	if op.name != "" {
		entries[op.name] = op.node
	}
}

// Lock implements vfs.FS.
func (m *FS) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := clean(name)
	if m.locks[key] {
		return nil, vfs.ErrLocked
	}
	if _, err := m.openWritable("lock", name); err != nil {
		return nil, err
	}
	m.locks[key] = true
	return &lock{fs: m, key: key}, nil
}

type lock struct {
	fs   *FS
	key  string
	once sync.Once
}

func (l *lock) Close() error {
	l.once.Do(func() {
		l.fs.mu.Lock()
		delete(l.fs.locks, l.key)
		l.fs.mu.Unlock()
	})
	return nil
}

type info struct {
	name     string
	size     int64
	dir      bool
	modified time.Time
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return i.modified }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o750
	}
	return 0o640
}
