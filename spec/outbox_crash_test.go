package spec

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	outboxKills = flag.Int("outbox.kills", 3, "how many times the outbox test kills the server")
	outboxKeys  = flag.Int("outbox.keys", 200, "how many expiring keys the outbox test writes")
)

const outboxHooks = `#!lua name=crash
kevy.register_hook{
  name = 'once', event = 'expired', match = 'e:*', mode = 'atomic',
  callback = function(ev) redis.call('RPUSH', 'fired', ev.key) end,
}
kevy.register_hook{
  name = 'atleast', event = 'expired', match = 'e:*', mode = 'outbox', stream = 'out',
  callback = function(ev) redis.call('HINCRBY', 'seen', ev.key, 1) end,
}
`

// TestOutboxOverCrashes kills the server again and again while keys expire. The
// list that an atomic hook fills holds each key that was acknowledged exactly
// once, and the hook with an outbox has seen each at least once.
func TestOutboxOverCrashes(t *testing.T) {
	t.Logf("seed %d", *crashSeed)
	rnd := rand.New(rand.NewPCG(*crashSeed, 3))
	dir := t.TempDir()
	hooks := filepath.Join(dir, "outbox.lua")
	writeFile(t, hooks, outboxHooks)
	args := []string{"--dir", filepath.Join(dir, "data"), "--set", "appendfsync=always", "--set", "scripting.libraries=" + hooks}
	ctx := context.Background()
	var acked []string
	written := 0
	p := startProcess(t, args...)
	for life := range *outboxKills + 1 { // the last one lives
		c, over := p.client(t), time.After(time.Duration(50+rnd.IntN(400))*time.Millisecond)
		for share := *outboxKeys * (life + 1) / (*outboxKills + 1); written < share; {
			var keys []string
			_, err := c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
				for range min(50, share-written) {
					keys = append(keys, fmt.Sprintf("e:%d", written))
					pipe.Set(ctx, keys[len(keys)-1], "v", time.Duration(1+rnd.IntN(300))*time.Millisecond)
					written++
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			acked = append(acked, keys...)
		}
		if life < *outboxKills {
			<-over // the moment of the crash is what is being chosen
			p.kill()
			p = startProcess(t, args...)
		}
	}
	verifyOutbox(t, p.client(t), acked)
	p.stop(t)
}

func verifyOutbox(t *testing.T, c *redis.Client, acked []string) {
	t.Helper()
	ctx := context.Background()
	// KEYS would hide those that are due and not yet removed.
	drain(t, "keys expire", func() (n int64) {
		if _, after, ok := strings.Cut(c.Info(ctx, "keyspace").Val(), ",expires="); ok {
			fmt.Sscan(strings.Split(after, ",")[0], &n)
		}
		return n
	})
	drain(t, "events come through", func() int64 { return c.XLen(ctx, "out").Val() })
	fired := map[string]int{}
	for _, k := range c.LRange(ctx, "fired", 0, -1).Val() {
		fired[k]++
	}
	seen := c.HGetAll(ctx, "seen").Val()
	for _, k := range acked {
		if fired[k] != 1 || seen[k] == "" {
			t.Errorf("%s: fired %d times, seen %q times", k, fired[k], seen[k])
		}
	}
	for k, n := range fired {
		if n != 1 || seen[k] == "" {
			t.Errorf("%s: fired %d times, seen %q times", k, n, seen[k])
		}
	}
	if n := c.XLen(ctx, "out:dead").Val(); n != 0 {
		t.Errorf("%d dead letters", n)
	}
	more := 0
	for _, n := range seen {
		if n != "1" {
			more++
		}
	}
	t.Logf("%d keys acknowledged, %d expired, %d seen more than once", len(acked), len(fired), more)
}

// drain waits until nothing is left; many may take long, as long as they get fewer.
func drain(t *testing.T, what string, count func() int64) {
	t.Helper()
	for left := count(); left > 0; {
		waitFor(t, what, func() bool {
			was := left
			left = count()
			return left < was
		})
	}
}
