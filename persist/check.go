package persist

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// Check examines a log without applying it, base first, as redis-check-aof does, and writes what it finds to
// report. dir is the append-only directory, or the data directory that holds it under its default
// name. ok says whether Replay can read the log.
//
// With fix, the tail of the last file is cut behind the last whole group, whatever is wrong with it, after
// the bytes have been saved in a file beside it; ok then speaks of the result. Damage in any other
// file cannot be fixed by cutting. A fix needs the directory for itself (ErrInUse). The error is
// for what kept Check from its work, not for what it found.
func Check(fsys vfs.FS, dir string, fix bool, report io.Writer) (ok bool, err error) {
	dir, name, err := findLog(fsys, dir)
	if err != nil {
		return false, err
	}
	if fix {
		lock, err := lockDir(fsys, dir, name)
		if err != nil {
			return false, err
		}
		defer func() { _ = lock.Close() }() // nothing was written to it
	}
	c := &checker{w: report, fix: fix}
	c.log = replay{ctx: context.Background(), fs: fsys, dir: dir, repair: fix,
		apply: func([]Record) error { return nil }, stamp: time.Now().UnixMilli(), synced: map[int64]bool{}}
	m, found, err := loadManifest(fsys, dir, name)
	var bad *ManifestError
	switch {
	case errors.As(err, &bad):
		c.printf("manifest %s: %s (line %d)\n", bad.File, bad.Reason, bad.Line)
		return false, c.werr
	case err != nil:
		return false, err
	case !found:
		return false, fmt.Errorf("persist: check %s: the manifest has disappeared", dir)
	}
	c.log.files = m.live()
	ok, err = c.run()
	if err == nil {
		err = c.werr
	}
	return ok, err
}

// findLog returns the directory that has the manifest, and the stem of its name.
func findLog(fsys vfs.FS, dir string) (logDir, name string, err error) {
	for _, d := range []string{dir, filepath.Join(dir, DefaultDirName)} {
		names, err := fsys.ReadDir(d)
		if errors.Is(err, fs.ErrNotExist) && d != dir {
			continue
		}
		if err != nil {
			return "", "", fmt.Errorf("persist: check: read directory %s: %w", d, err)
		}
		var stems []string
		for _, n := range names {
			if stem, ok := strings.CutSuffix(n, ".manifest"); ok && !strings.HasPrefix(n, tempPrefix) {
				stems = append(stems, stem)
			}
		}
		if len(stems) == 1 {
			return d, stems[0], nil
		}
		if len(stems) > 1 {
			return "", "", fmt.Errorf("persist: check: %s has more than one manifest: %s", d, strings.Join(stems, ", "))
		}
	}
	return "", "", fmt.Errorf("persist: check: neither %s nor %s in it has a manifest", dir, DefaultDirName)
}

// checker is one run of Check.
type checker struct {
	log  replay
	w    io.Writer
	werr error
	fix  bool
}

func (c *checker) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(c.w, format, args...); err != nil && c.werr == nil {
		c.werr = fmt.Errorf("persist: check: write the report: %w", err)
	}
}

func (c *checker) run() (bool, error) {
	p := &c.log
	lacks := false
	for _, f := range p.files {
		st, err := p.fs.Stat(p.path(f))
		size := int64(0)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.printf("%s: the manifest names it, but it does not exist\n", f.name)
			lacks = true
		case err != nil:
			return false, fmt.Errorf("persist: stat %s: %w", p.path(f), err)
		default:
			size = st.Size()
			if reason := f.short(size); reason != "" {
				c.printf("%s: offset %d: %s\n", f.name, size, reason)
				lacks = true
			}
		}
		p.sizes = append(p.sizes, size)
	}
	if lacks {
		return false, nil
	}
	for i := range p.files {
		ok, err := c.file(i)
		if err != nil || !ok {
			return false, err
		}
	}
	c.printf("the manifest and all files are valid\n")
	return true, nil
}

func kindOf(f manifestFile) string {
	if f.typ == typeBase {
		return "base"
	}
	return "increment"
}

// file checks one file and, if that is asked for and possible, fixes it.
func (c *checker) file(i int) (bool, error) {
	p := &c.log
	mf, size := p.files[i], p.sizes[i]
	f, err := p.fs.Open(p.path(mf))
	if err != nil {
		return false, fmt.Errorf("persist: open %s: %w", p.path(mf), err)
	}
	defer func() { _ = f.Close() }() // it was only read
	end, flt, inRDB, err := c.examine(f, mf, size)
	if err != nil {
		return false, fmt.Errorf("persist: read %s: %w", p.path(mf), err)
	}
	c.printf("%s: filename=%s, size=%d, ok_up_to=%d, diff=%d\n", kindOf(mf), mf.name, size, end, size-end)
	short, err := p.shortOf(i)
	if err != nil {
		return false, err
	}
	if flt == nil && short == nil {
		return true, nil
	}
	if flt != nil {
		c.printf("%s: offset %d: %s\n", mf.name, flt.offset, flt.reason)
	}
	fixable := !inRDB
	switch {
	case !fixable || flt != nil && short == nil && p.later(i) >= 0 || mf.typ == typeBase && len(p.files) > 1:
		fixable = false
	case short != nil:
		c.printf("%s: it has %d bytes, but the next increment says that it had %d\n", mf.name, size, short.size)
		synced, err := p.wasSynced(i)
		if err != nil {
			return false, err
		}
		fixable = !synced
	}
	return c.cut(i, end, fixable)
}

// examine reads a file: end is behind its last whole group, inRDB says that it is the RDB part that
// is damaged.
func (c *checker) examine(f vfs.File, mf manifestFile, size int64) (end int64, flt *fault, inRDB bool, err error) {
	r := readFrom(f, 0, size)
	if isRDB(r, mf) {
		end, err = (&rdbLoader{ctx: c.log.ctx}).load(f, size)
		if flt, ok := asFault(err); ok {
			return 0, flt, true, nil
		}
		if err != nil {
			return 0, nil, true, err
		}
		r = readFrom(f, end, size)
	}
	out, err := scan(c.log.ctx, r, end, size, c.log.apply)
	if err != nil || out.fault == nil {
		return out.end, nil, false, err
	}
	for _, seq := range out.synced {
		c.log.synced[seq] = true
	}
	flt, err = judge(f, size, out.fault)
	return out.end, flt, false, err
}

// cut ends the check of a file that is not valid, by fixing it or by saying how that is done.
func (c *checker) cut(i int, end int64, fixable bool) (bool, error) {
	p := &c.log
	name := p.files[i].name
	switch {
	case !fixable:
		c.printf("%s is not valid, and cutting its tail cannot repair the log: restore it from a backup\n", name)
		return false, nil
	case !c.fix:
		c.printf("%s is not valid: --fix would cut it from %d to %d bytes\n", name, p.sizes[i], end)
		return false, nil
	}
	before := len(p.stats.SavedAs)
	for j := len(p.files) - 1; j > i; j-- {
		if err := p.cut(j, 0); err != nil {
			return false, err
		}
	}
	if err := p.cut(i, end); err != nil {
		return false, err
	}
	for _, saved := range p.stats.SavedAs[before:] {
		c.printf("cut off, and saved as %s\n", saved)
	}
	return true, nil
}
