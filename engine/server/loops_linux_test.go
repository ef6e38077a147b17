package server

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestTicksDoNotPileUp: a loop that does not come to its box has one tick in it.
func TestTicksDoNotPileUp(t *testing.T) {
	made, err := newLoops(newServer(nil, slog.New(slog.DiscardHandler)), 1)
	if err != nil {
		t.Fatal(err)
	}
	f := made.(*loops)
	l := f.all[0]
	defer l.release()
	for range 2 {
		for range 100 {
			f.tick(time.Now())
		}
		if n := len(l.box); n != 1 {
			t.Fatalf("%d letters are in the box", n)
		}
		l.readMail()
	}
}

// Mail that causes further mail, here that of a client which is resumed again and again,
// does not keep the loop from the replies and from other clients.
func TestMailWithoutEnd(t *testing.T) {
	const n = 100
	h := newHarness(t, "epoll", nil)
	var commits atomic.Int64
	h.commit = func() error {
		commits.Add(1)
		return nil
	}
	h.start()
	h.dial().ask(strings.Repeat(request("EARLY"), n), strings.Repeat("+early\r\n", n))
	if got := commits.Load(); got < n/mailsPerTurn {
		t.Errorf("%d turns for %d looks into the box", got, n)
	}
}
