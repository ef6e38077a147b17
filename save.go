package kevylua

import (
	"errors"
	"io"
	"os"

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
	return func(write func(io.Writer) error) error { // one at a time: the engine sees to that
		return persist.ReplaceFile(fsys, dir, db.live.Get().Persistence.DBFilename, write)
	}
}

// spool keeps a snapshot that is on its way to a client in a temporary file
// of the data directory, or of the system's where there is none.
func (db *DB) spool(write func(io.Writer) error) (r io.ReadCloser, size int64, err error) {
	f, err := os.CreateTemp(db.live.Get().Persistence.Dir, "temp-*.rdb")
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if err = write(f); err != nil {
		return nil, 0, err
	}
	if size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return nil, 0, err
	}
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	return &spooled{f}, size, nil
}

// spooled is a file that is removed when it has been read.
type spooled struct{ *os.File }

// Close implements io.Closer.
func (s *spooled) Close() error { return errors.Join(s.File.Close(), os.Remove(s.Name())) }
