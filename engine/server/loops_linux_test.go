package server

import (
	"log/slog"
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
