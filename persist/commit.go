package persist

import (
	"fmt"
	"io"
	"time"
)

// maxRetained is how many bytes may be written but not yet synced under Always and EverySec; they are
// kept in memory so that a failed fsync can be made good. A commit that finds more waits for the
// fsync, so that under EverySec it is made as soon as there is a quarter of that.
const maxRetained = 64 << 20

// maxSpare is the largest buffer that is kept for the next chunk.
const maxSpare = 4 << 20

// slowIO is what a write or an fsync may take before it is reported.
const slowIO = time.Second

// failure is the sticky error.
type failure struct {
	err  error
	what Problem
}

// Err returns nil, or the write or fsync error that has not been recovered from: then writes should
// be refused (MISCONF). It costs an atomic load.
func (l *Log) Err() error {
	if f := l.failure.Load(); f != nil {
		return f.err
	}
	return nil
}

// fail makes an error sticky. Called with mu held.
func (l *Log) fail(what Problem, err error) {
	l.failure.Store(&failure{err: err, what: what})
	l.stats.lastWrite = err
	l.changed.Broadcast()
}

// acknowledged is the position up to which Commit has nothing to do. Called with mu held.
func (l *Log) acknowledged() int64 {
	if l.policy == Always {
		return l.safe
	}
	return l.written
}

// Commit returns when the log has all up to pos: in the file (write(2)) under EverySec and No, on the
// disk under Always. Of those who wait at the same time one writes, and syncs, for all. The error is the
// sticky one (see Err), ErrClosed or ErrNotStarted; then whether the records up to pos survive is
// open, but they are kept and written when the log recovers.
func (l *Log) Commit(pos int64) error {
	l.mu.Lock()
	delayed := false
	for {
		switch {
		case pos <= l.acknowledged():
			l.mu.Unlock()
			return nil
		case l.Err() != nil:
			l.mu.Unlock()
			return l.Err()
		case l.state < stateStarted:
			l.mu.Unlock()
			return ErrNotStarted
		case l.state == stateClosed || pos > l.appended:
			l.mu.Unlock()
			return l.beyond(pos)
		case l.writing:
			l.changed.Wait()
			continue
		case l.policy != Always && l.held >= l.retainLimit:
			if !delayed {
				delayed = true
				l.stats.delayed++
			}
			l.wake()
			l.changed.Wait()
			continue
		}
		event := l.lead(l.policy == Always)
		if event != nil {
			l.mu.Unlock()
			l.emitProblem(*event)
			l.mu.Lock()
		}
	}
}

// TryCommit is Commit for who cannot wait for the disk. Where Commit would have to wait, for an fsync
// or for somebody who writes, it does nothing and done is false; write(2) it may do itself.
func (l *Log) TryCommit(pos int64) (done bool, err error) {
	l.mu.Lock()
	var event *ProblemEvent
	if pos > l.acknowledged() && l.mayLead(pos) {
		event = l.lead(false)
	}
	switch {
	case pos <= l.acknowledged():
		done = true
	case l.Err() != nil:
		done, err = true, l.Err()
	}
	l.mu.Unlock()
	if event != nil {
		l.emitProblem(*event)
	}
	return done, err
}

// mayLead says whether a write(2), and nothing that waits, is all that pos needs. Called with mu held.
func (l *Log) mayLead(pos int64) bool {
	return l.policy != Always && l.state == stateStarted && pos <= l.appended &&
		l.Err() == nil && !l.writing && !l.syncing && l.held < l.retainLimit
}

// beyond is the error for a position that will not be reached.
func (l *Log) beyond(pos int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == stateClosed {
		return ErrClosed
	}
	return fmt.Errorf("persist: commit of position %d, but only %d are appended", pos, l.appended)
}

// flush writes everything that is appended, and syncs it when sync is set, whatever the policy.
func (l *Log) flush(sync bool) error {
	l.mu.Lock()
	for {
		if l.Err() != nil {
			l.mu.Unlock()
			return l.Err()
		}
		if !l.writing {
			break
		}
		l.changed.Wait()
	}
	event := l.lead(sync)
	l.mu.Unlock()
	if event != nil {
		l.emitProblem(*event)
	}
	return l.Err()
}

// lead writes what is pending, and syncs it if sync is set, as the one that holds writing. Called
// with mu held, which it gives up meanwhile. It returns what is to be told.
func (l *Log) lead(sync bool) *ProblemEvent {
	l.writing = true
	chunks := l.pending
	l.pending = nil
	l.mu.Unlock()

	begin := time.Now()
	n, name, err := l.writeChunks(chunks, false)
	var event *ProblemEvent
	if took := time.Since(begin); took > slowIO {
		event = &ProblemEvent{What: ProblemSlow, File: name, Elapsed: took}
	}

	l.mu.Lock()
	l.wrote(chunks, n)
	if err != nil {
		l.fail(ProblemWrite, err)
		event = &ProblemEvent{What: ProblemWrite, File: name, Err: err}
	} else if sync {
		event = l.sync(event)
	}
	l.writing = false
	l.changed.Broadcast()
	return event
}

