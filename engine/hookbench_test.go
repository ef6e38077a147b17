package engine

import (
	"context"
	"testing"

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
