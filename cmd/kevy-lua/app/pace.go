package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// memory.gogc is a part of the live Go heap, which is small, for the data are mostly outside of it:
// a few megabytes of garbage would start a collection, dozens of times a second. So there is a
// floor, memory.gogc-floor, which the pacer turns into the percentage that the runtime understands.
// It does so after each collection: what is alive may have grown tenfold since the one before.

// mostPercent bounds the percentage.
const mostPercent = 10_000

// leastLive is what the runtime takes for alive where less is: at 100 percent it collects
// nothing below that. To reckon with less would let a multiple of the floor gather.
const leastLive = 4 << 20

// pacer sets the runtime's garbage percentage.
type pacer struct {
	mu      sync.Mutex
	percent int   // memory.gogc
	floor   int64 // memory.gogc-floor
	applied int
	follows bool // each collection
	ended   bool
}

// wanted is the percentage for so many live bytes.
func (p *pacer) wanted(live int64) int {
	least := min(float64(p.floor)/float64(max(live, leastLive))*100, mostPercent)
	return max(p.percent, int(least))
}

// set follows the parameters, from now on after each collection.
func (p *pacer) set(percent int, floor int64) {
	p.mu.Lock()
	first := !p.follows
	p.percent, p.floor, p.applied, p.follows = percent, floor, 0, true
	p.mu.Unlock()
	p.adjust()
	if first {
		p.follow()
	}
}

func (p *pacer) adjust() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	p.mu.Lock()
	defer p.mu.Unlock()
	// A change stops the world for a moment: small ones are left alone.
	want := p.wanted(int64(live[0].Value.Uint64()))
	if p.ended || p.applied != 0 && want*10 > p.applied*9 && want*10 < p.applied*11 {
		return
	}
	p.applied = want
	debug.SetGCPercent(want)
}

// follow adjusts the percentage after each collection, until end.
func (p *pacer) follow() {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended {
		return
	}
	type marker struct{ _ [16]byte }
	runtime.AddCleanup(new(marker), func(p *pacer) { // it is garbage at once
		p.adjust()
		p.follow()
	}, p)
}

// end leaves the percentage as it is.
func (p *pacer) end() {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
}
