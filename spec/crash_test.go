package spec

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	crashKills = flag.Int("crash.kills", 3, "how many times the crash loop kills the server")
	crashSeed  = flag.Uint64("crash.seed", uint64(time.Now().UnixNano()), "seed of the crash loop")
)

const crashHooks = `#!lua name=crash
kevy.register_hook{
  name = 'once', event = 'expired', match = 'e:*', mode = 'atomic',
  callback = function(ev) redis.call('HINCRBY', 'fired', ev.key, 1) end,
}
`

const twin = "redis.call('INCR', KEYS[1]) redis.call('INCR', KEYS[2]) return redis.call('GET', KEYS[1])"

// crashClient works on keys of its own and remembers what was acknowledged.
// At most one operation is in doubt when the server dies.
type crashClient struct {
	id      int
	acked   struct{ counter, list, multi, script int64 }
	expires []string // keys with a deadline that were acknowledged
	named   int      // names given to such keys: none is used twice
}

func (w *crashClient) key(kind string) string { return fmt.Sprintf("%s:%d", kind, w.id) }

// work runs until the server is gone.
func (w *crashClient) work(c *redis.Client, rnd *rand.Rand) {
	ctx := context.Background()
	for {
		var err error
		switch rnd.IntN(5) {
		case 0:
			if err = c.Incr(ctx, w.key("counter")).Err(); err == nil {
				w.acked.counter++
			}
		case 1:
			if err = c.RPush(ctx, w.key("list"), w.acked.list).Err(); err == nil {
				w.acked.list++
			}
		case 2:
			_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Incr(ctx, w.key("m1"))
				p.HIncrBy(ctx, w.key("m2"), "f", 1)
				return nil
			})
			if err == nil {
				w.acked.multi++
			}
		case 3:
			if err = c.Eval(ctx, twin, []string{w.key("s1"), w.key("s2")}).Err(); err == nil {
				w.acked.script++
			}
		case 4:
			k := fmt.Sprintf("e:%d:%d", w.id, w.named)
			w.named++
			if err = c.Set(ctx, k, "v", time.Duration(1+rnd.IntN(80))*time.Millisecond).Err(); err == nil {
				w.expires = append(w.expires, k)
			}
		}
		if err != nil {
			return
		}
	}
}

// within requires acknowledged ≤ got ≤ acknowledged+1, and takes got over: the
// operation in doubt has happened or not.
func within(t *testing.T, what string, acked *int64, got int64) {
	t.Helper()
	if got < *acked || got > *acked+1 {
		t.Errorf("%s: %d acknowledged, %d there", what, *acked, got)
	}
	*acked = got
}

func (w *crashClient) verify(t *testing.T, c *redis.Client) {
	t.Helper()
	ctx := context.Background()
	count := func(k string) int64 { n, _ := c.Get(ctx, k).Int64(); return n }
	within(t, w.key("counter"), &w.acked.counter, count(w.key("counter")))
	list := c.LRange(ctx, w.key("list"), 0, -1).Val()
	for i, v := range list {
		if v != fmt.Sprint(i) {
			t.Errorf("%s[%d] is %s", w.key("list"), i, v)
			break
		}
	}
	within(t, w.key("list"), &w.acked.list, int64(len(list)))
	m1 := count(w.key("m1"))
	m2, _ := c.HGet(ctx, w.key("m2"), "f").Int64()
	s1, s2 := count(w.key("s1")), count(w.key("s2"))
	if m1 != m2 || s1 != s2 {
		t.Errorf("half a group: MULTI %d and %d, script %d and %d", m1, m2, s1, s2)
	}
	within(t, w.key("multi"), &w.acked.multi, m1)
	within(t, w.key("script"), &w.acked.script, s1)
}

// TestCrashLoop kills the real server at random moments under load, with
// rewrites in flight, and requires that nothing acknowledged is lost, no group
// is half there, and each expiry's atomic hook has taken effect exactly once.
func TestCrashLoop(t *testing.T) {
	t.Logf("seed %d", *crashSeed)
	rnd := rand.New(rand.NewPCG(*crashSeed, 1))
	dir := t.TempDir()
	hooks := filepath.Join(dir, "crash.lua")
	writeFile(t, hooks, crashHooks)
	args := []string{"--dir", filepath.Join(dir, "data"), "--set", "appendfsync=always", "--set", "scripting.libraries=" + hooks}
	clients := make([]*crashClient, 6)
	for i := range clients {
		clients[i] = &crashClient{id: i}
	}
	for kill := range *crashKills {
		p := startProcess(t, args...)
		crashRound(t, p, clients, rnd)
		p = startProcess(t, args...)
		c := p.client(t)
		for _, w := range clients {
			w.verify(t, c)
		}
		verifyFired(t, c, clients)
		p.stop(t)
		if t.Failed() {
			t.Fatalf("after kill %d: the log is in %s", kill+1, dir)
		}
	}
}

// crashRound lets the clients work for a random time, in which a rewrite
// begins, and kills the server.
func crashRound(t *testing.T, p *process, clients []*crashClient, rnd *rand.Rand) {
	t.Helper()
	var wg sync.WaitGroup
	for _, w := range clients {
		c, own := p.client(t), rand.New(rand.NewPCG(rnd.Uint64(), 2))
		wg.Add(1)
		go func() {
			defer wg.Done()
			w.work(c, own)
		}()
	}
	life := time.Duration(50+rnd.IntN(400)) * time.Millisecond
	time.Sleep(life / 2) // the moment of the crash is what is being chosen
	p.client(t).BgRewriteAOF(context.Background())
	time.Sleep(life / 2)
	p.kill()
	wg.Wait()
}

// verifyFired waits until no key with a deadline is left, and requires that
// each acknowledged one has fired, and none twice.
func verifyFired(t *testing.T, c *redis.Client, clients []*crashClient) {
	t.Helper()
	ctx := context.Background()
	waitFor(t, "all keys with a deadline have expired", func() bool {
		// KEYS would hide those that are due and not yet removed.
		return strings.Contains(c.Info(ctx, "keyspace").Val(), ",expires=0,")
	})
	fired := c.HGetAll(ctx, "fired").Val()
	for _, w := range clients {
		for _, k := range w.expires {
			if fired[k] == "" {
				t.Errorf("%s expired, and its hook has no effect", k)
			}
		}
	}
	for k, n := range fired {
		if n != "1" {
			t.Errorf("the hook took effect %s times for %s", n, k)
		}
	}
	t.Logf("%d expiries", len(fired))
}
