package hook

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/glob"
)

// gather publishes key events as the engine does with those of a batch.
func gather(b *Bus, from Giver, keys ...string) {
	k := b.Gather()
	for _, name := range keys {
		k.Add(key(name), from)
	}
	k.Publish(from)
}

func numbered(prefix string, n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint(prefix, i))
	}
	return list
}

// TestGatheredKeys: each hook gets the events that it wants, in order, however
// they fall into blocks, and may keep them.
func TestGatheredKeys(t *testing.T) {
	for _, sizes := range [][]int{{1}, {16, 16, 16}, {63, 1, 1}, {64, 64}, {200}, {1000, 7, 130}} {
		b := NewBus(nil, quiet())
		got := map[string]*[]*Key{}
		for _, match := range []string{"", "*1*", "x*"} {
			list := &[]*Key{}
			got[match] = list
			o := opts("h" + match)
			o.Match = match
			observe(t, b, o, func(_ context.Context, ev Event) error { *list = append(*list, ev.(*Key)); return nil })
		}
		var all []string
		for i, n := range sizes {
			keys := numbered(fmt.Sprint(i, ":"), n)
			all = append(all, keys...)
			gather(b, nil, keys...)
		}
		flush(t, b)
		for match, list := range got {
			var want, have []string
			for _, k := range all {
				if match == "" || glob.Match([]byte(match), []byte(k), false) {
					want = append(want, k)
				}
			}
			for _, ev := range *list {
				have = append(have, string(ev.Key))
				if ev.Name != "set" || ev.Class != String {
					t.Fatalf("%+v", ev)
				}
			}
			if !slices.Equal(have, want) {
				t.Errorf("%v, match %q: %d events, want %d, or in another order", sizes, match, len(have), len(want))
			}
		}
		b.Close(t.Context())
	}
}

func TestGatheredKeysAndFullQueues(t *testing.T) {
	for policy, want := range map[QueuePolicy]string{DropOldest: "[first 6 7 8 9]", DropNewest: "[first 0 1 2 3]"} {
		b := NewBus(nil, quiet())
		release, taken := make(chan struct{}), make(chan struct{})
		var got []string
		o := opts("slow")
		o.Queue, o.Full = 4, policy
		h := observe(t, b, o, func(_ context.Context, ev Event) error {
			if got = append(got, string(ev.Subject())); len(got) == 1 {
				close(taken)
				<-release
			}
			return nil
		})
		gather(b, nil, "first")
		<-taken
		gather(b, nil, numbered("", 10)...)
		close(release)
		flush(t, b)
		if s := h.Stats(); fmt.Sprint(got) != want || s.Drops != 6 || s.Runs != 5 {
			t.Errorf("%s: %v, %+v", policy, got, s)
		}
		b.Close(t.Context())
	}
}

func TestGatheredKeysWaitAndGiveAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("slow")
		o.Queue, o.Budget = 8, time.Hour
		release, n := make(chan struct{}), 0
		h := observe(t, b, o, func(context.Context, Event) error { <-release; n++; return nil })
		var g giver
		published := make(chan struct{})
		go func() {
			defer close(published)
			gather(b, &g, numbered("", 100)...)
		}()
		synctest.Wait()
		if s := h.Stats(); g.n.Load() == 0 || s.Queued != 8 || s.Drops != 0 {
			t.Errorf("%+v", s)
		}
		close(release)
		<-published
		flush(t, b)
		if n != 100 {
			t.Errorf("%d of 100", n)
		}
		b.Close(t.Context())
	})
}

// TestGatheredKeysOfOtherHooks: hooks may come and go while events are gathered.
func TestGatheredKeysOfOtherHooks(t *testing.T) {
	b := NewBus(nil, quiet())
	defer b.Close(t.Context())
	var first, second atomic.Int64
	o := opts("h")
	o.Owner = "first"
	observe(t, b, o, func(context.Context, Event) error { first.Add(1); return nil })
	k := b.Gather()
	k.Add(key("a"), nil)
	o.Owner = "second"
	observe(t, b, o, func(context.Context, Event) error { second.Add(1); return nil })
	k.Add(key("b"), nil)
	gone := b.Remove("first")
	k.Add(key("c"), nil)
	k.Publish(nil)
	flush(t, b)
	if err := gone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first.Load() != 1 || second.Load() != 2 { // b was in hand for the first when it went
		t.Errorf("%d and %d runs", first.Load(), second.Load())
	}
}

