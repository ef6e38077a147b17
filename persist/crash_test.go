package persist

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

var crashSeeds = flag.Int("crash.seeds", 3, "how many disks to look at for each crash")

// history is a life of a log with everything in it: starts, commits, rewrites, one of them after
// another, an aborted one, and appends while a rewrite dumps.
type history struct {
	o     Options
	acked atomic.Int64 // the last step that was committed
	done  atomic.Int64 // the last step that was appended
	// patient waits for the log to recover when a step fails; otherwise the first error ends it.
	patient bool
}

func (h *history) step(l *Log, m *store) error {
	n := int(h.done.Load()) + 1
	h.done.Store(int64(n))
	err := l.Commit(m.do(l, step(n)))
	if err == nil {
		h.acked.Store(int64(n))
	}
	return err
}

// hooked is a source whose dump does something half-way.
type hooked struct {
	*store
	during func() error
}

func (s hooked) Freeze(ctx context.Context, at func() error) (Snapshot, error) {
	snap, err := s.store.Freeze(ctx, at)
	if v, ok := snap.(*storeView); ok {
		v.each = func(n int) error {
			if n == 1 {
				return s.during()
			}
			return nil
		}
	}
	return snap, err
}

var errAborted = errors.New("aborted by the test")

// run lives the history: sessions of some steps and rewrites each.
func (h *history) run() error {
	for session := range 3 {
		l, m, err := openStore(h.o)
		if err != nil {
			return fmt.Errorf("session %d: %w", session, err)
		}
		err = h.session(l, m, session)
		cerr := l.Close()
		if err == nil && cerr != nil && !h.patient {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("session %d: %w", session, err)
		}
	}
	return nil
}

