package scripting_test

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// await calls fn until it returns true; scripts that run tell nobody that they do.
func await(t *testing.T, what string, fn func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !fn(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func busyAfter(d time.Duration) option {
	return with(func(c *config.Config) { c.Scripting.BusyReplyThreshold = d })
}

// start runs a command on a goroutine; the function returned waits for its reply.
func (r *rig) start(args ...string) func() string {
	var tasks sync.WaitGroup
	var got string
	tasks.Add(1)
	go func() {
		defer tasks.Done()
		got = text(r.do(args...))
	}()
	return func() string { tasks.Wait(); return got }
}

const endless = "while true do pcall(function() while true do end end) end"

func TestKill(t *testing.T) {
	r := newRig(t, busyAfter(10*time.Millisecond))
	r.expect("-NOTBUSY No scripts in execution right now.", "SCRIPT", "KILL")
	wait := r.start("EVAL", endless, "0")
	await(t, "BUSY", func() bool { return strings.HasPrefix(text(r.do("GET", "k")), "-BUSY") })
	r.expect("-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "PING")
	r.expect("-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "FUNCTION", "KILL")
	if got := text(r.do("FUNCTION", "STATS")); !strings.Contains(got, "EVAL "+endless+" 0") {
		t.Errorf("stats: %s", got)
	}
	r.expect("+OK", "SCRIPT", "KILL")
	if got := wait(); !strings.HasPrefix(got, "-ERR Script killed by user with SCRIPT KILL... script: ") || !strings.HasSuffix(got, ", on @user_script:1.") {
		t.Errorf("killed: %s", got)
	}
	r.expect("-NOTBUSY No scripts in execution right now.", "SCRIPT", "KILL")
	r.want("return redis.call('ping')", "+PONG")
}

func TestFunctionKill(t *testing.T) {
	r := newRig(t, busyAfter(10*time.Millisecond))
	r.load("#!lua name=l\nredis.register_function('loop',function() " + endless + " end)\nredis.register_function('f',function() return 1 end)")
	wait := r.start("FCALL", "loop", "0")
	await(t, "BUSY", func() bool { return strings.HasPrefix(text(r.do("GET", "k")), "-BUSY") })
	r.expect("-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.", "SCRIPT", "KILL")
	r.expect("+OK", "FUNCTION", "KILL")
	if got := wait(); !strings.HasPrefix(got, "-ERR Script killed by user with FUNCTION KILL... script: loop, on @user_function:2.") {
		t.Errorf("killed: %s", got)
	}
	r.expect("1", "FCALL", "f", "0")
}

func TestKillAfterWrite(t *testing.T) {
	const script = "redis.call('set','k','v') " + endless
	for _, policy := range []string{"refuse", "rollback"} {
		r := newRig(t, busyAfter(10*time.Millisecond), with(func(c *config.Config) { c.Scripting.KillAfterWrite = policy }))
		wait := r.start("EVAL", script, "0")
		await(t, "BUSY", func() bool { return strings.HasPrefix(text(r.do("GET", "k")), "-BUSY") })
		if policy == "refuse" {
			got := text(r.do("SCRIPT", "KILL"))
			if !strings.HasPrefix(got, "-UNKILLABLE Sorry the script already executed write commands against the dataset.") {
				t.Errorf("got %s", got)
			}
			if _, err := r.Live().Set([]config.Pair{{Name: "scripting.kill-after-write", Value: "rollback"}}, "test"); err != nil {
				t.Fatal(err)
			}
		}
		await(t, "OK", func() bool { return text(r.do("SCRIPT", "KILL")) == "+OK" })
		if got := wait(); !strings.HasPrefix(got, "-ERR Script killed") {
			t.Errorf("killed: %s", got)
		}
		r.expect("nil", "GET", "k")
		if log := r.journal.take(); log != nil {
			t.Errorf("logged %q", log)
		}
	}
}

// TestLimitsUndo: a script that is stopped half way leaves nothing behind.
func TestLimitsUndo(t *testing.T) {
	r := newRig(t, with(func(c *config.Config) { c.Scripting.TimeLimit = 20 * time.Millisecond }))
	r.eval("redis.call('set','k','v') while true do end")
	r.expect("nil", "GET", "k")
	// One that fails by itself leaves what it wrote, as in Redis, unless it says otherwise.
	r.eval("redis.call('set','k','v') error('x')")
	r.expect("v", "GET", "k")
	r.eval("#!lua flags=atomic\nredis.call('set','k','w') redis.call('del','l') error('x')")
	r.expect("v", "GET", "k")
	r.eval("#!lua flags=atomic\nredis.call('set','k','w')")
	r.expect("w", "GET", "k")
}

// TestParallel: two scripts on different shards run at the same time, and the
// one that runs longest is the one that is killed.
func TestParallel(t *testing.T) {
	r := newRig(t, shards(8), busyAfter(time.Hour))
	wait := r.start("EVAL", endless, "1", "a")
	await(t, "the first script", func() bool {
		return text(r.do("EVAL", "return redis.call('incr',KEYS[1])", "1", "h")) != "" && r.runner.Kill(true) != nil
	})
	await(t, "its end", func() bool { return text(r.do("SCRIPT", "KILL")) == "+OK" })
	if got := wait(); !strings.HasPrefix(got, "-ERR Script killed") {
		t.Errorf("killed: %s", got)
	}
}

// TestUndeclaredKeys: with several shards, scripts may touch any key.
func TestUndeclaredKeys(t *testing.T) {
	r := newRig(t, shards(8))
	const script = `redis.call('incr', KEYS[1])
		for i = 1, 20 do pcall(redis.call, 'incr', 'other'..i) end
		return redis.call('mget', KEYS[1], 'other1', 'other20')`
	for i, want := range []string{"[1 1 1]", "[2 2 2]"} {
		r.expect(want, "EVAL", script, "1", "k")
		if log := r.journal.take(); len(log) != 21 {
			t.Errorf("run %d logged %d records", i, len(log))
		}
	}
	r.want("return redis.call('mget','other1','other2','other3')", "[2 2 2]")
	r.want("redis.call('select',1) return redis.call('mget','other1','other2','other3')", "[nil nil nil]")
	r.load(`#!lua name=l
redis.register_function('f', function(keys, args) for i=1,9 do redis.call('set', args[1]..i, i) end return redis.call('get', args[1]..9) end)`)
	r.expect("9", "FCALL", "f", "1", "a", "b")
}

// TestUndeclaredIsRemembered: the second run of such a script is not undone first.
func TestUndeclaredIsRemembered(t *testing.T) {
	r := newRig(t, shards(8))
	r.load("#!lua name=l\nredis.register_function('f', function() return redis.call('INCR', 'n') end)")
	sha := text(r.do("SCRIPT", "LOAD", "return redis.call('INCR', 'n')"))
	reruns := func() string {
		return regexp.MustCompile(`script_reruns:\d+`).FindString(text(r.do("INFO", "scripting")))
	}
	for i, args := range [][]string{{"EVALSHA", sha, "0"}, {"EVALSHA", sha, "0"}, {"EVAL", "return redis.call('INCR', 'n')", "0"}, {"FCALL", "f", "0"}, {"FCALL", "f", "0"}} {
		r.expect(strconv.Itoa(i+1), args...)
	}
	if got := reruns(); got != "script_reruns:2" {
		t.Errorf("got %s", got)
	}
	// A script without keys holds nothing while it runs.
	wait := r.start("EVAL", "while true do end", "0")
	await(t, "the loop", func() bool { return text(r.do("SCRIPT", "KILL")) == "+OK" })
	if got := wait(); !strings.HasPrefix(got, "-ERR Script killed") {
		t.Errorf("killed: %s", got)
	}
}

// TestConcurrentScripts runs scripts of all kinds at once; -race watches.
func TestConcurrentScripts(t *testing.T) {
	r := newRig(t, shards(4))
	r.load(`#!lua name=l
local n = 0
redis.register_function('f', function(keys) n = n + 1 return redis.call('incr', keys[1]) end)
redis.register_function('n', function() return n end)
kevy.register_hook{ event='key', match='c*', callback=function(ev) n = n + 1 redis.call('incr', 'seen') end }`)
	var tasks sync.WaitGroup
	for g := range 6 {
		tasks.Add(1)
		go func() {
			defer tasks.Done()
			k := "c" + string(rune('a'+g))
			for i := range 100 {
				switch i % 4 {
				case 0:
					r.do("EVAL", "return redis.call('incr',KEYS[1])", "1", k)
				case 1:
					r.do("FCALL", "f", "1", k)
				case 2:
					r.do("EVAL", "error({err='X'})", "0")
				case 3:
					r.do("EVAL", "local t = {} for i=1,100 do t[i] = cjson.encode({i}) end return table.concat(t) .. ARGV[1]", "0", k)
				}
				if i == 50 {
					r.do("SCRIPT", "FLUSH")
				}
			}
		}()
	}
	tasks.Wait()
	r.flush()
	r.expect("150", "FCALL", "n", "0")
	r.expect("[50 50 300]", "MGET", "ca", "cf", "seen")
}

func TestCacheIsBounded(t *testing.T) {
	r := newRig(t)
	sha := text(r.do("SCRIPT", "LOAD", "return 'kept'"))
	for i := range 700 {
		r.eval("return 1 -- " + strings.Repeat("x", i))
	}
	r.expect("kept", "EVALSHA", sha, "0")
	if got := text(r.do("INFO", "scripting")); !strings.Contains(got, "number_of_cached_scripts:501\r\n") || !strings.Contains(got, "evicted_scripts:200") {
		t.Errorf("%s", got)
	}
}
