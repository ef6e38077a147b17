package persist

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// Start opens the last increment for appending (a new log gets its manifest and its first
// increment) and starts the background loop; after it, Append and Commit work. It is ErrNotReplayed
// when there is something to replay and Replay has not succeeded. After an error it can be tried
// again.
func (l *Log) Start() error {
	l.files.Lock()
	defer l.unlockFiles()
	l.mu.Lock()
	if l.state == stateOpen && l.man.empty() {
		l.state = stateReplayed // there is nothing to replay
	}
	state, listed := l.state, l.listed
	l.mu.Unlock()
	switch {
	case state == stateClosed:
		return ErrClosed
	case state == stateStarted:
		return errors.New("persist: the log is started already")
	case state < stateReplayed:
		return ErrNotReplayed
	}
	// The files that were found may be on no disk yet, if the process, but not the system, was
	// killed: before anything builds on them they are made durable.
	if err := l.syncDirs(); err != nil {
		return err
	}
	l.removeTemps()
	if err := l.ensureIncr(); err != nil {
		return err
	}
	for _, f := range l.man.live()[:len(l.man.live())-1] {
		if err := syncFile(l.fs, filepath.Join(l.dir, f.name)); err != nil {
			return err
		}
	}
	t, err := l.openLast(listed)
	if err != nil {
		return err
	}
	l.started(t)
	l.running.Add(2)
	go l.loop()
	go func() {
		defer l.running.Done()
		l.collect()
	}()
	return nil
}

// syncDirs makes the names durable that lead to the log: of a new log all of
// them, since who created the directories may have ended before they were synced.
func (l *Log) syncDirs() error {
	dirs := []string{l.dir, filepath.Dir(l.dir)}
	if l.man.empty() {
		for dir := dirs[1]; filepath.Dir(dir) != dir; {
			dir = filepath.Dir(dir)
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		err := l.fs.SyncDir(dir)
		if dir != l.dir && (errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL)) {
			continue // a parent that this process may not read, or that cannot be synced, is somebody else's to care for
		}
		if err != nil {
			return fmt.Errorf("persist: sync directory %s: %w", dir, err)
		}
	}
	return nil
}

// started makes t the increment that is appended to.
func (l *Log) started(t *target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listed == nil {
		l.listed = map[string]int64{}
	}
	delete(l.listed, t.name)
	l.open = []*target{t}
	l.state = stateStarted
	for _, f := range l.man.incrs[:len(l.man.incrs)-1] {
		if !l.noted[f.seq] {
			c := l.tail()
			l.add(c, appendSyncedNote(c.data, f.seq))
		}
	}
	var baseSize int64
	if l.man.base != nil {
		baseSize = l.listed[l.man.base.name]
	}
	l.triggers.begin(l.baseTime(), baseSize)
}

// removeTemps deletes what a crash left half-made. What stays is in nobody's way.
func (l *Log) removeTemps() {
	names, err := l.fs.ReadDir(l.dir)
	if err != nil {
		l.tellProblem(ProblemEvent{What: ProblemCleanup, File: l.dir, Err: err})
		return
	}
	for _, name := range names {
		if strings.HasPrefix(name, tempPrefix+l.name+".") {
			l.remove(name)
		}
	}
}

// remove deletes a file of the directory and reports whether it is gone. Called with files held.
func (l *Log) remove(name string) bool {
	err := l.fs.Remove(filepath.Join(l.dir, name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return true
	}
	l.tellProblem(ProblemEvent{What: ProblemCleanup, File: name, Err: err})
	return false
}

// ensureIncr gives a log that has no increment its first one.
func (l *Log) ensureIncr() error {
	if len(l.man.incrs) > 0 {
		return nil
	}
	t, err := l.createIncr()
	if err != nil {
		return err
	}
	if err := t.file.Close(); err != nil {
		return fmt.Errorf("persist: close %s: %w", t.name, err)
	}
	return nil
}

// createIncr creates the next increment and lists it in the manifest; when it returns, both are on
// the disk. Nothing names the file when it fails, or, in doubt, the disk's manifest does, and finds
// it empty.
func (l *Log) createIncr() (*target, error) {
	seq := l.man.lastIncrSeq()
	var name, path string
	for {
		seq++
		name = fmt.Sprintf("%s.%d.incr.aof", l.name, seq)
		path = filepath.Join(l.dir, name)
		_, err := l.fs.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("persist: stat %s: %w", path, err)
		}
	}
	f, err := l.fs.Create(path)
	if err != nil {
		return nil, fmt.Errorf("persist: create %s: %w", path, err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		_ = f.Close()
		l.remove(name)
		return nil, fmt.Errorf("persist: sync directory %s: %w", l.dir, err)
	}
	m := l.man.withIncr(manifestFile{name: name, seq: seq, typ: typeIncr})
	if inDoubt, err := storeManifest(l.fs, l.dir, l.name, m); err != nil {
		_ = f.Close()
		if inDoubt {
			l.orphans = append(l.orphans, name)
		} else {
			l.remove(name)
		}
		return nil, err
	}
	l.man = m
	return &target{file: f, name: name, seq: seq}, nil
}

// openLast opens the last increment at its end.
func (l *Log) openLast(listed map[string]int64) (*target, error) {
	last := l.man.incrs[len(l.man.incrs)-1]
	path := filepath.Join(l.dir, last.name)
	f, err := l.fs.OpenAppend(path)
	if err != nil {
		return nil, fmt.Errorf("persist: open %s: %w", path, err)
	}
	size, err := f.Size()
	if err == nil && size != listed[last.name] {
		err = fmt.Errorf("its size was %d when it was replayed and is %d now", listed[last.name], size)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, fmt.Errorf("persist: open %s: %w", path, err)
	}
	return &target{file: f, name: last.name, seq: last.seq, size: size, written: size, synced: size}, nil
}

// syncFile makes a file durable that somebody else may have written.
func syncFile(fsys vfs.FS, path string) error {
	f, err := fsys.OpenAppend(path)
	if err != nil {
		return fmt.Errorf("persist: open %s: %w", path, err)
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("persist: sync %s: %w", path, err)
	}
	return nil
}
