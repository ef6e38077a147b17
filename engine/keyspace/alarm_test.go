package keyspace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestAlarm: who sleeps until the earliest deadline is woken by each earlier one, however it comes about, and by
// no later one.
func TestAlarm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ks := New(Options{})
	s := ks.Shard(0)
	key := func(i int) []byte { return fmt.Appendf(nil, "k%d", i) }
	for round := range 2000 {
		now := 1_700_000_000_000 + int64(round)*3
		s.SetNow(now)
		until := now + r.Int64N(100)
		woken := 0
		next := s.Alarm(until, func() { woken++ })
		if exact := s.NextDue(); next != exact {
			t.Fatalf("%d, want %d", next, exact)
		}
		planned, d := min(next, until), s.DB(r.IntN(2))
		set, tried := int64(math.MaxInt64), int64(math.MaxInt64)
		for range r.IntN(4) {
			k, at := key(r.IntN(40)), now+1+r.Int64N(200)
			took := true
			switch r.IntN(5) {
			case 0:
				d.SetString(k, []byte("v"), at)
			case 1:
				took = d.SetDeadline(k, at)
			case 2:
				d.Delete(k)
				took = false
			case 3: // taken back: to be woken for it, or for what was due before, does no harm
				s.Begin()
				d.SetString(k, []byte("w"), at)
				s.RollbackTo(0)
				s.Commit()
				tried, took = 0, false
			case 4:
				due := s.PopDue(now, 5, nil)
				for _, e := range due {
					s.Requeue(e.DB, e.Key, at)
				}
				took = len(due) > 0
			}
			if took {
				set = min(set, at)
			}
		}
		tried = min(tried, set)
		if set < planned && woken == 0 || tried >= planned && woken > 0 || woken > 1 {
			t.Fatalf("round %d: woken %d times, planned %d, a deadline at %d, %d", round, woken, planned, set, tried)
		}
	}
}
