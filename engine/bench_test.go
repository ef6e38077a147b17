package engine

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// benchJournal copies what it is given into a buffer, as a log does.
type benchJournal struct {
	mu  sync.Mutex
	buf []byte
	pos int64
}

func (j *benchJournal) Append(group []command.Record) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.buf) > 1<<20 {
		j.buf = j.buf[:0]
	}
	for i := range group {
		for _, a := range group[i].Args {
			j.buf = append(j.buf, a...)
		}
	}
	j.pos++
	return j.pos
}

func (j *benchJournal) Commit(int64) error { return nil }
func (j *benchJournal) TryCommit(pos int64) (bool, error) {
	return true, j.Commit(pos)
}
func (j *benchJournal) Err() error { return nil }

func benchSession(b *testing.B) *Session {
	cfg := config.Default()
	cfg.Server.Shards = 1
	e := New(Options{Live: config.NewLive(cfg), Log: slog.New(slog.DiscardHandler), Groups: groups(), Version: "bench"})
	e.SetJournal(&benchJournal{})
	s, err := e.NewSession(SessionOptions{Addr: "bench", Transport: "tcp"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close(); e.Close(context.Background()) })
	return s
}

const benchDigits = 100_000 // a random argument is below it

// BenchmarkDo is the way of one command from parsed arguments to the reply
// and the journal, without parsing and sockets. It is to allocate nothing.
func BenchmarkDo(b *testing.B) {
	for _, row := range []struct {
		name string
		args []string // # stands for five random digits
	}{
		{"PING", []string{"PING"}},
		{"GET", []string{"GET", "key:0000000#"}},
		{"SET", []string{"SET", "key:0000000#", "0123456789abcdef"}},
		{"INCR", []string{"INCR", "counter:000#"}},
		{"LPUSH", []string{"LPUSH", "mylist", "0123456789abcdef"}},
		{"RPOP", []string{"RPOP", "mylist"}},
		{"SADD", []string{"SADD", "myset", "element:000#"}},
		{"HSET", []string{"HSET", "myhash", "element:000#", "0123456789abcdef"}},
		{"ZADD", []string{"ZADD", "myzset", "#", "element:000#"}},
		{"XADD", []string{"XADD", "mystream", "*", "sensor", "0123456789abcdef", "reading", "0123456789abcdef"}},
	} {
		b.Run(row.name, func(b *testing.B) {
			s := benchSession(b)
			var out wire.Writer
			args, digits := benchArgs(row.args)
			rng := rand.New(rand.NewPCG(1, 2))
			left := 0
			do := func() {
				if left--; left < 0 { // as a pipeline of 16 does
					s.EndBatch()
					s.Batch(nil)
					left = 15
				}
				n := rng.IntN(benchDigits)
				for _, d := range digits {
					for i, v := 4, n; i >= 0; i, v = i-1, v/10 {
						d[i] = byte('0' + v%10)
					}
				}
				if digits != nil && digits[0][0] == '0' {
					digits[0][0] = '1' // a score without a leading zero
				}
				s.Do(args, &out)
				out.Buf = out.Buf[:0]
			}
			for range 2 * benchDigits {
				do()
			}
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
}

// benchArgs returns the arguments and where their random digits stand.
func benchArgs(words []string) (args, digits [][]byte) {
	for _, w := range words {
		a := []byte(w)
		if n := len(a) - 1; n >= 0 && a[n] == '#' {
			a = append(a[:n], "00000"...)
			digits = append(digits, a[n:])
		}
		args = append(args, a)
	}
	return args, digits
}
