//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// loadMetrics are the figures of every suite that drives a closed load.
var loadMetrics = []metric{
	{name: "ops", unit: perSecond, higher: true, ratio: true},
	{name: "cpu", unit: seconds, ratio: true},
	{name: "p50", unit: seconds},
	{name: "p99", unit: seconds, ratio: true},
	{name: "p99.9", unit: seconds},
	{name: "longest", unit: seconds},
}

var throughputSuite = &suite{
	name:    "throughput",
	summary: "requests per second, server CPU per request and latencies, by command and pipeline depth",
	metrics: loadMetrics,
	rounds:  5,
	register: func(fs *flag.FlagSet) func(context.Context, *bench) error {
		var t throughput
		fs.IntVar(&t.clients, "c", 50, "clients")
		fs.StringVar(&t.pipelines, "P", "", "pipeline depths (default 1,16,100; with -short 1,16)")
		fs.StringVar(&t.keys, "keys", "", "key spaces (default 300000,5000000; with -short 300000)")
		fs.StringVar(&t.commands, "commands", "", "commands (default all: "+strings.Join(commandNames(), ",")+"; with -short "+strings.Join(shortCommands, ",")+")")
		fs.DurationVar(&t.length, "time", 0, "measured time of a round (default 2s; with -short 700ms)")
		return t.run
	},
}

type throughput struct {
	clients                   int
	pipelines, keys, commands string
	length                    time.Duration
	warm                      time.Duration
}

// workload is a command to measure, and what it works on.
type workload struct {
	name string
	text string
	// preload fills keys once for a key space, one request for each key.
	preload string
	// key is removed before every round and filled with elements of the form
	// pool: fixed ones, or enough for a round if each request drains one.
	key    string
	pool   string
	drains bool
	fixed  uint64
}

// poolGroup is how many elements one request puts into a pool.
const poolGroup = 50

// Keys and values have 16 bytes, as redis-benchmark -d 16 -r makes them.
const payload = "xxxxxxxxxxxxxxxx"

// workloads are redis-benchmark's default tests, in an order in which they
// disturb one another least.
var workloads = []workload{
	{name: "PING", text: "PING"},
	{name: "SET", text: "SET key:{r} " + payload, preload: "SET key:{s} " + payload},
	{name: "GET", text: "GET key:{r}", preload: "SET key:{s} " + payload},
	{name: "MSET", text: "MSET" + strings.Repeat(" key:{r} "+payload, 10), preload: "SET key:{s} " + payload},
	{name: "INCR", text: "INCR counter:{r}", preload: "SET counter:{s} 1"},
	{name: "LPUSH", text: "LPUSH mylist " + payload, key: "mylist"},
	{name: "RPUSH", text: "RPUSH mylist " + payload, key: "mylist"},
	{name: "LPOP", text: "LPOP mylist", key: "mylist", pool: payload, drains: true},
	{name: "RPOP", text: "RPOP mylist", key: "mylist", pool: payload, drains: true},
	{name: "LRANGE_100", text: "LRANGE mylist 0 99", key: "mylist", pool: payload, fixed: 1000},
	{name: "LRANGE_300", text: "LRANGE mylist 0 299", key: "mylist", pool: payload, fixed: 1000},
	{name: "LRANGE_500", text: "LRANGE mylist 0 499", key: "mylist", pool: payload, fixed: 1000},
	{name: "LRANGE_600", text: "LRANGE mylist 0 599", key: "mylist", pool: payload, fixed: 1000},
	{name: "SADD", text: "SADD myset element:{r}"},
	{name: "SPOP", text: "SPOP myset", key: "myset", pool: "element:{s}", drains: true},
	{name: "HSET", text: "HSET myhash element:{r} " + payload},
	{name: "ZADD", text: "ZADD myzset {r} element:{r}"},
	{name: "ZPOPMIN", text: "ZPOPMIN myzset", key: "myzset", pool: "{s} element:{s}", drains: true},
}

var shortCommands = []string{"SET", "GET", "INCR", "LPUSH", "SADD", "HSET", "ZADD"}

// poolCommands fill the pools.
var poolCommands = map[string]string{"mylist": "RPUSH", "myset": "SADD", "myzset": "ZADD"}

