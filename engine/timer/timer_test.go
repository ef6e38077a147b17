package timer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var epoch = time.UnixMilli(1_700_000_000_000)

// byHand makes a set whose clock is at now.
func byHand() (s *Timers, now *time.Time) {
	at := epoch
	return New(func() time.Time { return at }, true, slog.New(slog.DiscardHandler)), &at
}

func TestByHand(t *testing.T) {
	s, now := byHand()
	var got []string
	note := func(what string) func() { return func() { got = append(got, what) } }
	s.After(2*time.Second, note("b"))
	s.After(time.Second, note("a"))
	s.After(2*time.Second, note("c"))
	stopped := s.After(time.Second, note("never"))
	every := s.Every(1500*time.Millisecond, note("e"))
	stopped.Stop()
	stopped.Stop()
	for range 4 {
		next, ok := s.Next()
		if !ok {
			t.Fatal("nothing to come")
		}
		*now = next
		got = append(got, fmt.Sprint(now.Sub(epoch)))
		s.RunDue()
	}
	every.Stop()
	want := "1s a 1.5s e 2s b c 3s e"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if when, ok := s.Next(); ok {
		t.Errorf("something is left for %s", when)
	}
}

func TestWhatIsDueAtOnceWaitsForTheNextTurn(t *testing.T) {
	s, _ := byHand()
	n := 0
	var again func()
	again = func() { n++; s.After(0, again) }
	s.At(epoch.Add(-time.Hour), again)
	for turn := 1; turn <= 3; turn++ {
		if ran := s.RunDue(); ran != 1 || n != turn {
			t.Fatalf("turn %d ran %d, %d in all", turn, ran, n)
		}
	}
}

func TestALateTimerSkipsWhatItMissed(t *testing.T) {
	s, now := byHand()
	n := 0
	s.Every(time.Second, func() { n++ })
	*now = epoch.Add(10500 * time.Millisecond)
	s.RunDue()
	if next, _ := s.Next(); n != 1 || next.Sub(*now) != time.Second {
		t.Errorf("%d runs, the next in %s", n, next.Sub(*now))
	}
}

func TestByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := New(time.Now, false, slog.New(slog.DiscardHandler))
		got := make(chan string, 100)
		note := func(what string) func() {
			return func() { got <- fmt.Sprint(what, " ", time.Since(start)) }
		}
		s.At(start.Add(2*time.Minute), note("at"))
		s.Every(50*time.Second, note("every"))
		s.After(time.Second, func() { panic("on purpose") })
		s.After(time.Minute, note("never")).Stop()
		time.Sleep(3*time.Minute - time.Second)
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		s.After(time.Second, note("never"))
		time.Sleep(time.Hour)
		close(got)
		var all []string
		for g := range got {
			all = append(all, g)
		}
		want := "every 50s, every 1m40s, at 2m0s, every 2m30s"
		if text := strings.Join(all, ", "); text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
	})
}

func TestTheWallClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump atomic.Int64 // ns
		s := New(func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }, false, slog.New(slog.DiscardHandler))
		defer s.Close(t.Context())
		fired := make(chan time.Time, 1)
		s.After(time.Hour, func() { fired <- time.Now() })
		start := time.Now()
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		jump.Store(int64(2 * time.Hour))
		if at := (<-fired).Sub(start); at > 91*time.Second {
			t.Errorf("the timer came after %s", at)
		}
	})
}

func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(time.Now, false, slog.New(slog.DiscardHandler))
		ended := false
		s.After(time.Second, func() { time.Sleep(time.Second); ended = true })
		time.Sleep(1500 * time.Millisecond)
		if err := s.Close(t.Context()); err != nil || !ended {
			t.Errorf("Close did not wait for the call in progress: %v", err)
		}
		over := make(chan struct{})
		defer close(over)
		s = New(time.Now, false, slog.New(slog.DiscardHandler))
		s.After(0, func() { <-over })
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close of what does not end: %v", err)
		}
	})
}

func TestIntervalOfNothing(t *testing.T) {
	s, _ := byHand()
	defer func() {
		if recover() == nil {
			t.Error("an interval of 0 was admitted")
		}
	}()
	s.Every(0, func() {})
}
