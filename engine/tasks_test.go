package engine

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestTasksEnd: what others begin while tasks are waited for either runs before that is
// over, or not at all.
func TestTasksEnd(t *testing.T) {
	for range 200 {
		var ts tasks
		var ran, began atomic.Int64
		var others sync.WaitGroup
		for range 4 {
			others.Go(func() {
				for ts.Go(func() { ran.Add(1) }) {
					began.Add(1)
				}
			})
		}
		ts.close()
		ts.Wait()
		end := ran.Load()
		others.Wait()
		if ran.Load() != end || began.Load() != end {
			t.Fatalf("%d ran by then, %d later, %d began", end, ran.Load(), began.Load())
		}
	}
}

// TestSaveAfterClose: a command that wants background work after Close is told so, and
// leaves nothing half begun.
func TestSaveAfterClose(t *testing.T) {
	r := newRig(t, 1, nil)
	to := &saved{}
	r.SetControls(Controls{Save: to.save})
	c := r.connect()
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.want("BGSAVE", "(error) ERR the server is shutting down")
	if got := c.info("persistence")["rdb_bgsave_in_progress"]; got != "0" {
		t.Errorf("in progress: %s", got)
	}
}
