package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// plain leaves out quotation marks.
func plain(reply string) string { return strings.ReplaceAll(reply, `"`, "") }

// feedReply is what SYNC answers with.
var feedReply = fmt.Sprintf("$%d\r\n%s", len(emptyRDB), emptyRDB)

func TestFeed(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c, feed := r.connect(), r.connect()
		c.want("SET before 1", "OK")
		equal(t, "an empty snapshot", string(feed.raw("SYNC")), feedReply)
		for _, step := range []struct {
			line string
			fed  []string
		}{
			{"SET a 1", []string{"[SELECT 0]", "[SET a 1]"}},
			{"GET a", nil},
			{"DEL nosuch", nil},
			{"MULTI", nil},
			{"INCR a", nil},
			{"SELECT 1", nil},
			{"INCR b", nil},
			{"EXEC", []string{"[MULTI]", "[INCR a]", "[SELECT 1]", "[INCR b]", "[EXEC]"}},
			{"MULTI", nil},
			{"INCR c", nil},
			{"EXEC", []string{"[INCR c]"}},
			{"SET c 1 PX 100", []string{"[SET c 1 PXAT 1800000000100]"}},
		} {
			c.do(step.line)
			for _, want := range step.fed {
				equal(t, step.line, plain(feed.next()), want)
			}
			feed.quiet()
		}
		r.advance(time.Second)
		r.Expire(10)
		equal(t, "expiry", plain(feed.next()), "[DEL c]")
		equal(t, "no replies in the feed", string(feed.raw("PING")), "")
		equal(t, "a second one", string(feed.raw("SYNC")), "")
		equal(t, "REPLCONF ACK", string(feed.raw("REPLCONF ACK 1")), "")
		late := r.connect()
		equal(t, "another", string(late.raw("PSYNC ? -1"))[:11], "+FULLRESYNC")
		c.do("SET a 2")
		for _, f := range []*client{feed, late} {
			equal(t, "both", plain(f.next()), "[SELECT 1]")
			equal(t, "both", plain(f.next()), "[SET a 2]")
		}
		feed.Session.Close()
		late.Session.Close()
		c.want("SET a 3", "OK")
		equal(t, "sessions left", r.feed.active.Load(), int32(0))
	})
}

func TestFeedIsNoCopyOfTheData(t *testing.T) {
	for _, tc := range []struct {
		name, conf string
		keys       bool
		refused    bool
	}{
		{"a bare SYNC", "", true, false},
		{"a tool that wants no keys", `REPLCONF rdb-filter-only ""`, true, false},
		{"capabilities", "REPLCONF capa eof", true, false},
		{"a backup", "REPLCONF rdb-only 1", true, true},
		{"a backup of functions", "REPLCONF rdb-filter-only functions", true, true},
		{"a replica", "REPLCONF listening-port 7000", true, true},
		{"a replica while there is nothing", "REPLCONF listening-port 7000", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, 1, nil)
			c := r.connect()
			if tc.keys {
				c.want("SET a 1", "OK")
			}
			if tc.conf != "" {
				c.want(tc.conf, "OK")
			}
			if got := c.raw("SYNC"); (got[0] == '-') != tc.refused {
				t.Errorf("SYNC answers %q", got)
			}
		})
	}
}

func TestFeedClosesWhoDoesNotRead(t *testing.T) {
	r := newRig(t, 1, func(c *config.Config) { c.Server.ClientOutputBufferLimit.Replica.Hard = 100 })
	out := &deafOutbox{}
	s, err := r.NewSession(SessionOptions{Outbox: out})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &client{t: t, Session: s}
	c.raw("SYNC")
	writer := r.connect()
	for range 10 {
		writer.want("SET a 0123456789", "OK")
	}
	if !out.closed || r.feed.active.Load() != 0 {
		t.Errorf("closed: %v, fed: %d", out.closed, r.feed.active.Load())
	}
}

// deafOutbox is a connection that nobody reads.
type deafOutbox struct {
	nowhere
	bytes  int
	closed bool
}

func (o *deafOutbox) Deliver(b []byte) { o.bytes += len(b) }
func (o *deafOutbox) OutputBytes() int { return o.bytes }
func (o *deafOutbox) Close()           { o.closed = true }
