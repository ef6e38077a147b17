package keyspace

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

const benchKeys = 1_000_000

// benchKey writes key number i into room: 16 bytes, as redis-benchmark has them.
func benchKey(room []byte, i int) []byte {
	copy(room, "key:000000000000")
	for at := 15; i > 0; at, i = at-1, i/10 {
		room[at] = byte('0' + i%10)
	}
	return room[:16]
}

func filled(n int, deadline int64) *Keyspace {
	k := New(Options{})
	d := k.Shard(0).DB(0)
	room, val := make([]byte, 16), bytes.Repeat([]byte("v"), 16)
	for i := range n {
		dl := deadline
		if dl != 0 {
			dl += int64(i)
		}
		d.SetString(benchKey(room, i), val, dl)
	}
	return k
}

func benchmarkKeys(b *testing.B, fn func(d *DB, key []byte, i int)) {
	k := filled(benchKeys, 0)
	d := k.Shard(0).DB(0)
	rng := rand.New(rand.NewPCG(1, 2))
	room := make([]byte, 16)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		fn(d, benchKey(room, rng.IntN(benchKeys)), i)
	}
}

func BenchmarkGet(b *testing.B) {
	benchmarkKeys(b, func(d *DB, key []byte, _ int) {
		if _, ok, _ := d.String(key); !ok {
			b.Fatal("missing")
		}
	})
}

func BenchmarkSet(b *testing.B) {
	val := []byte("0123456789abcdef")
	benchmarkKeys(b, func(d *DB, key []byte, _ int) { d.SetString(key, val, 0) })
}

func BenchmarkSetInUnit(b *testing.B) {
	val := []byte("0123456789abcdef")
	benchmarkKeys(b, func(d *DB, key []byte, i int) {
		if i%10 == 0 {
			d.s.Begin()
		}
		d.SetString(key, val, 0)
		if i%10 == 9 {
			d.s.Commit()
		}
	})
}

func BenchmarkExpire(b *testing.B) {
	d := filled(benchKeys, 1_700_000_000_000).Shard(0).DB(0)
	rng := rand.New(rand.NewPCG(1, 2))
	room := make([]byte, 16)
	for i := 0; b.Loop(); i++ {
		d.SetDeadline(benchKey(room, rng.IntN(benchKeys)), 1_700_010_000_000+int64(i))
	}
}

func BenchmarkSmallHashSet(b *testing.B) {
	val := make([]byte, 8)
	benchmarkKeys(b, func(d *DB, key []byte, i int) {
		key[0] = 'h'
		binary.LittleEndian.PutUint64(val, uint64(i))
		h, _ := d.Hash(key)
		h.Set([]byte("field"), val)
	})
}

// BenchmarkView slices a whole view; the figure is per record.
func BenchmarkView(b *testing.B) {
	k := filled(benchKeys, 0)
	var batch Batch
	for b.Loop() {
		v := k.Freeze()
		for !v.Slice(0, 300, &batch) {
			batch.Reset()
		}
		batch.Reset()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/benchKeys, "ns/record")
}

// BenchmarkPopDue pops deadlines that all fall into one millisecond, as far as the first write of the
// expiry: the figure is per key.
func BenchmarkPopDue(b *testing.B) {
	const n = 300_000
	var buf []DueKey
	for b.Loop() {
		b.StopTimer()
		k := New(Options{})
		s, d := k.Shard(0), k.Shard(0).DB(0)
		room := make([]byte, 16)
		for i := range n {
			d.SetString(benchKey(room, i), room, 1_700_000_000_000)
		}
		s.SetNow(1_700_000_000_000)
		b.StartTimer()
		for s.NextDue() <= 1_700_000_000_000 {
			for _, e := range s.PopDue(1_700_000_000_000, 200, buf[:0]) {
				d.Delete(e.Key)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/n, "ns/key")
}

// BenchmarkMemory reports bytes per key and what a forced collection costs beside the keys.
func BenchmarkMemory(b *testing.B) {
	for _, bench := range []struct {
		name     string
		deadline int64
	}{{"16+16", 0}, {"16+16 TTL", 1_700_000_000_000}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				k := filled(benchKeys, bench.deadline)
				runtime.GC()
				start := time.Now()
				runtime.GC()
				b.ReportMetric(float64(time.Since(start).Microseconds()), "µs/GC")
				b.ReportMetric(float64(k.Used())/benchKeys, "B/key")
				runtime.KeepAlive(k)
			}
		})
	}
}

// BenchmarkChurn overwrites and deletes keys with values whose sizes change in three phases, then
// deletes 80 % of what is left, and compacts. It reports what the pages hold of what they use, and
// what a record moved costs. Run it with -benchtime 1x.
func BenchmarkChurn(b *testing.B) {
	const keys, writes = 2 * benchKeys, 8 * benchKeys
	val := bytes.Repeat([]byte("v"), 1024)
	phases := []func(*rand.Rand) int{
		func(rng *rand.Rand) int { return 8 + rng.IntN(121) },
		func(rng *rand.Rand) int { return 8 << rng.IntN(8) },
		func(rng *rand.Rand) int { return 4 + rng.IntN(29) },
	}
	for b.Loop() {
		k := New(Options{})
		s, d := k.Shard(0), k.Shard(0).DB(0)
		rng := rand.New(rand.NewPCG(1, 2))
		room := make([]byte, 16)
		for _, size := range phases {
			for range writes {
				if key := benchKey(room, rng.IntN(keys)); rng.IntN(4) == 0 {
					d.Delete(key)
				} else {
					d.SetString(key, val[:size(rng)], 0)
				}
			}
		}
		a := &d.t.arena
		held := func() float64 { return float64(a.made-a.ndropped) * pageBytes / float64(a.live) }
		b.ReportMetric(held(), "pages/used-churned")
		for i := range keys {
			if i%5 > 0 {
				d.Delete(benchKey(room, i))
			}
		}
		b.ReportMetric(held(), "pages/used-deleted")
		start, steps, most := time.Now(), 0, time.Duration(0)
		for {
			step := time.Now()
			if s.Compact(64) == 0 {
				break
			}
			steps++
			most = max(most, time.Since(step))
		}
		b.ReportMetric(held(), "pages/used-compacted")
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(steps), "ns/step")
		b.ReportMetric(float64(most.Nanoseconds()), "ns/step-max")
	}
}
