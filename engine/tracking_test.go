package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// trackers are clients with RESP3, of which the first tracks with the options.
func trackers(t *testing.T, r *rig, options string) (reader, writer *client) {
	t.Helper()
	reader, writer = r.connect(), r.connect()
	reader.do("HELLO 3")
	reader.want(strings.TrimSpace("CLIENT TRACKING ON "+options), "OK")
	return reader, writer
}

// figures are what INFO says of the tables.
func (r *rig) figures() string {
	return fmt.Sprint(r.tracker.clients.Load(), r.tracker.table.Load().keys.Load(), r.tracker.table.Load().items.Load(), len(r.tracker.all()))
}

func TestTracking(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		a, b := trackers(t, r, "")
		b.want("MSET k 1 l 1 other 1", "OK")
		a.quiet()
		a.want("MGET k l", `["1" "1"]`)
		equal(t, "figures", r.figures(), "1 2 2 0")
		b.want("INCR k", "(integer) 2")
		equal(t, "message", a.next(), `>["invalidate" ["k"]]`)
		b.want("INCR k", "(integer) 3") // it was told already
		b.want("INCR other", "(integer) 2")
		a.quiet()
		a.want("INCR l", "(integer) 2") // its own change
		equal(t, "message", a.next(), `>["invalidate" ["l"]]`)
		equal(t, "figures", r.figures(), "1 0 0 0")

		a.want("GET k", `"3"`)
		b.want("FLUSHDB", "OK")
		equal(t, "message", a.next(), `>["invalidate" (null)]`)
		equal(t, "figures", r.figures(), "1 0 0 0")
		a.want("GET k", "(null)") // also what is not there
		b.want("SET k 1 PX 10", "OK")
		equal(t, "message", a.next(), `>["invalidate" ["k"]]`)
		a.want("GET k", `"1"`)
		r.advance(20 * time.Millisecond)
		r.Expire(10)
		equal(t, "message", a.next(), `>["invalidate" ["k"]]`)

		a.want("GET k", "(null)")
		a.want("CLIENT TRACKING OFF", "OK")
		b.want("SET k 1", "OK")
		a.quiet()
		r.tasks.Wait()
		equal(t, "figures", r.figures(), "0 0 0 0")
		a.do("CLIENT TRACKING ON")
		a.do("GET k")
		a.Session.Close()
		r.tasks.Wait()
		equal(t, "figures", r.figures(), "0 0 0 0")
		equal(t, "listeners", r.listeners.Load(), 0)
	})
}

// TestTrackingInOrder: what a transaction has changed before it reads is not told,
// and a key that goes while it is read is told behind the reply and goes on being tracked.
func TestTrackingInOrder(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		r.passive.Store(true)
		a, b := trackers(t, r, "")
		for _, line := range []string{"MULTI", "MSET x 1 y 2", "PEXPIRE y 100", "GET y", "EXEC"} {
			a.do(line)
		}
		a.quiet()
		r.advance(time.Second)
		a.want("MGET x y", `["1" (null)]`)
		equal(t, "message", a.next(), `>["invalidate" ["y"]]`)
		b.want("SET y 3", "OK")
		equal(t, "message", a.next(), `>["invalidate" ["y"]]`)
		b.want("SET x 3", "OK")
		equal(t, "message", a.next(), `>["invalidate" ["x"]]`)
		a.want("GET x", `"3"`)
		for _, line := range []string{"MULTI", "INCR x", "GET x", "INCR x", "EXEC"} {
			a.do(line)
		}
		equal(t, "message", a.next(), `>["invalidate" ["x"]]`)
		equal(t, "message", a.next(), `>["invalidate" ["x"]]`)
		a.quiet()
	})
}

