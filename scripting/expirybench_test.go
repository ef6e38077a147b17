package scripting_test

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkAtomicExpiry is the expiry of one key, in batches as the reaper takes
// them, with an atomic hook in Lua that writes it to a list. It is to take 10
// microseconds at most.
func BenchmarkAtomicExpiry(b *testing.B) {
	var c clock
	r := newRig(b, withClock(&c))
	r.journal.off = true
	r.load(`#!lua name=l
kevy.register_hook{ event='expired', match='s:*', mode='atomic', callback=function(ev) redis.call('LPUSH', 'ended', ev.key) end }`)
	const batch = 20_000
	left, taken := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		if taken > 0 {
			taken--
			continue
		}
		if left == 0 {
			b.StopTimer()
			r.do("DEL", "ended")
			for i := range batch {
				r.do("SET", fmt.Sprint("s:", i), "value", "PX", "10")
			}
			c.add(time.Second)
			left = batch
			b.StartTimer()
		}
		taken = r.Expire(64)
		left -= taken
		taken--
	}
	if got := text(r.do("LLEN", "ended")); got != fmt.Sprint(batch-left) {
		b.Fatalf("%s of %d", got, batch-left)
	}
}