// TestBriefRunsAreMeasuredTogether, and counted one by one; a long one among
// them is told, and a failure is the failure of one.
func TestBriefRunsAreMeasuredTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("h")
		o.Budget = time.Second
		n := 0
		h := observe(t, b, o, func(context.Context, Event) error {
			switch n++; n {
			case 50, 101, 150:
				time.Sleep(50 * time.Millisecond)
			case 170:
				time.Sleep(2 * time.Second)
			case 180, 181:
				return fmt.Errorf("no %d", n)
			}
			return nil
		})
		gather(b, nil, numbered("", 200)...)
		flush(t, b)
		s := h.Stats()
		if s.Runs != 200 || s.Errors != 2 || s.Late != 1 || s.Busy != 2150*time.Millisecond || s.Longest != 2*time.Second || s.LastError != "no 181" {
			t.Errorf("%+v", s)
		}
		if want := []int64{196, 0, 0, 0, 3, 0, 1, 0}; !slices.Equal(s.Latency, want) {
			t.Errorf("latencies %v, want %v", s.Latency, want)
		}
		b.Close(t.Context())
	})
}

// TestStuckAmongBriefRuns: the one that hangs is found, though its begin was not noted;
// slow ones together are not taken for one that hangs.
func TestStuckAmongBriefRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("h")
		o.Budget = time.Second
		n, slow, release := 0, time.Duration(0), make(chan struct{})
		h := observe(t, b, o, func(context.Context, Event) error {
			if n++; n == 100 && slow == 0 {
				<-release
			}
			if n > 40 {
				time.Sleep(slow)
			}
			return nil
		})
		slow = 900 * time.Millisecond
		gather(b, nil, numbered("", 60)...)
		flush(t, b)
		if s := h.Stats(); s.State != "armed" || s.Errors != 0 || s.Runs != 60 {
			t.Errorf("%+v", s)
		}
		slow = 0
		gather(b, nil, numbered("", 60)...)
		time.Sleep(5 * time.Second)
		if s := h.Stats(); s.State != "stuck" || s.Errors != 1 || s.Queued != 20 {
			t.Errorf("%+v", s)
		}
		close(release)
		flush(t, b)
		if s := h.Stats(); s.State != "armed" || s.Runs != 120 {
			t.Errorf("%+v", s)
		}
		b.Close(t.Context())
	})
}

// TestContextsOfRuns: a run that looks at its context has the whole budget and a
// context that ends with it; one that nobody looked at ends with a later run.
func TestContextsOfRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus(nil, quiet())
		o := opts("h")
		o.Budget = time.Minute
		var kept []context.Context
		observe(t, b, o, func(ctx context.Context, ev Event) error {
			if DepthOf(ctx) != 1 || Budget(ctx) != time.Minute {
				t.Errorf("depth %d, budget %s", DepthOf(ctx), Budget(ctx))
			}
			kept = append(kept, ctx)
			if string(ev.Subject()) == "looks" {
				until, _ := ctx.Deadline()
				if ctx.Err() != nil || time.Until(until) != time.Minute {
					t.Errorf("%v, %s left", ctx.Err(), time.Until(until))
				}
				time.Sleep(time.Second)
				if Budget(ctx) != 59*time.Second {
					t.Errorf("%s left", Budget(ctx))
				}
			}
			return nil
		})
		gather(b, nil, "a", "b", "c", "looks", "looks", "d", "e")
		flush(t, b)
		for i, ctx := range kept {
			select {
			case <-ctx.Done():
			default:
				t.Errorf("the context of run %d has not ended", i)
			}
		}
		if kept[3] == kept[4] || kept[0] != kept[2] {
			t.Error("contexts are not shared as they should be")
		}
		b.Close(t.Context())
	})
}
