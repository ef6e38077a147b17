package persist

import (
	"fmt"
	"io"
)

// Recover tries to get rid of the sticky error: it cuts the files back to the last good record,
// writes again what is retained and for the first time what was appended meanwhile, and syncs. When
// that fails, Err stays set. The background loop calls it each second; a second call at the same
// time waits for the first.
//
// What was written after the last sync is written again in place, not cut off first, so that it is
// in the file all the time.
func (l *Log) Recover() {
	l.mu.Lock()
	for l.writing || l.syncing {
		l.changed.Wait()
	}
	failed := l.failure.Load()
	if failed == nil || l.state < stateStarted {
		l.mu.Unlock()
		return
	}
	l.writing, l.syncing = true, true
	open := append([]*target(nil), l.open...)
	retained := l.retained
	pending := l.pending
	l.pending = nil
	l.mu.Unlock()

	n, err := l.restore(open, retained, pending)

	l.mu.Lock()
	l.wrote(pending, n)
	if err == nil {
		for _, t := range open {
			t.synced = t.written
		}
		l.safe = l.written
		l.retained, l.held, l.sealed = nil, 0, false
		l.failure.Store(nil)
		l.stats.lastWrite = nil
	} else {
		l.failure.Store(&failure{err: err, what: failed.what})
		l.stats.lastWrite = err
	}
	l.writing, l.syncing = false, false
	var closed []*target
	if err == nil {
		closed = l.retire()
	}
	l.changed.Broadcast()
	l.mu.Unlock()
	l.closeTargets(closed)
	if err == nil {
		l.emitProblem(ProblemEvent{What: failed.what, Err: failed.err, Recovered: true})
	} else {
		l.log.Debug("append-only log recovery", "err", err)
	}
}

// restore does Recover's I/O, one file after the other, as who holds both flags. It returns how many
// of the pending chunks are whole in their files.
func (l *Log) restore(open []*target, retained, pending []*chunk) (n int, err error) {
	for _, t := range open {
		// A partial write may stand behind the last good record.
		if err := t.file.Truncate(t.written); err != nil {
			return n, fmt.Errorf("persist: truncate %s: %w", t.name, err)
		}
		var again []*chunk
		for _, c := range retained {
			if c.to == t {
				again = append(again, c)
			}
		}
		if _, _, err := l.writeChunks(again, true); err != nil {
			return n, err
		}
		end := n
		for end < len(pending) && pending[end].to == t {
			end++
		}
		m, _, err := l.writeChunks(pending[n:end], true)
		n += m
		if err != nil {
			return n, err
		}
		// The next write goes on where the last good record ends, whatever was tried before.
		size := t.written
		for _, c := range pending[n-m : n] {
			size = c.off + int64(len(c.data))
		}
		if _, err := t.file.Seek(size, io.SeekStart); err != nil {
			return n, fmt.Errorf("persist: seek in %s: %w", t.name, err)
		}
		if err := t.file.Sync(); err != nil {
			return n, fmt.Errorf("persist: sync %s: %w", t.name, err)
		}
	}
	return n, nil
}
