package scripting_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// clock is an engine's clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func withClock(c *clock) option {
	c.now = time.UnixMilli(1_700_000_000_000)
	return func(_ *config.Config, o *engine.Options) { o.Now = c.Now }
}

func (r *rig) load(code string) {
	r.t.Helper()
	if v := r.do("FUNCTION", "LOAD", "REPLACE", code); v.Err() != nil {
		r.t.Fatalf("%s", text(v))
	}
}

// flush waits until all observers are idle.
func (r *rig) flush() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Bus().Flush(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func TestAtomicExpiredHook(t *testing.T) {
	var c clock
	r := newRig(t, withClock(&c))
	r.load(`#!lua name=sessions
kevy.register_hook{
  event = 'expired', match = 'session:*', mode = 'atomic',
  callback = function(ev)
    redis.call('LPUSH', 'ended', cjson.encode{ key = ev.key, value = ev.value, late = ev.lateness, cause = ev.cause, type = ev.type, db = ev.db })
  end,
}`)
	r.do("SET", "session:1", "alice", "PX", "100")
	r.do("HSET", "session:2", "user", "bob")
	r.do("PEXPIRE", "session:2", "100")
	r.do("SET", "other", "x", "PX", "100")
	c.add(105 * time.Millisecond)
	r.journal.take()
	r.Expire(100)
	got := text(r.do("LRANGE", "ended", "0", "-1"))
	for _, want := range []string{`"key":"session:1"`, `"value":"alice"`, `"late":5`, `"value":{"user":"bob"}`, `"type":"hash"`, `"db":0`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	log := strings.Join(r.journal.take(), "\n")
	if !strings.Contains(log, "DEL session:1\nLPUSH ended") {
		t.Errorf("logged %s", log)
	}
	r.expect("0", "EXISTS", "session:1")
}

func TestValuesOfAllTypes(t *testing.T) {
	var c clock
	r := newRig(t, withClock(&c))
	r.load(`#!lua name=l
kevy.register_hook{ event='expired', match='k*', mode='atomic', callback=function(ev)
  redis.call('SET', 'seen:'..ev.key, cjson.encode(ev.value)) end }`)
	for _, args := range [][]string{
		{"SET", "k1", "v"}, {"RPUSH", "k2", "a", "b"}, {"SADD", "k3", "m"}, {"HSET", "k4", "f", "v"}, {"ZADD", "k5", "1.5", "m"},
	} {
		r.do(args...)
		r.do("PEXPIRE", args[1], "10")
	}
	c.add(20 * time.Millisecond)
	r.Expire(100)
	r.expect(`["v" ["a","b"] ["m"] {"f":"v"} {"m":1.5}]`, "MGET", "seen:k1", "seen:k2", "seen:k3", "seen:k4", "seen:k5")
}

func TestKeepingAKey(t *testing.T) {
	var c clock
	r := newRig(t, withClock(&c))
	r.load(`#!lua name=l
kevy.register_hook{ event='expired', mode='atomic', callback=function(ev) if redis.call('INCR','n') < 3 then ev:keep(1000) end end }`)
	r.do("SET", "k", "v", "PX", "100")
	for range 2 {
		c.add(1100 * time.Millisecond)
		r.Expire(10)
		r.expect("v", "GET", "k")
	}
	c.add(1100 * time.Millisecond)
	r.Expire(10)
	r.expect("nil", "GET", "k")
	r.expect("3", "GET", "n")
}

func TestFailingHookLeavesNothing(t *testing.T) {
	var c clock
	r := newRig(t, withClock(&c), with(func(c *config.Config) { c.Hooks.TripAfter = 3 }))
	r.load(`#!lua name=l
kevy.register_hook{ event='expired', mode='atomic', callback=function(ev) redis.call('INCR','n') error('no') end }`)
	for range 5 {
		r.do("SET", "k", "v", "PX", "100")
		c.add(time.Second)
		r.Expire(10)
		r.expect("nil", "GET", "k")
		r.expect("nil", "GET", "n")
	}
	h := r.Bus().Hooks()[0].Stats()
	if h.State != "tripped" || h.Runs != 3 || h.Errors != 3 || !strings.Contains(h.LastError, "no script: l/expired, on @user_function:2.") {
		t.Errorf("%+v", h)
	}
}

func TestHookThatNeverEnds(t *testing.T) {
	var c clock
	r := newRig(t, withClock(&c), with(func(c *config.Config) { c.Hooks.AtomicTimeBudget = 20 * time.Millisecond }))
	r.load(`#!lua name=l
kevy.register_hook{ event='expired', mode='atomic', callback=function(ev) redis.call('INCR','n') while true do pcall(function() while true do end end) end end }
redis.register_function('f',function() return 1 end)`)
	r.do("SET", "k", "v", "PX", "100")
	c.add(time.Second)
	r.Expire(10)
	r.expect("nil", "GET", "k")
	r.expect("nil", "GET", "n")
	r.expect("1", "FCALL", "f", "0")
}

func TestObserver(t *testing.T) {
	r := newRig(t)
	r.load(`#!lua name=l
local n = 0
kevy.register_hook{ event='key', match='in:*', names={'set'}, callback=function(ev)
  n = n + 1
  redis.call('RPUSH', 'out', ev.name..' '..ev.key..' '..n..' '..ev.depth) end }
redis.register_function('n', function() return n end)`)
	r.do("SET", "in:1", "x")
	r.do("SET", "other", "x")
	r.do("LPUSH", "in:l", "x")
	r.do("SET", "in:2", "x")
	r.flush()
	r.expect("[set in:1 1 0 set in:2 2 0]", "LRANGE", "out", "0", "-1")
	r.expect("0", "FCALL", "n", "0") // observers have upvalues of their own
}

// TestLoopOfHooks: an observer whose command causes its own event ends at the
// depth limit.
func TestLoopOfHooks(t *testing.T) {
	r := newRig(t)
	r.load(`#!lua name=l
kevy.register_hook{ event='key', names={'incrby'}, callback=function(ev) redis.call('INCR','n') end }`)
	r.do("INCR", "n")
	r.flush()
	if n := r.do("GET", "n"); string(n.Str) != "6" { // depths 0 to 4, and the client's own
		t.Errorf("n is %s", n.Str)
	}
	if h := r.Bus().Hooks()[0].Stats(); h.TooDeep != 1 {
		t.Errorf("%+v", h)
	}
}

// TestHooksThatComeBack: a function whose write runs an atomic hook of its own
// library, which calls a command of that library, does not wait for itself.
func TestHooksThatComeBack(t *testing.T) {
	for _, n := range []int{1, 4} {
		r := newRig(t, shards(n))
		r.load(`#!lua name=l
kevy.register_command{ name='l.cmd', callback=function(args) return redis.call('INCR', 'count') end }
kevy.register_hook{ event='key', match='k*', names={'set'}, mode='atomic', callback=function(ev) redis.call('l.cmd') end }
kevy.register_hook{ event='key', match='k*', names={'set'}, callback=function(ev) redis.call('FCALL', 'g', 0) redis.call('SET','x:'..ev.key,redis.call('GET','count')) end }
redis.register_function('f', function(keys) redis.call('SET', keys[1], 1) return redis.call('l.cmd') end)`)
		r.expect("1", "FCALL", "f", "1", "k1")
		r.flush()
		r.expect("2", "GET", "count")
		if s := r.Bus().Hooks()[1].Stats(); s.Errors != 1 || !strings.Contains(s.LastError, "not allowed from script") {
			t.Errorf("%+v", s)
		}
	}
}

// TestTwoLibrariesThatCallEachOther must not wait for one another.
func TestTwoLibrariesThatCallEachOther(t *testing.T) {
	r := newRig(t, shards(8))
	for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}} {
		r.load(strings.NewReplacer("A", pair[0], "B", pair[1]).Replace(`#!lua name=A
kevy.register_command{ name='A.in', keys={1}, callback=function(args) return redis.call('INCR', args[1]) end }
kevy.register_command{ name='A.out', keys={1}, callback=function(args) return redis.call('B.in', args[1]) end }`))
	}
	var tasks sync.WaitGroup
	for i := range 8 {
		tasks.Add(1)
		go func() {
			defer tasks.Done()
			for range 200 {
				r.do([]string{"a.out", "b.out"}[i%2], "key"+string(rune('a'+i)))
			}
		}()
	}
	tasks.Wait()
	r.expect("[200 200 200]", "MGET", "keya", "keyb", "keyh")
}

