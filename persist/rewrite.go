package persist

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Source is what a rewrite dumps: the engine.
type Source interface {
	// Freeze takes whatever locks make the state stand still, calls at, freezes a view of the state
	// and gives the locks back. at switches the log to its next increment, does no I/O, and must be
	// called exactly once; when it returns an error there must be no snapshot, and Freeze returns
	// that error. What was appended before at is in the snapshot, what is appended after it is not.
	// It may wait for something to end, until ctx does.
	Freeze(ctx context.Context, at func() error) (Snapshot, error)
}

// Snapshot is a frozen view.
type Snapshot interface {
	// Dump calls emit with each command that rebuilds the state: typed, with absolute deadlines. The
	// args need be valid during the call only. Dump ends with emit's error or that of ctx. keys is
	// how many keys it dumped.
	Dump(ctx context.Context, emit func(db int, args ...[]byte) error) (keys int64, err error)
	// Release gives the view up. It is called once.
	Release()
}

// rewrite is one run of Rewrite.
type rewrite struct {
	log   *Log
	event RewriteEvent
	// first is the increment that the new base is followed by, switched the position of the switch.
	first    *target
	switched int64
	// base and incrs are what the log consists of when it has succeeded.
	base  string
	incrs []manifestFile
}

// Rewrite writes a new base from src and makes the log consist of it and what was appended since it
// was frozen: begin, dump, finish. It returns when that is done and the old files are deleted. On any error
// the live files stay as they are. Only one rewrite runs at a time (ErrRewriteInProgress); ctx and
// Close end it early.
//
// It may run while Err is set: when it succeeds, what failed to be written before the freeze is in
// the base, and need not be written any more.
func (l *Log) Rewrite(ctx context.Context, src Source, cause Cause) error {
	run, err := l.BeginRewrite(cause)
	if err != nil {
		return err
	}
	return run(ctx, src)
}

// BeginRewrite is Rewrite for who runs it on another goroutine: when it returns, a
// rewrite is in progress, for Status and for others who want one. run must be
// called, once: Close waits for it.
func (l *Log) BeginRewrite(cause Cause) (run func(ctx context.Context, src Source) error, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.state == stateClosed:
		return nil, ErrClosed
	case l.state < stateStarted:
		return nil, ErrNotStarted
	case l.rewriting.Load():
		return nil, ErrRewriteInProgress
	}
	l.rewriting.Store(true)
	l.running.Add(1)
	l.stats.rewriteBegan = time.Now()
	return func(ctx context.Context, src Source) error { return l.rewrite(ctx, src, cause) }, nil
}

// rewrite runs a rewrite that has begun.
func (l *Log) rewrite(ctx context.Context, src Source, cause Cause) error {
	defer l.running.Done()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	l.running.Add(1)
	go func() {
		defer l.running.Done()
		select {
		case <-l.stop:
			cancel()
		case <-ended:
		}
	}()

	before, _ := l.Size()
	r := &rewrite{log: l, event: RewriteEvent{Phase: PhaseBegin, Cause: cause, BeforeBytes: before}}
	l.emitRewrite(r.event)
	return r.settle(r.guarded(ctx, src))
}

// guarded runs the phases and turns a panic of the source into an error: it must not leave the log
// with a rewrite that runs for ever.
func (r *rewrite) guarded(ctx context.Context, src Source) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("persist: rewrite: panic: %v", p)
		}
	}()
	return r.run(ctx, src)
}

// settle notes how it ended and tells.
func (r *rewrite) settle(err error) error {
	l := r.log
	switch {
	case err == nil:
		r.event.Phase = PhaseEnd
	default:
		r.event.Phase = PhaseFailed
	}
	r.event.Err = err
	size, _ := l.Size()
	r.event.AfterBytes = size
	now := l.o.Now()
	l.mu.Lock()
	r.event.Elapsed = time.Since(l.stats.rewriteBegan)
	l.stats.ended(r.event)
	l.triggers.ended(r.event, now, size)
	l.rewriting.Store(false)
	l.mu.Unlock()
	l.wake() // a sync that was held back
	if err == nil && l.Err() != nil {
		l.Recover() // what could not be written is in the base now
	}
	l.emitRewrite(r.event)
	return err
}

// run is begin, dump, finish.
func (r *rewrite) run(ctx context.Context, src Source) error {
	snap, err := r.begin(ctx, src)
	if err != nil {
		return err
	}
	begin := time.Now()
	name, size, err := r.dump(ctx, snap)
	r.event.Dump = time.Since(begin)
	if err != nil {
		return err
	}
	if err := r.finish(name, size); err != nil {
		return err
	}
	r.log.collect()
	return nil
}

// begin prepares the next increment, so that the switch, which happens under the engine's locks,
// has no I/O to do, and freezes.
func (r *rewrite) begin(ctx context.Context, src Source) (Snapshot, error) {
	l := r.log
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("persist: rewrite: %w", err)
	}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	// What is synced now need not be synced behind the switch. It also makes sure that no more than
	// one increment is unsynced beside the current one.
	if l.Err() == nil {
		if err := l.flush(true); err != nil {
			return nil, err
		}
	}
	begin := time.Now()
	snap, err := src.Freeze(ctx, r.at)
	r.event.Freeze = time.Since(begin)
	switch {
	case err != nil:
		return nil, fmt.Errorf("persist: rewrite: freeze: %w", err)
	case snap == nil:
		return nil, errors.New("persist: rewrite: the source froze nothing")
	case r.first == nil:
		snap.Release()
		return nil, errors.New("persist: rewrite: the source did not switch the log")
	}
	l.wake() // sync the increment that was switched from
	return snap, nil
}

