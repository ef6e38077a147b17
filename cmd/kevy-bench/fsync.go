//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"
)

var fsyncSuite = &suite{
	name:    "fsync",
	summary: "SET with the log on, by appendfsync and number of clients",
	metrics: loadMetrics,
	rounds:  5,
	register: func(fs *flag.FlagSet) func(context.Context, *bench) error {
		f := fsyncBench{keys: 300_000}
		fs.StringVar(&f.modes, "appendfsync", "everysec,always", "modes")
		fs.StringVar(&f.clients, "c", "50,200", "numbers of clients")
		fs.StringVar(&f.pipelines, "P", "1,16", "pipeline depths")
		fs.Var(&f.keys, "keys", "key space")
		fs.DurationVar(&f.length, "time", 0, "measured time of a round (default 4s; with -short 1.5s)")
		return f.run
	},
}

type fsyncBench struct {
	modes, clients, pipelines string
	keys                      quantity
	length                    time.Duration
}

// set64 writes values of 64 bytes.
var set64 = "SET key:{r} " + strings.Repeat("x", 64)

func (f *fsyncBench) run(ctx context.Context, b *bench) error {
	length := 4 * time.Second
	if b.short {
		length = 1500 * time.Millisecond
	}
	length = or(f.length, length)
	clients, err1 := numbers("-c", f.clients)
	pipelines, err2 := numbers("-P", f.pipelines)
	if err := errors.Join(err1, err2, positive("-time", length)); err != nil {
		return err
	}
	for mode := range strings.SplitSeq(f.modes, ",") {
		pair, err := b.both(ctx, setting{"appendonly", "yes"}, setting{"appendfsync", mode})
		if err != nil {
			return err
		}
		for _, c := range clients {
			for _, p := range pipelines {
				err := b.paired(ctx, fmt.Sprintf("%s -c %d -P %d SET", mode, c, p), func(i int) (measured, error) {
					cfg := loadConfig{clients: int(c), pipeline: int(p), request: words(set64), space: uint64(f.keys)}
					return b.drive(ctx, pair[i], cfg, 300*time.Millisecond, length)
				})
				if err != nil {
					return err
				}
			}
		}
		for _, s := range pair {
			if err := b.stop(s); err != nil {
				return err
			}
		}
	}
	return nil
}
