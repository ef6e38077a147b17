package server

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// haveLoops says whether this system has event loops.
const haveLoops = true

// loops is the front with event loops.
type loops struct {
	srv       *Server
	all       []*loop
	next      int // the loop that gets the next connection; of the first loop's goroutine
	wg        sync.WaitGroup
	abandoned atomic.Int64 // clients whose command outlived the loop

	mu      sync.Mutex // guards what follows
	started bool
	doors   map[*listener]*door
}

// newLoops makes n loops; 0 chooses by the machine.
func newLoops(s *Server, n int) (front, error) {
	if n <= 0 {
		n = 1
		if p := runtime.GOMAXPROCS(0); p > 4 {
			n = min(p/2, 16)
		}
	}
	f := &loops{srv: s, doors: map[*listener]*door{}}
	for range n {
		l, err := newLoop(f)
		if err != nil {
			for _, l := range f.all {
				l.release()
			}
			return nil, err
		}
		l.brief = runtime.GOMAXPROCS(0) > n // others have a processor meanwhile
		f.all = append(f.all, l)
	}
	return f, nil
}

func (f *loops) start() error {
	f.mu.Lock()
	f.started = true
	f.mu.Unlock()
	for _, l := range f.all {
		l.now = f.srv.now()
		f.wg.Add(1)
		go l.run()
	}
	return nil
}

func (f *loops) tick(now time.Time) {
	for _, l := range f.all {
		if !l.ticked.CompareAndSwap(false, true) {
			continue // the loop is in a long command
		}
		l.post(letter{call: func() {
			l.ticked.Store(false)
			l.tick(now)
		}})
	}
}

func (f *loops) stop(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		f.wg.Wait()
		for _, l := range f.all {
			l.release()
		}
		close(done)
	}()
	for _, l := range f.all {
		l.post(letter{call: func() { l.close(false) }})
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, l := range f.all {
		l.post(letter{call: func() { l.close(true) }})
	}
	select {
	case <-done:
		return nil
	case <-time.After(forceGrace):
		return stillRunning(int(max(f.abandoned.Load(), 1)))
	}
}
