package reaper

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// deadlines is a target of plain deadlines in ascending order.
type deadlines struct {
	now     func() time.Time
	due     []int64
	removed []time.Time
	panics  int // so many calls of Expire panic first
	largest int
	until   int64
	wake    func()
}

func (d *deadlines) NextDue() int64 {
	if len(d.due) == 0 {
		return math.MaxInt64
	}
	return d.due[0]
}

func (d *deadlines) Alarm(until int64, wake func()) int64 {
	d.until, d.wake = min(until, d.NextDue()), wake
	return d.NextDue()
}

func (d *deadlines) Expire(max int) (n int) {
	if d.panics > 0 {
		d.panics--
		panic("a bad target")
	}
	for len(d.due) > 0 && n < max && d.due[0] <= d.now().UnixMilli() {
		d.due = d.due[1:]
		d.removed = append(d.removed, d.now())
		n++
	}
	d.largest = max
	return n
}

func TestRunIsOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		d := &deadlines{now: time.Now}
		for _, ms := range []int64{3, 10, 10, 500, 2000} {
			d.due = append(d.due, start.UnixMilli()+ms)
		}
		want := append([]int64(nil), d.due...)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		New(d, Config{}, nil, nil).Run(ctx)
		if len(d.removed) != len(want) {
			t.Fatalf("removed %d of %d", len(d.removed), len(want))
		}
		for i, at := range d.removed {
			if late := at.UnixMilli() - want[i]; late < 0 || late > 2 {
				t.Errorf("deadline %d removed %d ms late", i, late)
			}
		}
	})
}

// TestSoonerDeadlines: a deadline that is set while the reaper sleeps until a later one is met in time, and
// between deadlines there are no more ticks than intervals.
func TestSoonerDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deadlines{now: time.Now, due: []int64{time.Now().Add(time.Hour).UnixMilli()}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		r := New(d, Config{Interval: time.Minute}, nil, nil)
		go func() {
			r.Run(ctx)
			close(done)
		}()
		for i, after := range []time.Duration{30 * time.Second, 3 * time.Millisecond, 1500 * time.Millisecond} {
			synctest.Wait() // it sleeps
			at := time.Now().Add(after).UnixMilli()
			d.due = append([]int64{at}, d.due...)
			if at >= d.until {
				t.Fatalf("%d is not before %d", at, d.until)
			}
			d.wake()
			time.Sleep(after + time.Millisecond)
			synctest.Wait()
			if len(d.removed) != i+1 || d.removed[i].UnixMilli() != at {
				t.Fatalf("removed %v, due was %d", d.removed, at)
			}
		}
		before := r.Stats().Ticks
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		if n := r.Stats().Ticks - before; n != 10 {
			t.Errorf("%d ticks in ten intervals", n)
		}
		cancel()
		<-done
	})
}

func TestTickIsBounded(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	d := &deadlines{now: func() time.Time { return now }}
	for range 1000 {
		d.due = append(d.due, now.UnixMilli())
	}
	r := New(d, Config{Batch: 10, Rounds: 3}, d.now, nil)
	removed, more := r.Tick()
	if removed != 10+20+40 || !more || !r.Stats().Behind {
		t.Fatalf("removed %d, more %v, stats %+v", removed, more, r.Stats())
	}
	for more {
		_, more = r.Tick()
	}
	if len(d.due) != 0 || d.largest > 80 {
		t.Fatalf("%d left, largest batch %d", len(d.due), d.largest)
	}
	if s := r.Stats(); s.Behind || s.Removed != 1000 {
		t.Fatalf("stats %+v", s)
	}
}

func TestPanicDoesNotEndTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deadlines{now: time.Now, panics: 3}
		d.due = []int64{time.Now().UnixMilli()}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := New(d, Config{}, nil, nil)
		r.Run(ctx)
		if len(d.removed) != 1 || r.Stats().Panics != 3 {
			t.Fatalf("removed %d, stats %+v", len(d.removed), r.Stats())
		}
	})
}

func TestClockJumpsAreSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var offset atomic.Int64 // nanoseconds
		now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		d := &deadlines{now: now, due: []int64{now().Add(time.Hour).UnixMilli()}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			New(d, Config{}, now, nil).Run(ctx)
			close(done)
		}()
		time.Sleep(DefaultInterval) // the bubble's clock, not the wall's
		offset.Store(int64(-24 * time.Hour))
		time.Sleep(DefaultInterval)
		synctest.Wait()
		if len(d.removed) != 0 {
			t.Fatal("removed early")
		}
		offset.Store(int64(2 * time.Hour))
		time.Sleep(DefaultInterval)
		synctest.Wait()
		if len(d.removed) != 1 {
			t.Fatal("not removed after the clock jumped past the deadline")
		}
		cancel()
		<-done
	})
}
