package server

import (
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
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
	turn, verdict := h.commitByHand()
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

// A client may go while its replies are lent and, behind them, a command of its runs
// that has given the loop away: what the command writes to is its own until it ends.
func TestClientGoesWhileLentAndAway(t *testing.T) {
	h := newHarness(t, "epoll", func(c *config.Config) { c.Server.Loops = 1 })
	h.waits.Store(true)
	turn, verdict := h.commitByHand()
	h.start()
	gone, other := h.dial(), h.dial()
	gone.send(request("ECHO", "lent"))
	<-turn
	gone.send(request("LONG", "x"))
	other.send(request("ECHO", "other"))
	executed(t, h, 2) // LONG is not over, so it is one of the others
	if err := gone.nc.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	gone.nc.Close()
	verdict <- nil
	go func() {
		for range turn {
			verdict <- nil
		}
	}()
	other.expect(bulk("other"))
	h.mu.Lock()
	open := len(h.sessions)
	h.mu.Unlock()
	if open != 2 {
		t.Errorf("%d sessions are open while the command runs, want 2", open)
	}
	close(h.long)
	h.until(t, "the one that is gone is closed", func() bool { return len(h.sessions) == 1 })
	other.ask(request("PING"), "+PONG\r\n")
}
