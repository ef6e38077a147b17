package kevylua

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/kevy-lua/kevy-lua/persist"
	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// saveTo is what SAVE and BGSAVE write a snapshot with: into the file dbfilename
// of the data directory.
func (db *DB) saveTo(fsys vfs.FS) func(write func(io.Writer) error) error {
	dir := db.live.Get().Persistence.Dir
	if dir == "" {
		return nil
	}
	if fsys == nil {
		fsys = vfs.OS
	}
	if o := &db.live.Get().Persistence; !o.AppendOnly {
		path := filepath.Join(dir, o.DBFilename)
		if _, err := fsys.Stat(path); err == nil {
			db.log.Warn("there is a snapshot in the data directory: it is not loaded, and SAVE will replace it", "file", path)
		}
	}
	return func(write func(io.Writer) error) error { // one at a time: the engine sees to that
		return persist.ReplaceFile(fsys, dir, db.live.Get().Persistence.DBFilename, write)
	}
}

// spoolPrefix and spoolSuffix are how the names of temporary snapshots begin and end.
const spoolPrefix, spoolSuffix = "temp-copy-", ".rdb"

// spoolTo is what keeps a snapshot that is on its way to a client: a temporary
// file of the data directory, or of the system's where there is none.
func (db *DB) spoolTo(fsys vfs.FS) func(write func(io.Writer) error) (io.ReadCloser, int64, error) {
	dir := db.live.Get().Persistence.Dir
	create := func() (vfs.File, string, error) {
		f, err := os.CreateTemp("", spoolPrefix+"*"+spoolSuffix)
		if err != nil {
			return nil, "", err
		}
		return systemFile{f}, f.Name(), nil
	}
	if dir == "" {
		return func(write func(io.Writer) error) (io.ReadCloser, int64, error) { return spool(vfs.OS, create, write) }
	}
	if fsys == nil {
		fsys = vfs.OS
	}
	var last atomic.Int64
	create = func() (vfs.File, string, error) {
		if err := fsys.MkdirAll(dir); err != nil {
			return nil, "", err
		}
		// Without a log, another process may have the same directory.
		name := filepath.Join(dir, fmt.Sprintf("%s%d-%d%s", spoolPrefix, os.Getpid(), last.Add(1), spoolSuffix))
		f, err := fsys.Create(name)
		return f, name, err
	}
	return func(write func(io.Writer) error) (io.ReadCloser, int64, error) { return spool(fsys, create, write) }
}

// systemFile is a file of the system's temporary directory as vfs has files.
type systemFile struct{ *os.File }

// Size implements vfs.File.
func (f systemFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// spool writes a temporary file and returns a reader of it.
func spool(fsys vfs.FS, create func() (vfs.File, string, error), write func(io.Writer) error) (_ io.ReadCloser, size int64, err error) {
	f, name, err := create()
	if err != nil {
		return nil, 0, fmt.Errorf("kevylua: create a temporary snapshot: %w", err)
	}
	s := &spooled{File: f, fsys: fsys}
	// Its name goes at once, so that the end of the process is its end, too. Not
	// every system removes an open file.
	if fsys.Remove(name) != nil {
		s.name = name
	}
	if err = write(f); err == nil {
		size, err = f.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("kevylua: write a temporary snapshot: %w", errors.Join(err, s.Close()))
	}
	return s, size, nil
}

// spooled is a file that is gone when it has been read.
type spooled struct {
	vfs.File
	fsys vfs.FS
	name string // "": it has none any more
}

// Close implements io.Closer.
func (s *spooled) Close() error {
	err := s.File.Close()
	if s.name != "" {
		err = errors.Join(err, s.fsys.Remove(s.name))
	}
	return err
}

// removeSpools removes the temporary snapshots that a crash has left in the data
// directory. What cannot be removed is in nobody's way, but takes its room.
func (db *DB) removeSpools(fsys vfs.FS) {
	dir := db.live.Get().Persistence.Dir
	if dir == "" {
		return
	}
	if fsys == nil {
		fsys = vfs.OS
	}
	names, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	for _, name := range names {
		if strings.HasPrefix(name, spoolPrefix) && strings.HasSuffix(name, spoolSuffix) {
			err = errors.Join(err, fsys.Remove(filepath.Join(dir, name)))
		}
	}
	if err != nil {
		db.log.Warn("temporary snapshots of before are not removed", "error", err)
	}
}
