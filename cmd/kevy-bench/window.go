//go:build linux

package main

import (
	"fmt"
	"time"
)

// A window measures CPU time between two moments: the server's, ours, and what
// else the machine did, which is the rest. Times come in ticks of 10 ms, so that a
// window of a second says foreign CPU to about 0.02 cores.
type window struct {
	bench   *bench
	target  *server
	began   time.Time
	machine time.Duration
	own     time.Duration // this process and every running server
	server  time.Duration
}

// spent is what a window measured.
type spent struct {
	elapsed time.Duration
	server  time.Duration // CPU time of the server and its children
	foreign float64       // cores
}

func (b *bench) open(target *server) (*window, error) {
	w := &window{bench: b, target: target}
	err := w.read()
	return w, err
}

// read takes the figures of now.
func (w *window) read() (err error) {
	if w.machine, err = machineCPU(); err != nil {
		return err
	}
	w.began = time.Now()
	w.own = selfCPU()
	for _, s := range w.bench.running {
		cpu, err := treeCPU(s.pid)
		if err != nil {
			return fmt.Errorf("CPU time of %s: %w", s.side.name, err)
		}
		w.own += cpu
		if s == w.target {
			w.server = cpu
		}
	}
	return nil
}

// close returns what happened since open. The same servers must be running.
func (w *window) close() (spent, error) {
	end := &window{bench: w.bench, target: w.target}
	if err := end.read(); err != nil {
		return spent{}, err
	}
	u := spent{elapsed: end.began.Sub(w.began), server: end.server - w.server}
	foreign := (end.machine - w.machine) - (end.own - w.own)
	u.foreign = max(0, foreign.Seconds()/u.elapsed.Seconds())
	return u, nil
}
