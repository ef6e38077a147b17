package persist

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestReopen(t *testing.T) {
	for _, policy := range []Policy{Always, EverySec, No} {
		t.Run(policy.String(), func(t *testing.T) {
			fsys := testFS()
			o := testOptions(fsys)
			o.Policy = policy
			for round := range 4 {
				l, m := mustOpen(t, o)
				if got := seqOf(t, m); got != round*10 {
					t.Fatalf("round %d: %d steps", round, got)
				}
				for n := round*10 + 1; n <= round*10+10; n++ {
					if err := l.Commit(m.do(l, step(n))); err != nil {
						t.Fatal(err)
					}
				}
				if round%2 == 1 {
					if err := l.Rewrite(context.Background(), m, CauseManual); err != nil {
						t.Fatal(err)
					}
				}
				mustClose(t, l)
			}
		})
	}
}

func TestLifeCycleErrors(t *testing.T) {
	fsys := testFS()
	o := testOptions(fsys)
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if pos := l.Append(step(1)); pos != 0 {
		t.Errorf("append before start: position %d", pos)
	}
	if err := l.Commit(1); !errors.Is(err, ErrNotStarted) {
		t.Errorf("commit before start: %v", err)
	}
	if err := l.Rewrite(context.Background(), newStore(), CauseManual); !errors.Is(err, ErrNotStarted) {
		t.Errorf("rewrite before start: %v", err)
	}
	if _, err := Open(o); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), ".lock") {
		t.Errorf("second open: %v", err)
	}
	if err := l.Start(); err != nil {
		t.Fatalf("a new log starts without a replay: %v", err)
	}
	if err := l.Start(); err == nil {
		t.Error("second start: no error")
	}
	if err := l.Commit(l.Append(step(1))); err != nil {
		t.Fatal(err)
	}
	if err := l.Commit(1 << 40); err == nil {
		t.Error("commit of what was never appended: no error")
	}
	mustClose(t, l)
	mustClose(t, l)
	if err := l.Commit(1 << 40); !errors.Is(err, ErrClosed) {
		t.Errorf("commit after close: %v", err)
	}
	if err := l.Rewrite(context.Background(), newStore(), CauseManual); !errors.Is(err, ErrClosed) {
		t.Errorf("rewrite after close: %v", err)
	}
	if l, err = Open(o); err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); !errors.Is(err, ErrNotReplayed) {
		t.Errorf("start without replay: %v", err)
	}
	mustClose(t, l)
}

func TestEncoding(t *testing.T) {
	for _, tt := range []struct {
		name   string
		groups [][]Record
		want   string
	}{
		{"single", [][]Record{{rec(0, "DEL", "k")}},
			"*2|$6|SELECT|$1|0|*2|$3|DEL|$1|k|"},
		{"same database", [][]Record{{rec(2, "DEL", "k")}, {rec(2, "DEL", "")}},
			"*2|$6|SELECT|$1|2|*2|$3|DEL|$1|k|*2|$3|DEL|$0||"},
		{"bracket", [][]Record{{rec(0, "DEL", "a"), rec(11, "DEL", "b")}},
			"*2|$6|SELECT|$1|0|*1|$5|MULTI|*2|$3|DEL|$1|a|*2|$6|SELECT|$2|11|*2|$3|DEL|$1|b|*1|$4|EXEC|"},
		{"empty group", [][]Record{{}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := testFS()
			l, _ := mustOpen(t, testOptions(fsys))
			for _, g := range tt.groups {
				if err := l.Commit(l.Append(g)); err != nil {
					t.Fatal(err)
				}
			}
			mustClose(t, l)
			got := readFile(t, fsys, "data/appendonlydir/appendonly.aof.1.incr.aof")
			if want := strings.ReplaceAll(tt.want, "|", "\r\n"); string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestTimestamps(t *testing.T) {
	fsys := testFS()
	o := testOptions(fsys)
	o.TimestampAnnotations = true
	now := epoch
	o.Now = func() time.Time { return now }
	l, m := mustOpen(t, o)
	for n := 1; n <= 4; n++ {
		if n == 3 {
			now = now.Add(time.Second)
		}
		if err := l.Commit(m.do(l, step(n))); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, l)
	text := readFile(t, fsys, "data/appendonlydir/appendonly.aof.1.incr.aof")
	if got := strings.Count(string(text), "#TS:"); got != 2 {
		t.Errorf("%d annotations, want 2:\n%s", got, text)
	}
	l, m = mustOpen(t, o)
	if got := seqOf(t, m); got != 4 {
		t.Errorf("%d steps after reopening", got)
	}
	mustClose(t, l)
}

func TestEverySecSyncsEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := testFS()
		o := testOptions(fsys)
		o.Policy = EverySec
		l, m := mustOpen(t, o)
		if err := l.Commit(m.do(l, step(1))); err != nil {
			t.Fatal(err)
		}
		if s := l.Status(); s.Unsynced == 0 {
			t.Error("nothing unsynced right after a commit")
		}
		time.Sleep(1100 * time.Millisecond)
		if s := l.Status(); s.Unsynced != 0 || s.BufferedBytes != 0 {
			t.Errorf("a second later: %+v", s)
		}
		mustClose(t, l)
	})
}

func TestEverySecSurvivesAPowerCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := testFS()
		o := testOptions(fsys)
		o.Policy = EverySec
		l, m := mustOpen(t, o)
		if err := l.Commit(m.do(l, step(1))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond)
		crashed := fsys.Crash(1)
		mustClose(t, l)
		l, m = mustOpen(t, testOptions(crashed))
		if got := seqOf(t, m); got != 1 {
			t.Errorf("%d steps survive", got)
		}
		mustClose(t, l)
	})
}

// What nobody commits, an expiry for instance, is written by the loop.
func TestLoopWritesWhatNobodyCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := testFS()
		l, m := mustOpen(t, testOptions(fsys))
		m.do(l, step(1))
		time.Sleep(1100 * time.Millisecond)
		if s := l.Status(); s.BufferedBytes != 0 || s.Unsynced != 0 {
			t.Errorf("%+v", s)
		}
		mustClose(t, l)
	})
}

func TestConcurrentCommitsAndRewrites(t *testing.T) {
	for _, policy := range []Policy{Always, EverySec} {
		t.Run(policy.String(), func(t *testing.T) {
			fsys := testFS()
			o := testOptions(fsys)
			o.Policy = policy
			l, m := mustOpen(t, o)
			l.retainLimit = 4096 // so that commits wait for the sync now and then
			var wg sync.WaitGroup
			for w := range 4 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					key := string(rune('a' + w))
					for range 200 {
						pos := m.do(l, []Record{rec(w, "INCR", key), rec(0, "APPEND", "all", key)})
						if err := l.Commit(pos); err != nil {
							t.Error(err)
							return
						}
						l.Status()
					}
				}()
			}
			for range 5 {
				if err := l.Rewrite(context.Background(), m, CauseManual); err != nil {
					t.Error(err)
				}
			}
			wg.Wait()
			want := m.snapshot()
			mustClose(t, l)
			l, m = mustOpen(t, o)
			defer mustClose(t, l)
			if !maps.Equal(want, m.keys) {
				t.Errorf("after reopening\n%v, want\n%v", m.keys, want)
			}
		})
	}
}
