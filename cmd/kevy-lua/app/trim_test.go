package app

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrim(t *testing.T) {
	const mb = 1 << 20
	start := heap{mapped: 20 * mb, allocs: 100 * mb, collect: 5}
	tests := []struct {
		name string
		then []heap
		want bool // at the last of them
	}{
		{"at rest", []heap{start}, false},
		{"little was made", []heap{{mapped: 20 * mb, allocs: 104 * mb, collect: 5}, {mapped: 20 * mb, allocs: 104 * mb, collect: 5}}, false},
		{"under load", []heap{{mapped: 60 * mb, allocs: 200 * mb, collect: 8}}, false},
		{"under load that goes on", []heap{{mapped: 60 * mb, allocs: 200 * mb, collect: 8}, {mapped: 60 * mb, allocs: 300 * mb, collect: 9}}, false},
		{"after a load", []heap{{mapped: 60 * mb, allocs: 200 * mb, collect: 8}, {mapped: 60 * mb, allocs: 200 * mb, collect: 8}}, true},
		{"beside a trickle", []heap{{mapped: 60 * mb, allocs: 200 * mb, collect: 8}, {mapped: 60 * mb, allocs: 201 * mb, collect: 8}}, true},
		{"much was dropped", []heap{{mapped: 60 * mb, idle: 30 * mb, allocs: 100 * mb, collect: 6}}, true},
		{"much was dropped and is not collected", []heap{{mapped: 60 * mb, idle: 30 * mb, allocs: 100 * mb, collect: 5}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := trimmer{last: start, trim: start}
			var got bool
			for _, h := range test.then {
				got = tr.due(h)
			}
			if got != test.want {
				t.Errorf("due is %v", got)
			}
		})
	}
}

// TestTrimMemory lets a load come and go: memory is given back once, afterwards.
func TestTrimMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const mb = 1 << 20
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		now, trims := heap{mapped: 20 * mb, allocs: 10 * mb}, 0
		read := func() heap {
			mu.Lock()
			defer mu.Unlock()
			return now
		}
		go trimMemory(ctx, read, func() {
			mu.Lock()
			defer mu.Unlock()
			trims++
			now.mapped, now.idle = 20*mb, 0
			now.collect++
		})
		synctest.Wait()
		pass := func(seconds int, made uint64) int {
			for range seconds {
				mu.Lock()
				now.allocs += made
				now.mapped = max(now.mapped, 60*mb)
				mu.Unlock()
				time.Sleep(time.Second)
				synctest.Wait()
			}
			mu.Lock()
			defer mu.Unlock()
			return trims
		}
		if n := pass(10, 50*mb); n != 0 {
			t.Fatalf("%d times under load", n)
		}
		if n := pass(10, 1000); n != 1 {
			t.Fatalf("%d times after a load", n)
		}
		// A trickle is no reason by itself, what gathers is.
		if n := pass(3600, 1000); n != 1 {
			t.Fatalf("%d times in an hour at rest", n)
		}
		if n := pass(3600, 5000); n != 3 {
			t.Fatalf("%d times in two hours at rest", n)
		}
		cancel()
		synctest.Wait()
	})
}
