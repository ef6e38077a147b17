package keyspace

import (
	"fmt"
	"testing"
)

func TestVictim(t *testing.T) {
	for _, lfu := range []bool{false, true} {
		limits := DefaultLimits()
		limits.LFU, limits.LFUDecay = lfu, 0
		s := New(Options{Seed: 1, Limits: limits}).Shard(0)
		d := s.DB(0)
		const n = 3000
		now := int64(1_800_000_000_000)
		for i := range n {
			s.SetNow(now + int64(i)*1000)
			key := fmt.Appendf(nil, "%04d", i)
			deadline := int64(0)
			if i%3 == 0 {
				deadline = now + 10_000_000_000 - int64(i)*1000 // the later, the sooner due
			}
			d.SetString(key, []byte("v"), deadline)
			if i >= n/2 {
				for range 100 {
					d.Touch(key)
				}
			}
		}
		for _, volatile := range []bool{false, true} {
			seen := map[string]int{}
			for range 20 * n {
				key, _, ok := d.Victim(AnyKey, volatile, 1)
				if !ok {
					t.Fatal("none")
				}
				seen[string(key)]++
			}
			want, share := n, 20
			if volatile {
				want, share = n/3, 60
			}
			for key, times := range seen {
				if times < share/10 || times > 4*share {
					t.Errorf("volatile %v: %s was drawn %d times, the average is %d", volatile, key, times, share)
				}
			}
			if len(seen) < want*99/100 || len(seen) > want {
				t.Errorf("volatile %v: %d of %d keys were drawn", volatile, len(seen), want)
			}
			by, old := LeastRecent, "0300"
			if lfu {
				by, old = LeastFrequent, "1500"
			}
			for range 100 {
				if key, _, _ := d.Victim(by, volatile, 100); string(key) >= old {
					t.Errorf("lfu %v, volatile %v: %s goes first", lfu, volatile, key)
				}
			}
		}
		for range 100 {
			if key, _, _ := d.Victim(SoonestDue, true, 100); string(key) < "2700" {
				t.Errorf("%s is the first to come due", key)
			}
		}
		d.Clear()
		if key, _, ok := d.Victim(AnyKey, true, 5); ok {
			t.Errorf("%s is in an empty database", key)
		}
	}
}