func TestCommands(t *testing.T) {
	for _, n := range []int{1, 4} {
		r := newRig(t, shards(n))
		r.load(`#!lua name=l
kevy.register_command{ name='l.count', arity=1, flags={'no-writes'}, callback=function() return redis.call('LLEN','list') end }
kevy.register_command{ name='L.Push', arity=-3, keys={1,1,1}, summary='Pushes', callback=function(args) return redis.call('RPUSH', unpack(args)) end }
kevy.register_command{ name='l.bad', flags={'no-writes'}, callback=function() return redis.call('SET','x',1) end }
kevy.register_command{ name='l.atomic', flags={'atomic'}, callback=function() redis.call('SET','x',1) error('undo') end }
kevy.register_command{ name='l.half', callback=function() redis.call('SET','y',1) error('no undo') end }`)
		r.expect("2", "L.PUSH", "list", "a", "b")
		r.expect("2", "l.count")
		if log := r.journal.take(); len(log) != 2 || log[1] != "RPUSH list a b" {
			t.Errorf("logged %q", log)
		}
		r.expect("-ERR wrong number of arguments for 'l.push' command", "l.push", "x")
		if got := text(r.do("l.bad")); !strings.Contains(got, "Write commands are not allowed from read-only scripts") {
			t.Errorf("got %s", got)
		}
		if got := text(r.do("l.atomic")); !strings.Contains(got, "undo") {
			t.Errorf("got %s", got)
		}
		r.do("l.half")
		r.expect("[nil 1]", "MGET", "x", "y")
		if got := text(r.do("COMMAND", "GETKEYS", "l.push", "k", "v")); got != "[k]" {
			t.Errorf("keys %s", got)
		}
		r.load("#!lua name=l\nredis.register_function('f',function() end)")
		if got := text(r.do("l.count")); !strings.HasPrefix(got, "-ERR unknown command") {
			t.Errorf("after the reload: %s", got)
		}
	}
}

