package server

import (
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kevy-lua/kevy-lua/engine"
)

// acceptsPerTurn keeps a flood of connections from starving those that are there.
const acceptsPerTurn = 64

// door is a listener on the first loop. The descriptor stays package net's:
// Control keeps it open while it is used.
type door struct {
	l      *listener
	raw    syscall.RawConn
	fd     int
	paused bool        // too many open files: until the next tick
	gone   atomic.Bool // removed: its descriptor may be somebody else's now
}

func rawListener(l net.Listener) (syscall.RawConn, error) {
	s, ok := l.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("server: %T has no descriptor", l)
	}
	return s.SyscallConn()
}

// setBacklog sets the length of the queue of connections that wait.
func setBacklog(l net.Listener, n int) {
	if raw, err := rawListener(l); err == nil && n > 0 {
		raw.Control(func(fd uintptr) { unix.Listen(int(fd), n) })
	}
}

// add implements front. The first loop need not have started.
func (f *loops) add(l *listener) error {
	raw, err := rawListener(l.Listener)
	if err != nil {
		return err
	}
	d := &door{l: l, raw: raw}
	first := f.all[0]
	enter := func() {
		first.doors[d.fd] = d
	}
	err = raw.Control(func(fd uintptr) { d.fd = int(fd) })
	if err == nil {
		f.mu.Lock()
		f.doors[l] = d
		started := f.started
		f.mu.Unlock()
		if !started {
			enter()
			err = first.watch(d.fd, unix.EPOLLIN)
		} else {
			first.post(letter{call: func() {
				enter()
				if err := first.watch(d.fd, unix.EPOLLIN); err != nil {
					f.srv.log.Error("cannot watch a listener", "address", l.Addr().String(), "error", err)
				}
			}})
		}
	}
	if err != nil {
		return fmt.Errorf("server: accept on %s: %w", l.Addr(), err)
	}
	return nil
}

// remove implements front. It may be called from inside a command, so it does
// not wait for the loop.
func (f *loops) remove(l *listener) {
	f.mu.Lock()
	d := f.doors[l]
	delete(f.doors, l)
	f.mu.Unlock()
	if d == nil {
		l.Close()
		return
	}
	first := f.all[0]
	d.gone.Store(true)
	d.raw.Control(func(fd uintptr) { first.ignore(int(fd)) })
	l.Close()
	first.post(letter{call: func() {
		if first.doors[d.fd] == d {
			delete(first.doors, d.fd)
		}
	}})
}

// accept takes what waits at the door.
func (l *loop) accept(d *door) {
	for range acceptsPerTurn {
		var fd int
		var from unix.Sockaddr
		var err error
		if closed := d.raw.Control(func(door uintptr) {
			fd, from, err = unix.Accept4(int(door), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		}); closed != nil {
			return
		}
		switch err {
		case nil:
			l.welcome(fd, from, d)
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN:
			return
		default: // no descriptors, or no memory
			l.srv.log.Warn("accept failed", "address", d.l.Addr().String(), "error", err, "retry_in", time.Second)
			d.paused = true
			l.change(d.fd, 0)
			return
		}
	}
}

// reopen tries again after a failed accept.
func (l *loop) reopen(d *door) {
	if d.paused && !d.gone.Load() {
		d.paused = false
		l.change(d.fd, unix.EPOLLIN)
	}
}

// welcome makes a connection of a new socket and gives it to a loop.
func (l *loop) welcome(fd int, from unix.Sockaddr, d *door) {
	f := l.front
	to := f.all[f.next%len(f.all)]
	f.next++
	c := &conn{client: client{yields: true}, loop: to, fd: fd}
	c.wake, c.cut = c.notify, c.notify
	o := engine.SessionOptions{Transport: d.l.transport, Outbox: c}
	var ip net.IP
	if d.l.transport == "unix" {
		o.Addr = d.l.path + ":0"
		o.LocalAddr = o.Addr
	} else {
		o.Addr, ip = address(from)
		if local, err := unix.Getsockname(fd); err == nil {
			o.LocalAddr, _ = address(local)
		}
		options(fd, l.srv.core.Live().Get().Server.TCPKeepAlive)
	}
	if err := l.srv.admit(&c.client, o, ip); err != nil {
		unix.Write(fd, refusal(err))
		l.discard(fd)
		return
	}
	if to == l {
		l.adopt(c)
		return
	}
	if !to.post(letter{call: func() { to.adopt(c) }}) {
		l.discard(fd)
		c.sess.Close()
	}
}

// discard closes a socket that never became a connection. What the client has sent is
// read first: closing with unread input would take back the answer.
func (l *loop) discard(fd int) {
	drain(fd)
	unix.Close(fd)
}

// adopt begins to serve a connection.
func (l *loop) adopt(c *conn) {
	for c.fd >= len(l.conns) {
		l.conns = append(l.conns, nil)
	}
	l.conns[c.fd] = c
	l.count++
	c.adopted = true
	if err := l.watch(c.fd, c.interest()); err != nil {
		l.srv.log.Error("cannot watch a connection", "client", c.addr, "error", err)
		l.shut(c)
		return
	}
	if l.closing || c.mail.some.Load() {
		c.notify()
	}
}

// options applies what Redis sets on its sockets. A socket without them works too.
func options(fd int, keepAlive time.Duration) {
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if keepAlive <= 0 {
		return
	}
	idle := max(int(keepAlive/time.Second), 1)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, idle)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(idle/3, 1))
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
}

// address writes a socket address as host:port.
func address(sa unix.Sockaddr) (string, net.IP) {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		ip := net.IP(a.Addr[:])
		return net.JoinHostPort(ip.String(), strconv.Itoa(a.Port)), ip
	case *unix.SockaddrInet6:
		ip := net.IP(a.Addr[:])
		return net.JoinHostPort(ip.String(), strconv.Itoa(a.Port)), ip
	}
	return "?:0", nil
}
