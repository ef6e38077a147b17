package engine

import (
	"maps"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// A histogram counts a command's durations: from 1024 ns on, every doubling is
// split into four buckets. What lasts longer than two minutes is in the last one.
const (
	firstPower = 10 // 2^10 ns
	lastPower  = 37
	quarters   = 4
)

type histogram struct {
	buckets [1 + (lastPower-firstPower)*quarters]atomic.Int64
}

func bucketOf(d time.Duration) int {
	if d < 1<<firstPower {
		return 0
	}
	p := bits.Len64(uint64(d)) - 1
	if p >= lastPower {
		return (lastPower - firstPower) * quarters
	}
	return 1 + (p-firstPower)*quarters + int(d>>(p-2)&(quarters-1))
}

// upperBound is the longest duration in a bucket.
func upperBound(i int) time.Duration {
	if i == 0 {
		return 1<<firstPower - 1
	}
	p, part := firstPower+(i-1)/quarters, (i-1)%quarters
	return time.Duration(quarters+part+1)<<(p-2) - 1
}

func (h *histogram) reset() {
	for i := range h.buckets {
		h.buckets[i].Store(0)
	}
}

// counts returns the buckets and their sum.
func (h *histogram) counts() (counts []int64, total int64) {
	for i := range h.buckets {
		n := h.buckets[i].Load()
		counts = append(counts, n)
		total += n
	}
	return counts, total
}

// percentile returns the duration that p percent of the runs did not exceed,
// rounded up to a bucket's bound.
func percentile(counts []int64, total int64, p float64) time.Duration {
	rank := int64(p/100*float64(total) + 0.5)
	for i, n := range counts {
		if rank -= n; n > 0 && rank <= 0 {
			return upperBound(i)
		}
	}
	return 0
}

// step is a line of LATENCY HISTOGRAM: that many runs took at most so long.
type step struct{ usec, runs int64 }

// steps sums the histogram up by doublings; those that add nothing are left out.
func (h *histogram) steps() (out []step, total int64) {
	counts, total := h.counts()
	sum := counts[0]
	if sum > 0 {
		out = append(out, step{1, sum})
	}
	for i := 1; i < len(counts); i += quarters {
		n := int64(0)
		for _, c := range counts[i : i+quarters] {
			n += c
		}
		if sum += n; n > 0 {
			p := firstPower + 1 + (i-1)/quarters
			// Redis prints the end of its own, finer bucket that holds the power of two.
			out = append(out, step{(int64(1)<<p + int64(1)<<(p-7) - 1) / 1000, sum})
		}
	}
	return out, total
}

// histogram returns the histogram of a row for the session's goroutine, which
// keeps the last one at hand.
func (s *Session) histogram(of *command.Stats) *histogram {
	if s.histOf != of {
		h, ok := s.engine.histograms.Load(of)
		if !ok {
			h, _ = s.engine.histograms.LoadOrStore(of, &histogram{})
		}
		s.hist, s.histOf = h.(*histogram), of
	}
	return s.hist
}

// latencyMonitor keeps what took longer than latency-monitor-threshold, by event.
type latencyMonitor struct {
	mu     sync.Mutex
	events map[string]*latencyEvent
}

// latencyEvent holds an event's latest samples, the oldest first.
type latencyEvent struct {
	samples []latencySample
	longest int64 // milliseconds, since the last reset
}

type latencySample struct{ at, ms int64 } // Unix seconds, milliseconds

// maxLatencySamples is how many samples an event keeps, as in Redis.
const maxLatencySamples = 160

// note keeps a duration when it reaches the threshold. Of several in one
// second the longest counts.
func (m *latencyMonitor) note(e *Engine, event string, took time.Duration) {
	limit := e.live.Get().Server.LatencyMonitorThreshold
	if limit <= 0 || took < limit {
		return
	}
	now, ms := e.now().Unix(), took.Milliseconds()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.events == nil {
		m.events = map[string]*latencyEvent{}
	}
	ev := m.events[event]
	if ev == nil {
		ev = &latencyEvent{}
		m.events[event] = ev
	}
	ev.longest = max(ev.longest, ms)
	if n := len(ev.samples); n > 0 && ev.samples[n-1].at == now {
		ev.samples[n-1].ms = max(ev.samples[n-1].ms, ms)
		return
	}
	if len(ev.samples) == maxLatencySamples {
		ev.samples = slices.Delete(ev.samples, 0, 1)
	}
	ev.samples = append(ev.samples, latencySample{now, ms})
}

// names lists the events that have samples, sorted.
func (m *latencyMonitor) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.events))
}

// event returns a copy of an event's samples; empty when there are none.
func (m *latencyMonitor) event(name string) latencyEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	ev := m.events[name]
	if ev == nil {
		return latencyEvent{}
	}
	return latencyEvent{slices.Clone(ev.samples), ev.longest}
}

// forget drops events, all when none is named, and returns how many there were.
func (m *latencyMonitor) forget(names []string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(names) == 0 {
		n = len(m.events)
		m.events = nil
		return n
	}
	for _, name := range names {
		if _, there := m.events[name]; there {
			delete(m.events, name)
			n++
		}
	}
	return n
}
