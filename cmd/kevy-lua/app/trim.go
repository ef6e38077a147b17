package app

import (
	"context"
	"runtime/metrics"
	"time"
)

// The Go runtime keeps half as much again as there is alive (memory.gogc), for the objects that are
// about to come. When none come any more, the server gives that back, so that a store at rest takes
// what its data takes. Under load nothing is given back: it would be fetched again at once.

const (
	trimEvery = time.Second
	trimLeast = 8 << 20 // bytes that are worth a collection
	// Quiet is a second that makes no more than this part of what was made since the last time.
	trimQuiet = 64
)

// heap is what the runtime says of its memory, in bytes.
type heap struct {
	mapped  uint64 // from the system and not given back
	idle    uint64 // of that, without objects
	allocs  uint64 // ever allocated
	collect uint64 // collections so far
}

var heapFigures = []string{
	"/memory/classes/total:bytes", "/memory/classes/heap/released:bytes", "/memory/classes/heap/free:bytes",
	"/gc/heap/allocs:bytes", "/gc/cycles/total:gc-cycles",
}

func readHeap() heap {
	s := make([]metrics.Sample, len(heapFigures))
	for i := range s {
		s[i].Name = heapFigures[i]
	}
	metrics.Read(s)
	v := func(i int) uint64 { return s[i].Value.Uint64() }
	return heap{mapped: v(0) - v(1), idle: v(2), allocs: v(3), collect: v(4)}
}

// trimmer decides when memory is given back.
type trimmer struct {
	last heap // a second ago
	trim heap // when memory was last given back
}

// due reports whether memory should be given back now. It is called once a second.
func (t *trimmer) due(h heap) bool {
	recent, since := h.allocs-t.last.allocs, h.allocs-t.trim.allocs
	t.last = h
	if recent > since/trimQuiet && recent > trimLeast/trimQuiet {
		return false
	}
	grown := since >= max(trimLeast, h.mapped/8)
	dropped := h.collect > t.trim.collect && h.idle >= max(trimLeast, h.mapped/4)
	return grown || dropped
}

// trimMemory gives memory back until ctx ends.
func trimMemory(ctx context.Context, read func() heap, giveBack func()) {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	begin := read()
	t := trimmer{last: begin, trim: begin}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if t.due(read()) {
			giveBack()
			t.last = read()
			t.trim = t.last
		}
	}
}