func commandNames() (names []string) {
	for _, w := range workloads {
		names = append(names, w.name)
	}
	return names
}

func (t *throughput) run(ctx context.Context, b *bench) error {
	t.warm = 300 * time.Millisecond
	full, commands := throughput{pipelines: "1,16,100", keys: "300000,5000000", length: 2 * time.Second}, commandNames()
	if b.short {
		full, commands = throughput{pipelines: "1,16", keys: "300000", length: 700 * time.Millisecond}, shortCommands
		t.warm = 150 * time.Millisecond
	}
	pipelines, err1 := numbers("-P", or(t.pipelines, full.pipelines))
	spaces, err2 := numbers("-keys", or(t.keys, full.keys))
	chosen, err3 := t.choose(commands)
	t.length = or(t.length, full.length)
	if err := errors.Join(err1, err2, err3, positive("-c", t.clients), positive("-time", t.length)); err != nil {
		return err
	}
	for _, space := range spaces {
		pair, err := b.both(ctx)
		if err != nil {
			return err
		}
		preloaded := map[string]bool{}
		for _, w := range chosen {
			if err := preload(pair, w, space, preloaded); err != nil {
				return err
			}
			for _, p := range pipelines {
				name := fmt.Sprintf("%s keys -P %d %s", short(space), p, w.name)
				err := b.paired(ctx, name, func(i int) (measured, error) {
					return t.measure(ctx, b, pair[i], w, space, int(p))
				})
				if err != nil {
					return err
				}
			}
			if w.text != "PING" && w.preload == "" {
				for _, s := range pair {
					if _, err := s.do("UNLINK", "mylist", "myset", "myhash", "myzset"); err != nil {
						return fmt.Errorf("%s: %w", s.side.name, err)
					}
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

// choose looks up the commands of -commands, in the order of the table.
func (t *throughput) choose(standard []string) (out []workload, err error) {
	names := standard
	if t.commands != "" {
		names = strings.Split(strings.ToUpper(t.commands), ",")
	}
	for _, n := range names {
		if !slices.Contains(commandNames(), n) {
			return nil, fmt.Errorf("-commands: no %q; there are %s", n, strings.Join(commandNames(), ","))
		}
	}
	for _, w := range workloads {
		if slices.Contains(names, w.name) {
			out = append(out, w)
		}
	}
	return out, nil
}

// preload fills both servers with the keys that a workload expects.
func preload(pair [2]*server, w workload, space uint64, done map[string]bool) error {
	if w.preload == "" || done[w.preload] {
		return nil
	}
	done[w.preload] = true
	for _, s := range pair {
		if err := fillKeys(s.addr, words(w.preload), space, 0); err != nil {
			return fmt.Errorf("fill %s: %w", s.side.name, err)
		}
	}
	return nil
}

// measure does one server's half of a round.
func (t *throughput) measure(ctx context.Context, b *bench, s *server, w workload, space uint64, pipeline int) (measured, error) {
	limit, err := t.refill(s, w, pipeline)
	if err != nil {
		return measured{}, err
	}
	return b.drive(ctx, s, loadConfig{clients: t.clients, pipeline: pipeline, request: words(w.text), space: space, limit: limit}, t.warm, t.length)
}

// refill prepares a workload's pool. A command that uses it up gets a limit so
// that it never meets an empty one: the pool is enough for the usual rates, and
// faster servers end their round earlier.
func (t *throughput) refill(s *server, w workload, pipeline int) (limit uint64, err error) {
	if w.key == "" {
		return 0, nil
	}
	if _, err := s.do("UNLINK", w.key); err != nil {
		return 0, err
	}
	if w.pool == "" {
		return 0, nil
	}
	size := w.fixed
	if w.drains {
		rate := 200_000.0
		if pipeline > 1 {
			rate = 1_500_000
		}
		size = min(uint64(rate*(t.warm+t.length).Seconds()), 3_000_000)
		limit = size / poolGroup * poolGroup
	}
	fill := newRequest(append([]string{poolCommands[w.key], w.key}, strings.Fields(strings.Repeat(w.pool+" ", poolGroup))...)...)
	return limit, fillKeys(s.addr, fill, size/poolGroup, 0)
}
