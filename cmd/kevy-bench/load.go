//go:build linux

package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// loopback is an address of 127.0.0.1.
type loopback struct{ port int }

func (a loopback) String() string { return fmt.Sprintf("127.0.0.1:%d", a.port) }

// loadConfig describes a load.
type loadConfig struct {
	addr     loopback
	clients  int
	pipeline int
	threads  int // loops; 0 is 1
	request  request
	space    uint64 // random fields are below it
	limit    uint64 // requests to send in all; 0 sets no limit
	first    uint64 // number of the first request, for {s}
	seed     uint64
	// phases is the number of recorded phases, 1 and up; phase 0 is the warm-up.
	phases int
	// stallPhase, if not 0, also counts the requests that were sent in it and
	// answered after it. Others count where they were answered.
	stallPhase int
}

// phaseResult is what was recorded in one phase.
type phaseResult struct {
	latency histogram
	errors  uint64
}

// load is a running load. Its methods are safe for concurrent use.
type load struct {
	cfg        loadConfig
	phases     int
	base       time.Time
	stopped    atomic.Bool
	current    atomic.Int32
	claimed    atomic.Uint64
	firstError atomic.Pointer[string]
	loops      []*loop
	errs       []error
	finished   chan struct{}
}

// startLoad connects the clients and starts them in phase 0.
func startLoad(cfg loadConfig) (*load, error) {
	l := &load{cfg: cfg, phases: cfg.phases + 1, base: time.Now(), finished: make(chan struct{})}
	threads := min(max(cfg.threads, 1), cfg.clients)
	l.errs = make([]error, threads)
	for i := range threads {
		clients := cfg.clients / threads
		if i < cfg.clients%threads {
			clients++
		}
		lp, err := newLoop(l, clients, cfg.seed+uint64(i))
		if err != nil {
			for _, lp := range l.loops {
				lp.close()
			}
			return nil, err
		}
		l.loops = append(l.loops, lp)
	}
	var wg sync.WaitGroup
	for i, lp := range l.loops {
		wg.Go(func() { l.errs[i] = lp.run() })
	}
	go func() {
		wg.Wait()
		close(l.finished)
	}()
	return l, nil
}

// now is the time since the load's start, from the monotonic clock.
func (l *load) now() time.Duration { return time.Since(l.base) }

func (l *load) phase() int { return int(l.current.Load()) }

// enter begins a phase.
func (l *load) enter(phase int) { l.current.Store(int32(phase)) }

// done is closed when every client has ended: by stop, at the limit or by an error.
func (l *load) done() <-chan struct{} { return l.finished }

// claim reserves the next batch: the number of its first request and how many.
func (l *load) claim() (first uint64, n int) {
	size := uint64(l.cfg.pipeline)
	if l.cfg.limit == 0 && l.cfg.request.sequences == 0 {
		return 0, l.cfg.pipeline // nothing to count
	}
	first = l.claimed.Add(size) - size
	if l.cfg.limit > 0 {
		if first >= l.cfg.limit {
			return 0, 0
		}
		size = min(size, l.cfg.limit-first)
	}
	return first + l.cfg.first, int(size)
}

// stop ends the clients after their present batch and returns what each phase
// recorded. Error replies are an error: figures for refused commands say nothing.
func (l *load) stop() ([]phaseResult, error) {
	l.stopped.Store(true)
	<-l.finished
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	out := make([]phaseResult, l.phases)
	var refused, all uint64
	for _, lp := range l.loops {
		for i := range out {
			out[i].latency.merge(&lp.results[i].latency)
			out[i].errors += lp.results[i].errors
		}
	}
	for i := range out {
		refused += out[i].errors
		all += out[i].latency.n
	}
	if refused > 0 {
		return nil, fmt.Errorf("%d of %d replies are errors, the first: %s", refused, all, strings.TrimSpace(*l.firstError.Load()))
	}
	return out, nil
}

// fillKeys sends n requests, each once, as fast as the server takes them.
func fillKeys(addr loopback, r request, n, first uint64) error {
	if n == 0 {
		return nil
	}
	l, err := startLoad(loadConfig{addr: addr, clients: 8, pipeline: 64, request: r, limit: n, first: first, space: max(n, 1), seed: 1})
	if err != nil {
		return err
	}
	<-l.done()
	_, err = l.stop()
	return err
}