func (h *history) session(l *Log, m *store, session int) error {
	h.recoverFrom(l, nil)
	steps := func(n int) error {
		for range n {
			if err := h.recoverFrom(l, h.step(l, m)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := steps(3); err != nil {
		return err
	}
	during := func() error { return steps(2) }
	if session == 1 {
		during = func() error { return errAborted }
	}
	err := l.Rewrite(context.Background(), hooked{m, during}, CauseManual)
	if err != nil && !errors.Is(err, errAborted) && !h.patient {
		return err
	}
	if err := steps(2); err != nil {
		return err
	}
	if session == 2 {
		err := l.Rewrite(context.Background(), hooked{m, func() error { return steps(1) }}, CauseManual)
		if err != nil && !h.patient {
			return err
		}
	}
	return steps(1)
}

// recoverFrom waits for a patient history until the log works again.
func (h *history) recoverFrom(l *Log, err error) error {
	if !h.patient {
		return err
	}
	for range 5 {
		if l.Err() == nil {
			return nil
		}
		time.Sleep(time.Second) // in a bubble
	}
	return err
}

// verify opens what a crash has left and checks that it is a prefix of the history that has at
// least what was committed, that it can be appended to, and that this is there the next time.
func verify(t *testing.T, fsys *memfs.FS, o Options, acked, done int) {
	t.Helper()
	o.FS = fsys
	l, m, err := openStore(o)
	if err != nil {
		t.Fatalf("opening what is left: %v", err)
	}
	n := seqOf(t, m)
	if n < acked || n > done {
		t.Fatalf("%d steps are left; %d were committed and %d appended", n, acked, done)
	}
	for range 2 {
		n++
		if err := l.Commit(m.do(l, step(n))); err != nil {
			t.Fatalf("committing to what is left: %v", err)
		}
	}
	mustClose(t, l)
	l, m = mustOpen(t, o)
	if got := seqOf(t, m); got != n {
		t.Fatalf("%d steps the next time, want %d", got, n)
	}
	mustClose(t, l)
}

// TestCrashAtEachCall cuts the power before each I/O call of a history, and looks at what is left in
// several ways that the disk may have been left.
func TestCrashAtEachCall(t *testing.T) {
	seeds := int64(*crashSeeds)
	for _, policy := range []Policy{Always, EverySec, No} {
		t.Run(policy.String(), func(t *testing.T) {
			type crash struct {
				fsys        *memfs.FS
				op          errfs.Op
				seed        int64
				acked, done int
			}
			var crashes []crash
			synctest.Test(t, func(t *testing.T) {
				base := testFS()
				fsys := errfs.New(base)
				h := &history{o: testOptions(fsys)}
				h.o.Policy = policy
				var mu sync.Mutex
				calls := int64(0)
				fsys.Before(func(op errfs.Op) {
					mu.Lock()
					defer mu.Unlock()
					calls++
					acked := int(h.acked.Load())
					for s := range seeds {
						seed := s
						if s >= 2 {
							seed = calls*seeds + s // a new disk each time
						}
						crashes = append(crashes, crash{base.Crash(seed), op, seed, acked, int(h.done.Load())})
					}
				})
				if err := h.run(); err != nil {
					t.Fatal(err)
				}
			})
			for i, c := range crashes {
				acked := c.acked
				if policy != Always {
					acked = 0 // a prefix is all that is promised
				}
				o := testOptions(nil)
				if !t.Run(fmt.Sprintf("%d-%s-%s-seed-%d", i, c.op.Method, c.op.Path, c.seed), func(t *testing.T) {
					verify(t, c.fsys, o, acked, c.done)
				}) {
					return
				}
			}
			t.Logf("%d crashes", len(crashes))
		})
	}
}

// TestKillAtEachCall ends the process, but not the system, before each I/O call: what was written is
// there, so under every policy nothing that was committed may be missing.
func TestKillAtEachCall(t *testing.T) {
	for _, policy := range []Policy{EverySec, No} {
		t.Run(policy.String(), func(t *testing.T) {
			type kill struct {
				fsys        *memfs.FS
				op          errfs.Op
				acked, done int
			}
			var kills []kill
			synctest.Test(t, func(t *testing.T) {
				base := testFS()
				fsys := errfs.New(base)
				h := &history{o: testOptions(fsys)}
				h.o.Policy = policy
				var mu sync.Mutex
				fsys.Before(func(op errfs.Op) {
					mu.Lock()
					defer mu.Unlock()
					kills = append(kills, kill{base.Crash(0), op, int(h.acked.Load()), int(h.done.Load())})
				})
				if err := h.run(); err != nil {
					t.Fatal(err)
				}
			})
			for i, k := range kills {
				t.Run(fmt.Sprintf("%d-%s-%s", i, k.op.Method, k.op.Path), func(t *testing.T) {
					verify(t, k.fsys, testOptions(nil), k.acked, k.done)
				})
			}
		})
	}
}

// TestFailEachCall lets each I/O call fail, once or from then on, and then looks at the disk, both
// as the process leaves it and as a power cut would.
func TestFailEachCall(t *testing.T) {
	for _, mode := range []struct {
		name             string
		forever, patient bool
	}{{"once, giving up", false, false}, {"once, going on", false, true}, {"for ever", true, false}} {
		t.Run(mode.name, func(t *testing.T) {
			for n := 1; ; n++ {
				failed := 0
				ok := t.Run(fmt.Sprint(n), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						base := testFS()
						fsys := errfs.New(base)
						fsys.Set(errfs.Plan{Nth: n, Forever: mode.forever})
						h := &history{o: testOptions(fsys), patient: mode.patient}
						err := h.run()
						_, failed = fsys.Calls()
						if failed > 0 && err != nil && !errors.Is(err, errfs.ErrInjected) {
							t.Errorf("an error that is not the injected one: %v", err)
						}
						if failed == 0 && err != nil {
							t.Errorf("nothing failed, yet: %v", err)
						}
						acked, done := int(h.acked.Load()), int(h.done.Load())
						verify(t, base.Crash(0), testOptions(nil), acked, done)
						for seed := int64(1); seed < int64(*crashSeeds); seed++ {
							verify(t, base.Crash(seed), testOptions(nil), acked, done)
						}
					})
				})
				if !ok || failed == 0 {
					t.Logf("%d calls", n-1)
					break
				}
			}
		})
	}
}
