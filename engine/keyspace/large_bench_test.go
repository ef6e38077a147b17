package keyspace

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
)

var largeElements = flag.Int("large.elements", 5_000_000, "elements of the values of BenchmarkLarge")

// BenchmarkLarge takes one value of each type through what must not depend on its size: a freeze,
// writes while the view is held, the removal of a range, a copy and the end. Run it with
// -benchtime 1x. Of the writes it reports percentiles of the time and the most bytes that one has
// copied.
func BenchmarkLarge(b *testing.B) {
	for _, f := range fillers {
		if f.name == "string" {
			continue
		}
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkLarge(b, f.fill)
			}
		})
	}
}

func benchmarkLarge(b *testing.B, fill func(d *DB, key []byte, n int)) {
	const writes = 100_000
	n := *largeElements
	d := New(Options{}).Shard(0).DB(0)
	key, other := []byte("key"), []byte("other")
	fill(d, key, n)
	b.ReportMetric(float64(d.Memory(key))/float64(n), "B/element")
	runtime.GC()
	start := time.Now()
	view, _ := d.Freeze(key)
	b.ReportMetric(float64(time.Since(start).Nanoseconds()), "ns/freeze")
	copied := d.t.large(d.find(key).r).col.(interface{ Copied() int64 })
	rng := rand.New(rand.NewPCG(1, 2))
	took := make([]time.Duration, writes)
	most := int64(0)
	for i := range took {
		was, start := copied.Copied(), time.Now()
		writeOne(d, key, rng.IntN(n), i)
		took[i] = time.Since(start)
		most = max(most, copied.Copied()-was)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[writes/2].Nanoseconds()), "ns/write-p50")
	b.ReportMetric(float64(took[writes*999/1000].Nanoseconds()), "ns/write-p99.9")
	b.ReportMetric(float64(most), "B/copied-most")
	start = time.Now()
	d.Copy(key, d, other)
	b.ReportMetric(float64(time.Since(start).Nanoseconds()), "ns/copy")
	start = time.Now()
	cutHalf(d, key)
	b.ReportMetric(float64(time.Since(start).Nanoseconds()), "ns/cut")
	start = time.Now()
	d.Delete(key)
	d.Delete(other)
	b.ReportMetric(float64(time.Since(start).Nanoseconds()), "ns/delete")
	view.Release()
}

// writeOne changes element i of a large value.
func writeOne(d *DB, key []byte, i, round int) {
	switch d.Type(key) {
	case Hash:
		h, _ := d.Hash(key)
		h.Set(element(i), element(round))
	case Set:
		h, _ := d.Set(key)
		h.Remove(element(i))
	case List:
		h, _ := d.List(key)
		h.Set(i, element(round))
	case ZSet:
		h, _ := d.ZSet(key)
		h.Set(element(i), float64(round))
	case Stream:
		h, _ := d.Stream(key)
		h.Write(func(s *stream.Stream) { s.Delete(stream.ID{Ms: uint64(i + 1)}) })
	}
}

// cutHalf removes a range of half the elements from the middle, where the type has ranges.
func cutHalf(d *DB, key []byte) {
	switch d.Type(key) {
	case List:
		h, _ := d.List(key)
		h.Delete(h.Len()/4, h.Len()/2)
	case ZSet:
		h, _ := d.ZSet(key)
		h.DeleteRange(h.Len()/4, h.Len()/2)
	case Stream:
		h, _ := d.Stream(key)
		h.Write(func(s *stream.Stream) { s.Trim(stream.Bound{MaxLen: uint64(s.Len() / 2)}, false, 0) })
	}
}
