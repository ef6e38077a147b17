package persist

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// Log is an append-only log. The order of a life: Open, Replay, Start, any of the others, Close.
// All methods are safe for concurrent use.
type Log struct {
	o    Options // as given to Open; what can change at run time is in the fields below
	fs   vfs.FS
	dir  string
	name string
	log  *slog.Logger
	lock io.Closer

	// files serialises what reads or changes the set of files: Replay, Start, a rewrite's begin
	// and end, cleaning up. It is taken before mu, never the other way round.
	files   sync.Mutex
	man     manifest // what the disk's manifest says, or said before a change that is in doubt
	orphans []string // files that may be in a manifest that is in doubt, else in none
	later   []func() // events, to be told when files is given back
	tried   int64    // the highest base number that was used, in the manifest or not
	// prepared is an increment that the manifest names and that nothing is appended to yet.
	prepared *target

	// failure is the sticky error; it is changed with mu held.
	failure atomic.Pointer[failure]
	// rewriting is set while Rewrite runs; running waits for it, and for the loop.
	rewriting atomic.Bool
	running   sync.WaitGroup
	stop      chan struct{} // closed by Close
	kick      chan struct{} // asks the loop for a turn before its time
	early     chan struct{} // asks it for a writeBack

	mu       sync.Mutex
	changed  *sync.Cond // marks, flags, failure or state changed
	state    state
	policy   Policy
	triggers triggers
	stats    counters
	listed   map[string]int64 // sizes of the log's files that are not open, by name
	loaded   ReplayStats
	noted    map[int64]bool // increments that the log itself says are on the disk

	appender
	writer
}

type state int

const (
	stateOpen state = iota
	stateReplayed
	stateStarted
	stateClosed
)

// appender is what Append works on; guarded by Log.mu.
type appender struct {
	open     []*target // increments that are open, the last is what is appended to
	pending  []*chunk  // bytes that are not written yet, oldest first
	spare    []byte    // a buffer to use again
	appended int64     // position
	selected int       // the database selected at the end of pending
	stamped  int64     // second of the last timestamp annotation
}

// writer is what moves bytes to the disk; guarded by Log.mu, but for what the holders of the flags
// do with the files.
type writer struct {
	writing  bool // somebody writes to, seeks or truncates the open increments
	syncing  bool // somebody syncs them
	written  int64
	safe     int64
	retained []*chunk // written after safe, oldest first
	held     int64    // bytes in retained
	sealed   bool     // the last retained chunk must not grow
	blocks   [][]byte // buffers for retained chunks to use again
	looked   int64    // position when the loop looked last
	// retainLimit is maxRetained, but for tests.
	retainLimit int64
}

// target is an open increment.
type target struct {
	file vfs.File
	name string
	seq  int64
	// size counts the bytes assigned to it, pending ones included; written those in the file, synced
	// those on the disk. Guarded by Log.mu.
	size, written, synced int64
	begun                 int64 // what writeBack has sent on its way to the disk
}

// ahead is how many bytes are written that are neither synced nor on their way there.
func (t *target) ahead() int64 { return t.written - max(t.begun, t.synced) }

// chunk is some bytes for a target, a whole number of groups.
type chunk struct {
	to   *target
	off  int64 // in the file
	end  int64 // position behind it
	data []byte
}

