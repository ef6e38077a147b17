package persist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
)

func TestTriggers(t *testing.T) {
	base := triggers{percent: 100, minSize: 1000, baseline: 2000, last: epoch}
	for _, tt := range []struct {
		name  string
		set   func(*triggers)
		after time.Duration
		size  int64
		want  Cause
	}{
		{"below the growth", nil, 0, 3999, ""},
		{"at the growth", nil, 0, 4000, CauseGrowth},
		{"below the minimum size", func(t *triggers) { t.minSize = 5000 }, 0, 4999, ""},
		{"at the minimum size", func(t *triggers) { t.minSize = 5000 }, 0, 5000, CauseGrowth},
		{"growth disabled", func(t *triggers) { t.percent = 0 }, 0, math.MaxInt64, ""},
		{"no base yet", func(t *triggers) { t.baseline = 0 }, 0, 1000, CauseGrowth},
		{"nothing appended", func(t *triggers) { t.baseline = 0; t.minSize = 0 }, 0, 0, ""},
		{"huge percentage", func(t *triggers) { t.percent = math.MaxInt }, 0, 1 << 60, ""},
		{"huge sizes", func(t *triggers) { t.baseline = 1 << 61; t.percent = 1 }, 0, 1<<61 + 1<<60, CauseGrowth},
		{"size limit", func(t *triggers) { t.percent = 0; t.maxSize = 1 << 20; t.baseline = 1 << 10 }, 0, 1 << 20, CauseSize},
		{"size limit below the live size", func(t *triggers) { t.percent = 0; t.maxSize = 1 << 20; t.baseline = 8 << 20 }, 0, 9 << 20, ""},
		{"size limit below the live size, grown", func(t *triggers) { t.percent = 0; t.maxSize = 1 << 20; t.baseline = 8 << 20 }, 0, 10 << 20, CauseSize},
		{"interval", func(t *triggers) { t.interval = time.Hour }, time.Hour, 2001, CauseInterval},
		{"interval not over", func(t *triggers) { t.interval = time.Hour }, time.Hour - 1, 2001, ""},
		{"interval, nothing appended", func(t *triggers) { t.interval = time.Hour }, time.Hour, 2000, ""},
		{"resting", func(t *triggers) { t.until = epoch.Add(1) }, 0, 1 << 40, ""},
		{"rested", func(t *triggers) { t.until = epoch }, 0, 1 << 40, CauseGrowth},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := base
			if tt.set != nil {
				tt.set(&tr)
			}
			cause, due := tr.due(epoch.Add(tt.after), tt.size)
			if cause != tt.want || due != (tt.want != "") {
				t.Errorf("%q, %v; want %q", cause, due, tt.want)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	var tr triggers
	now := epoch
	for i, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		tr.ended(RewriteEvent{Phase: PhaseFailed}, now, 1)
		if got := tr.until.Sub(now); got != time.Duration(minutes)*time.Minute {
			t.Errorf("after failure %d: %v, want %d minutes", i+1, got, minutes)
		}
	}
	tr.ended(RewriteEvent{Phase: PhaseEnd}, now, 5)
	if tr.failures != 0 || !tr.until.IsZero() || tr.baseline != 5 {
		t.Errorf("after a success: %+v", tr)
	}
}

// Who puts a rewrite off says for how long, or leaves it at a minute. It is no failure.
func TestDefer(t *testing.T) {
	var passed atomic.Int64
	now := func() time.Time { return epoch.Add(time.Duration(passed.Load())) }
	o := testOptions(testFS())
	o.Now, o.AutoRewritePercent, o.AutoRewriteMinSize = now, 100, 1
	var told []RewriteEvent
	o.Events.Rewrite = func(e RewriteEvent) { told = append(told, e) }
	l, m := mustOpen(t, o)
	defer mustClose(t, l)
	if err := l.Commit(m.do(l, step(1))); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("not now")
	for _, tt := range []struct{ rest, until time.Duration }{{0, deferral}, {20 * time.Minute, 20 * time.Minute}} {
		cause, due := l.ShouldRewrite(now())
		if !due {
			t.Fatal("no rewrite is due")
		}
		l.Defer(cause, boom, tt.rest)
		passed.Add(int64(tt.until - 1))
		if _, due := l.ShouldRewrite(now()); due {
			t.Errorf("rest %s: due too early", tt.rest)
		}
		passed.Add(1)
	}
	if len(told) != 2 || told[0].Phase != PhaseDeferred || told[0].Cause != CauseGrowth || told[0].Err != boom || told[0].BeforeBytes == 0 {
		t.Errorf("told %+v", told)
	}
	if s := l.Status(); s.RewriteFailures != 0 || s.LastRewriteErr != nil {
		t.Errorf("a deferral counts as a failure: %+v", s)
	}
}

// The baseline survives a restart: a process that starts often rewrites none the less.
func TestBaselineSurvivesRestarts(t *testing.T) {
	o := testOptions(testFS())
	o.AutoRewritePercent, o.AutoRewriteMinSize = 100, 1
	l, m := mustOpen(t, o)
	if err := l.Commit(m.do(l, step(1))); err != nil {
		t.Fatal(err)
	}
	if err := l.Rewrite(context.Background(), m, CauseManual); err != nil {
		t.Fatal(err)
	}
	due := false
	for n := 2; n < 50 && !due; n++ {
		mustClose(t, l)
		l, m = mustOpen(t, o)
		if err := l.Commit(m.do(l, step(n))); err != nil {
			t.Fatal(err)
		}
		_, due = l.ShouldRewrite(epoch)
	}
	if current, base := l.Size(); !due {
		t.Errorf("never due: size %d, base %d", current, base)
	}
	mustClose(t, l)
}

func TestRewriteLeavesOneBaseAndOneIncrement(t *testing.T) {
	fsys := testFS()
	o := testOptions(fsys)
	var events []RewriteEvent
	o.Events.Rewrite = func(e RewriteEvent) { events = append(events, e) }
	l, m := mustOpen(t, o)
	for n := 1; n <= 30; n++ {
		if err := l.Commit(m.do(l, step(n))); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if err := l.Rewrite(context.Background(), m, CauseManual); err != nil {
			t.Fatal(err)
		}
	}
	names, err := fsys.ReadDir(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "appendonly.aof.3.base.aof appendonly.aof.4.incr.aof appendonly.aof.lock appendonly.aof.manifest"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	size := len(readFile(t, fsys, "data/appendonlydir/appendonly.aof.3.base.aof"))
	if got := string(readFile(t, fsys, testManifest)); got != fmt.Sprintf("file appendonly.aof.3.base.aof seq 3 type b size %d\nfile appendonly.aof.4.incr.aof seq 4 type i\n", size) {
		t.Errorf("manifest\n%s", got)
	}
	if len(events) != 6 || events[0].Phase != PhaseBegin || events[1].Phase != PhaseEnd || events[1].Keys == 0 ||
		events[1].BeforeBytes <= events[1].AfterBytes || events[1].AfterBytes == 0 || events[1].Elapsed < events[1].Freeze+events[1].Dump || events[1].Dump == 0 {
		t.Errorf("events %+v", events)
	}
	s := l.Status()
	if s.RewriteInProgress || s.CurrentRewrite != -1 || s.LastRewrite < 0 || s.LastRewriteErr != nil || s.Rewrites != 3 {
		t.Errorf("%+v", s)
	}
	mustClose(t, l)
}

// source is a Source made of functions.
type source func(at func() error) (Snapshot, error)

func (s source) Freeze(_ context.Context, at func() error) (Snapshot, error) { return s(at) }

func TestRewriteThatFails(t *testing.T) {
	boom := errors.New("boom")
	for _, tt := range []struct {
		name  string
		make  func(m *store, cancel func()) Source
		want  error
		phase RewritePhase
	}{
		{"freeze fails", func(*store, func()) Source {
			return source(func(func() error) (Snapshot, error) { return nil, boom })
		}, boom, PhaseFailed},
		{"forgets to switch", func(*store, func()) Source {
			return source(func(func() error) (Snapshot, error) { return &storeView{}, nil })
		}, nil, PhaseFailed},
		{"freezes nothing", func(*store, func()) Source {
			return source(func(at func() error) (Snapshot, error) { return nil, at() })
		}, nil, PhaseFailed},
		{"dump fails", func(m *store, _ func()) Source {
			return hooked{m, func() error { return boom }}
		}, boom, PhaseFailed},
		{"dump panics", func(m *store, _ func()) Source {
			return hooked{m, func() error { panic("boom") }}
		}, nil, PhaseFailed},
		{"cancelled", func(m *store, cancel func()) Source {
			return hooked{m, func() error { cancel(); return nil }}
		}, context.Canceled, PhaseFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := testFS()
			o := testOptions(fsys)
			var last RewriteEvent
			o.Events.Rewrite = func(e RewriteEvent) { last = e }
			l, m := mustOpen(t, o)
			n := 0
			steps := func() {
				for range 3 {
					n++
					if err := l.Commit(m.do(l, step(n))); err != nil {
						t.Fatal(err)
					}
				}
			}
			steps()
			for range 2 {
				ctx, cancel := context.WithCancel(context.Background())
				err := l.Rewrite(ctx, tt.make(m, cancel), CauseGrowth)
				cancel()
				if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
					t.Fatalf("error %v, want %v", err, tt.want)
				}
				if last.Phase != tt.phase || last.Err == nil || last.Cause != CauseGrowth {
					t.Errorf("event %+v", last)
				}
				steps()
			}
			if _, due := l.ShouldRewrite(epoch); due {
				t.Error("due again at once")
			}
			names, err := fsys.ReadDir(o.Dir)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(names, " "); strings.Contains(all, tempPrefix) || strings.Contains(all, "base") {
				t.Errorf("files left: %s", all)
			}
			// The next one works, and settles all that was left.
			if err := l.Rewrite(context.Background(), m, CauseManual); err != nil {
				t.Fatal(err)
			}
			steps()
			mustClose(t, l)
			l, m = mustOpen(t, o)
			if got := seqOf(t, m); got != n {
				t.Errorf("%d steps, want %d", got, n)
			}
			mustClose(t, l)
		})
	}
}

