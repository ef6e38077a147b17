package hook

import (
	"sync/atomic"
	"time"
)

// latencyBounds are the upper bounds of the histogram of run times.
var latencyBounds = [...]time.Duration{
	10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond,
	100 * time.Millisecond, time.Second, 10 * time.Second,
}

// LatencyBounds returns the upper bounds of Stats.Latency; its last bucket has none.
func LatencyBounds() []time.Duration { return latencyBounds[:] }

// figures are a hook's counters. The number of runs is the histogram's sum.
type figures struct {
	errs, late, drops, deep, trips atomic.Int64
	dead                           atomic.Int64
	busyNs, maxNs                  atomic.Int64
	buckets                        [len(latencyBounds) + 1]atomic.Int64
	failing                        atomic.Bool // the last run failed
}

// count takes n runs into the histogram. Of several, which were measured together,
// all but one count as short.
func (f *figures) count(n int, took time.Duration) {
	f.busyNs.Add(int64(took))
	for {
		old := f.maxNs.Load()
		if int64(took) <= old || f.maxNs.CompareAndSwap(old, int64(took)) {
			break
		}
	}
	i := 0
	for i < len(latencyBounds) && took > latencyBounds[i] {
		i++
	}
	f.buckets[i].Add(1)
	if n > 1 {
		f.buckets[0].Add(int64(n - 1))
	}
}

func (f *figures) reset() {
	for _, c := range []*atomic.Int64{&f.errs, &f.late, &f.drops, &f.deep, &f.trips, &f.dead, &f.busyNs, &f.maxNs} {
		c.Store(0)
	}
	for i := range f.buckets {
		f.buckets[i].Store(0)
	}
}

// Stats is what has become of a hook since its registration or Reset.
type Stats struct {
	State     string // armed, failing, disabled, tripped, stuck
	Runs      int64
	Errors    int64
	Late      int64 // runs that ended well, but after their time budget
	Drops     int64 // events lost to a full queue, or to a hook that was off when their turn came
	TooDeep   int64 // events dropped at the depth limit
	Trips     int64
	Dead      int64 // events given up, to a dead-letter stream
	Queued    int64 // events waiting now
	Busy      time.Duration
	Longest   time.Duration
	Running   time.Duration // of the present run of an observer
	Latency   []int64       // runs by LatencyBounds
	LastError string
	LastErrAt time.Time
}

// Stats returns the hook's figures.
func (h *Hook) Stats() Stats {
	s := Stats{
		State: "armed", Errors: h.errs.Load(), Late: h.late.Load(), Drops: h.drops.Load(), TooDeep: h.deep.Load(), Trips: h.trips.Load(), Dead: h.dead.Load(),
		Busy: time.Duration(h.busyNs.Load()), Longest: time.Duration(h.maxNs.Load()),
	}
	for i := range h.buckets {
		n := h.buckets[i].Load()
		s.Latency = append(s.Latency, n)
		s.Runs += n
	}
	if h.queue != nil {
		s.Queued, s.Running = h.queue.figures()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.LastError, s.LastErrAt = h.lastErr, h.lastAt
	switch {
	case h.disabled:
		s.State = "disabled"
	case h.stuck.Load():
		s.State = "stuck"
	case !h.tripped.IsZero():
		s.State = "tripped"
	case h.resting.Load():
		s.State = "failing"
	}
	return s
}
