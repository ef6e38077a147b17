package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// patience bounds waits in tests; it is never used up when they pass.
const patience = time.Minute

// fakeCore is an engine with commands that exercise connections.
type fakeCore struct {
	live   *config.Live
	waits  atomic.Bool
	ran    atomic.Int64  // commands executed
	commit func() error  // nil: nothing to wait for
	long   chan struct{} // LONG ends when it is closed or receives

	mu       sync.Mutex
	sessions []*fakeSession
	blocked  map[string]*fakeSession
	changed  chan struct{} // closed and renewed with every change of the above
}

func (f *fakeCore) Live() *config.Live { return f.live }
func (f *fakeCore) TryCommit() (done bool, err error) {
	if f.waits.Load() {
		return false, nil
	}
	return true, f.Commit()
}

func (f *fakeCore) Commit() error {
	if f.commit != nil {
		return f.commit()
	}
	return nil
}

func (f *fakeCore) newSession(o engine.SessionOptions) (session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if int64(len(f.sessions)) >= f.live.Get().Server.MaxClients {
		return nil, wire.Error("ERR max number of clients reached")
	}
	s := &fakeSession{core: f, o: o}
	f.sessions = append(f.sessions, s)
	f.change()
	return s, nil
}

// change tells who waits. Called with mu held.
func (f *fakeCore) change() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// nudge makes those who wait look again.
func (f *fakeCore) nudge() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change()
}

// until waits until cond holds. It is asked with mu held.
func (f *fakeCore) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		f.mu.Lock()
		ok, changed := cond(), f.changed
		f.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

type fakeSession struct {
	core *fakeCore
	o    engine.SessionOptions
	sub  atomic.Bool
	auth atomic.Bool
}

func (s *fakeSession) Subscribed() bool { return s.sub.Load() }
func (s *fakeSession) NeedsAuth() bool {
	return s.core.live.Get().Security.RequirePass != "" && !s.auth.Load()
}

func (s *fakeSession) Close() {
	f := s.core
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions = slices.DeleteFunc(f.sessions, func(o *fakeSession) bool { return o == s })
	for k, b := range f.blocked {
		if b == s {
			delete(f.blocked, k)
		}
	}
	f.change()
}

func (s *fakeSession) Do(args [][]byte, out *wire.Writer) engine.Outcome {
	f := s.core
	defer f.ran.Add(1)
	arg := func(i int) string {
		if i < len(args) {
			return string(args[i])
		}
		return ""
	}
	switch strings.ToUpper(arg(0)) {
	case "PING":
		out.Status("PONG")
	case "ECHO":
		out.Bulk(args[1])
	case "LEN":
		out.Int(int64(len(args[1])))
	case "BIG":
		n, _ := strconv.Atoi(arg(1))
		out.BulkString(strings.Repeat("x", n))
	case "AUTH":
		s.auth.Store(true)
		out.Status("OK")
	case "QUIT":
		out.Status("OK")
		return engine.CloseAfter
	case "ADDR":
		out.BulkString(s.o.Addr + " " + s.o.Transport)
	case "SUB":
		s.sub.Store(true)
		out.Status("OK")
	case "PUB":
		f.each(func(o *fakeSession) {
			if o.sub.Load() {
				var w wire.Writer
				w.BulkString(arg(1))
				o.o.Outbox.Deliver(w.Buf)
			}
		})
		out.Status("OK")
	case "KILL":
		f.each(func(o *fakeSession) {
			if o != s {
				o.o.Outbox.Close()
			}
		})
		out.Status("OK")
	case "BLOCK":
		f.mu.Lock()
		f.blocked[arg(1)] = s
		f.change()
		f.mu.Unlock()
		return engine.Blocked
	case "EARLY": // answered before the connection knows that it waits
		s.o.Outbox.Deliver([]byte("+early\r\n"))
		s.o.Outbox.Resume()
		return engine.Blocked
	case "WAKE":
		f.mu.Lock()
		b := f.blocked[arg(1)]
		delete(f.blocked, arg(1))
		f.change()
		f.mu.Unlock()
		if b != nil {
			b.o.Outbox.Deliver([]byte("+woken\r\n"))
			b.o.Outbox.Resume()
		}
		out.Bool(b != nil)
	case "LONG":
		mark := out.Mark()
		out.BulkString("half a reply that is taken back")
		s.o.Outbox.GiveAway()
		s.o.Outbox.GiveAway()
		<-f.long
		out.Rewind(mark)
		out.Bulk(args[1])
	default:
		out.Error("ERR unknown command")
	}
	return engine.Done
}