func TestOneRewriteAtATimeAndCloseEndsIt(t *testing.T) {
	l, m := mustOpen(t, testOptions(testFS()))
	for n := 1; n <= 3; n++ {
		if err := l.Commit(m.do(l, step(n))); err != nil {
			t.Fatal(err)
		}
	}
	dumping, closed := make(chan struct{}), make(chan error, 1)
	err := l.Rewrite(context.Background(), source(func(at func() error) (Snapshot, error) {
		snap, err := m.Freeze(context.Background(), at)
		return endless{snap, dumping, func() {
			if err := l.Rewrite(context.Background(), m, CauseManual); !errors.Is(err, ErrRewriteInProgress) {
				t.Errorf("second rewrite: %v", err)
			}
			if s := l.Status(); !s.RewriteInProgress || s.CurrentRewrite < 0 {
				t.Errorf("%+v", s)
			}
			go func() { closed <- l.Close() }()
		}}, err
	}), CauseManual)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("rewrite: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

// endless is a snapshot whose dump lasts until it is cancelled.
type endless struct {
	Snapshot
	dumping chan struct{}
	begun   func()
}

func (e endless) Dump(ctx context.Context, _ func(int, ...[]byte) error) (int64, error) {
	e.begun()
	<-ctx.Done()
	return 0, ctx.Err()
}

// A failing disk is sticky, told once, and recovered from by the loop; what was appended meanwhile
// is written then.
func TestStickyError(t *testing.T) {
	for _, tt := range []struct {
		method string
		policy Policy
		want   Problem
	}{
		{"write", Always, ProblemWrite}, {"write", EverySec, ProblemWrite}, {"write", No, ProblemWrite},
		{"sync", Always, ProblemSync}, {"sync", EverySec, ProblemSync},
	} {
		t.Run(tt.method+" "+tt.policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base := testFS()
				fsys := errfs.New(base)
				o := testOptions(fsys)
				o.Policy = tt.policy
				var problems []ProblemEvent
				o.Events.Problem = func(e ProblemEvent) { problems = append(problems, e) }
				l, m := mustOpen(t, o)
				if err := l.Commit(m.do(l, step(1))); err != nil {
					t.Fatal(err)
				}
				fsys.Set(errfs.Plan{Nth: 1, Forever: true, Err: syscall.ENOSPC, Match: func(op errfs.Op) bool {
					return op.Method == tt.method && strings.HasSuffix(op.Path, ".incr.aof")
				}})
				err := l.Commit(m.do(l, step(2)))
				time.Sleep(1500 * time.Millisecond)
				if !errors.Is(l.Err(), syscall.ENOSPC) || err == nil && tt.policy == Always {
					t.Fatalf("commit: %v, then %v", err, l.Err())
				}
				if err := l.Commit(m.do(l, step(3))); !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("a commit after it: %v", err)
				}
				if s := l.Status(); !errors.Is(s.LastWriteErr, syscall.ENOSPC) {
					t.Errorf("%+v", s)
				}
				if _, due := l.ShouldRewrite(epoch); due {
					t.Error("an automatic rewrite is due")
				}
				fsys.Set(errfs.Plan{})
				time.Sleep(1500 * time.Millisecond)
				if l.Err() != nil || l.Status().LastWriteErr != nil {
					t.Fatalf("not recovered: %v", l.Err())
				}
				crashed := base.Crash(1)
				if err := l.Commit(m.do(l, step(4))); err != nil {
					t.Error(err)
				}
				mustClose(t, l)
				if len(problems) != 2 || problems[0].What != tt.want || problems[0].Recovered || !problems[1].Recovered ||
					!errors.Is(problems[0].Err, syscall.ENOSPC) {
					t.Errorf("problems %+v", problems)
				}
				l, m = mustOpen(t, testOptions(crashed))
				if got := seqOf(t, m); got != 3 {
					t.Errorf("%d steps on the disk after the recovery, want 3", got)
				}
				mustClose(t, l)
				l, m = mustOpen(t, testOptions(base))
				if got := seqOf(t, m); got != 4 {
					t.Errorf("%d steps, want 4", got)
				}
				mustClose(t, l)
			})
		})
	}
}

