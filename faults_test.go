package kevylua_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

// faultSteps are a shorter life, with time for an fsync now and then.
var faultSteps = []string{
	"SET s v", "INCR n", "RPUSH l a b", "!wait", "!tx", "SET e:1 v PX 100", "!expire 120", "!wait", "!rewrite", "INCR n", "HSET h f v", "!wait",
	"EVAL redis.call('SET','u','1')redis.call('RPUSH','l','u') 0", "!rewrite", "!wait", "!tx", "INCR n",
}

// fault is one call that fails in a store's life.
type fault struct {
	life
	nth int
	err error
}

// TestEachCallFailsOnce lets each I/O call of a store's life fail once, its opening
// and its end included. While the log does not take what is written, writes are
// refused and reads go on; a second later they are taken again; and the log has all
// that the store has, also what was executed and answered by an error.
func TestEachCallFailsOnce(t *testing.T) {
	for _, policy := range []string{"always", "everysec", "no"} {
		for _, err := range []error{syscall.EIO, syscall.ENOSPC} {
			t.Run(policy+" "+err.Error(), func(t *testing.T) {
				every := 1
				if testing.Short() {
					every = 5
				}
				met := map[string]int{}
				for n := 1; !t.Failed(); n += every {
					failed := false
					synctest.Test(t, func(t *testing.T) {
						f := &fault{life: life{t: t, policy: policy}, nth: n, err: err}
						failed = f.run(met)
					})
					if !failed {
						t.Logf("%d calls: %v", n-1, met)
						break
					}
				}
			})
		}
	}
}

// run lives once, and reports whether a call has failed.
func (f *fault) run(met map[string]int) (failed bool) {
	t := f.t
	f.clock.Store(1_800_000_000_000)
	f.base = memfs.New(func() time.Time { return time.UnixMilli(f.clock.Load()) })
	f.fs = errfs.New(f.base)
	f.fs.Set(errfs.Plan{Nth: f.nth, Err: f.err})
	cfg := kevylua.DefaultConfig()
	cfg.Persistence.Dir, cfg.Persistence.AppendFsync, cfg.Persistence.AutoAOFRewritePercentage = "data", f.policy, 0
	cfg.Reaper.Mode, cfg.Security.EnableDebugCommand = "manual", "yes"
	o := kevylua.Options{Config: cfg, FS: f.fs, Now: func() time.Time { return time.UnixMilli(f.clock.Load()) }}
	db, err := kevylua.Open(o)
	if err != nil { // it is for the operator to see, and to try again
		met["open"]++
		if db, err = kevylua.Open(o); err != nil {
			t.Fatalf("call %d: opened again: %v", f.nth, err)
		}
	}
	f.db = db
	defer db.Close() // where the test ends early
	for _, s := range faultSteps {
		if s == "!wait" {
			time.Sleep(1100 * time.Millisecond)
			continue
		}
		if err := f.do(s); err != nil {
			met[strings.Fields(s)[0]]++
			f.refuses(s, err, met)
		}
	}
	for last := false; ; last = true { // it recovers, whatever it was, also when this is what fails
		time.Sleep(2100 * time.Millisecond)
		if err := f.do("INCR n"); err == nil {
			break
		} else if last {
			t.Fatalf("call %d: two seconds later: %v", f.nth, err)
		}
	}
	want := state(t, db)
	if f.policy == "always" {
		f.left("at once", f.base.Crash(1), want)
	}
	if err := db.Close(); err != nil {
		met["close"]++
		f.left("after a close that failed", f.base.Crash(0), want)
	} else {
		f.left("after the end", f.base.Crash(1), want)
	}
	_, n := f.fs.Calls()
	return n > 0
}

// refuses looks at a store one of whose steps has failed.
func (f *fault) refuses(step string, cause error, met map[string]int) {
	ctx := context.Background()
	v, err := f.db.Do(ctx, "INFO", "persistence")
	if err != nil {
		f.t.Fatal(err)
	}
	stuck := strings.Contains(v.String(), "aof_last_write_status:err")
	if !stuck && step != "!rewrite" {
		f.t.Errorf("call %d: %s failed, and INFO says that all is well: %v", f.nth, step, cause)
	}
	if _, err = f.db.Do(ctx, "INCR", "probe"); stuck == (err == nil) || stuck && !strings.HasPrefix(err.Error(), "MISCONF ") {
		f.t.Errorf("call %d: after %s failed with %v, the log is stuck: %v, and a write gets %v", f.nth, step, cause, stuck, err)
	}
	if stuck {
		met["refused"]++
	}
	if _, err := f.db.Do(ctx, "GET", "s"); err != nil {
		f.t.Errorf("call %d: a read gets %v", f.nth, err)
	}
}

// left opens what is on a disk.
func (f *fault) left(when string, disk *memfs.FS, want string) {
	db := f.open(disk)
	if got := state(f.t, db); got != want {
		f.t.Errorf("call %d, %s: the log has another state than the store had", f.nth, when)
	}
	if err := db.Close(); err != nil {
		f.t.Error(fmt.Errorf("call %d, %s: %w", f.nth, when, err))
	}
}
