package memfs

import (
	"errors"
	"io"
	"io/fs"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// file is an open node. Its fields are guarded by the file system's lock, so that Sync may run
// beside Write.
type file struct {
	fs       *FS
	node     *node
	name     string
	pos      int64
	readOnly bool
	closed   bool
}

var _ vfs.File = (*file)(nil)

var errReadOnly = errors.New("opened for reading only")

// check is called with the lock held.
func (f *file) check(op string, write bool) error {
	switch {
	case f.closed:
		return pathErr(op, f.name, fs.ErrClosed)
	case write && f.readOnly:
		return pathErr(op, f.name, errReadOnly)
	}
	return nil
}

func (f *file) Read(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("read", false); err != nil {
		return 0, err
	}
	n, err := f.node.readAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("read", false); err != nil {
		return 0, err
	}
	return f.node.readAt(p, off)
}

func (f *file) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("write", true); err != nil {
		return 0, err
	}
	f.node.write(p, f.pos)
	f.node.modified = f.fs.now()
	f.pos += int64(len(p))
	return len(p), nil
}

func (f *file) Seek(offset int64, whence int) (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("seek", false); err != nil {
		return 0, err
	}
	switch whence {
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += int64(len(f.node.data))
	}
	if offset < 0 {
		return 0, pathErr("seek", f.name, fs.ErrInvalid)
	}
	f.pos = offset
	return offset, nil
}

func (f *file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("truncate", true); err != nil {
		return err
	}
	f.node.truncate(size)
	f.node.modified = f.fs.now()
	return nil
}

func (f *file) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("sync", false); err != nil {
		return err
	}
	f.node.synced = append([]byte(nil), f.node.data...)
	f.node.writes = nil
	return nil
}

func (f *file) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("stat", false); err != nil {
		return 0, err
	}
	return int64(len(f.node.data)), nil
}

func (f *file) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.check("close", false); err != nil {
		return err
	}
	f.closed = true
	return nil
}

func (n *node) readAt(p []byte, off int64) (int, error) {
	if off >= int64(len(n.data)) {
		return 0, io.EOF
	}
	c := copy(p, n.data[off:])
	if c < len(p) {
		return c, io.EOF
	}
	return c, nil
}

func (n *node) write(p []byte, off int64) {
	op := writeOp{offset: off, data: append([]byte{}, p...)}
	n.data = op.apply(n.data)
	n.writes = append(n.writes, op)
}

func (n *node) truncate(size int64) {
	op := writeOp{offset: size}
	n.data = op.apply(n.data)
	n.writes = append(n.writes, op)
}

// apply returns the content after the operation. It never changes bytes that data's other owners
// see: an overwrite copies.
func (op writeOp) apply(data []byte) []byte {
	if op.data == nil {
		if op.offset <= int64(len(data)) {
			return data[:op.offset:op.offset]
		}
		return append(data[:len(data):len(data)], make([]byte, op.offset-int64(len(data)))...)
	}
	if op.offset > int64(len(data)) {
		data = writeOp{offset: op.offset}.apply(data)
	}
	if op.offset == int64(len(data)) {
		return append(data, op.data...)
	}
	out := append([]byte(nil), data[:op.offset]...)
	out = append(out, op.data...)
	if end := op.offset + int64(len(op.data)); end < int64(len(data)) {
		out = append(out, data[end:]...)
	}
	return out
}