// A rewrite cures a log whose increment cannot be written: what it could not take is in the base.
func TestRewriteCures(t *testing.T) {
	base := testFS()
	fsys := errfs.New(base)
	o := testOptions(fsys)
	l, m := mustOpen(t, o)
	first := filepath.Base(testIncr1)
	fsys.Set(errfs.Plan{Nth: 1, Forever: true, Match: func(op errfs.Op) bool {
		return filepath.Base(op.Path) == first && (op.Method == "write" || op.Method == "truncate")
	}})
	for n := 1; n <= 3; n++ {
		if err := l.Commit(m.do(l, step(n))); err == nil {
			t.Fatal("no error")
		}
	}
	if err := l.Rewrite(context.Background(), m, CauseManual); err != nil {
		t.Fatal(err)
	}
	if l.Err() != nil {
		t.Fatalf("still failing: %v", l.Err())
	}
	if err := l.Commit(m.do(l, step(4))); err != nil {
		t.Fatal(err)
	}
	crashed := base.Crash(1)
	mustClose(t, l)
	l, m = mustOpen(t, testOptions(crashed))
	if got := seqOf(t, m); got != 4 {
		t.Errorf("%d steps, want 4", got)
	}
	mustClose(t, l)
}

// no-appendfsync-on-rewrite holds back the syncs of everysec, not those of always.
func TestNoFsyncOnRewrite(t *testing.T) {
	for _, policy := range []Policy{Always, EverySec} {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := testOptions(testFS())
				o.Policy, o.NoFsyncOnRewrite = policy, true
				l, m := mustOpen(t, o)
				for n := 1; n <= 3; n++ {
					if err := l.Commit(m.do(l, step(n))); err != nil {
						t.Fatal(err)
					}
				}
				err := l.Rewrite(context.Background(), hooked{m, func() error {
					time.Sleep(2500 * time.Millisecond)
					if err := l.Commit(m.do(l, step(4))); err != nil {
						return err
					}
					time.Sleep(2500 * time.Millisecond)
					if unsynced := l.Status().Unsynced; (unsynced > 0) != (policy == EverySec) {
						t.Errorf("%d bytes unsynced during the rewrite", unsynced)
					}
					return nil
				}}, CauseManual)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(1500 * time.Millisecond)
				if unsynced := l.Status().Unsynced; unsynced > 0 {
					t.Errorf("%d bytes unsynced after the rewrite", unsynced)
				}
				mustClose(t, l)
			})
		})
	}
}