// Open takes the append-only directory for this Log, which it creates if need be, and reads the
// manifest. A log of an older Redis, one single file beside the directory, is moved in. Nothing is
// opened for appending yet.
//
// The error is ErrInUse, wrapped, when somebody else has the directory, and *ManifestError when its
// manifest cannot be read.
func Open(o Options) (*Log, error) {
	if o.Dir == "" {
		return nil, errors.New("persist: open: no directory given")
	}
	if o.Name == "" {
		o.Name = DefaultName
	}
	if strings.ContainsAny(o.Name, "/\\\x00\n\r") || len(o.Name) > 200 {
		return nil, fmt.Errorf("persist: open: %q is no file name", o.Name)
	}
	if o.FS == nil {
		o.FS = vfs.OS
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Policy < Always || o.Policy > No {
		return nil, fmt.Errorf("persist: open: unknown fsync policy %d", o.Policy)
	}
	l := &Log{o: o, fs: o.FS, dir: o.Dir, name: o.Name, log: o.Log,
		stop: make(chan struct{}), kick: make(chan struct{}, 1), early: make(chan struct{}, 1),
		policy: o.Policy, triggers: triggersOf(o)}
	l.changed = sync.NewCond(&l.mu)
	l.selected, l.retainLimit = noDB, maxRetained
	err := makeDir(l.fs, l.dir)
	if err != nil {
		return nil, err
	}
	if l.lock, err = lockDir(l.fs, l.dir, l.name); err != nil {
		return nil, err
	}
	if l.man, err = loadOrMigrate(l.fs, l.dir, l.name); err != nil {
		_ = l.lock.Close() // nothing was written to it
		return nil, err
	}
	l.tried = l.man.baseSeq()
	return l, nil
}

// makeDir creates a directory, and makes its name and those of the parents it had to create durable.
func makeDir(fsys vfs.FS, dir string) error {
	_, err := fsys.Stat(dir)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("persist: stat %s: %w", dir, err)
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(fsys, parent); err != nil {
			return err
		}
	}
	if err := fsys.MkdirAll(dir); err != nil {
		return fmt.Errorf("persist: create directory %s: %w", dir, err)
	}
	if err := fsys.SyncDir(parent); err != nil {
		return fmt.Errorf("persist: sync directory %s: %w", parent, err)
	}
	return nil
}

// lockDir takes the directory's lock file.
func lockDir(fsys vfs.FS, dir, name string) (io.Closer, error) {
	path := filepath.Join(dir, name+".lock")
	lock, err := fsys.Lock(path)
	if errors.Is(err, vfs.ErrLocked) {
		return nil, fmt.Errorf("persist: open %s: %w: another process holds %s", dir, ErrInUse, path)
	}
	if err != nil {
		return nil, fmt.Errorf("persist: lock %s: %w", path, err)
	}
	return lock, nil
}

// replayed notes a successful replay.
func (l *Log) replayed(sizes map[string]int64, p *replay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listed = sizes
	l.loaded = p.stats
	l.state = max(l.state, stateReplayed)
	l.noted = p.synced
}

func (l *Log) isStarted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state >= stateStarted
}

// unlockFiles gives files back and tells what happened under it.
func (l *Log) unlockFiles() {
	later := l.later
	l.later = nil
	l.files.Unlock()
	for _, tell := range later {
		tell()
	}
}

// tellProblem tells of a problem when files is given back. Called with files held.
func (l *Log) tellProblem(e ProblemEvent) {
	l.later = append(l.later, func() { l.emitProblem(e) })
}

// current is the increment that is appended to. Called with mu held, after Start.
func (l *Log) current() *target { return l.open[len(l.open)-1] }

// SetPolicy changes when the log is synced. Commits that already wait go by the new policy.
func (l *Log) SetPolicy(p Policy) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.policy = p
	l.changed.Broadcast()
}

// wake asks the loop for a turn now.
func (l *Log) wake() { ask(l.kick) }

func ask(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been asked
	}
}

// Close writes and syncs what is left, stops a running rewrite and the loop, and gives the
// directory back. It returns the error of the last write or sync, if that failed: then the log on
// the disk is what was last committed. A second call returns nil.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.state == stateStarted {
		l.mu.Unlock()
		// First of all: what comes may wait for a rewrite that is stuck in its source.
		_ = l.flush(true) // an error sticks
		l.mu.Lock()
	}
	before := l.state
	if before == stateClosed {
		l.mu.Unlock()
		return nil
	}
	l.state = stateClosed
	l.changed.Broadcast()
	l.mu.Unlock()
	close(l.stop)
	l.running.Wait()
	var errs []error
	if before == stateStarted {
		errs = append(errs, l.finish())
	}
	l.files.Lock()
	defer l.unlockFiles()
	if l.prepared != nil {
		errs = append(errs, l.prepared.file.Close())
	}
	return errors.Join(append(errs, l.lock.Close())...)
}

// finish writes, syncs and closes the increments; nobody else works on them any more.
func (l *Log) finish() error {
	if l.Err() != nil {
		l.Recover()
	}
	err := l.Err()
	if err == nil {
		err = l.flush(true)
	}
	l.mu.Lock()
	for l.writing || l.syncing {
		l.changed.Wait()
	}
	open := l.open
	l.mu.Unlock()
	for _, t := range open {
		if cerr := t.file.Close(); cerr != nil && err == nil {
			err = fmt.Errorf("persist: close %s: %w", t.name, cerr)
		}
	}
	return err
}
