package server

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// finish ends the turn: Commit, then the replies.
func (l *loop) finish() {
	if len(l.dirty) == 0 {
		return
	}
	done, err := false, error(nil)
	if !l.committing {
		done, err = l.srv.core.TryCommit()
	}
	l.waited = !done
	if !done {
		for _, c := range l.dirty {
			c.dirty = false
			if !c.held {
				c.held = true
				l.held = append(l.held, c)
			}
		}
		l.dirty = l.dirty[:0]
		l.commitHeld()
		return
	}
	lost := l.guard.lost(err)
	for i, c := range l.dirty {
		l.dirty[i] = nil
		c.dirty = false
		l.confirm(c, c.sure(), lost)
	}
	l.dirty = l.dirty[:0]
}

// confirm lets the first n bytes of the output go, or drops the connection.
func (l *loop) confirm(c *conn, n int, lost bool) {
	switch {
	case c.fd < 0:
	case lost && c.away: // its replies are not confirmed; it is dropped when it comes back
		c.doomed = true
	case lost:
		l.drop(c, reasonLog)
	default:
		c.ready = n
		if !c.away {
			l.send(c)
		}
	}
}

// commitHeld starts a Commit for the replies held back, unless one is under way
// or it is better to wait for more.
func (l *loop) commitHeld() {
	if l.committing || len(l.held) == 0 || !l.closing && l.gather.puts(len(l.held), l.alarm) {
		return
	}
	l.committing, l.leads = true, true
	l.flight, l.held = l.held, l.flight[:0]
	for _, c := range l.flight {
		c.held = false
		c.flight = c.sure()
		c.lend()
	}
}

// alarm ends a Commit's being put off.
func (l *loop) alarm(no int) {
	l.post(letter{call: func() {
		if l.gather.missed(no) {
			l.commitHeld()
		}
	}})
}

// commitPatience is how long a Commit may keep the loop. An fsync of a good disk is
// over by then, and most clients wait for it anyway: to serve the others
// meanwhile, on another thread, costs more than it brings.
const commitPatience = time.Millisecond

// lead makes the Commit for the flight. When that takes long, another goroutine
// gets the loop meanwhile: lead returns false then, after it has sent the replies
// that it was lent. With the fsync and the replies on one thread, no other has to
// wake up between them, which on a busy machine takes longer than the fsync.
func (l *loop) lead() (mine bool) {
	var over atomic.Bool // whose loop it is has been decided
	alarm := time.AfterFunc(commitPatience, func() {
		if over.CompareAndSwap(false, true) {
			l.front.wg.Add(1)
			l.run()
		}
	})
	start := time.Now()
	err := l.srv.core.Commit()
	took := time.Since(start)
	if over.CompareAndSwap(false, true) {
		alarm.Stop()
		l.gather.ended(len(l.flight), took)
		l.committed(err)
		return true
	}
	if err == nil {
		for _, c := range l.flight {
			c.sendLent()
		}
	}
	l.post(letter{call: func() {
		l.gather.ended(len(l.flight)+len(l.held), took)
		l.committed(err)
	}})
	return false
}

// lend gives the replies of the flight, and the socket, to who makes the
// Commit. Until takeBack the loop neither sends nor reuses what it has lent.
func (c *conn) lend() {
	if c.fd >= 0 && !c.away && !c.wants && c.sent == c.ready && c.sent < c.flight {
		c.lent, c.lentFD, c.wrote, c.broken = c.out.Buf[c.sent:c.flight], c.fd, 0, false
	}
}

// sendLent writes what the socket takes.
func (c *conn) sendLent() {
	for c.wrote < len(c.lent) {
		n, errno := writeNow(c.lentFD, c.lent[c.wrote:])
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			return
		case errno != 0:
			c.broken = true
			return
		}
		c.wrote += n
	}
}

// takeBack ends what lend began.
func (l *loop) takeBack(c *conn) {
	if c.lent == nil {
		return
	}
	c.lent = nil
	switch {
	case c.fd < 0: // it was shut meanwhile
		unix.Close(c.lentFD)
	case c.broken && c.away: // its command writes to what shut would take from it
		c.doomed = true
	case c.broken:
		l.shut(c)
	default:
		c.sent += c.wrote
	}
}

// committed ends the Commit under way. What was executed while it failed is as
// uncertain as what it was for.
func (l *loop) committed(err error) {
	l.committing = false
	lost := l.guard.lost(err)
	for i, c := range l.flight {
		l.flight[i] = nil
		l.takeBack(c)
		l.confirm(c, c.flight, lost)
	}
	l.flight = l.flight[:0]
	if lost {
		for _, c := range l.held {
			c.held = false
			l.confirm(c, 0, true)
		}
		l.held = l.held[:0]
		for _, c := range l.dirty {
			l.confirm(c, 0, true)
		}
	}
	l.commitHeld()
}
