package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// TestEvictedHooks: observers get each evicted key with its value and may use the
// store; atomic hooks write in the group of the eviction, and a failure of one
// leaves nothing.
func TestEvictedHooks(t *testing.T) {
	for _, shards := range []int{1, 4} {
		t.Run(fmt.Sprint(shards), func(t *testing.T) {
			r, c := crowded(t, shards, "allkeys-lru")
			var mu sync.Mutex
			var seen []string
			_, err := r.Bus().Observe(hook.Options{Name: "see", Owner: "test", Kind: hook.KindEvicted, DB: hook.AnyDB, Match: "0*"}, func(ctx context.Context, ev hook.Event) error {
				e := ev.(*hook.Evicted)
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, string(e.Key))
				if e.Type != "string" || string(e.Value.Str()) != strings.Repeat("x", 300) || e.Policy != "allkeys-lru" || e.DB != 0 {
					t.Errorf("%+v", e)
				}
				return r.Do(ctx, 0, words("EXISTS", string(e.Key)), &wire.Collector{})
			})
			if err != nil {
				t.Fatal(err)
			}
			r.attach(hook.Options{Name: "count", Kind: hook.KindEvicted}, func(c *command.Call, ev hook.Event) error {
				return c.Do(&wire.Collector{}, words("INCR", "evictions")...)
			})
			bad := r.attach(hook.Options{Name: "bad", Kind: hook.KindEvicted}, func(c *command.Call, ev hook.Event) error {
				if err := c.Do(&wire.Collector{}, words("SET", "never", "x")...); err != nil {
					return err
				}
				return errors.New("boom")
			})
			for i := range 10 {
				c.want(fmt.Sprintf("SET new:%d %s", i, strings.Repeat("y", 600)), "OK")
			}
			c.want("PING", "PONG") // what the last write is too much is evicted before the next command
			if err := r.Bus().Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			evicted := 0
			for _, line := range r.journal.lines() {
				if strings.HasPrefix(line, "DEL ") && strings.HasSuffix(line, "; INCR evictions") {
					evicted++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if evicted == 0 || len(seen) != evicted {
				t.Errorf("%d groups of an eviction with its hook, %d events", evicted, len(seen))
			}
			c.want("GET evictions", fmt.Sprintf("%q", fmt.Sprint(evicted)))
			c.want("EXISTS never", "(integer) 0")
			if s := bad.Stats(); s.Errors != int64(evicted) || s.LastError != "boom" {
				t.Errorf("%+v", s)
			}
		})
	}
}
