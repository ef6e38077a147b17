package server

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	eventsPerTurn = 256
	briefWait     = 50_000   // nanoseconds that a wait keeps its processor
	crowded       = 8        // events in a turn after which a loop looks for more at once
	longTurn      = 16 << 10 // bytes that arrive in a turn after which the next one takes fewer events
	eventsOfLong  = 32
	mailsPerTurn  = 4        // looks into the box: who gets mail may cause more, without end
	readSize      = 64 << 10 // what one read takes at most, unless a large argument is known to come
)

// loop serves many connections on one goroutine. A turn is: execute what has
// arrived on all readable connections and what is in the mail, make it durable
// with one Commit, send the replies, and sleep until something happens.
//
// When Commit may wait for the disk, the replies of the turn are held back. The
// goroutine that has made the turn makes the Commit; when that takes long, another
// one serves the loop meanwhile, and the next Commit covers all turns that have
// been made by then.
//
// A loop belongs to the goroutine that is in run. A command that runs long
// gives the loop away (conn.GiveAway): a new goroutine continues the turn where
// it stands, and the old one, when the command has ended, leaves a note in the
// connection's mail and is gone. So the state of a turn is in the loop, not in
// local variables.
type loop struct {
	front *loops
	srv   *Server
	epoll int
	waker int // an eventfd

	conns   []*conn // by descriptor
	count   int     // of conns
	doors   map[int]*door
	closing bool // no new connections; the loop ends with the last one
	forced  bool // connections are closed as they are

	// The turn.
	now       time.Time
	events    []unix.EpollEvent
	nEvents   int
	nextEvent int
	arrived   int  // bytes
	waited    bool // the replies of the turn before had to wait for the disk
	letters   []letter
	nextMail  int
	mails     int         // looks into the box
	dirty     []*conn     // have executed something or got mail
	in        []byte      // what is being read; every connection's, one at a time
	ahead     *wire.Ahead // requests in it, or in a connection's own buffer

	// Replies held back, see finish.
	guard      commitGuard
	gather     gather
	committing bool
	flight     []*conn // wait for the Commit under way
	held       []*conn // wait for the one after it
	leads      bool    // who has run the turn makes the Commit, see lead

	// Connections that have more to execute than one turn is to answer: in the next turn, and in this one.
	later, due []*conn
	nextDue    int

	spare [][]byte // empty output buffers

	brief  bool        // waits begin with briefWait
	asleep atomic.Bool // in epoll_wait, or about to be
	ticked atomic.Bool // a tick is in the box
	mu     sync.Mutex  // guards box and over
	// box is as long as there are connections, which leave one letter each, and a few
	// more: one tick, one for a commit, one for each connection that is being adopted.
	box  []letter
	over bool // nobody reads the box any more
}

// letter is what others want of the loop: look at a connection's mail, or call something.
type letter struct {
	conn *conn
	call func()
}

func newLoop(f *loops) (*loop, error) {
	l := &loop{front: f, srv: f.srv, doors: map[int]*door{}, events: make([]unix.EpollEvent, eventsPerTurn), waker: -1}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("server: make an event loop: %w", err)
	}
	if l.waker, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err == nil {
		err = l.watch(l.waker, unix.EPOLLIN)
	}
	if err != nil {
		l.release()
		return nil, fmt.Errorf("server: make an event loop: %w", err)
	}
	return l, nil
}

func (l *loop) release() {
	unix.Close(l.epoll)
	if l.waker >= 0 {
		unix.Close(l.waker)
	}
}

