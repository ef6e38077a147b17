package spec

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	crashKills    = flag.Int("crash.kills", 3, "how many times the crash loop kills the server under each policy")
	crashPolicies = flag.String("crash.policies", "always,everysec,no", "the policies of the crash loop")
	crashSeed     = flag.Uint64("crash.seed", uint64(time.Now().UnixNano()), "seed of the crash loop")
)

const crashLibrary = `#!lua name=crash
kevy.register_hook{
  name = 'once', event = 'expired', match = 'e:*', mode = 'atomic',
  callback = function(ev) redis.call('HINCRBY', 'fired', ev.key, 1) end,
}
redis.register_function('crash_twin', function(keys)
  redis.call('INCR', keys[1])
  redis.call('SADD', keys[2], redis.call('GET', keys[1]))
  return redis.call('GET', keys[1])
end)
`

// crashLoop is one run of the loop: kevy-lua in a directory, clients that
// remember what was acknowledged, and a server that is killed again and again.
type crashLoop struct {
	rnd     *rand.Rand
	dir     string
	args    []string
	clients []*crashClient
	kinds   []crashKind
	// world is held for reading by each operation, and for writing by FLUSHALL.
	world   sync.RWMutex
	doubt   bool // a FLUSHALL was not acknowledged
	settled map[string]string
	flushes int
	expired int
}

// TestCrashLoop kills the real server at random moments under load, with
// rewrites in flight, and requires that nothing acknowledged is lost, that no
// group is half there, that each expiry's atomic hook has taken effect exactly
// once, that what the next start finds is the same, and that redis-server
// finds the same, too. Only the process dies, so that all this holds under
// every policy.
func TestCrashLoop(t *testing.T) {
	for i, policy := range strings.Split(*crashPolicies, ",") {
		t.Run(policy, func(t *testing.T) {
			t.Logf("seed %d", *crashSeed)
			kills := *crashKills
			if testing.Short() {
				kills = 1
			}
			l := newCrashLoop(t, policy, rand.New(rand.NewPCG(*crashSeed, uint64(i))))
			for kill := range kills {
				l.life(t)
				l.check(t)
				if t.Failed() {
					t.Fatalf("after kill %d", kill+1)
				}
			}
			l.oracle(t)
			t.Logf("%d kills, %d operations of %d kinds, %d expiries, %d FLUSHALLs", kills, l.operations(), len(l.kinds), l.expired, l.flushes)
		})
	}
}

func newCrashLoop(t *testing.T, policy string, rnd *rand.Rand) *crashLoop {
	t.Helper()
	dir := t.TempDir()
	library := filepath.Join(dir, "crash.lua")
	writeFile(t, library, crashLibrary)
	l := &crashLoop{rnd: rnd, dir: filepath.Join(dir, "data")}
	l.args = []string{"--dir", l.dir, "--set", "appendfsync=" + policy, "--set", "scripting.libraries=" + library}
	for i := range 6 {
		l.clients = append(l.clients, &crashClient{id: i, loop: l, acked: map[string]int64{}})
	}
	return l
}

// life starts the server, lets the clients work for a random time in which
// rewrites begin, and kills it. What it starts with is what the start before found.
func (l *crashLoop) life(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	p := startProcess(t, l.args...)
	c := l.connect(t, p, 0)
	if l.settled != nil {
		if got := dump(t, c); !maps.Equal(got, l.settled) {
			t.Fatalf("the second start differs from the first:\n%s", differences(l.settled, got))
		}
	}
	if l.kinds == nil {
		l.kinds = knownKinds(t, c)
	}
	must(t, c.Set(ctx, "alive", "1", 0).Err())
	var wg sync.WaitGroup
	for _, w := range l.clients {
		db := [4]*redis.Client{l.connect(t, p, 0), nil, l.connect(t, p, 2), l.connect(t, p, 3)}
		own := rand.New(rand.NewPCG(l.rnd.Uint64(), 2))
		wg.Go(func() { w.work(db, own) })
		wg.Go(func() { w.consume(l.connect(t, p, 0)) })
	}
	ended := make(chan struct{})
	own := rand.New(rand.NewPCG(l.rnd.Uint64(), 3))
	wg.Go(func() { l.disturb(l.connect(t, p, 0), own, ended) })
	time.Sleep(time.Duration(50+l.rnd.IntN(450)) * time.Millisecond) // the moment of the crash is what is being chosen
	p.kill()
	close(ended)
	wg.Wait()
}

