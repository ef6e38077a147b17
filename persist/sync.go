package persist

import (
	"fmt"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// sync makes what is written safe, unless somebody else is about to do so: then it waits for them
// first. Called with mu held, which it gives up meanwhile; told is what was to be reported before,
// and what is returned is what is to be reported now.
//
// The files are synced in their order: bytes of an increment are never safe before those of the one
// before it are.
func (l *Log) sync(told *ProblemEvent) *ProblemEvent {
	for l.syncing {
		l.changed.Wait()
	}
	if l.Err() != nil {
		return told
	}
	l.syncing, l.sealed = true, true
	pos := l.written
	files := append([]*target(nil), l.open...)
	sizes := make([]int64, len(files))
	for i, t := range files {
		sizes[i] = t.written
	}
	l.mu.Unlock()

	begin := time.Now()
	var failed *target
	var err error
	n := 0
	for i, t := range files {
		// synced is changed only by who holds syncing.
		if sizes[i] > t.synced {
			if err = t.file.Sync(); err != nil {
				failed, err = t, fmt.Errorf("persist: sync %s: %w", t.name, err)
				break
			}
		}
		n++
	}
	took := time.Since(begin)

	l.mu.Lock()
	for i, t := range files[:n] {
		t.synced = sizes[i]
	}
	switch {
	case err != nil:
		l.fail(ProblemSync, err)
		told = &ProblemEvent{What: ProblemSync, File: failed.name, Err: err}
	default:
		l.safe = max(l.safe, pos)
		l.release(l.safe)
		if took > slowIO {
			l.stats.delayed++
			told = &ProblemEvent{What: ProblemSlow, File: l.current().name, Elapsed: took}
		}
	}
	l.syncing = false
	closed := l.retire()
	l.changed.Broadcast()
	l.mu.Unlock()
	l.closeTargets(closed)
	l.mu.Lock()
	return told
}

// retire takes the increments off that are no longer appended to and are whole on the disk, and
// notes in the current one that they are. Called with mu held; the caller closes the files.
func (l *Log) retire() []*target {
	var closed []*target
	for len(l.open) > 1 && l.open[0].synced == l.open[0].size {
		t := l.open[0]
		l.open = l.open[1:]
		closed = append(closed, t)
		l.listed[t.name] = t.size
		c := l.tail()
		l.add(c, appendSyncedNote(c.data, t.seq))
	}
	return closed
}

func (l *Log) closeTargets(ts []*target) {
	for _, t := range ts {
		if err := t.file.Close(); err != nil {
			// It was synced: nothing is lost.
			l.emitProblem(ProblemEvent{What: ProblemCleanup, File: t.name, Err: err})
		}
	}
}

// writeBackFrom is how many bytes are sent on their way to the disk at a time.
const writeBackFrom = 4 << 20

// writeBack begins to bring to the disk what EverySec will sync when its second is over. Who writes to a
// file while it is synced waits for much of that time, so there had better be little left to do.
func (l *Log) writeBack() {
	l.mu.Lock()
	t := l.current()
	n := t.ahead()
	if n < writeBackFrom || l.syncing || l.syncPaused() || l.Err() != nil {
		l.mu.Unlock()
		return
	}
	off := t.written - n
	t.begun = t.written
	l.mu.Unlock()
	if f, ok := t.file.(vfs.WriteBacker); ok {
		f.WriteBack(off, n)
	}
}

// loop is the background: each second, and when asked, it recovers, writes what nobody commits and
// syncs.
func (l *Log) loop() {
	defer l.running.Done()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			l.turn()
		case <-l.early:
			l.writeBack()
		case <-l.kick:
			if l.Err() == nil { // a recovery has its second to wait
				l.turn()
			}
		}
	}
}

// turn is one turn of the loop.
func (l *Log) turn() {
	if l.Err() != nil {
		l.Recover()
		return
	}
	l.mu.Lock()
	idle := len(l.pending) == 0
	if l.looked == l.appended {
		l.blocks = nil // nothing has come since
	}
	l.looked = l.appended
	l.mu.Unlock()
	if !idle && l.flush(false) != nil {
		return
	}
	l.mu.Lock()
	var event *ProblemEvent
	if l.mustSync() {
		event = l.sync(nil)
	}
	l.mu.Unlock()
	if event != nil {
		l.emitProblem(*event)
	}
}

// mustSync says whether the loop has to sync. Called with mu held. An increment that a rewrite has
// closed is synced under any policy: what follows it must not survive it.
func (l *Log) mustSync() bool {
	if l.syncing {
		return false
	}
	if len(l.open) > 1 {
		return true
	}
	return l.policy != No && !l.syncPaused() && l.current().synced < l.current().written
}
