package engine

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// BenchmarkObserver is SET in batches of 16 with no observer of key events, with one
// that wants them all, and with one that wants other keys. The first is to be at
// least 0.85 times as fast as none.
func BenchmarkObserver(b *testing.B) {
	for _, row := range []struct{ name, match string }{{"none", ""}, {"all", "*"}, {"others", "x*"}} {
		b.Run(row.name, func(b *testing.B) {
			s := benchSession(b)
			n := 0
			if row.match != "" {
				_, err := s.engine.Bus().Observe(hook.Options{Name: "h", Owner: "bench", Kind: hook.KindKey, DB: hook.AnyDB, Match: row.match},
					func(context.Context, hook.Event) error { n++; return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
			var out wire.Writer
			args, digits := benchArgs([]string{"SET", "key:0000000#", "0123456789abcdef"})
			left := 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if left--; left < 0 {
					s.EndBatch()
					s.Batch(nil)
					left = 15
				}
				for d, v := 4, i%benchDigits; d >= 0; d, v = d-1, v/10 {
					digits[0][d] = byte('0' + v%10)
				}
				s.Do(args, &out)
				out.Buf = out.Buf[:0]
			}
			s.EndBatch()
		})
	}
}

// BenchmarkBesideAtomic is what one client gets done with keys of its own beside
// another whose every change has an atomic hook counted, on 16 shards.
func BenchmarkBesideAtomic(b *testing.B) {
	for _, row := range []struct {
		name string
		keys []string
		hook bool
	}{{name: "none"}, {name: "named", keys: []string{"n"}, hook: true}, {name: "all", hook: true}} {
		b.Run(row.name, func(b *testing.B) {
			cfg := config.Default()
			cfg.Server.Shards = 16
			e := New(Options{Live: config.NewLive(cfg), Log: slog.New(slog.DiscardHandler), Groups: groups(), Version: "bench"})
			e.SetJournal(&benchJournal{})
			if row.hook {
				hk, err := e.Bus().Attach(hook.Options{Name: "h", Owner: "bench", Kind: hook.KindKey, DB: hook.AnyDB, Match: "s:*", Keys: row.keys})
				if err != nil {
					b.Fatal(err)
				}
				e.AddAtomic(command.Atomic{Hook: hk, Run: func(c *command.Call, _ hook.Event) error {
					for range 20 {
						if err := c.Do(&wire.Collector{}, []byte("INCR"), []byte("n")); err != nil {
							return err
						}
					}
					return nil
				}})
			}
			set := func(s *Session, key string, until func() bool) {
				var out wire.Writer
				for until() {
					s.Do([][]byte{[]byte("SET"), []byte(key), []byte("v")}, &out)
					out.Buf = out.Buf[:0]
				}
			}
			var sessions [2]*Session
			for i := range sessions {
				s, err := e.NewSession(SessionOptions{Addr: "bench", Transport: "tcp"})
				if err != nil {
					b.Fatal(err)
				}
				sessions[i] = s
			}
			var over atomic.Bool
			var other sync.WaitGroup
			other.Go(func() { set(sessions[1], "s:1", func() bool { return !over.Load() }) })
			own := ""
			for i := 0; own == "" || e.shardOf([]byte(own)) == e.shardOf([]byte("n")) || e.shardOf([]byte(own)) == e.shardOf([]byte("s:1")); i++ {
				own = "o:" + strconv.Itoa(i)
			}
			set(sessions[0], own, b.Loop)
			over.Store(true)
			other.Wait()
			e.Close(context.Background())
		})
	}
}
