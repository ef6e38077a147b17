package server

import (
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// conn is a connection of an event loop.
type conn struct {
	client
	loop *loop
	fd   int // -1 once closed

	in     []byte // input behind the last executed command
	sent   int    // bytes of out.Buf that are gone
	ready  int    // bytes of out.Buf that may be sent
	flight int    // bytes of out.Buf that may be once the Commit under way is over

	// Lent to who makes the Commit, see lend.
	lent   []byte
	lentFD int
	wrote  int  // of lent
	broken bool // the socket took no more

	adopted bool // known to the loop
	dirty   bool // in loop.dirty
	held    bool // in loop.held
	later   bool // in loop.later or loop.due
	wants   bool // EPOLLOUT is armed
	eof     bool // the client sends nothing more
	doomed  bool // to be closed when it comes back: its replies are not true, or nobody takes them

	posted atomic.Bool // a letter is on its way
}

// notify is what wakes the owner: a letter to the loop.
func (c *conn) notify() {
	if c.posted.CompareAndSwap(false, true) {
		c.loop.post(letter{conn: c})
	}
}

// GiveAway implements engine.Outbox. It is called by the goroutine that
// executes the client's command, which owns the loop until here.
func (c *conn) GiveAway() {
	if c.away {
		return
	}
	l := c.loop
	c.away = true
	l.ignore(c.fd)
	l.in, l.ahead = nil, nil // the command's arguments are in them
	l.front.wg.Add(1)
	go l.run()
}

// back tells the loop, which is another goroutine's now, that the client's
// command has ended. The client is the loop's again with that.
func (c *conn) back() {
	c.mail.mu.Lock()
	c.mail.flags |= mailReturned
	c.mail.some.Store(true)
	c.mail.mu.Unlock()
	if !c.loop.post(letter{conn: c}) {
		c.sess.Close()
		c.bury()
		unix.Close(c.fd)
	}
}

// touch puts the connection among those that finish looks at.
func (l *loop) touch(c *conn) {
	if !c.dirty {
		c.dirty = true
		l.dirty = append(l.dirty, c)
	}
}

// sure is how much of the output is complete: all of it, unless a command is
// writing there.
func (c *conn) sure() int {
	if c.away {
		return c.mark
	}
	return len(c.out.Buf)
}

// receive reads once and executes what is complete.
func (l *loop) receive(c *conn) (mine bool) {
	if c.eof || c.later {
		return true
	}
	kept := len(c.in) > 0
	var buf []byte
	if kept {
		c.in = slices.Grow(c.in, room(&c.client, len(c.in)))
		buf = c.in[len(c.in):cap(c.in)]
	} else {
		if l.in == nil {
			l.in = make([]byte, readSize)
		}
		buf = l.in
	}
	n, errno := readNow(c.fd, buf)
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return true
	case errno != 0:
		l.hungUp(c, errno)
		return true
	case n == 0:
		l.hungUp(c, nil)
		return true
	}
	c.active = l.now
	l.arrived += n
	if kept {
		c.in = c.in[:len(c.in)+n]
		if c.tooMuchInput(len(c.in)) {
			l.drop(c, reasonInput)
			return true
		}
		return l.work(c)
	}
	if c.closing {
		return true // what comes behind the end is not looked at
	}
	return l.execute(c, buf[:n])
}

// room is how much to read behind n kept bytes: what the argument that is
// coming needs, but no more than has arrived already, so that memory follows the
// bytes and not the announcement.
func room(c *client, n int) int {
	return max(min(c.parser.Need()-n, n), 16<<10)
}

// execute feeds data that is not kept, and keeps what is left of it.
func (l *loop) execute(c *conn, data []byte) (mine bool) {
	if c.blocked {
		c.in = append(c.in, data...)
		return true
	}
	l.prepare(c)
	used := c.feed(data)
	if used < len(data) {
		c.in = append(c.in, data[used:]...)
	}
	return l.executed(c)
}

// work feeds what was kept.
func (l *loop) work(c *conn) (mine bool) {
	if c.blocked || len(c.in) == 0 {
		return true
	}
	l.prepare(c)
	used := c.feed(c.in)
	if used > 0 { // moving a large argument at each of its pieces would be quadratic
		c.in = without(c.in, used)
	}
	if len(c.in) == 0 && !c.away {
		l.reuse(c.in)
		c.in = nil
	}
	return l.executed(c)
}

// prepare gives the connection a buffer for its replies, and lends it what
// feed needs.
func (l *loop) prepare(c *conn) {
	if c.out.Buf == nil && len(l.spare) > 0 {
		last := len(l.spare) - 1
		c.out.Buf, l.spare = l.spare[last], l.spare[:last]
	}
	if l.ahead == nil {
		l.ahead = new(wire.Ahead)
	}
	c.ahead = l.ahead
	l.touch(c)
}

