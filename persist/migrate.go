package persist

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// loadOrMigrate reads the manifest. A Redis before 7.0 kept its log in one file beside where the
// directory is now: that file becomes the base of a new manifest, as it does in Redis 7. The
// manifest is written first, so that a crash before the file is moved is found and finished by the
// next call.
func loadOrMigrate(fsys vfs.FS, dir, name string) (manifest, error) {
	m, found, err := loadManifest(fsys, dir, name)
	if err != nil {
		return manifest{}, err
	}
	old := filepath.Join(filepath.Dir(dir), name)
	moved := filepath.Join(dir, name)
	if found && (m.base == nil || m.base.name != name || len(m.incrs) > 0) {
		return m, nil
	}
	there, err := isFile(fsys, moved)
	if err != nil {
		return manifest{}, err
	}
	if found && there {
		return m, nil
	}
	oldThere, err := isFile(fsys, old)
	if err != nil {
		return manifest{}, err
	}
	if !oldThere {
		if !found {
			err = mustBeEmpty(fsys, dir, name)
		}
		return m, err
	}
	if !found {
		if there {
			return manifest{}, fmt.Errorf("persist: both %s and %s exist, and no manifest says which of them is the log", old, moved)
		}
		m = manifest{base: &manifestFile{name: name, seq: 1, typ: typeBase}}
		if _, err := storeManifest(fsys, dir, name, m); err != nil {
			return manifest{}, err
		}
	}
	if err := fsys.Rename(old, moved); err != nil {
		return manifest{}, fmt.Errorf("persist: move %s to %s: %w", old, moved, err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := fsys.SyncDir(d); err != nil {
			return manifest{}, fmt.Errorf("persist: sync directory %s: %w", d, err)
		}
	}
	return m, nil
}

// mustBeEmpty refuses a directory without a manifest that holds data: to start anew in it would look
// like a loss of everything. Empty files may be what a crash left of the first start.
func mustBeEmpty(fsys vfs.FS, dir, name string) error {
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("persist: read directory %s: %w", dir, err)
	}
	for _, n := range names {
		if !strings.HasPrefix(n, name+".") || !strings.Contains(n, ".base.") && !strings.HasSuffix(n, ".incr.aof") {
			continue
		}
		st, err := fsys.Stat(filepath.Join(dir, n))
		if err != nil {
			return fmt.Errorf("persist: stat %s: %w", n, err)
		}
		if st.Size() > 0 {
			return &ManifestError{File: manifestPath(dir, name), Reason: "it does not exist, but the directory holds " + n}
		}
	}
	return nil
}

func isFile(fsys vfs.FS, path string) (bool, error) {
	st, err := fsys.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("persist: stat %s: %w", path, err)
	}
	return st.Mode().IsRegular(), nil
}