// TestTrackingAnew: the table of those who have gone is not the table of who comes.
func TestTrackingAnew(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		a, b := trackers(t, r, "")
		b.do("HELLO 3")
		a.do("MGET k l")
		a.do("CLIENT TRACKING OFF")
		b.do("CLIENT TRACKING ON") // before the shards have looked
		b.do("GET m")
		equal(t, "figures", r.figures(), "1 1 1 0")
		r.tasks.Wait()
		equal(t, "figures", r.figures(), "1 1 1 0")
		a.want("MSET k 1 l 1 m 1", "OK")
		a.quiet()
		equal(t, "message", b.next(), `>["invalidate" ["m"]]`)
		equal(t, "figures", r.figures(), "1 0 0 0")
	})
}

func TestTrackingModes(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		a, b := trackers(t, r, "OPTIN")
		touch := func(key string) { b.do("INCR " + key) }
		a.do("GET k")
		touch("k")
		a.quiet()
		a.want("CLIENT CACHING YES", "OK")
		a.do("GET k")
		a.do("GET l") // CACHING was for one command
		touch("k")
		equal(t, "message", a.next(), `>["invalidate" ["k"]]`)
		touch("l")
		a.quiet()
		for _, line := range []string{"CLIENT CACHING YES", "MULTI", "GET k", "GET l", "EXEC"} {
			a.do(line)
		}
		touch("k")
		touch("l")
		equal(t, "message", a.next()+a.next(), `>["invalidate" ["k"]]>["invalidate" ["l"]]`)

		a.do("CLIENT TRACKING OFF")
		a.want("CLIENT TRACKING ON OPTOUT NOLOOP", "OK")
		a.want("CLIENT CACHING NO", "OK")
		a.do("GET k")
		a.do("MGET l m")
		touch("k")
		touch("l")
		equal(t, "message", a.next(), `>["invalidate" ["l"]]`)
		a.do("SET m 1") // NOLOOP
		a.quiet()

		a.do("CLIENT TRACKING OFF")
		a.want("CLIENT TRACKING ON BCAST PREFIX a: PREFIX b: NOLOOP", "OK")
		b.do("MSET a:2 1 a:1 1 c:1 1")
		equal(t, "message", a.next(), `>["invalidate" ["a:1" "a:2"]]`)
		a.do("SET a:1 2 PX 10")
		a.quiet()
		r.advance(20 * time.Millisecond)
		a.do("LPUSH a:1 x") // expires it first, which is nobody's doing
		equal(t, "message", a.next(), `>["invalidate" ["a:1"]]`)
		a.want("CLIENT TRACKING ON BCAST PREFIX c:", "OK")
		b.do("MSET b:1 1 c:1 1")
		equal(t, "message", a.next()+a.next(), `>["invalidate" ["b:1"]]>["invalidate" ["c:1"]]`)
		equal(t, "figures", r.figures(), "1 0 0 3")
		equal(t, "flags", strings.Contains(a.do("CLIENT INFO"), "flags=tB "), true)
	})
}

// TestTrackingRedirect: another connection gets the messages, also in RESP2.
func TestTrackingRedirect(t *testing.T) {
	r := newRig(t, 1, nil)
	to := r.connect()
	to.do("SUBSCRIBE __redis__:invalidate")
	a, b := trackers(t, r, fmt.Sprintf("REDIRECT %d", to.ID()))
	a.want("CLIENT GETREDIR", fmt.Sprintf("(integer) %d", to.ID()))
	a.do("GET k")
	b.do("SET k 1")
	equal(t, "message", to.next(), `["message" "__redis__:invalidate" ["k"]]`)
	b.do("FLUSHALL")
	equal(t, "message", to.next(), `["message" "__redis__:invalidate" (nil)]`)
	a.do("GET k")
	to.Session.Close()
	b.do("SET k 2")
	equal(t, "message", a.next(), fmt.Sprintf(`>["tracking-redir-broken" (integer) %d]`, to.ID()))
	if got := a.do("CLIENT TRACKINGINFO"); !strings.Contains(got, `"on" "broken_redirect"`) {
		t.Errorf("info: %s", got)
	}
	a.want("RESET", "RESET")
	a.want("CLIENT GETREDIR", "(integer) -1")
}

