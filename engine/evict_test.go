package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// crowded is a rig with 200 keys of about 300 bytes, of which every second one
// has a deadline, and no room for more.
func crowded(t *testing.T, shards int, policy string) (*rig, *client) {
	t.Helper()
	r := newRig(t, shards, func(cfg *config.Config) {
		cfg.Memory.MaxMemoryPolicy, cfg.Memory.MaxMemorySamples = policy, 64
		cfg.Notifications.KeyspaceEvents = hook.Keyevent | hook.Eviction
	})
	c := r.connect()
	c.do("HELLO 3")
	for i := range 200 {
		line := fmt.Sprintf("SET %03d %s", i, strings.Repeat("x", 300))
		if i%2 == 1 {
			line += fmt.Sprintf(" EX %d", 10000+i)
		}
		c.want(line, "OK")
		r.advance(time.Second)
	}
	c.want(fmt.Sprintf("CONFIG SET maxmemory %d", r.usedMemory()), "OK")
	r.journal.lines()
	return r, c
}

// evicted are the keys that the log has lost since, in order.
func (r *rig) evicted() (keys []string) {
	for _, line := range r.journal.lines() {
		if key, ok := strings.CutPrefix(line, "DEL "); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

func TestEviction(t *testing.T) {
	for _, tc := range []struct {
		policy string
		old    func(key string) bool // keys that may go first
	}{
		{"allkeys-random", func(string) bool { return true }},
		{"allkeys-lru", func(k string) bool { return k < "120" }},
		{"allkeys-lfu", func(k string) bool { return k < "150" }},
		{"volatile-random", func(k string) bool { return k[2]%2 == 1 }},
		{"volatile-lru", func(k string) bool { return k[2]%2 == 1 && k < "120" }},
		{"volatile-lfu", func(k string) bool { return k[2]%2 == 1 && k < "150" }},
		{"volatile-ttl", func(k string) bool { return k[2]%2 == 1 && k < "120" }},
	} {
		t.Run(tc.policy, func(t *testing.T) {
			onShards(t, func(t *testing.T, shards int) {
				r, c := crowded(t, shards, tc.policy)
				listener := r.connect()
				listener.do("SUBSCRIBE __keyevent@0__:evicted")
				if strings.HasSuffix(tc.policy, "lfu") { // the last ones are used a lot
					for i := 150; i < 200; i++ {
						for range 50 {
							c.do(fmt.Sprintf("GET %03d", i))
						}
					}
				}
				r.evicted()
				c.want("SET big "+strings.Repeat("y", 3000), "OK") // goes above the limit
				c.want("GET nosuch", "(null)")                     // makes room before it runs
				gone := r.evicted()
				if len(gone) < 3 && !slices.Contains(gone, "big") || r.overMemory() {
					t.Fatalf("evicted: %q, still too much: %v", gone, r.overMemory())
				}
				for _, k := range gone {
					if k != "big" && !tc.old(k) {
						t.Errorf("it evicted %s of %q", k, gone)
					}
					equal(t, "event", listener.next(), fmt.Sprintf(`["message" "__keyevent@0__:evicted" "%s"]`, k))
				}
				if n := r.stats.evicted.Load(); n != int64(len(gone)) {
					t.Errorf("%d counted, %d evicted", n, len(gone))
				}
			})
		})
	}
}

// TestNothingToEvict: then commands that need memory are refused, others not.
func TestNothingToEvict(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		const oom = "(error) OOM command not allowed when used memory > 'maxmemory'."
		r, c := crowded(t, shards, "noeviction")
		c.want("CONFIG SET maxmemory 1", "OK")
		c.want("SET k v", oom)
		c.want("DBSIZE", "(integer) 200")
		c.want("CONFIG SET maxmemory-policy volatile-ttl", "OK")
		r.tasks.Wait()
		c.want("SET k v", oom)
		c.want("DBSIZE", "(integer) 100")
		gone := r.evicted()
		slices.Sort(gone)
		equal(t, "evicted", len(slices.Compact(gone)), 100)
		c.want("DEL 000", "(integer) 1")
		c.want("CONFIG SET maxmemory-policy allkeys-lru", "OK")
		r.tasks.Wait()
		c.want("DBSIZE", "(integer) 0")
	})
}

// TestEvictionTellsFirst: a client is told to forget an evicted key before it
// gets the reply of the command that needed the room.
func TestEvictionTellsFirst(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r, c := crowded(t, shards, "volatile-ttl")
		c.do("CLIENT TRACKING ON")
		keys := "MGET"
		for i := 1; i < 200; i += 2 { // which shard is the first to give one is chance
			keys += fmt.Sprintf(" %03d", i)
		}
		c.do(keys)
		c.do("SETRANGE big 1000 x")
		got := c.do("GETRANGE big 1000 1000")
		if !strings.HasPrefix(got, `>["invalidate" ["0`) || !strings.HasSuffix(got, ` "x"`) {
			t.Errorf("%s, evicted: %q", got, r.evicted())
		}
	})
}
