package spec

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const storyHooks = `#!lua name=story

kevy.register_hook{
  name = 'ended', event = 'expired', match = 'session:*', mode = 'atomic',
  callback = function(ev)
    redis.call('RPUSH', 'ended', cjson.encode{ key = ev.key, value = ev.value, cause = ev.cause })
  end,
}
kevy.register_hook{
  name = 'rewrites', event = 'rewrite',
  callback = function(ev)
    redis.call('RPUSH', 'rewrites', cjson.encode{ phase = ev.phase, before = ev.before_bytes, after = ev.after_bytes })
  end,
}
redis.register_function('ended_count', function() return redis.call('LLEN', 'ended') end)
`

// ended is what the atomic hook pushes.
type ended struct{ Key, Value, Cause string }

func endedList(t *testing.T, c *redis.Client) (list []ended) {
	t.Helper()
	raw, err := c.LRange(context.Background(), "ended", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range raw {
		var e ended
		if err := json.Unmarshal([]byte(r), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// TestStory is what a user does: hooks in a file, keys that expire, many
// writers, a rewrite beside them, a crash, a restart, a change of the
// configuration.
func TestStory(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	hooks, conf := filepath.Join(dir, "story.lua"), filepath.Join(dir, "kevy-lua.toml")
	writeFile(t, hooks, storyHooks)
	writeFile(t, conf, storyConfig(dir, hooks, 10000))
	p := startProcess(t, "--config", conf)
	c := p.client(t)

	must(t, c.Set(ctx, "session:1", "alice", 50*time.Millisecond).Err())
	waitFor(t, "the atomic hook has run", func() bool { return len(endedList(t, c)) == 1 })
	if e := endedList(t, c)[0]; e != (ended{"session:1", "alice", "deadline"}) {
		t.Fatalf("the hook got %+v", e)
	}
	waitFor(t, "the plugin has counted", func() bool {
		n, err := c.Do(ctx, "AUDIT.COUNT").Int()
		return err == nil && n == 1
	})

	sha, err := c.ScriptLoad(ctx, "return redis.call('INCRBY', KEYS[1], ARGV[1])").Result()
	must(t, err)
	must(t, c.Set(ctx, "longlived", "x", time.Hour).Err())

	acked := writers(t, p, 8, 300, func() { must(t, c.BgRewriteAOF(ctx).Err()) })
	waitFor(t, "the rewrite has ended", func() bool {
		list, err := c.LRange(ctx, "rewrites", 0, -1).Result()
		return err == nil && len(list) >= 2
	})
	checkRewrites(t, c)

	must(t, c.Set(ctx, "session:2", "bob", 1500*time.Millisecond).Err())
	due := time.Now().Add(1500 * time.Millisecond)
	p.kill()
	if wait := time.Until(due); wait > 0 {
		time.Sleep(wait) // session:2 must come due while the server is down
	}
	p = startProcess(t, "--config", conf)
	c = p.client(t)
	checkAfterCrash(t, c, acked, sha)
	checkReload(t, c, conf, dir, hooks)
	checkRedisLoads(t, p, c, filepath.Join(dir, "data"), acked)
}

func storyConfig(dir, hooks string, slower int) string {
	return fmt.Sprintf(`
[persistence]
dir = %q
appendfsync = "always"
[scripting]
libraries = [%q]
[server]
slowlog-log-slower-than = %d
[[plugins]]
name = "audit"
match = "session:*"
`, filepath.Join(dir, "data"), hooks, slower)
}

// writers lets n clients write until each has count acknowledged keys, and
// calls between in their midst.
func writers(t *testing.T, p *process, n, count int, between func()) map[string]string {
	t.Helper()
	var mu sync.Mutex
	acked := map[string]string{}
	var wg sync.WaitGroup
	half := make(chan struct{}, n)
	for w := range n {
		c := p.client(t)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range count {
				k, v := fmt.Sprintf("w%d:%d", w, i), strconv.Itoa(i*i)
				if err := c.Set(context.Background(), k, v, 0).Err(); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				mu.Lock()
				acked[k] = v
				mu.Unlock()
				if i == count/2 {
					half <- struct{}{}
				}
			}
		}()
	}
	<-half
	between()
	wg.Wait()
	return acked
}

func checkRewrites(t *testing.T, c *redis.Client) {
	t.Helper()
	list, err := c.LRange(context.Background(), "rewrites", 0, 1).Result()
	must(t, err)
	var begin, end struct {
		Phase         string
		Before, After int64
	}
	must(t, json.Unmarshal([]byte(list[0]), &begin))
	must(t, json.Unmarshal([]byte(list[1]), &end))
	if begin.Phase != "begin" || end.Phase != "end" || begin.Before <= 0 || end.After <= 0 {
		t.Fatalf("the rewrite hook recorded %v", list)
	}
}

func checkAfterCrash(t *testing.T, c *redis.Client, acked map[string]string, sha string) {
	t.Helper()
	ctx := context.Background()
	for k, v := range acked {
		if got, err := c.Get(ctx, k).Result(); err != nil || got != v {
			t.Fatalf("%s was acknowledged as %q, and is %q (%v)", k, v, got, err)
		}
	}
	waitFor(t, "the expiry that came due while down", func() bool { return len(endedList(t, c)) >= 2 })
	list := endedList(t, c)
	if len(list) != 2 || list[1] != (ended{"session:2", "bob", "startup"}) {
		t.Fatalf("after the restart: %+v", list)
	}
	if n, err := c.EvalSha(ctx, sha, []string{"n"}, 5).Int(); err != nil || n != 5 {
		t.Fatalf("EVALSHA after a restart: %d, %v", n, err)
	}
	if n, err := c.Do(ctx, "FCALL", "ended_count", 0).Int(); err != nil || n != 2 {
		t.Fatalf("FCALL: %d, %v", n, err)
	}
	if ttl := c.PTTL(ctx, "longlived").Val(); ttl <= 0 || ttl >= time.Hour {
		t.Fatalf("the TTL started again: %v", ttl)
	}
}

func checkReload(t *testing.T, c *redis.Client, conf, dir, hooks string) {
	t.Helper()
	ctx := context.Background()
	slower := func() string { return c.ConfigGet(ctx, "slowlog-log-slower-than").Val()["slowlog-log-slower-than"] }
	writeFile(t, conf, storyConfig(dir, hooks, 12345))
	waitFor(t, "the changed file is in force", func() bool { return slower() == "12345" })
	writeFile(t, conf, strings.Replace(storyConfig(dir, hooks, 777), "appendfsync", "apendfsync", 1))
	writeFile(t, conf+".2", storyConfig(dir, hooks, 999))
	if got := slower(); got != "12345" {
		t.Fatalf("a bad file was taken: %s", got)
	}
	must(t, os.Rename(conf+".2", conf))
	waitFor(t, "a good file after a bad one is in force", func() bool { return slower() == "999" })
}

// checkRedisLoads lets the original load the directory.
func checkRedisLoads(t *testing.T, p *process, c *redis.Client, dir string, acked map[string]string) {
	t.Helper()
	ctx := context.Background()
	want := map[string]string{}
	for k := range acked {
		want[k] = c.Get(ctx, k).Val()
	}
	wantEnded := c.LRange(ctx, "ended", 0, -1).Val()
	p.stop(t)
	addr := redisOn(t, dir)
	if addr == "" {
		return
	}
	r := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer r.Close()
	waitFor(t, "redis-server has loaded the directory", func() bool { return r.Get(ctx, "w0:0").Err() == nil })
	for k, v := range want {
		if got := r.Get(ctx, k).Val(); got != v {
			t.Fatalf("%s is %q here and %q there", k, v, got)
		}
	}
	if got := r.LRange(ctx, "ended", 0, -1).Val(); fmt.Sprint(got) != fmt.Sprint(wantEnded) {
		t.Fatalf("ended is %v here and %v there", wantEnded, got)
	}
}

// redisOn starts redis-server with the log in a data directory, and returns its
// address; none where it is not installed.
func redisOn(t *testing.T, dir string) string {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("redis-server is not installed: the directory is not loaded by it")
		return ""
	}
	port := freePort(t)
	cmd := exec.Command(bin, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir,
		"--appendonly", "yes", "--aof-load-truncated", "no")
	out := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = out, out
	must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("redis-server said:\n%s", out)
		}
	})
	return fmt.Sprintf("127.0.0.1:%d", port)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
