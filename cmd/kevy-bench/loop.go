//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// A loop drives its clients from one goroutine by epoll, with buffers made once:
// the time it takes per request, about what redis-benchmark takes, bounds what it
// can measure. A client sends a batch, waits for all its replies and sends the
// next, as redis-benchmark's clients do; the latency of a request is the time
// from the sending of its batch to the arrival of its reply.
type loop struct {
	load    *load
	epfd    int
	clients []client
	active  int // clients that wait for replies
	rng     *rand.PCG
	results []phaseResult
}

// client is one connection.
type client struct {
	fd       int
	out      []byte // a full batch, encoded
	end      int    // bytes of out to send this time
	sent     int    // bytes of out that went
	in       []byte
	have     int // bytes in in
	pending  int // replies to come
	started  time.Duration
	phase    int // the load's phase when the batch was sent
	watching uint32
}

// readSize is how much one read takes at most, unless a reply is longer.
const readSize = 64 << 10

// drainTimeout bounds how long a loop waits for anything to arrive.
const drainTimeout = 2 * time.Minute

func newLoop(l *load, clients int, seed uint64) (*loop, error) {
	epfd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	lp := &loop{load: l, epfd: epfd, rng: rand.NewPCG(seed, 0x9e3779b97f4a7c15), results: make([]phaseResult, l.phases)}
	for i := range clients {
		fd, err := connect(l.cfg.addr)
		if err != nil {
			lp.close()
			return nil, err
		}
		c := client{fd: fd, out: l.cfg.request.repeat(l.cfg.pipeline), in: make([]byte, readSize), watching: syscall.EPOLLIN}
		lp.clients = append(lp.clients, c)
		ev := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(i)}
		if err := syscall.EpollCtl(epfd, syscall.EPOLL_CTL_ADD, fd, &ev); err != nil {
			lp.close()
			return nil, fmt.Errorf("epoll: %w", err)
		}
	}
	return lp, nil
}

// connect opens a non-blocking TCP connection to an address of 127.0.0.1.
func connect(addr loopback) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	err = syscall.Connect(fd, &syscall.SockaddrInet4{Port: addr.port, Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	}
	if err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("connect to %s: %w", addr, err)
	}
	return fd, nil
}

func (lp *loop) close() {
	for i := range lp.clients {
		syscall.Close(lp.clients[i].fd)
	}
	syscall.Close(lp.epfd)
}

// run drives the clients until the load is stopped or its limit is reached and
// every reply has come.
func (lp *loop) run() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer lp.close()
	for i := range lp.clients {
		if err := lp.next(&lp.clients[i], i); err != nil {
			return err
		}
	}
	events := make([]syscall.EpollEvent, 256)
	last := lp.load.now()
	for lp.active > 0 {
		n, err := syscall.EpollWait(lp.epfd, events, 1000)
		if err != nil && err != syscall.EINTR {
			return fmt.Errorf("epoll: %w", err)
		}
		if n <= 0 {
			if wait := lp.load.now() - last; wait > drainTimeout {
				return fmt.Errorf("no reply for %s, %d clients wait", wait.Round(time.Second), lp.active)
			}
			continue
		}
		for _, ev := range events[:n] {
			if err := lp.serve(&lp.clients[ev.Fd], int(ev.Fd), ev.Events); err != nil {
				return err
			}
		}
		last = lp.load.now()
	}
	return nil
}

// serve handles what epoll reported for one client.
func (lp *loop) serve(c *client, index int, events uint32) error {
	if events&syscall.EPOLLOUT != 0 {
		if err := lp.flush(c, index); err != nil {
			return err
		}
	}
	if events&(syscall.EPOLLIN|syscall.EPOLLHUP|syscall.EPOLLERR) == 0 {
		return nil
	}
	n, errno := transfer(syscall.SYS_READ, c.fd, c.in[c.have:])
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
		return nil
	case errno != 0:
		return fmt.Errorf("read: %w", errno)
	case n == 0:
		return fmt.Errorf("the server closed a connection")
	}
	c.have += n
	if err := lp.count(c); err != nil {
		return err
	}
	if c.pending > 0 {
		return nil
	}
	lp.active--
	return lp.next(c, index)
}

// count records the replies that have arrived.
func (lp *loop) count(c *client) error {
	at, replies, errors := 0, 0, 0
	for at < c.have && replies < c.pending {
		n, isErr, err := scanReply(c.in[at:c.have])
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if isErr {
			errors++
			lp.load.firstError.CompareAndSwap(nil, new(string(c.in[at:at+n])))
		}
		at += n
		replies++
	}
	c.have = copy(c.in, c.in[at:c.have])
	if c.have == len(c.in) {
		c.in = append(c.in, make([]byte, len(c.in))...)
	}
	if replies == 0 {
		return nil
	}
	c.pending -= replies
	phase := lp.load.phase()
	if stall := lp.load.cfg.stallPhase; stall > 0 && c.phase == stall {
		phase = stall
	}
	r := &lp.results[phase]
	r.latency.add(lp.load.now()-c.started, uint64(replies))
	r.errors += uint64(errors)
	return nil
}

// next sends a client's next batch, unless the load is over.
func (lp *loop) next(c *client, index int) error {
	l := lp.load
	if l.stopped.Load() {
		return nil
	}
	first, n := l.claim()
	if n == 0 {
		return nil
	}
	l.cfg.request.fill(c.out, n, lp.rng, l.cfg.space, first)
	c.pending, c.sent, c.end = n, 0, n*len(l.cfg.request.encoded)
	c.phase = l.phase()
	c.started = l.now()
	lp.active++
	return lp.flush(c, index)
}

// flush writes what is left of a batch, and has epoll say when more fits.
func (lp *loop) flush(c *client, index int) error {
	want := uint32(syscall.EPOLLIN)
	for c.sent < c.end {
		n, errno := transfer(syscall.SYS_WRITE, c.fd, c.out[c.sent:c.end])
		if errno == syscall.EINTR {
			continue
		}
		if errno == syscall.EAGAIN {
			want |= syscall.EPOLLOUT
			break
		}
		if errno != 0 {
			return fmt.Errorf("write: %w", errno)
		}
		c.sent += n
	}
	if want == c.watching {
		return nil
	}
	c.watching = want
	ev := syscall.EpollEvent{Events: want, Fd: int32(index)}
	if err := syscall.EpollCtl(lp.epfd, syscall.EPOLL_CTL_MOD, c.fd, &ev); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

// transfer reads or writes a non-blocking descriptor. Such a call returns at
// once, so the Go scheduler need not be told about it.
func transfer(call uintptr, fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), errno
}
