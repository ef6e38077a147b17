//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var loadSuite = &suite{
	name:    "load",
	summary: "time from the start of a server to its first answer, with the same log to load",
	metrics: []metric{
		{name: "time", unit: seconds, ratio: true},
		{name: "keys/s", unit: perSecond, higher: true},
		{name: "bytes/s", unit: bytesUnit, higher: true},
		{name: "cpu", unit: seconds, ratio: true},
		{name: "RSS", unit: bytesUnit, ratio: true},
	},
	rounds: 5,
	register: func(fs *flag.FlagSet) func(context.Context, *bench) error {
		var l loadBench
		fs.Var(&l.keys, "n", "keys in the log (default 5M; with -short 500k)")
		return l.run
	},
}

type loadBench struct{ keys quantity }

// logged is a log to load: each key is written by one of the commands in turn.
type logged struct {
	name     string
	commands []string
}

// loadPatience bounds the loading of a log.
const loadPatience = 15 * time.Minute

func (lb *loadBench) run(ctx context.Context, b *bench) error {
	n := quantity(5_000_000)
	if b.short {
		n = 500_000
	}
	lb.keys = or(lb.keys, n)
	v64 := strings.Repeat("x", 64)
	deadline := " PXAT 4102444800000" // the year 2100
	logs := []logged{
		{"SET of 64 bytes", []string{"SET key:{s} " + v64}},
		{"mixed types", []string{
			"SET key:{s} " + v64,
			"SET session:{s} " + v64 + deadline,
			"HSET hash:{s} name alice city paris age 42 role admin mail a@b.example",
			"RPUSH list:{s} " + strings.Repeat(payload+" ", 5),
			"SADD set:{s} red green blue yellow",
			"ZADD zset:{s} 1 one 2 two 3 three 4 four",
		}},
	}
	for i, g := range logs {
		master := filepath.Join(b.scratch, fmt.Sprintf("log-%d", i))
		size, err := g.write(master, uint64(lb.keys))
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s keys, %s", short(uint64(lb.keys)), g.name)
		err = b.paired(ctx, name, func(i int) (measured, error) { return lb.measure(ctx, b, b.sides[i], master, size) })
		if err := errors.Join(err, os.Remove(master)); err != nil {
			return err
		}
	}
	return nil
}

// write makes the log's base file: plain RESP, one command a key.
func (g logged) write(name string, keys uint64) (size int64, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, fmt.Errorf("make a log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriterSize(f, 1<<20)
	var requests []request
	for _, c := range g.commands {
		requests = append(requests, words(c))
	}
	rng := rand.NewPCG(1, 1)
	for i := range keys {
		r := &requests[i%uint64(len(requests))]
		r.fill(r.encoded, 1, rng, keys, i)
		n, err := out.Write(r.encoded)
		if err != nil {
			return 0, fmt.Errorf("make a log: %w", err)
		}
		size += int64(n)
	}
	if err := out.Flush(); err != nil {
		return 0, fmt.Errorf("make a log: %w", err)
	}
	return size, nil
}

// install copies the log into a server's directory, in the form of Redis 7: a
// manifest, a base, an empty increment.
func install(master, dir string) error {
	dir = filepath.Join(dir, "appendonlydir")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	in, err := os.Open(master)
	if err != nil {
		return err
	}
	defer in.Close()
	base, err := os.Create(filepath.Join(dir, "appendonly.aof.1.base.aof"))
	if err != nil {
		return err
	}
	_, err = io.Copy(base, in)
	if err := errors.Join(err, base.Sync(), base.Close()); err != nil { // written back before anything is measured
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "appendonly.aof.1.incr.aof"), nil, 0o644); err != nil {
		return err
	}
	manifest := "file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
	return os.WriteFile(filepath.Join(dir, "appendonly.aof.manifest"), []byte(manifest), 0o644)
}

func (lb *loadBench) measure(ctx context.Context, b *bench, side side, master string, size int64) (out measured, err error) {
	dir, err := b.freshDir(side)
	if err != nil {
		return out, err
	}
	if err := install(master, dir); err != nil {
		return out, fmt.Errorf("install the log: %w", err)
	}
	w, err := b.open(nil)
	if err != nil {
		return out, err
	}
	s, err := b.startIn(ctx, side, dir, loadPatience, setting{"appendonly", "yes"})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, b.stop(s)) }()
	w.target = s
	u, err := w.close()
	if err != nil {
		return out, err
	}
	n, err := s.number("DBSIZE")
	if err != nil {
		return out, err
	}
	if n != int64(lb.keys) {
		return out, fmt.Errorf("%d keys were loaded, not %d", n, uint64(lb.keys))
	}
	rss, err := s.resident(ctx)
	if err != nil {
		return out, err
	}
	t := s.ready.Seconds()
	return measured{foreign: u.foreign, values: values{"time": t, "keys/s": float64(n) / t, "bytes/s": float64(size) / t,
		"cpu": u.server.Seconds(), "RSS": rss}}, nil
}