// writeChunks writes chunks in order, and returns how many are whole in their files, the name of
// the last file, and why it stopped. The files stand where the chunks belong, unless seek is set.
func (l *Log) writeChunks(chunks []*chunk, seek bool) (n int, name string, err error) {
	for i, c := range chunks {
		name = c.to.name
		if seek {
			if _, err := c.to.file.Seek(c.off, io.SeekStart); err != nil {
				return i, name, fmt.Errorf("persist: seek in %s: %w", name, err)
			}
		}
		if len(c.data) == 0 {
			continue
		}
		m, err := c.to.file.Write(c.data)
		if err == nil && m < len(c.data) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return i, name, fmt.Errorf("persist: append to %s: %w", name, err)
		}
	}
	return len(chunks), name, nil
}

// wrote moves the marks after the first n of the chunks, which were taken off pending, have been
// written; the others go back. Called with mu held.
func (l *Log) wrote(chunks []*chunk, n int) {
	for _, c := range chunks[:n] {
		c.to.written = c.off + int64(len(c.data)) // before retain takes the data
		l.written = c.end
		if l.policy == EverySec && c.to.ahead() >= writeBackFrom {
			ask(l.early)
		}
		if l.retains() {
			l.retain(c)
			if l.policy == EverySec && l.held >= l.retainLimit/4 && !l.syncing {
				l.wake()
			}
		} else {
			l.retained, l.held = nil, 0
			l.safe = l.written
		}
		if l.spare == nil && c.data != nil && cap(c.data) <= maxSpare {
			l.spare, c.data = c.data, nil
		}
	}
	rest := chunks[n:]
	if len(rest) == 0 {
		return
	}
	// What was appended meanwhile to the same file joins the last of them: the file's order stays.
	l.pending = append(rest[:len(rest):len(rest)], l.pending...)
}

// retains says whether what is written now must survive a failed fsync. Called with mu held. After one,
// and while one may fail, it must, whatever the policy is by then: a hole in the file would take what
// follows it, too.
func (l *Log) retains() bool {
	if l.syncing || l.Err() != nil {
		return true
	}
	return l.policy == Always || l.policy == EverySec && !l.syncPaused()
}

// syncPaused says whether no-appendfsync-on-rewrite applies now. Called with mu held.
func (l *Log) syncPaused() bool {
	return l.policy == EverySec && l.triggers.noFsyncOnRewrite && l.rewriting.Load()
}

// retainBlock is the size in bytes up to which retained chunks are joined.
const retainBlock = 256 << 10

// maxBlocks is how many blocks are kept for the next bytes that are to be retained, until a second
// passes without any: a busy log fills tens of megabytes between two fsyncs.
const maxBlocks = maxRetained / retainBlock

// adoptFrom is the size in bytes from which a chunk's buffer is kept as it is: copying it would hold
// mu for too long.
// From this size on, its buffer is not there for the next chunk either, which then has to grow from nothing.
const adoptFrom = 128 << 10

// retain keeps a written chunk, or a copy of it. Called with mu held.
func (l *Log) retain(c *chunk) {
	l.held += int64(len(c.data))
	if n := len(l.retained); n > 0 && !l.sealed {
		last := l.retained[n-1]
		if last.to == c.to && last.off+int64(len(last.data)) == c.off &&
			len(c.data) < adoptFrom && len(last.data)+len(c.data) <= retainBlock {
			last.data = append(last.data, c.data...)
			last.end = c.end
			return
		}
	}
	l.sealed = false
	if len(c.data) >= adoptFrom {
		l.retained = append(l.retained, &chunk{to: c.to, off: c.off, end: c.end, data: c.data})
		c.data = nil
		return
	}
	var block []byte
	if n := len(l.blocks); n > 0 {
		block, l.blocks = l.blocks[n-1], l.blocks[:n-1]
	} else {
		block = make([]byte, 0, retainBlock)
	}
	l.retained = append(l.retained, &chunk{to: c.to, off: c.off, end: c.end, data: append(block, c.data...)})
}

// release forgets what is retained up to position pos. Called with mu held.
func (l *Log) release(pos int64) {
	n := 0
	for n < len(l.retained) && l.retained[n].end <= pos {
		data := l.retained[n].data
		l.held -= int64(len(data))
		if cap(data) == retainBlock && len(l.blocks) < maxBlocks {
			l.blocks = append(l.blocks, data[:0])
		}
		n++
	}
	l.retained = append([]*chunk(nil), l.retained[n:]...)
}
