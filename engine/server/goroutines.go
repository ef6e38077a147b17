package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// goroutines is the front with a reading goroutine for each connection, and
// another that sees to its mail. It works on every system and with every
// net.Conn.
type goroutines struct {
	srv  *Server
	wg   sync.WaitGroup
	quit context.Context
	end  context.CancelFunc

	mu      sync.Mutex
	started bool
	conns   map[*netConn]struct{}
	accepts map[*listener]chan struct{} // closed when its accept loop has ended
	waiting []*listener                 // added before start
}

func newGoroutines(s *Server) *goroutines {
	g := &goroutines{srv: s, conns: map[*netConn]struct{}{}, accepts: map[*listener]chan struct{}{}}
	g.quit, g.end = context.WithCancel(context.Background())
	return g
}

func (g *goroutines) start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.started = true
	for _, l := range g.waiting {
		g.accept(l)
	}
	g.waiting = nil
	return nil
}

func (g *goroutines) add(l *listener) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.started {
		g.waiting = append(g.waiting, l)
		return nil
	}
	g.accept(l)
	return nil
}

// remove waits until nothing is accepted from l any more.
func (g *goroutines) remove(l *listener) {
	l.Close()
	g.mu.Lock()
	done := g.accepts[l]
	delete(g.accepts, l)
	g.waiting = slices.DeleteFunc(g.waiting, func(w *listener) bool { return w == l })
	g.mu.Unlock()
	if done != nil {
		<-done
	}
}

// accept starts l's accept loop. Called with mu held.
func (g *goroutines) accept(l *listener) {
	done := make(chan struct{})
	g.accepts[l] = done
	go func() {
		defer close(done)
		g.acceptFrom(l)
	}()
}

// acceptFrom takes connections until l is closed. When the process has too
// many open files it waits, longer each time.
func (g *goroutines) acceptFrom(l *listener) {
	pause := time.Duration(0)
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			g.open(nc, l)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		g.srv.log.Warn("accept failed", "address", l.Addr().String(), "error", err, "retry_in", pause)
		select {
		case <-time.After(pause):
		case <-g.quit.Done():
			return
		}
	}
}

func (g *goroutines) open(nc net.Conn, l *listener) {
	setOptions(nc, g.srv.core.Live().Get().Server.TCPKeepAlive)
	c := &netConn{front: g, nc: nc, mailed: make(chan struct{}, 1), done: make(chan struct{})}
	c.wake, c.cut = c.notify, func() { nc.Close() }
	o := engine.SessionOptions{Transport: l.transport, Outbox: c, Addr: nc.RemoteAddr().String(), LocalAddr: nc.LocalAddr().String()}
	var ip net.IP
	if l.transport == "unix" {
		o.Addr, o.LocalAddr = l.path+":0", l.path+":0"
	} else if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		ip = a.IP
	}
	if err := g.srv.admit(&c.client, o, ip); err != nil {
		nc.SetWriteDeadline(time.Now().Add(time.Second)) // a refused client must not stop the others
		nc.Write(refusal(err))
		nc.Close()
		return
	}
	g.mu.Lock()
	g.conns[c] = struct{}{}
	g.wg.Add(2)
	g.mu.Unlock()
	go c.read()
	go c.deliver()
}

// setOptions applies what Redis sets on its sockets.
func setOptions(nc net.Conn, keepAlive time.Duration) {
	t, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	t.SetNoDelay(true)
	if keepAlive <= 0 {
		t.SetKeepAlive(false)
		return
	}
	t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: max(keepAlive/3, time.Second), Count: 3})
}

func (g *goroutines) all() []*netConn {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]*netConn, 0, len(g.conns))
	for c := range g.conns {
		all = append(all, c)
	}
	return all
}

func (g *goroutines) tick(now time.Time) {
	for _, c := range g.all() {
		if reason := c.check(now); reason != "" {
			g.srv.dropped(&c.client, reason)
			c.nc.Close()
		}
	}
}

