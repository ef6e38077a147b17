package engine

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// TestReadingsOfTheClock counts how often a batch reads the clock, which moves by 10 µs
// at each reading. However they are timed, all runs and all of the time are counted.
func TestReadingsOfTheClock(t *testing.T) {
	long := strings.Repeat("x", 2*sharedSize)
	tests := []struct {
		name     string
		slow     time.Duration
		requests []string // one each way
		times    int
		readings int64 // the beginning included
	}{
		{"one", 10 * time.Millisecond, []string{"SET k v"}, 1, 2},
		{"as many as share one", 10 * time.Millisecond, []string{"SET k v"}, maxShared, 2},
		{"two shares", 10 * time.Millisecond, []string{"INCR n"}, maxShared + 1, 3},
		{"other commands in turn", 10 * time.Millisecond, []string{"SET k v", "GET k"}, 3, 7},
		{"not brief", 10 * time.Millisecond, []string{"LRANGE l 0 -1"}, 3, 4},
		{"much goes in", 10 * time.Millisecond, []string{"SET k " + long}, 3, 4},
		{"much comes out", 10 * time.Millisecond, []string{"GET long"}, 3, 4},
		{"an error", 10 * time.Millisecond, []string{"INCR long"}, 3, 4},
		{"no slowlog", -1, []string{"GET k"}, 8, 2},
		{"a fine slowlog", 100 * time.Microsecond, []string{"GET k"}, 3, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := config.Default()
			cfg.Server.Shards, cfg.Server.SlowlogLogSlowerThan = 1, test.slow
			var readings atomic.Int64
			e := New(Options{
				Live: config.NewLive(cfg), Log: slog.New(slog.DiscardHandler), Groups: groups(), Version: "test",
				Now: func() time.Time {
					return time.UnixMilli(1_800_000_000_000).Add(time.Duration(readings.Add(1)) * 10 * time.Microsecond)
				},
			})
			t.Cleanup(func() { e.Close(context.Background()) })
			s, err := e.NewSession(SessionOptions{Addr: "test", Transport: "tcp"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			var out wire.Writer
			s.Do(split("SET long "+long), &out)
			e.resetStats()

			before := readings.Load()
			s.Batch(nil)
			for range test.times {
				for _, r := range test.requests {
					s.Do(split(r), &out)
				}
			}
			s.EndBatch()
			if n := readings.Load() - before; n != test.readings {
				t.Errorf("%d readings, not %d", n, test.readings)
			}
			var calls, usec int64
			for _, r := range test.requests {
				spec, err := e.table.Resolve(split(r))
				if err != nil {
					t.Fatal(err)
				}
				calls += spec.Stats().Calls.Load()
				usec += spec.Stats().Usec.Load()
			}
			if want := int64(test.times * len(test.requests)); calls != want || e.stats.commands.Load() != want {
				t.Errorf("%d calls are counted and %d commands, not %d", calls, e.stats.commands.Load(), want)
			}
			if want := 10 * (test.readings - 1); usec != want {
				t.Errorf("%d µs are counted, not %d", usec, want)
			}
		})
	}
}

func split(text string) (args [][]byte) {
	for w := range strings.FieldsSeq(text) {
		args = append(args, []byte(w))
	}
	return args
}