// at, which runs under the engine's locks, does no I/O.
func TestSwitchDoesNoIO(t *testing.T) {
	fsys := errfs.New(testFS())
	l, m := mustOpen(t, testOptions(fsys))
	if err := l.Commit(m.do(l, step(1))); err != nil {
		t.Fatal(err)
	}
	err := l.Rewrite(context.Background(), source(func(at func() error) (Snapshot, error) {
		before, _ := fsys.Calls()
		snap, err := m.Freeze(context.Background(), at)
		if after, _ := fsys.Calls(); after != before {
			t.Errorf("%d calls", after-before)
		}
		return snap, err
	}), CauseManual)
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
}

// Events may call anything: they are told outside all locks.
func TestEventsMayCallTheLog(t *testing.T) {
	fsys := testFS()
	text, _ := logText(1, 2)
	makeFiles(t, fsys, map[string]string{testManifest: "file appendonly.aof.1.incr.aof seq 1 type i\n",
		testIncr1: string(text[:len(text)-1]), "data/appendonlydir/temp-appendonly.aof.9.base.aof": "x"})
	o := testOptions(fsys)
	var l *Log
	told := 0
	use := func() {
		told++
		l.Status()
		l.Size()
		l.ShouldRewrite(epoch)
		_, _ = l.Replay(context.Background(), func(int, [][]byte) error { return nil })
	}
	o.Events = Events{
		Rewrite: func(RewriteEvent) { use() },
		Problem: func(ProblemEvent) { use() },
	}
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	m := newStore()
	if _, err := l.Replay(context.Background(), m.apply); err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	if err := l.Rewrite(context.Background(), m, CauseManual); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	if told != 3 {
		t.Errorf("told %d times, want 3", told)
	}
}

func TestApplyErrorStopsTheReplay(t *testing.T) {
	text, ends := logText(1, 3)
	text = appendRecord(text, [][]byte{[]byte("NOSUCH")})
	fsys := withIncr(t, text)
	_, _, err := openStore(testOptions(fsys))
	if err == nil || !strings.Contains(err.Error(), "NOSUCH") || !strings.Contains(err.Error(), testIncr1) {
		t.Fatalf("%v (the record is at %d)", err, ends[2])
	}
	if got := readFile(t, fsys, testIncr1); !bytes.Equal(got, text) {
		t.Error("the file was changed")
	}
}

func TestParsePolicy(t *testing.T) {
	for _, p := range []Policy{Always, EverySec, No} {
		if got, err := ParsePolicy(strings.ToUpper(p.String())); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	if _, err := ParsePolicy("sometimes"); err == nil {
		t.Error("no error")
	}
	if got := Policy(7).String(); got != "Policy(7)" {
		t.Error(got)
	}
}
