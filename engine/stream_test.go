package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

// randomUse is a command that does something to the groups of a stream, or
// deletes under them.
func randomUse(rnd *rand.Rand, key string) string {
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	id := func() string { return fmt.Sprintf("%d-%d", 1+rnd.IntN(7), rnd.IntN(99)) }
	switch rnd.IntN(12) {
	case 0, 1:
		return "XGROUP CREATE " + key + " " + pick("g", "h", "i") + " " + pick("0", "$", id()) + pick("", " ENTRIESREAD 3")
	case 2, 3, 4:
		return "XREADGROUP GROUP " + pick("g", "h") + " " + pick("x", "y", "z") + " COUNT 3 STREAMS " + key + " >"
	case 5:
		return "XREADGROUP GROUP g " + pick("x", "y") + " COUNT 2 STREAMS " + key + " 0"
	case 6:
		return "XACK " + key + " g " + id() + " " + id() + " " + id()
	case 7:
		return "XDEL " + key + " " + id() + " " + id() + " " + id() + " " + id()
	case 8:
		return "XTRIM " + key + " " + pick("MINID 1-50", "MINID 2", "MAXLEN 12", "MAXLEN 0")
	case 9:
		return "XADD " + key + " " + pick("8", "9", "10") + "-* field value"
	case 10:
		return "XSETID " + key + " " + pick("5-5", "20-3", "30-0 ENTRIESADDED 90 MAXDELETEDID 4-4")
	}
	return "XGROUP CREATECONSUMER " + key + " g idle"
}

// unstable are the parts of XINFO that depend on how a stream came about: its
// blocks, and the clock.
var unstable = regexp.MustCompile(`"(radix-tree-keys|radix-tree-nodes|seen-time)" \(integer\) \d+`)

// TestRedisLoadsStreams: the commands of a dump make the same streams of
// redis-server's.
func TestRedisLoadsStreams(t *testing.T) {
	redis := commandtest.StartRedis(t, false)
	if redis == nil {
		t.Skip("redis-server is not installed")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	r := newRig(t, 1, nil)
	r.now = time.UnixMilli(1_700_000_000_000) // redis-server takes no claim of tomorrow
	c := r.connect()
	for i := range 60 {
		key := fmt.Sprintf("s%d", i)
		for j := range rnd.IntN(200) {
			c.do(fmt.Sprintf("XADD %s %d-%d field%d %d", key, j/30+1, rnd.IntN(99), rnd.IntN(2), rnd.Int64()))
		}
		c.do("XGROUP CREATE " + key + " g 0 MKSTREAM")
		for range 50 {
			c.do(randomUse(rnd, key))
			r.advance(time.Duration(rnd.IntN(3)) * time.Millisecond)
		}
	}
	snap, err := r.Freeze(func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Release()
	_, err = snap.Dump(context.Background(), func(db int, args ...[]byte) error {
		words := make([]string, len(args))
		for i, a := range args {
			words[i] = string(a)
		}
		if v := redis.Do(words...); v.Err() != nil {
			t.Errorf("%.200s: %s", words, commandtest.Text(v))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		line := fmt.Sprintf("XINFO STREAM s%d FULL COUNT 0", i)
		ours := c.do(line)
		theirs := commandtest.Text(redis.Do("XINFO", "STREAM", fmt.Sprintf("s%d", i), "FULL", "COUNT", "0"))
		equal(t, line, unstable.ReplaceAllString(ours, "$1"), unstable.ReplaceAllString(theirs, "$1"))
	}
}

func TestBlockedOnStreams(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		a, b, w := r.connect(), r.connect(), r.connect()
		w.want("XADD s 1-1 a 1", `"1-1"`)
		a.blocks("XREAD BLOCK 0 STREAMS s t $ 5-5")
		b.blocks("XREAD BLOCK 0 COUNT 1 STREAMS t 0")
		w.want("XADD t 5-4 f early", `"5-4"`)
		equal(t, "b", b.next(), `[["t" [["5-4" ["f" "early"]]]]]`)
		w.want("XADD s 1-2 f v", `"1-2"`)
		equal(t, "a", a.next(), `[["s" [["1-2" ["f" "v"]]]]]`)
		a.quiet()
		// A key of another type says nothing to XREAD, which waits for a stream.
		a.blocks("XREAD BLOCK 0 STREAMS n $")
		w.want("RPUSH n x", "(integer) 1")
		a.quiet()
		w.want("DEL n", "(integer) 1")
		w.want("XADD n 7-7 f v", `"7-7"`)
		equal(t, "a", a.next(), `[["n" [["7-7" ["f" "v"]]]]]`)
	})
}

func TestBlockedOnGroups(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		a, b, w := r.connect(), r.connect(), r.connect()
		w.want("XGROUP CREATE s g $ MKSTREAM", "OK")
		a.blocks("XREADGROUP GROUP g x BLOCK 0 COUNT 1 STREAMS s >")
		b.blocks("XREADGROUP GROUP g y BLOCK 0 COUNT 1 STREAMS s >")
		r.journal.lines()
		w.want("XADD s 1-1 f 1", `"1-1"`)
		equal(t, "the first to wait", a.next(), `[["s" [["1-1" ["f" "1"]]]]]`)
		b.quiet()
		equal(t, "log", r.journal.lines(), []string{"XADD s 1-1 f 1",
			"XGROUP CREATECONSUMER s g x; XCLAIM s g x 0 1-1 TIME 1800000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1; XGROUP SETID s g 1-1 ENTRIESREAD 1"})
		a.blocks("XREADGROUP GROUP g x BLOCK 0 STREAMS s >")
		w.want("MULTI", "OK")
		for i := range 2 {
			w.want(fmt.Sprintf("XADD s 2-%d f v", i), "QUEUED")
		}
		w.want("EXEC", `["2-0" "2-1"]`)
		equal(t, "b", b.next(), `[["s" [["2-0" ["f" "v"]]]]]`)
		equal(t, "a", a.next(), `[["s" [["2-1" ["f" "v"]]]]]`)
		for _, tc := range []struct{ do, reply, want string }{
			{"XGROUP DESTROY s g", "(integer) 1", "(error) NOGROUP the consumer group this client was blocked on no longer exists"},
			{"DEL s", "(integer) 1", "(error) UNBLOCKED the stream key no longer exists"},
			{"SET s x", "OK", "(error) UNBLOCKED the stream key no longer exists"},
			{"RENAME s away", "OK", "(error) UNBLOCKED the stream key no longer exists"},
			{"FLUSHALL", "OK", "(error) UNBLOCKED the stream key no longer exists"},
			{"PEXPIREAT s 1", "(integer) 1", "(error) UNBLOCKED the stream key no longer exists"},
		} {
			w.do("DEL s")
			w.want("XGROUP CREATE s g $ MKSTREAM", "OK")
			a.blocks("XREADGROUP GROUP g x BLOCK 0 STREAMS s >")
			b.blocks("XREADGROUP GROUP g y BLOCK 0 STREAMS s >")
			w.want(tc.do, tc.reply)
			equal(t, tc.do, a.next(), tc.want)
			equal(t, tc.do, b.next(), tc.want)
		}
	})
}