// TestTrackingLimit: with too many keys, clients are told to forget some.
func TestTrackingLimit(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, func(cfg *config.Config) { cfg.Server.TrackingTableMaxKeys = 100 })
		a, _ := trackers(t, r, "")
		for i := range 300 {
			a.do(fmt.Sprintf("GET %d", i))
		}
		forgotten := map[string]bool{}
		note := func(want int) {
			t.Helper()
			for len(forgotten) < want {
				v := a.next()
				if forgotten[v] {
					t.Fatalf("told twice: %s", v)
				}
				forgotten[v] = true
			}
			a.quiet()
		}
		note(300 - int(r.tracker.table.Load().keys.Load()))
		if n := r.tracker.table.Load().keys.Load(); n < 100 || n > 100+int64(shards) {
			t.Errorf("%d keys", n)
		}
		a.want("CONFIG SET tracking-table-max-keys 1", "OK")
		r.tasks.Wait()
		note(299)
		equal(t, "figures", r.figures(), "1 1 1 0")
	})
}

// TestTrackingAnswersFirst: the reply of a blocked client comes before the
// message about what its command has changed.
func TestTrackingAnswersFirst(t *testing.T) {
	r := newRig(t, 1, nil)
	a, b := trackers(t, r, "")
	b.do("RPUSH l 1")
	a.do("LRANGE l 0 -1")
	a.blocks("BLMOVE from l LEFT LEFT 0")
	b.do("RPUSH from x")
	equal(t, "reply", a.next(), `"x"`)
	equal(t, "message", a.next(), `>["invalidate" ["l"]]`)
}

// TestTrackingOptionsAsRedis compares the errors and the descriptions.
func TestTrackingOptionsAsRedis(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	r := newRig(t, 1, nil)
	c := r.connect()
	for _, line := range []string{
		"CLIENT TRACKING ON PREFIX a", "CLIENT TRACKING ON BCAST OPTIN", "CLIENT TRACKING ON OPTIN OPTOUT", "CLIENT TRACKING ON REDIRECT 12345",
		"CLIENT TRACKING ON REDIRECT x", "CLIENT TRACKING ON REDIRECT", "CLIENT TRACKING ON PREFIX", "CLIENT TRACKING ON foo", "CLIENT TRACKING foo BCAST",
		"CLIENT TRACKING ON BCAST PREFIX FOOBAR PREFIX FOO", "CLIENT TRACKING ON BCAST PREFIX FOO PREFIX FOOBAR", "CLIENT TRACKINGINFO",
		"CLIENT TRACKING ON BCAST PREFIX FOO PREFIX BAR", "CLIENT TRACKING ON BCAST PREFIX FOO", "CLIENT TRACKING ON BCAST PREFIX FO",
		"CLIENT TRACKING ON BCAST PREFIX NEW", "CLIENT TRACKINGINFO", "CLIENT TRACKING ON", "CLIENT CACHING YES", "CLIENT TRACKING OFF",
		"CLIENT TRACKING ON BCAST", "CLIENT TRACKINGINFO", "CLIENT TRACKING OFF", "CLIENT TRACKING ON OPTIN NOLOOP", "CLIENT TRACKING ON OPTOUT",
		"CLIENT CACHING NO", "CLIENT CACHING x", "CLIENT CACHING YES", "CLIENT TRACKINGINFO", "PING", "CLIENT TRACKINGINFO", "CLIENT TRACKING OFF",
		"CLIENT TRACKING ON OPTOUT", "CLIENT CACHING YES", "CLIENT CACHING NO", "CLIENT TRACKINGINFO", "CLIENT GETREDIR", "RESET", "CLIENT TRACKINGINFO",
	} {
		want := redis.Raw(commandtest.Words(t, line)...)
		if got := c.raw(line); string(got) != string(want) {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
}