func (f *fakeCore) each(fn func(*fakeSession)) {
	f.mu.Lock()
	all := slices.Clone(f.sessions)
	f.mu.Unlock()
	for _, s := range all {
		fn(s)
	}
}

// harness is a running server over a fakeCore.
type harness struct {
	*fakeCore
	t    *testing.T
	srv  *Server
	addr string
	run  chan error
}

// commitByHand has each Commit say that it has its turn, and then wait for what it returns.
func (h *harness) commitByHand() (turn chan struct{}, verdict chan error) {
	turn, verdict = make(chan struct{}), make(chan error)
	h.commit = func() error {
		turn <- struct{}{}
		return <-verdict
	}
	return turn, verdict
}

// fronts are the values of server.io that this system has.
func fronts() []string {
	if haveLoops {
		return []string{"epoll", "goroutines"}
	}
	return []string{"goroutines"}
}

// eachFront runs a test against every way of serving connections.
func eachFront(t *testing.T, test func(t *testing.T, io string)) {
	for _, io := range fronts() {
		t.Run(io, func(t *testing.T) { test(t, io) })
	}
}

func newHarness(t *testing.T, io string, edit func(*config.Config)) *harness {
	t.Helper()
	cfg := config.Default()
	cfg.Server.IO = io
	if edit != nil {
		edit(cfg)
	}
	core := &fakeCore{
		live: config.NewLive(cfg), long: make(chan struct{}), blocked: map[string]*fakeSession{}, changed: make(chan struct{}),
	}
	h := &harness{fakeCore: core, t: t, run: make(chan error, 1)}
	h.srv = newServer(core, slog.New(slog.DiscardHandler))
	h.srv.tick = time.Hour // tests say when
	now := time.Now()
	h.srv.now = func() time.Time { return now }
	if err := h.srv.Listen([]string{"127.0.0.1"}, -1, "", 0); err != nil {
		t.Fatal(err)
	}
	h.addr = h.srv.Addrs()[0].String()
	return h
}

// serve makes a harness whose server runs until the test ends.
func serve(t *testing.T, io string, edit func(*config.Config)) *harness {
	t.Helper()
	h := newHarness(t, io, edit)
	h.start()
	return h
}

func (h *harness) start() {
	go func() { h.run <- h.srv.Run(context.Background()) }()
	h.t.Cleanup(func() {
		if err := h.srv.Close(); err != nil {
			h.t.Errorf("Close: %v", err)
		}
		if err := <-h.run; err != nil {
			h.t.Errorf("Run: %v", err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.sessions) > 0 {
			h.t.Errorf("%d sessions were not closed", len(h.sessions))
		}
	})
}

// peer is a client in a test.
type peer struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
}

func (h *harness) dial() *peer {
	h.t.Helper()
	return dialTo(h.t, "tcp", h.addr)
}

func dialTo(t *testing.T, network, addr string) *peer {
	t.Helper()
	nc, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return &peer{t: t, nc: nc, r: bufio.NewReader(nc)}
}

func (p *peer) send(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.nc, text); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

// expect reads replies and compares them with text.
func (p *peer) expect(text string) {
	p.t.Helper()
	got := make([]byte, len(text))
	n, err := io.ReadFull(p.r, got)
	if err != nil || string(got) != text {
		p.t.Fatalf("got %.200q, %v; want %.200q", got[:n], err, text)
	}
}

// expectEnd checks that nothing more comes but the end.
func (p *peer) expectEnd() {
	p.t.Helper()
	rest, err := io.ReadAll(p.r)
	var timeout net.Error
	if len(rest) > 0 || errors.As(err, &timeout) && timeout.Timeout() {
		p.t.Fatalf("got %.100q, %v; want the end", rest, err)
	}
}

// ask is send and expect.
func (p *peer) ask(text, want string) {
	p.t.Helper()
	p.send(text)
	p.expect(want)
}
