package server

import (
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// executed waits until that many commands have been executed.
func executed(t *testing.T, h *harness, n int64) {
	t.Helper()
	for deadline := time.Now().Add(patience); h.ran.Load() != n; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d commands are executed, want %d", h.ran.Load(), n)
		}
	}
}

// Replies that wait for a Commit are lent to who makes it. A client that goes
// meanwhile leaves its socket to them: nobody else gets what was meant for it.
func TestClientGoesWhileItsRepliesAreLent(t *testing.T) {
	h := newHarness(t, "epoll", nil)
	h.waits.Store(true)
	turn, verdict := make(chan struct{}), make(chan error)
	h.commit = func() error {
		turn <- struct{}{}
		return <-verdict
	}
	h.start()
	gone, other := h.dial(), h.dial()
	gone.send(request("ECHO", strings.Repeat("a", 100_000)))
	<-turn
	other.send(request("ECHO", "other"))
	executed(t, h, 2)
	if err := gone.nc.(*net.TCPConn).SetLinger(0); err != nil { // a reset: there is nobody left to send to
		t.Fatal(err)
	}
	gone.nc.Close()
	h.until(t, "gone", func() bool { return len(h.sessions) == 1 })
	next := h.dial() // would get the descriptor, were it free
	next.send(request("ECHO", "next"))
	executed(t, h, 3)
	verdict <- nil
	go func() {
		for range turn {
			verdict <- nil
		}
	}()
	next.expect(bulk("next"))
	other.expect(bulk("other"))
	next.ask(request("PING"), "+PONG\r\n")
	other.ask(request("PING"), "+PONG\r\n")
}
