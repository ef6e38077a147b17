package engine

import (
	"fmt"
	"testing"
	"testing/synctest"
)

// stuckJournal has an fsync in flight for ever.
type stuckJournal struct {
	memJournal
	gate chan struct{}
}

func (j *stuckJournal) TryCommit(int64) (bool, error) { return false, nil }

func (j *stuckJournal) Commit(int64) error {
	<-j.gate
	return nil
}

// TestExpiryDoesNotWaitForTheDisk: the reaper and the fsync are loops of their own.
func TestExpiryDoesNotWaitForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, nil)
		j := &stuckJournal{gate: make(chan struct{})}
		r.SetJournal(j)
		c := r.connect()
		for round := range 3 {
			c.want(fmt.Sprintf("SET k%d v PX 10", round), "OK")
			r.advance(20e6)
			if n := r.Expire(10); n != 1 {
				t.Fatalf("%d removed", n)
			}
		}
		close(j.gate)
		if got := len(j.groups); got != 6 {
			t.Errorf("%d groups are logged", got)
		}
	})
}