func (l *loop) watch(fd int, events uint32) error {
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (l *loop) change(fd int, events uint32) error {
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (l *loop) ignore(fd int) { unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, fd, nil) }

// run makes turns until the loop is closed, or another goroutine's.
//
// It keeps its thread. The scheduler preempts who runs for 10 ms and wakes another
// thread to go on with it, on the processor where that ran last. There may be a
// client, and the two then share it while this one has nothing to do until the
// kernel balances its load, which cost a tenth of all requests.
func (l *loop) run() {
	defer l.front.wg.Done()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for l.turn() {
		for l.leads {
			l.leads = false
			if !l.lead() {
				return
			}
		}
		if l.closing && l.closed() {
			return
		}
		l.sleep()
	}
}

// turn returns false when this goroutine has given the loop away.
func (l *loop) turn() bool {
	for l.nextEvent < l.nEvents {
		ev := &l.events[l.nextEvent]
		l.nextEvent++
		if !l.event(int(ev.Fd), ev.Events) {
			return false
		}
	}
	for l.nextDue < len(l.due) {
		c := l.due[l.nextDue]
		l.due[l.nextDue] = nil
		l.nextDue++
		if !l.goOn(c) {
			return false
		}
	}
	if !l.readMail() {
		return false
	}
	l.finish()
	return true
}

func (l *loop) event(fd int, events uint32) (mine bool) {
	if fd == l.waker {
		var count [8]byte
		unix.Read(l.waker, count[:])
		return true
	}
	if d := l.doors[fd]; d != nil && !d.gone.Load() {
		l.accept(d)
		return true
	}
	if fd >= len(l.conns) || l.conns[fd] == nil {
		return true // closed in this turn
	}
	c := l.conns[fd]
	if events&unix.EPOLLOUT != 0 {
		l.send(c)
	}
	switch {
	case events&^unix.EPOLLOUT == 0 || c.fd < 0:
		return true
	case c.eof && events&(unix.EPOLLHUP|unix.EPOLLERR) != 0:
		l.shut(c) // nobody is left to read the rest
		return true
	}
	return l.receive(c)
}

// readMail looks at what other goroutines, or connections of this loop, want. What
// comes too late stays for the next turn.
func (l *loop) readMail() (mine bool) {
	for {
		for l.nextMail < len(l.letters) {
			m := l.letters[l.nextMail]
			l.letters[l.nextMail] = letter{}
			l.nextMail++
			if m.call != nil {
				m.call()
			} else if !l.openMail(m.conn) {
				return false
			}
		}
		if l.mails == mailsPerTurn {
			return true
		}
		l.mails++
		l.mu.Lock()
		l.letters, l.box, l.nextMail = l.box, l.letters[:0], 0
		l.mu.Unlock()
		if len(l.letters) == 0 {
			return true
		}
	}
}

// post leaves a letter. When the loop is awake that costs no system call. It
// returns false when the loop has ended.
func (l *loop) post(m letter) bool {
	l.mu.Lock()
	over := l.over
	if !over {
		l.box = append(l.box, m)
	}
	l.mu.Unlock()
	if !over && l.asleep.CompareAndSwap(true, false) {
		unix.Write(l.waker, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
	return !over
}

// sleep waits for events. After a turn with many of them more have come
// meanwhile, most times, and are taken without going to sleep.
func (l *loop) sleep() {
	l.due, l.later, l.nextDue = l.later, l.due[:0], 0
	n, events := 0, l.events[:l.takes()]
	if l.nEvents > crowded {
		if now, errno := epollNow(l.epoll, events); errno == 0 {
			n = now
		}
	}
	if n == 0 {
		n = l.wait(events)
	}
	l.arrived, l.mails = 0, 0
	l.nEvents, l.nextEvent = n, 0
	l.now = l.srv.now()
}

// takes is how many events the next turn takes. Replies go out at the end of a turn: where clients
// send long pipelines, a shorter one has the first of them at work again while the others are served.
// Where that is not so, a turn is one write to the log for all; where it is one fsync, always.
func (l *loop) takes() int {
	if l.arrived >= longTurn && !l.waited {
		return eventsOfLong
	}
	return eventsPerTurn
}

// wait waits for events. Who posts after the look into the box finds the loop asleep.
// Under load the next event is microseconds away: for so long the loop keeps its
// processor, which saves the way through the scheduler and keeps the runtime's
// monitor from looking after it every 20 µs.
func (l *loop) wait(events []unix.EpollEvent) (n int) {
	l.asleep.Store(true)
	l.mu.Lock()
	mail := len(l.box) > 0
	l.mu.Unlock()
	timeout := -1
	switch {
	case mail || len(l.due) > 0:
		timeout = 0
	case l.brief:
		if n, l.brief = epollBriefly(l.epoll, events, briefWait); n > 0 {
			l.asleep.Store(false)
			return n
		}
	}
	n, err := unix.EpollWait(l.epoll, events, timeout)
	l.asleep.Store(false)
	if err != nil { // interrupted by a signal: nothing else can be wrong with these descriptors
		n = 0
	}
	return n
}

// tick applies the limits that depend on time.
func (l *loop) tick(now time.Time) {
	for _, d := range l.doors {
		l.reopen(d)
	}
	for _, c := range l.conns {
		if c == nil || c.away {
			continue
		}
		if reason := c.overdue(now); reason != "" {
			l.drop(c, reason)
		}
	}
}

// close begins the end: everybody gets the rest of their replies. force does without.
func (l *loop) close(force bool) {
	l.closing, l.forced = true, force
	for _, c := range l.conns {
		switch {
		case c == nil || c.away:
		case force:
			l.shut(c)
		default:
			c.closing = true
			l.send(c) // closes it when there is nothing to send
		}
	}
}

// closed ends the loop when it has no connection and no mail any more. Those whose command
// is still running are left to it when the loop is forced.
func (l *loop) closed() bool {
	if l.committing {
		return false
	}
	left := int64(l.count)
	if l.forced {
		for _, c := range l.conns {
			if c != nil && !c.away {
				return false
			}
		}
	} else if left > 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.box) > 0 {
		return false
	}
	l.front.abandoned.Add(left)
	l.over = true
	return true
}