func TestReloadKeepsSubscriptionsApart(t *testing.T) {
	r := newRig(t)
	for _, v := range []string{"1", "2", "3", "4"} {
		r.load(`#!lua name=l
kevy.register_hook{ event='key', match='in', name='h', callback=function(ev) redis.call('RPUSH','out',` + v + `) end }
kevy.register_hook{ event='key', match='in', name='a', mode='atomic', callback=function(ev) redis.call('RPUSH','out','a` + v + `') end }`)
		r.do("SET", "in", "x")
		r.flush()
	}
	r.expect("[a1 1 a2 2 a3 3 a4 4]", "LRANGE", "out", "0", "-1")
	r.do("FUNCTION", "DELETE", "l")
	r.do("SET", "in", "x")
	r.flush()
	r.expect("8", "LLEN", "out")
}

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.load(`#!lua name=l
kevy.register_timer{ every='30s', callback=function() redis.call('INCR','n') end }
kevy.register_timer{ every=10000, name='bad', callback=function() error('oops') end }`)
		time.Sleep(95 * time.Second)
		synctest.Wait()
		r.expect("3", "GET", "n")
		if !strings.Contains(r.logged.String(), "hook=bad event=timer") {
			t.Errorf("no word about the failing timer in %s", r.logged)
		}
		r.do("FUNCTION", "FLUSH")
		time.Sleep(95 * time.Second)
		synctest.Wait()
		r.expect("3", "GET", "n")
	})
}

func TestTimersOfAllKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.load(`#!lua name=l
kevy.register_timer{ cron='*/5 * * * *', name='five', persist=true, callback=function(ev) redis.call('RPUSH', 'ran', ev.name..' '..(ev.at - ev.due)) end }
kevy.register_timer{ at='2000-01-01T00:02:00Z', callback=function(ev) redis.call('RPUSH', 'ran', ev.name) end }
kevy.register_timer{ every='1m', name='bad', trip_after=2, rearm='1h', callback=function(ev) error('oops') end }`)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		r.expect("[timer-2 five 0 five 0]", "LRANGE", "ran", "0", "-1")
		r.expect("[lua:l/five]", "HKEYS", "kevy:timers")
		for _, h := range r.Bus().Hooks() {
			if s := h.Stats(); h.Options().Name == "bad" && (s.State != "tripped" || s.Runs != 2 || !strings.Contains(s.LastError, "oops")) {
				t.Errorf("%+v", s)
			}
		}
		r.expect("+OK", "HOOK", "DISABLE", "lua:l/five")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		r.expect("3", "LLEN", "ran")
	})
}

