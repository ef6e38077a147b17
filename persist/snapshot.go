package persist

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// ReplaceFile makes name in dir a file with what write writes, durably and at
// once: whoever opens it, also after a crash, finds the old content or the whole
// of the new one. It is for what is no part of the log. Only one caller at a time
// may replace a file.
func ReplaceFile(fsys vfs.FS, dir, name string, write func(io.Writer) error) error {
	path, temp := filepath.Join(dir, name), filepath.Join(dir, tempPrefix+name)
	if err := fsys.MkdirAll(dir); err != nil {
		return fmt.Errorf("persist: create directory %s: %w", dir, err)
	}
	if err := writeTemp(fsys, temp, write); err != nil {
		_ = fsys.Remove(temp) // it is replaced by the next one anyway
		return fmt.Errorf("persist: write %s: %w", temp, err)
	}
	if err := fsys.Rename(temp, path); err != nil {
		return fmt.Errorf("persist: rename %s to %s: %w", temp, path, err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return fmt.Errorf("persist: sync directory %s: %w", dir, err)
	}
	return nil
}

// writeTemp is writeFile for content that is made while it is written.
func writeTemp(fsys vfs.FS, path string, write func(io.Writer) error) error {
	f, err := fsys.Create(path)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
