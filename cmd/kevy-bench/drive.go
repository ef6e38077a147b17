//go:build linux

package main

import (
	"context"
	"time"
)

// drive puts a load on a server, lets it warm up and measures it for a time, or
// until its limit is reached.
func (b *bench) drive(ctx context.Context, srv *server, cfg loadConfig, warm, length time.Duration) (measured, error) {
	cfg.addr, cfg.phases, cfg.threads = srv.addr, 2, b.clientThreads
	b.seed++
	cfg.seed = b.seed
	l, err := startLoad(cfg)
	if err != nil {
		return measured{}, err
	}
	v, u, err := b.observe(ctx, srv, l, warm, length)
	phases, stopErr := l.stop()
	if stopErr != nil {
		return measured{}, stopErr
	}
	if err != nil {
		return measured{}, err
	}
	h := &phases[1].latency
	v["ops"] = float64(h.n) / u.elapsed.Seconds()
	if h.n > 0 {
		v["cpu"] = u.server.Seconds() / float64(h.n)
	}
	v.latencies("", h)
	return measured{values: v, foreign: u.foreign}, nil
}

// observe times phase 1 of a running load.
func (b *bench) observe(ctx context.Context, srv *server, l *load, warm, length time.Duration) (values, spent, error) {
	if err := waitLoad(ctx, l, warm); err != nil {
		return nil, spent{}, err
	}
	w, err := b.open(srv)
	if err != nil {
		return nil, spent{}, err
	}
	l.enter(1)
	if err := waitLoad(ctx, l, length); err != nil {
		return nil, spent{}, err
	}
	l.enter(2)
	u, err := w.close()
	return values{}, u, err
}

// waitLoad waits for a time or for the end of the load.
func waitLoad(ctx context.Context, l *load, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.done():
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
