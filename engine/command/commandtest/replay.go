package commandtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Replayed executes everything that s has logged on a new server with another
// number of shards, as a start does: time stands at zero, nothing expires.
func (s *Server) Replayed() *Server {
	s.t.Helper()
	shards := 1
	if s.shards == 1 {
		shards = 4
	}
	next := &Server{Now: s.Now, Config: s.Config, t: s.t, shards: shards, table: s.table, space: newSpace(shards)}
	for _, r := range s.history {
		next.replay(r)
	}
	return next
}

func (s *Server) replay(r record) {
	s.t.Helper()
	words := make([][]byte, len(r.args))
	for i, a := range r.args {
		words[i] = []byte(a)
	}
	spec, err := s.table.Resolve(words)
	if err != nil {
		s.t.Fatalf("replay of %s: %v", Line(r.args), err)
	}
	w := &wire.Writer{}
	s.call = command.Call{DB: r.db, Client: client{}, Unit: &s.unit, Config: s.Config, Nested: true, Replay: true}
	s.call.Begin(spec, words, w)
	s.begin(0)
	s.unit.All = true
	if err := spec.Run(&s.call); err != nil {
		s.t.Fatalf("replay of %s: %v", Line(r.args), err)
	}
}

// CheckReplay fails the test when the log of s does not lead to the data of s.
func (s *Server) CheckReplay() {
	s.t.Helper()
	if d := diff(s.Dump(), s.Replayed().Dump()); d != "" {
		s.t.Fatalf("the replayed log differs from the data:\n%s\nlast records:\n%s", d, s.tail(30))
	}
}

func (s *Server) tail(n int) (text string) {
	for _, r := range s.history[max(len(s.history)-n, 0):] {
		text += fmt.Sprintf("  %d> %s\n", r.db, short(Line(r.args)))
	}
	return text
}

// Stream runs n random commands, checks again and again that what was logged
// replays to the same data, and at the end that redis-server, where it is
// installed, makes the same data of it. next makes the commands; it may return
// nil to let time pass (up to a minute). The rows must contain DEL.
func Stream(t *testing.T, rows []command.Spec, n int, next func(r *rand.Rand) []string) {
	for _, shards := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d shards", shards), func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 1))
			s := New(t, shards, rows)
			for i := range n {
				if args := next(r); args != nil {
					s.Raw(args...)
				} else {
					s.Now += r.Int64N(60_000)
				}
				if i%(n/4+1) == n/4 {
					s.CheckReplay()
				}
			}
			s.CheckReplay()
			if redis := StartRedis(t, false); redis != nil {
				redis.load(s.history)
				if d := diff(s.Dump(), redis.dump(s.Now)); d != "" {
					t.Fatalf("redis-server makes other data of the log:\n%s\nlast records:\n%s", d, s.tail(30))
				}
			}
		})
	}
}
