package persist

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

const (
	// dumpBuffer is how much of the base is written at once.
	dumpBuffer = 256 << 10
	// dumpSync is how much is written between two syncs: one big sync at the end would hold up those
	// of the log itself.
	dumpSync = 8 << 20
)

// dump writes the snapshot to a temporary file, which it names, and syncs it.
func (r *rewrite) dump(ctx context.Context, snap Snapshot) (name string, size int64, err error) {
	defer snap.Release()
	l := r.log
	name = fmt.Sprintf("%s%s.%d.base.aof", tempPrefix, l.name, r.first.seq)
	path := filepath.Join(l.dir, name)
	f, err := l.fs.Create(path)
	if err != nil {
		return "", 0, fmt.Errorf("persist: create %s: %w", path, err)
	}
	w := &baseWriter{ctx: ctx, file: f, selected: noDB}
	whole := false
	defer func() { // also when the source panics
		cerr := f.Close()
		if whole && cerr == nil {
			return
		}
		if err == nil {
			err = cerr
		}
		l.files.Lock()
		l.remove(name)
		l.unlockFiles()
		if err != nil {
			err = fmt.Errorf("persist: dump to %s: %w", path, err)
		}
	}()
	r.event.Keys, err = snap.Dump(ctx, w.emit)
	if w.err != nil {
		err = w.err // whatever the source made of it
	}
	if err == nil {
		err = w.flush(true)
	}
	whole = err == nil
	return name, w.size, err
}

// baseWriter writes commands to a base. An error is kept: what follows it is refused.
type baseWriter struct {
	ctx      context.Context
	file     vfs.File
	buf      []byte
	selected int
	size     int64 // written
	synced   int64
	err      error
}

func (w *baseWriter) emit(db int, args ...[]byte) error {
	if w.err != nil {
		return w.err
	}
	if len(args) == 0 {
		w.err = fmt.Errorf("a command without a name")
		return w.err
	}
	if db != w.selected {
		w.buf = appendSelect(w.buf, db)
		w.selected = db
	}
	w.buf = appendRecord(w.buf, args)
	if len(w.buf) >= dumpBuffer {
		return w.flush(false)
	}
	return nil
}

// flush writes the buffer, and syncs at the end or when enough has been written.
func (w *baseWriter) flush(end bool) error {
	if w.err = w.ctx.Err(); w.err != nil {
		return w.err
	}
	if len(w.buf) > 0 {
		if _, w.err = w.file.Write(w.buf); w.err != nil {
			return w.err
		}
		w.size += int64(len(w.buf))
		w.buf = w.buf[:0]
	}
	if end || w.size-w.synced >= dumpSync {
		w.err = w.file.Sync()
		w.synced = w.size
	}
	return w.err
}
