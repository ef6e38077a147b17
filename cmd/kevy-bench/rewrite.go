//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var rewriteSuite = &suite{
	name:    "rewrite",
	summary: "what clients notice of BGREWRITEAOF, its memory and its duration",
	metrics: []metric{
		{name: "before ops", unit: perSecond, higher: true},
		{name: "rewrite ops", unit: perSecond, higher: true, ratio: true},
		{name: "before p99", unit: seconds},
		{name: "rewrite p50", unit: seconds},
		{name: "rewrite p99", unit: seconds, ratio: true},
		{name: "rewrite p99.9", unit: seconds},
		{name: "before longest", unit: seconds},
		{name: "rewrite longest", unit: seconds, ratio: true},
		{name: "duration", unit: seconds},
		{name: "cpu", unit: seconds},
		{name: "extra memory", unit: bytesUnit, ratio: true},
	},
	rounds: 5,
	register: func(fs *flag.FlagSet) func(context.Context, *bench) error {
		var r rewriteBench
		fs.Var(&r.keys, "n", "keys of 64 bytes (default 5M; with -short 500k)")
		fs.IntVar(&r.clients, "c", 50, "clients")
		fs.StringVar(&r.pipelines, "P", "1,16", "pipeline depths")
		fs.DurationVar(&r.before, "time", 0, "measured time before the rewrite (default 4s; with -short 1s)")
		return r.run
	},
}

type rewriteBench struct {
	keys      quantity
	clients   int
	pipelines string
	before    time.Duration
}

// Phases of a rewrite's load.
const (
	phaseBefore = 1 + iota
	phaseDuring
	phaseAfter
)

// rewritePatience bounds one rewrite.
const rewritePatience = 10 * time.Minute

func (r *rewriteBench) run(ctx context.Context, b *bench) error {
	keys, before := quantity(5_000_000), 4*time.Second
	if b.short {
		keys, before = 500_000, time.Second
	}
	r.keys, r.before = or(r.keys, keys), or(r.before, before)
	pipelines, err := numbers("-P", r.pipelines)
	if err := errors.Join(err, positive("-c", r.clients), positive("-time", r.before)); err != nil {
		return err
	}
	pair, err := b.both(ctx, setting{"appendonly", "yes"}, setting{"appendfsync", "everysec"})
	if err != nil {
		return err
	}
	for _, s := range pair {
		if err := fillKeys(s.addr, words(strings.Replace(set64, "{r}", "{s}", 1)), uint64(r.keys), 0); err != nil {
			return fmt.Errorf("fill %s: %w", s.side.name, err)
		}
	}
	for _, p := range pipelines {
		err := b.paired(ctx, fmt.Sprintf("%s keys -P %d SET", short(uint64(r.keys)), p), func(i int) (measured, error) {
			return r.measure(ctx, b, pair[i], int(p))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// measure runs a load and a rewrite in its middle.
func (r *rewriteBench) measure(ctx context.Context, b *bench, s *server, pipeline int) (measured, error) {
	b.seed++
	l, err := startLoad(loadConfig{addr: s.addr, clients: r.clients, pipeline: pipeline, threads: b.clientThreads,
		request: words(set64), space: uint64(r.keys), seed: b.seed, phases: phaseAfter, stallPhase: phaseDuring})
	if err != nil {
		return measured{}, err
	}
	m, before, during, err := r.phases(ctx, b, s, l)
	phases, stopErr := l.stop()
	if stopErr != nil {
		return measured{}, stopErr
	}
	if err != nil {
		return measured{}, err
	}
	m.values["before ops"] = float64(phases[phaseBefore].latency.n) / before.Seconds()
	m.values["rewrite ops"] = float64(phases[phaseDuring].latency.n) / during.Seconds()
	m.values["duration"] = during.Seconds()
	m.values.latencies("before ", &phases[phaseBefore].latency)
	m.values.latencies("rewrite ", &phases[phaseDuring].latency)
	return m, nil
}

// phases leads a running load through a rewrite.
func (r *rewriteBench) phases(ctx context.Context, b *bench, s *server, l *load) (m measured, before, during time.Duration, err error) {
	if err := waitLoad(ctx, l, 500*time.Millisecond); err != nil {
		return m, 0, 0, err
	}
	began := l.now()
	l.enter(phaseBefore)
	if err := waitLoad(ctx, l, r.before); err != nil {
		return m, 0, 0, err
	}
	started, err := rewriteCount(s)
	if err != nil {
		return m, 0, 0, err
	}
	rss, err := residentBytes(s.pid)
	if err != nil {
		return m, 0, 0, err
	}
	w, err := b.open(s)
	if err != nil {
		return m, 0, 0, err
	}
	asked := l.now()
	l.enter(phaseDuring)
	if _, err := s.do("BGREWRITEAOF"); err != nil {
		return m, 0, 0, err
	}
	extra, err := r.watch(ctx, s, l, rss, started)
	if err != nil {
		return m, 0, 0, err
	}
	ended := l.now()
	l.enter(phaseAfter)
	u, err := w.close()
	if err != nil {
		return m, 0, 0, err
	}
	// Files are removed after the end of a rewrite: that can stall, too, but is
	// not part of its duration.
	m = measured{values: values{"extra memory": extra, "cpu": u.server.Seconds()}, foreign: u.foreign}
	return m, asked - began, ended - asked, waitLoad(ctx, l, 200*time.Millisecond)
}

// rewriteCount returns how many rewrites the server has begun, or -1 if it does
// not say.
func rewriteCount(s *server) (int, error) {
	f, err := s.info("persistence")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(f["aof_rewrites"])
	if err != nil {
		return -1, nil
	}
	return n, nil
}

// watch waits for the end of the rewrite and returns the most memory that it
// took: what the server grew by, and what its child holds for itself alone, which
// is what copy-on-write duplicated.
func (r *rewriteBench) watch(ctx context.Context, s *server, l *load, rss float64, started int) (extra float64, err error) {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-l.done():
			return 0, errors.New("the load ended during the rewrite")
		case <-poll.C:
		}
		if turn%5 == 0 {
			now, err := residentBytes(s.pid)
			if err != nil {
				return 0, err
			}
			for pid := range children(s.pid) {
				if private, err := privateBytes(pid); err == nil { // it may just have ended
					now += private
				}
			}
			extra = max(extra, now-rss)
		}
		f, err := s.info("persistence")
		if err != nil {
			return 0, err
		}
		begun := f["aof_rewrites"] == "" || started < 0 || f["aof_rewrites"] != strconv.Itoa(started)
		if begun && f["aof_rewrite_in_progress"] == "0" && f["aof_rewrite_scheduled"] != "1" {
			if status := f["aof_last_bgrewrite_status"]; status != "ok" {
				return 0, fmt.Errorf("the rewrite's status is %q", status)
			}
			return extra, nil
		}
		if time.Duration(turn)*20*time.Millisecond > rewritePatience {
			return 0, fmt.Errorf("the rewrite did not end within %s", rewritePatience)
		}
	}
}
