//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var memorySuite = &suite{
	name:    "memory",
	summary: "memory by key and by element, above an empty server",
	metrics: []metric{
		{name: "RSS each", unit: bytesUnit, ratio: true},
		{name: "used_memory each", unit: bytesUnit},
		{name: "RSS", unit: bytesUnit},
		{name: "fill", unit: seconds, ratio: true},
	},
	rounds: 3,
	register: func(fs *flag.FlagSet) func(context.Context, *bench) error {
		var m memoryBench
		fs.Var(&m.keys, "n", "keys (default 10M; with -short 1M)")
		fs.Var(&m.elements, "elements", "elements of a collection, and number of small hashes (default 1M; with -short 200k)")
		fs.StringVar(&m.only, "only", "", "holdings to weigh, by the beginnings of their names, such as list,stream (default all)")
		return m.run
	},
}

type memoryBench struct {
	keys, elements quantity
	only           string
}

// holding is data to be weighed: n times a request.
type holding struct {
	name    string
	request request
	n       uint64
}

func (m *memoryBench) holdings(now time.Time) []holding {
	v16, v64 := strings.Repeat("x", 16), strings.Repeat("x", 64)
	keys, elements := uint64(m.keys), uint64(m.elements)
	k, e := short(keys)+" keys ", short(elements)
	return []holding{
		{k + "16+16", words("SET key:{s} " + v16), keys},
		{k + "16+64", words("SET key:{s} " + v64), keys},
		{k + "16+16 TTL", deadlines("SET key:{s} "+v16, now), keys},
		{k + "16+64 TTL", deadlines("SET key:{s} "+v64, now), keys},
		{e + " small hashes", words("HSET hash:{s} name alice city paris age 42 role admin mail a@b.example"), elements},
		{"list of " + e, words("RPUSH mylist " + v16), elements},
		{"set of " + e, words("SADD myset element:{s}"), elements},
		{"hash of " + e, words("HSET myhash field:{s} " + v16), elements},
		{"sorted set of " + e, words("ZADD myzset {r} element:{s}"), elements},
		{"stream of " + e, words("XADD mystream * sensor " + v16 + " reading " + v16), elements},
	}
}

// deadlines gives a SET a random deadline, an hour and more away. Servers refuse
// leading zeros in it, so that its first digit stands in the text.
func deadlines(set string, now time.Time) request {
	ms := strconv.FormatInt(now.Add(time.Hour).UnixMilli(), 10)
	cut := len(ms) - fieldWidth
	r := words(set + " PXAT " + ms[:cut] + "{t}")
	r.base, _ = strconv.ParseUint(ms[cut:], 10, 64) // digits, by construction
	return r
}

func (m *memoryBench) run(ctx context.Context, b *bench) error {
	keys, elements := quantity(10_000_000), quantity(1_000_000)
	if b.short {
		keys, elements = 1_000_000, 200_000
	}
	m.keys, m.elements = or(m.keys, keys), or(m.elements, elements)
	for _, h := range m.holdings(time.Now()) {
		if !m.wants(h.name) {
			continue
		}
		err := b.paired(ctx, h.name, func(i int) (measured, error) { return weigh(ctx, b, b.sides[i], h) })
		if err != nil {
			return err
		}
	}
	return nil
}

// wants reports whether -only names it.
func (m *memoryBench) wants(name string) bool {
	for prefix := range strings.SplitSeq(m.only, ",") {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// weigh fills an empty server and compares its memory.
func weigh(ctx context.Context, b *bench, side side, h holding) (out measured, err error) {
	s, err := b.start(ctx, side)
	if err != nil {
		return out, err
	}
	defer func() {
		if e := b.stop(s); err == nil {
			err = e
		}
	}()
	emptyRSS, err := s.resident(ctx)
	if err != nil {
		return out, err
	}
	emptyUsed, usedErr := s.usedMemory()
	w, err := b.open(s)
	if err != nil {
		return out, err
	}
	if err := fillKeys(s.addr, h.request, h.n, 0); err != nil {
		return out, err
	}
	u, err := w.close()
	if err != nil {
		return out, err
	}
	rss, err := s.resident(ctx)
	if err != nil {
		return out, fmt.Errorf("memory: %w", err)
	}
	out.foreign = u.foreign
	out.values = values{"RSS": rss, "RSS each": (rss - emptyRSS) / float64(h.n), "fill": u.elapsed.Seconds()}
	if used, err := s.usedMemory(); err == nil && usedErr == nil {
		out.values["used_memory each"] = (used - emptyUsed) / float64(h.n)
	}
	return out, nil
}
