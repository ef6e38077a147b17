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

var evalSuite = &suite{
	name:    "eval",
	summary: "ordinary scripts by EVALSHA",
	metrics: loadMetrics,
	rounds:  5,
	register: func(fs *flag.FlagSet) func(context.Context, *bench) error {
		e := evalBench{keys: 100_000}
		fs.IntVar(&e.clients, "c", 50, "clients")
		fs.IntVar(&e.pipeline, "P", 16, "pipeline depth")
		fs.Var(&e.keys, "keys", "key space")
		fs.DurationVar(&e.length, "time", 0, "measured time of a round (default 2s; with -short 1s)")
		fs.StringVar(&e.only, "scripts", "", "names of the scripts to run, separated by commas (default all)")
		return e.run
	},
}

type evalBench struct {
	clients, pipeline int
	keys              quantity
	length            time.Duration
	only              string
}

// script is an ordinary use of EVALSHA: call is what follows the SHA1, preload
// fills the keys that it reads.
type script struct {
	name, source, call, preload string
}

var scripts = []script{
	{name: "return 1", source: `return 1`, call: "0"},
	{name: "get", source: `return redis.call('GET', KEYS[1])`, call: "1 key:{r}", preload: "SET key:{s} " + payload},
	{name: "incrby", source: `return redis.call('INCRBY', KEYS[1], ARGV[1])`, call: "1 counter:{r} 3"},
	{name: "limiter", call: "1 limit:{r} 100 60", source: `
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
if n > tonumber(ARGV[1]) then return 0 end
return 1`},
	// The sequence number is the time: each member is new, the window is 1000 wide.
	{name: "sliding window", call: "1 window:{r} {s} 1000 100", source: `
local now = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - tonumber(ARGV[2]))
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[3]) - 1)
return redis.call('ZCARD', KEYS[1])`},
	{name: "100 x incr", source: `for i = 1, 100 do redis.call('INCR', KEYS[1]) end`, call: "1 counter:{r}"},
	{name: "hash update", call: "1 hash:{r} count 1", source: `
local v = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
redis.call('HSET', KEYS[1], ARGV[1], v + tonumber(ARGV[2]), 'last', v)
return v`},
	{name: "list move", call: "2 queue:{r} work:{r} job", source: `
local job = redis.call('RPOP', KEYS[1])
if not job then
  redis.call('LPUSH', KEYS[1], ARGV[1])
  return false
end
redis.call('LPUSH', KEYS[2], job)
redis.call('LTRIM', KEYS[2], 0, 9)
return job`},
	{name: "cjson encode", source: `return cjson.encode({id = ARGV[1], name = KEYS[1], tags = {'a', 'b', 'c'}, n = 42.5, ok = true})`, call: "1 key:{r} {r}"},
	{name: "set if equal", call: "1 lock:{r} a b", source: `
local v = redis.call('GET', KEYS[1])
if not v or v == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  return 1
end
redis.call('SET', KEYS[1], ARGV[1])
return 0`},
}

func (e *evalBench) run(ctx context.Context, b *bench) error {
	length, warm := 2*time.Second, 300*time.Millisecond
	if b.short {
		length, warm = time.Second, 200*time.Millisecond
	}
	length = or(e.length, length)
	if err := errors.Join(positive("-c", e.clients), positive("-P", e.pipeline), positive("-time", length)); err != nil {
		return err
	}
	chosen, err := e.choose()
	if err != nil {
		return err
	}
	pair, err := b.both(ctx)
	if err != nil {
		return err
	}
	for _, sc := range chosen {
		err := b.paired(ctx, fmt.Sprintf("-P %d %s", e.pipeline, sc.name), func(i int) (measured, error) {
			s := pair[i]
			if _, err := s.do("FLUSHALL"); err != nil {
				return measured{}, err
			}
			if sc.preload != "" {
				if err := fillKeys(s.addr, words(sc.preload), uint64(e.keys), 0); err != nil {
					return measured{}, err
				}
			}
			v, err := s.do("SCRIPT", "LOAD", sc.source)
			if err != nil {
				return measured{}, err
			}
			call := words(fmt.Sprintf("EVALSHA %v %s", v, sc.call))
			return b.drive(ctx, s, loadConfig{clients: e.clients, pipeline: e.pipeline, request: call, space: uint64(e.keys)}, warm, length)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// choose looks up the names of -scripts.
func (e *evalBench) choose() ([]script, error) {
	if e.only == "" {
		return scripts, nil
	}
	var out []script
	for name := range strings.SplitSeq(e.only, ",") {
		i := slices.IndexFunc(scripts, func(s script) bool { return s.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("-scripts: no %q", name)
		}
		out = append(out, scripts[i])
	}
	return out, nil
}