// reuse keeps an empty buffer for another connection.
func (l *loop) reuse(b []byte) {
	if b != nil && cap(b) <= keepBuffer && len(l.spare) < eventsPerTurn {
		l.spare = append(l.spare, b[:0])
	}
}

// executed hands the connection back when the loop is another goroutine's now.
func (l *loop) executed(c *conn) (mine bool) {
	if c.away {
		c.back()
		return false
	}
	if c.more && !c.later {
		c.later = true
		l.later = append(l.later, c)
	}
	return true
}

// goOn executes what the turn before has left.
func (l *loop) goOn(c *conn) (mine bool) {
	c.later = false
	if c.fd < 0 || c.away {
		return true
	}
	return l.work(c)
}

// openMail does what others have left for the connection.
func (l *loop) openMail(c *conn) (mine bool) {
	c.posted.Store(false)
	if c.fd < 0 || !c.adopted || c.away && !c.left(mailReturned) {
		return true
	}
	f := c.takeMail()
	l.touch(c)
	if f&mailReturned != 0 {
		c.away = false
		if l.forced || c.doomed || l.watch(c.fd, c.interest()) != nil {
			l.shut(c)
			return true
		}
	}
	if f&mailDrop != 0 {
		l.drop(c, reasonHard)
		return true
	}
	c.closing = c.closing || f&mailClose != 0 || l.closing
	if f&mailResume != 0 {
		c.blocked = false
	}
	if f&(mailResume|mailReturned) != 0 {
		return l.work(c)
	}
	return true
}

// hungUp ends a connection that sends nothing more. Replies that are held back
// or do not fit into the socket are still sent.
func (l *loop) hungUp(c *conn, err error) {
	if err != nil || c.blocked || c.sent == len(c.out.Buf) {
		l.shut(c)
		return
	}
	c.eof, c.closing = true, true
	l.arm(c)
}

// send writes what may be sent. It closes the connection when that was the last.
func (l *loop) send(c *conn) {
	for c.sent < c.ready {
		n, errno := writeNow(c.fd, c.out.Buf[c.sent:c.ready])
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			l.full(c)
			return
		case errno != 0:
			l.shut(c)
			return
		}
		c.sent += n
	}
	if c.sent < len(c.out.Buf) { // the rest waits for a Commit
		c.unsent.Store(int64(len(c.out.Buf) - c.sent))
		return
	}
	l.recycle(c)
	if c.closing && !c.dirty {
		l.shut(c)
		return
	}
	if c.wants {
		c.wants = false
		l.arm(c)
	}
}

// full waits for room in the socket.
func (l *loop) full(c *conn) {
	if c.sent > keepBuffer && c.sent > len(c.out.Buf)/2 {
		rest := copy(c.out.Buf, c.out.Buf[c.sent:])
		c.ready, c.flight = c.ready-c.sent, max(c.flight-c.sent, 0)
		c.out.Buf, c.sent = c.out.Buf[:rest], 0
	}
	c.unsent.Store(int64(len(c.out.Buf) - c.sent))
	if c.tooMuchOutput() {
		l.drop(c, reasonHard)
		return
	}
	if !c.wants {
		c.wants = true
		l.arm(c)
	}
}

// interest is what the loop wants to know about the socket.
func (c *conn) interest() uint32 {
	var events uint32
	if !c.eof {
		events |= unix.EPOLLIN
	}
	if c.wants {
		events |= unix.EPOLLOUT
	}
	return events
}

func (l *loop) arm(c *conn) {
	if err := l.change(c.fd, c.interest()); err != nil {
		l.shut(c)
	}
}

// recycle gives the empty output buffer back.
func (l *loop) recycle(c *conn) {
	l.reuse(c.out.Buf)
	c.out.Buf = nil
	c.sent, c.ready, c.flight = 0, 0, 0
	c.unsent.Store(0)
}

// drop ends a connection on the server's own account.
func (l *loop) drop(c *conn, reason string) {
	if c.fd < 0 {
		return
	}
	l.srv.dropped(&c.client, reason)
	l.shut(c)
}

// shut closes the connection now.
func (l *loop) shut(c *conn) {
	if c.fd < 0 {
		return
	}
	if c.closing && !c.eof {
		drain(c.fd)
	}
	l.ignore(c.fd)
	if c.lent == nil {
		unix.Close(c.fd)
	} else {
		c.out.Buf = nil // somebody is reading it; takeBack closes
	}
	l.conns[c.fd] = nil
	l.count--
	c.fd = -1
	c.sess.Close()
	c.bury()
	c.in = nil
	l.recycle(c)
}

// drain reads what the client has sent behind the last command: closing with
// unread input would make the kernel take back the last replies.
func drain(fd int) {
	unix.Shutdown(fd, unix.SHUT_WR)
	var waste [4096]byte
	for range 64 {
		if n, errno := readNow(fd, waste[:]); n <= 0 || errno != 0 {
			return
		}
	}
}