func (g *goroutines) stop(ctx context.Context) error {
	g.end()
	for _, c := range g.all() {
		c.Close()
	}
	done := make(chan struct{})
	go func() {
		g.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, c := range g.all() {
		c.nc.Close()
	}
	select {
	case <-done:
		return nil
	case <-time.After(forceGrace):
		return stillRunning(len(g.all()))
	}
}

// stillRunning is the error of a stop that could not wait any longer.
func stillRunning(n int) error {
	return fmt.Errorf("server: %d clients were still executing a command when the time for the shutdown was over", n)
}

// netConn is a connection of the goroutine front.
type netConn struct {
	client
	front  *goroutines
	nc     net.Conn
	mailed chan struct{}
	done   chan struct{} // closed when reading has ended

	// turn makes the two goroutines take turns in being the client's owner.
	turn  sync.Mutex
	in    []byte // input behind the last executed command
	guard commitGuard
}

// GiveAway implements engine.Outbox: there is no loop to give away.
func (c *netConn) GiveAway() {}

func (c *netConn) notify() {
	select {
	case c.mailed <- struct{}{}:
	default:
	}
}

// read is the connection's life.
func (c *netConn) read() {
	defer c.front.wg.Done()
	buf := make([]byte, 16<<10)
	for {
		n, err := c.nc.Read(buf)
		if n > 0 && !c.received(buf[:n]) {
			break
		}
		if err != nil {
			break
		}
	}
	c.turn.Lock()
	c.sess.Close()
	c.bury()
	c.turn.Unlock()
	c.nc.Close()
	close(c.done)
	c.front.mu.Lock()
	delete(c.front.conns, c)
	c.front.mu.Unlock()
}

// deliver sees to the client's mail.
func (c *netConn) deliver() {
	defer c.front.wg.Done()
	for {
		select {
		case <-c.done:
			return
		case <-c.mailed:
		}
		c.turn.Lock()
		ok := c.flush()
		c.turn.Unlock()
		if !ok {
			c.nc.Close() // ends read
			return
		}
	}
}

// received executes what has arrived; false ends the connection.
func (c *netConn) received(data []byte) bool {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.active = c.front.srv.now()
	if len(c.in) == 0 && !c.blocked {
		used := c.execute(data)
		c.in = append(c.in, data[used:]...)
	} else {
		c.in = append(c.in, data...)
		c.work()
	}
	if c.tooMuchInput(len(c.in)) {
		c.front.srv.dropped(&c.client, reasonInput)
		return false
	}
	return c.flush()
}

// execute is feed with the memory that it needs, which silent connections do
// not keep.
func (c *netConn) execute(buf []byte) (used int) {
	c.ahead = aheads.Get().(*wire.Ahead)
	defer func() {
		aheads.Put(c.ahead)
		c.ahead = nil
	}()
	return c.feed(buf)
}

var aheads = sync.Pool{New: func() any { return new(wire.Ahead) }}

// work executes what is complete of the kept input.
func (c *netConn) work() {
	used := c.execute(c.in)
	if used > 0 { // moving a large argument at each of its pieces would be quadratic
		c.in = without(c.in, used)
	}
	if len(c.in) == 0 {
		c.in = recycled(c.in)
	}
}

// flush sends the output and sees to the mail until there is neither; false
// ends the connection.
func (c *netConn) flush() bool {
	for {
		f := c.takeMail()
		if f&mailDrop != 0 {
			c.front.srv.dropped(&c.client, reasonHard)
			return false
		}
		c.closing = c.closing || f&mailClose != 0
		if f&mailResume != 0 {
			c.blocked = false
			c.work()
		}
		if len(c.out.Buf) == 0 {
			if c.closing {
				return false
			}
			if !c.mail.some.Load() {
				return true
			}
			continue
		}
		c.unsent.Store(int64(len(c.out.Buf)))
		if c.tooMuchOutput() {
			c.front.srv.dropped(&c.client, reasonHard)
			return false
		}
		if c.guard.lost(c.front.srv.core.Commit()) {
			c.front.srv.dropped(&c.client, reasonLog)
			return false
		}
		_, err := c.nc.Write(c.out.Buf)
		c.out.Buf = recycled(c.out.Buf)
		c.unsent.Store(0)
		if err != nil {
			return false
		}
	}
}

// check is overdue for a client that may be busy.
func (c *netConn) check(now time.Time) (reason string) {
	if c.turn.TryLock() {
		defer c.turn.Unlock()
		return c.overdue(now)
	}
	switch {
	case c.overSoft(now):
		return reasonSoft
	case c.unsent.Load() > 0 && c.tooSlow(c.left(mailClose), now):
		return reasonSlow
	}
	return ""
}