// disturb rewrites the log again and again, and at times empties the store.
func (l *crashLoop) disturb(c *redis.Client, rnd *rand.Rand, ended chan struct{}) {
	ctx := context.Background()
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Duration(rnd.IntN(120)) * time.Millisecond):
		}
		c.BgRewriteAOF(ctx) // an error is one that runs already, or the end
		if rnd.IntN(20) == 0 {
			l.flushAll(ctx, c)
		}
	}
}

// flushAll empties the store while nothing else is in doubt. The key "alive",
// which it sets again, tells afterwards what became of it.
func (l *crashLoop) flushAll(ctx context.Context, c *redis.Client) {
	l.world.Lock()
	defer l.world.Unlock()
	l.doubt = true
	if c.FlushAll(ctx).Err() != nil {
		return
	}
	l.forget()
	if c.Set(ctx, "alive", "1", 0).Err() == nil {
		l.doubt = false
	}
}

// forget is what FLUSHALL does to what the clients know.
func (l *crashLoop) forget() {
	l.flushes++
	for _, w := range l.clients {
		clear(w.acked)
		w.expires, w.trying = nil, ""
	}
}

// check starts the server again and looks at what is there; then it ends it, one
// way or the other.
func (l *crashLoop) check(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	p := startProcess(t, l.args...)
	c := l.connect(t, p, 0)
	if l.doubt && c.Exists(ctx, "alive").Val() == 0 {
		l.forget()
	}
	l.doubt = false
	db := [4]*redis.Client{c, nil, l.connect(t, p, 2), l.connect(t, p, 3)}
	for _, w := range l.clients {
		w.verify(t, db)
	}
	l.verifyFired(t, c)
	l.settled = dump(t, c)
	if l.rnd.IntN(2) == 0 {
		p.kill()
	} else {
		p.stop(t)
	}
}

var pending = regexp.MustCompile(`(?m)^db0:keys=\d+,expires=[^0]`)

// verifyFired waits until no key with a deadline is left, and requires that
// each acknowledged one has fired, and none twice.
func (l *crashLoop) verifyFired(t *testing.T, c *redis.Client) {
	t.Helper()
	ctx := context.Background()
	waitFor(t, "all keys with a deadline have expired", func() bool {
		// KEYS would hide those that are due and not yet removed.
		info, err := c.Info(ctx, "keyspace").Result()
		return err == nil && !pending.MatchString(info)
	})
	fired := c.HGetAll(ctx, "fired").Val()
	for _, w := range l.clients {
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
	l.expired = max(l.expired, len(fired))
}

// connect returns a client that never asks twice: what was not acknowledged is
// in doubt, and stays the only one.
func (l *crashLoop) connect(t *testing.T, p *process, db int) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: p.addr, DB: db, MaxRetries: -1, ReadTimeout: time.Minute, DialTimeout: time.Minute})
	t.Cleanup(func() { c.Close() })
	return c
}

func (l *crashLoop) operations() (n int64) {
	for _, w := range l.clients {
		n += w.done
	}
	return n
}

// oracle lets redis-server load what the last kill has left.
func (l *crashLoop) oracle(t *testing.T) {
	t.Helper()
	addr := redisOn(t, l.dir)
	if addr == "" {
		return
	}
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, ReadTimeout: time.Minute})
	defer c.Close()
	waitFor(t, "redis-server has loaded the directory", func() bool { return c.Ping(context.Background()).Err() == nil })
	if got := dump(t, c); !maps.Equal(got, l.settled) {
		t.Errorf("redis-server finds something else:\n%s", differences(l.settled, got))
	}
}

// differences says in which keys two dumps differ, shortly.
func differences(want, got map[string]string) string {
	var b strings.Builder
	for k := range want {
		if got[k] != want[k] {
			fmt.Fprintf(&b, "%s: want %.200q, got %.200q\n", k, want[k], got[k])
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			fmt.Fprintf(&b, "%s: not there before, got %.200q\n", k, got[k])
		}
	}
	return b.String()
}
