package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// oneBadAppend is a journal that panics once.
type oneBadAppend struct {
	Journal
	done bool
}

func (j *oneBadAppend) Append(group []command.Record) int64 {
	if !j.done {
		j.done = true
		panic("bad")
	}
	return j.Journal.Append(group)
}

// TestPanicInExpiry: the reaper survives a panic, so that must not leave shards locked,
// nor keys outside the deadline index.
func TestPanicInExpiry(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c := r.connect()
		c.want("SET a 1 PX 1", "OK")
		c.want("SET b 1 PX 2", "OK")
		for i := range 10 {
			c.want(fmt.Sprintf("SET k%d 1 PX 1", i), "OK")
		}
		r.Engine.journal = &oneBadAppend{Journal: r.journal}
		r.advance(time.Millisecond)
		func() {
			defer func() {
				if p := recover(); p != "bad" {
					t.Errorf("panic %v", p)
				}
			}()
			r.Expire(10)
		}()
		within(t, "SET", func() { c.want("SET a 2", "OK") })
		r.advance(time.Millisecond)
		for r.Expire(10) > 0 {
		}
		c.want("EXISTS a b", "(integer) 1")
		c.want("DBSIZE", "(integer) 1")
	})
}

// TestExpiryPanicsEachTime: a key whose expiry always panics does not keep others from
// theirs, and is tried again.
func TestExpiryPanicsEachTime(t *testing.T) {
	r := newRig(t, 1, nil)
	r.attach(hook.Options{Name: "h", Kind: hook.KindExpired, OnError: "retry"}, func(_ *command.Call, ev hook.Event) error {
		if string(ev.Subject()) == "bad" && r.retries == nil {
			return errors.New("no")
		}
		return nil
	})
	c := r.connect()
	c.want("SET bad 1 PX 1", "OK")
	r.retries = nil // to note that the hook is to be retried panics
	expire := func() (n int, panicked bool) {
		defer func() { panicked = recover() != nil }()
		return r.Expire(10), false
	}
	r.advance(time.Millisecond)
	for i := range 3 {
		if _, panicked := expire(); !panicked {
			t.Fatalf("round %d: no panic", i)
		}
		c.want("SET good 1 PX 500", "OK")
		r.advance(500 * time.Millisecond)
		if n, panicked := expire(); n != 1 || panicked {
			t.Errorf("round %d: %d expired beside it, panicked: %v", i, n, panicked)
		}
		r.advance(500 * time.Millisecond)
	}
	r.retries = map[retryKey]retry{}
	if n, panicked := expire(); n != 1 || panicked {
		t.Errorf("%d expired in the end, panicked: %v", n, panicked)
	}
	c.want("DBSIZE", "(integer) 0")
}

// TestExpiryHoldIsBounded: a batch whose hooks take long ends early, and what is
// left shows in INFO.
func TestExpiryHoldIsBounded(t *testing.T) {
	r := newRig(t, 1, debugging)
	r.attach(hook.Options{Name: "slow", Kind: hook.KindExpired}, func(*command.Call, hook.Event) error {
		r.advance(time.Millisecond)
		return nil
	})
	c := r.connect()
	const keys = 3 * expireTake
	for i := range keys {
		c.want(fmt.Sprintf("SET k%d 1 PX 10", i), "OK")
	}
	r.advance(time.Second)
	for left := keys; left > 0; left -= expireTake {
		if got := c.info("reaper")["reaper_backlog"]; got != fmt.Sprint(left) {
			t.Errorf("%s are due, want %d", got, left)
		}
		if got := r.Expire(keys); got != expireTake {
			t.Fatalf("%d at once, want %d", got, expireTake)
		}
	}
	if got := c.info("reaper")["reaper_backlog"]; got != "0" {
		t.Errorf("%s are due in the end", got)
	}
	r.replays(r.journal.all())
}

// TestHooksOnExpiryMakeKeys: keys that hooks make in the course of a batch are
// announced, each before what comes later.
func TestHooksOnExpiryMakeKeys(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging)
		r.attach(hook.Options{Name: "h", Kind: hook.KindExpired}, func(c *command.Call, ev hook.Event) error {
			return c.Do(discard{}, words("SET", "ended:"+string(ev.Subject()), "1")...)
		})
		c, listener := r.connect(), r.connect()
		c.want("CONFIG SET notify-keyspace-events En", "OK")
		for i := range 3 {
			c.want(fmt.Sprintf("SET k%d 1 PX 10", i), "OK")
		}
		listener.do("PSUBSCRIBE __keyevent@0__:new")
		r.advance(time.Second)
		for r.Expire(10) > 0 {
		}
		for range 3 {
			if got := listener.next(); !strings.Contains(got, "ended:k") {
				t.Errorf("got %s", got)
			}
		}
		listener.quiet()
	})
}

// TestLateness: the buckets of the histogram are cumulative.
func TestLateness(t *testing.T) {
	r := newRig(t, 1, debugging)
	c := r.connect()
	for _, ms := range []int{10, 15, 1000, 5000} {
		c.want(fmt.Sprintf("SET k%d 1 PX %d", ms, ms), "OK")
	}
	r.advance(15 * time.Millisecond)
	r.Expire(10)
	r.advance(10 * time.Second)
	r.Expire(10)
	got := map[string]int64{}
	r.Lateness(func(bound string, removed int64) { got[bound] = removed })
	for bound, want := range map[string]int64{"1": 1, "5": 2, "1000": 2, "+Inf": 4} {
		if got[bound] != want {
			t.Errorf("%d within %s ms, want %d", got[bound], bound, want)
		}
	}
}