// prepare makes sure that there is an increment to switch to.
func (l *Log) prepare() error {
	l.files.Lock()
	defer l.unlockFiles()
	if l.prepared != nil {
		return nil
	}
	t, err := l.createIncr()
	if err != nil {
		return err
	}
	l.prepared = t
	l.mu.Lock()
	l.listed[t.name] = 0
	l.mu.Unlock()
	return nil
}

// at switches the log to the prepared increment. It takes mu only: l.prepared is this rewrite's
// while it runs.
func (r *rewrite) at() error {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.state != stateStarted:
		return ErrClosed
	case r.first != nil:
		return errors.New("persist: rewrite: the log was switched already")
	}
	r.first, r.switched = l.prepared, l.appended
	l.prepared = nil
	delete(l.listed, r.first.name)
	l.switchTo(r.first)
	return nil
}

// finish puts the new base in the place of all that came before the switch.
func (r *rewrite) finish(temp string, size int64) error {
	l := r.log
	l.files.Lock()
	err := r.install(temp, size)
	l.unlockFiles()
	if err != nil {
		return err
	}
	l.closeTargets(r.supersede(size))
	return nil
}

// install makes the temporary file, which has so many bytes, the base, on the disk. Called with files held.
func (r *rewrite) install(temp string, size int64) error {
	l := r.log
	// A number is used once, even if the rewrite that used it failed: the disk's manifest may be in
	// doubt and name it.
	l.tried = max(l.tried, l.man.baseSeq()) + 1
	base := manifestFile{name: fmt.Sprintf("%s.%d.base.aof", l.name, l.tried), seq: l.tried, typ: typeBase, size: size}
	if err := l.fs.Rename(filepath.Join(l.dir, temp), filepath.Join(l.dir, base.name)); err != nil {
		l.remove(temp)
		return fmt.Errorf("persist: rename %s to %s: %w", temp, base.name, err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		l.remove(base.name)
		return fmt.Errorf("persist: sync directory %s: %w", l.dir, err)
	}
	m := manifest{base: &base, history: l.man.history}
	for _, f := range l.man.live() {
		if f.typ == typeIncr && f.seq >= r.first.seq {
			m.incrs = append(m.incrs, f)
			continue
		}
		f.typ = typeHist
		m.history = append(m.history[:len(m.history):len(m.history)], f)
	}
	if inDoubt, err := storeManifest(l.fs, l.dir, l.name, m); err != nil {
		// The next manifest that is stored settles it, and then whatever it does not name can go.
		if inDoubt {
			l.orphans = append(l.orphans, base.name)
		} else {
			l.remove(base.name)
		}
		return err
	}
	l.man = m
	r.base, r.incrs = base.name, m.incrs
	return nil
}

// supersede drops what was before the switch and is not on the disk yet: it is in the base. It
// returns the files to close.
func (r *rewrite) supersede(size int64) []*target {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.writing || l.syncing {
		l.changed.Wait()
	}
	old := func(c *chunk) bool { return c.to.seq < r.first.seq }
	l.pending = without(l.pending, old)
	l.retained = without(l.retained, old)
	l.held = 0
	for _, c := range l.retained {
		l.held += int64(len(c.data))
	}
	l.written = max(l.written, r.switched)
	l.safe = max(l.safe, r.switched)
	n := 0
	for l.open[n].seq < r.first.seq {
		n++
	}
	closed := l.open[:n:n]
	l.open = l.open[n:]
	listed := map[string]int64{r.base: size}
	for _, f := range r.incrs {
		if s, ok := l.listed[f.name]; ok {
			listed[f.name] = s
		}
	}
	l.listed = listed
	l.changed.Broadcast()
	return closed
}

func without(chunks []*chunk, drop func(*chunk) bool) []*chunk {
	var kept []*chunk
	for _, c := range chunks {
		if !drop(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// collect deletes the files that the manifest calls history, and those that a manifest in doubt may
// have named before a later one settled that; then it writes the manifest without them.
func (l *Log) collect() {
	l.files.Lock()
	defer l.unlockFiles()
	if len(l.man.history) == 0 {
		return
	}
	named := map[string]bool{}
	for _, f := range l.man.live() {
		named[f.name] = true
	}
	l.orphans = l.gone(l.orphans, named)
	var left []manifestFile
	for _, f := range l.man.history {
		if !named[f.name] && !l.remove(f.name) {
			left = append(left, f)
		}
	}
	m := l.man
	m.history = left
	if _, err := storeManifest(l.fs, l.dir, l.name, m); err != nil {
		// Both manifests name the same log.
		l.tellProblem(ProblemEvent{What: ProblemCleanup, File: manifestPath(l.dir, l.name), Err: err})
		return
	}
	l.man = m
}

// gone deletes files that are not named and returns those that are still there.
func (l *Log) gone(files []string, named map[string]bool) []string {
	var left []string
	for _, name := range files {
		if !named[name] && !l.remove(name) {
			left = append(left, name)
		}
	}
	return left
}
