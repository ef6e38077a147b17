package server

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
)

// front serves the connections that arrive at listeners.
type front interface {
	// start makes connections served; until then they wait in the kernel.
	start() error
	// add begins to accept from l, remove ends it and closes l.
	add(l *listener) error
	remove(l *listener)
	// tick is called about once a second, for limits that depend on time.
	tick(now time.Time)
	// stop lets every client have its replies and closes it, and returns when
	// all is done. When ctx ends it closes what is left; the error then
	// counts clients whose commands were still running.
	stop(ctx context.Context) error
}

// forceGrace is how long goroutines may take to notice that their connections were closed.
const forceGrace = 200 * time.Millisecond

// Server serves an engine to clients. It is made by New; then come Listen, Run
// and Close.
type Server struct {
	core core
	log  *slog.Logger
	now  func() time.Time
	tick time.Duration // between looks at limits that depend on time

	mu        sync.Mutex // guards what follows
	front     front
	listeners []*listener
	running   bool
	closed    bool

	quit    chan struct{} // closed by Close
	stopped chan struct{} // closed when Run has returned
	runErr  error         // valid once stopped is closed
}

// New makes a server for e, which must outlive it. From then on CONFIG SET of
// bind and port moves the listeners.
func New(e *engine.Engine, log *slog.Logger) *Server {
	s := newServer(engineCore{e}, log)
	e.Live().OnApply(s.rebind, "bind", "port")
	return s
}

func newServer(c core, log *slog.Logger) *Server {
	if log == nil {
		log = slog.Default()
	}
	return &Server{core: c, log: log, now: time.Now, tick: time.Second, quit: make(chan struct{}), stopped: make(chan struct{})}
}

// ErrClosed is returned when a server is used after Close.
var ErrClosed = errors.New("server: closed")

// Listen opens the addresses: every entry of bind with port, unless port is 0 (a
// negative port lets the system choose one for each entry), and a Unix socket when its path is not empty. An
// entry with '-' in front may be missing on this machine; "*" is every IPv4 address, "::*" every IPv6
// address. Clients can connect from then on, and are served once Run is called. When one address fails,
// none is opened, and the error names it.
func (s *Server) Listen(bind []string, port int, unixsocket string, perm fs.FileMode) error {
	opened, err := openEach(endpoints(bind, port), s.core.Live().Get().Server.TCPBacklog)
	if err != nil {
		return err
	}
	if unixsocket != "" {
		l, err := openUnix(unixsocket, perm, s.core.Live().Get().Server.TCPBacklog)
		if err != nil {
			closeAll(opened)
			return err
		}
		opened = append(opened, l)
	}
	if len(opened) == 0 {
		return errors.New("server: nothing to listen on: port is 0 and there is no Unix socket")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.attach(opened); err != nil {
		closeAll(opened)
		return err
	}
	return nil
}

// attach gives listeners to the front. Called with mu held.
func (s *Server) attach(opened []*listener) error {
	if s.closed {
		return ErrClosed
	}
	if s.front == nil {
		f, err := s.newFront()
		if err != nil {
			return err
		}
		s.front = f
	}
	for i, l := range opened {
		if err := s.front.add(l); err != nil {
			for _, l := range opened[:i] {
				s.front.remove(l)
			}
			return err
		}
	}
	s.listeners = append(s.listeners, opened...)
	return nil
}

// newFront chooses how connections are served.
func (s *Server) newFront() (front, error) {
	cfg := s.core.Live().Get().Server
	switch {
	case cfg.IO == "goroutines", cfg.IO == "auto" && !haveLoops:
		return newGoroutines(s), nil
	case !haveLoops:
		return nil, errors.New("server: server.io is epoll, which this system does not have")
	}
	return newLoops(s, cfg.Loops)
}

// Addrs returns where the server listens.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []net.Addr
	for _, l := range s.listeners {
		all = append(all, l.Addr())
	}
	return all
}

// Run serves clients until ctx ends or Close is called. Then no client is
// accepted any more, everybody gets the replies to the commands that have been
// executed or are running, and connections are closed; that may take as long as
// shutdown-timeout says. Requests that have arrived, but have not been executed,
// the rest of a pipeline, are dropped without a reply. It may be called once, after Listen.
func (s *Server) Run(ctx context.Context) error {
	s.mu.Lock()
	f := s.front
	switch {
	case s.closed:
		s.mu.Unlock()
		return ErrClosed
	case s.running || f == nil:
		s.mu.Unlock()
		return errors.New("server: Run needs Listen before it, and can be called once")
	}
	s.running = true
	s.mu.Unlock()
	defer close(s.stopped)
	if s.runErr = f.start(); s.runErr != nil {
		return s.runErr
	}
	ticker := time.NewTicker(s.tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			f.tick(s.now())
			continue
		case <-ctx.Done():
		case <-s.quit:
		}
		break
	}
	s.runErr = s.shutdown(f)
	return s.runErr
}

func (s *Server) shutdown(f front) error {
	s.closeListeners()
	ctx, cancel := context.WithTimeout(context.Background(), max(s.core.Live().Get().Server.ShutdownTimeout, 0))
	defer cancel()
	return f.stop(ctx)
}

func (s *Server) closeListeners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, l := range s.listeners {
		s.front.remove(l)
	}
	s.listeners = nil
}

// Close ends Run, waits until it has returned, and returns its error. It may
// be called more than once, and without Run.
func (s *Server) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.quit)
	}
	running, f := s.running, s.front
	s.mu.Unlock()
	if !running {
		s.closeListeners()
		if f == nil {
			return nil
		}
		return f.stop(context.Background())
	}
	<-s.stopped
	return s.runErr
}