func TestRegistrationErrors(t *testing.T) {
	r := newRig(t)
	for _, tc := range []struct{ code, want string }{
		{"kevy.register_hook{}", "event must be given"},
		{"kevy.register_hook('x')", "takes one table"},
		{"kevy.register_hook{event='nosuch',callback=function() end}", "event must be one of expired, evicted, key"},
		{"kevy.register_hook{event='expired'}", "callback must be a function"},
		{"kevy.register_hook{event='expired',calback=function() end}", "unknown argument calback (did you mean callback?)"},
		{"kevy.register_hook{event='expired',callback=function() end,mach='x'}", "unknown argument mach"},
		{"kevy.register_hook{event='expired',mode='outbox',callback=function() end}", "must be given in mode outbox"},
		{"kevy.register_hook{event='expired',stream='s',callback=function() end}", "is for mode outbox"},
		{"kevy.register_hook{event='rewrite',mode='outbox',stream='s',callback=function() end}", "outbox is for expired, evicted and key events only"},
		{"kevy.register_hook{event='rewrite',mode='atomic',callback=function() end}", "atomic is for expired, evicted and key"},
		{"kevy.register_hook{event='key',class='q',callback=function() end}", "class holds a letter"},
		{"kevy.register_hook{event='key',budget='soon',callback=function() end}", "budget must be a duration"},
		{"kevy.register_hook{event='key',queue=0,callback=function() end}", "queue must be an integer of at least 1"},
		{"kevy.register_hook{event='key',name='n',callback=function() end} kevy.register_hook{event='key',name='n',callback=function() end}", "is taken"},
		{"kevy.register_command{callback=function() end}", "name must be a word"},
		{"kevy.register_command{name='a b',callback=function() end}", "name must be a word"},
		{"kevy.register_command{name='a',arity=0,callback=function() end}", "arity must be"},
		{"kevy.register_command{name='a',flags={'x'},callback=function() end}", "unknown flag 'x'; there are admin, atomic, deny-oom,"},
		{"kevy.register_command{name='a',keys={0},callback=function() end}", "keys must be"},
		{"kevy.register_command{name='a',keys=1,callback=function() end}", "keys must be"},
		{"kevy.register_command{name='get',callback=function() end}", "already registered"},
		{"kevy.register_timer{callback=function() end}", "one of every, at and cron must be given"},
		{"kevy.register_timer{every='-1s',callback=function() end}", "longer than nothing"},
		{"kevy.register_timer{cron='* * *',callback=function() end}", "cron"},
		{"kevy.register_timer{at='tomorrow',callback=function() end}", "at must be a time"},
		{"kevy.register_timer{cron='@daily',persist=true,callback=function() end}", "name must be given"},
	} {
		got := text(r.do("FUNCTION", "LOAD", "#!lua name=l\n"+tc.code))
		if strings.HasPrefix(tc.code, "kevy.") && strings.Contains(got, "kevy.register") && !strings.Contains(got, "user_function:2: kevy.register") {
			t.Errorf("%s\n does not name the place: %s", tc.code, got)
		}
		if !strings.HasPrefix(got, "-ERR Error registering") || !strings.Contains(got, tc.want) {
			t.Errorf("%s\n got %s\nwant %s", tc.code, got, tc.want)
		}
	}
	r.expect("[]", "FUNCTION", "LIST")
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, code string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.lua", "#!lua name=a\nredis.register_function('fa',function() return 1 end)")
	write("b.lua", "#!lua name=b\nredis.register_function('fb',function() return 1 end)")
	r := newRig(t, with(func(c *config.Config) { c.Scripting.Libraries = []string{filepath.Join(dir, "*.lua")} }))
	r.expect("1", "FCALL", "fa", "0")
	if log := r.journal.take(); log != nil {
		t.Errorf("files were logged: %q", log)
	}
	// A bad file leaves its library as it was, others are loaded.
	write("a.lua", "#!lua name=a\nredis.register_function('fa',function() return 2 end")
	write("b.lua", "#!lua name=b\nredis.register_function('fb',function() return 2 end)")
	if _, err := r.runner.Reload(); err == nil || !strings.Contains(err.Error(), "a.lua") {
		t.Errorf("reload: %v", err)
	}
	r.expect("1", "FCALL", "fa", "0")
	r.expect("2", "FCALL", "fb", "0")
	if err := os.Remove(filepath.Join(dir, "b.lua")); err != nil {
		t.Fatal(err)
	}
	write("a.lua", "#!lua name=a\nredis.register_function('fa',function() return 3 end)")
	if _, err := r.runner.Reload(); err != nil {
		t.Error(err)
	}
	r.expect("3", "FCALL", "fa", "0")
	r.expect("-ERR Function not found", "FCALL", "fb", "0")
	if got := text(r.do("FUNCTION", "DELETE", "a")); !strings.Contains(got, "comes from the file") {
		t.Errorf("got %s", got)
	}
	r.do("FUNCTION", "FLUSH")
	r.expect("3", "FCALL", "fa", "0")
	r.expect("+OK", "CONFIG", "SET", "scripting.libraries", "")
	r.until("-ERR Function not found", "FCALL", "fa", "0")
}

func TestScriptEvents(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	var got []*hook.Script
	_, err := r.Bus().Observe(hook.Options{Name: "n", Owner: "test", Kind: hook.KindScript, DB: hook.AnyDB}, func(_ context.Context, ev hook.Event) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, ev.(*hook.Script))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.eval("redis.call('ping') return 1")
	r.eval("error('x')")
	r.flush()
	mu.Lock()
	defer mu.Unlock()
	if len(got) != 2 || got[0].Outcome != "ok" || got[0].Calls != 1 || got[1].Outcome != "error" || got[1].Err == nil {
		t.Errorf("%+v", got)
	}
}
