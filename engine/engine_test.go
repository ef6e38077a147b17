package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// onShards runs a test with one shard and with several.
func onShards(t *testing.T, test func(t *testing.T, shards int)) {
	for _, n := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d shards", n), func(t *testing.T) { test(t, n) })
	}
}

func TestMulti(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c, other := r.connect(), r.connect()
		for _, step := range [][2]string{
			{"MULTI", "OK"}, {"SET a 1", "QUEUED"}, {"LPUSH a x", "QUEUED"}, {"INCR b", "QUEUED"},
			{"EXEC", "[OK (error) WRONGTYPE Operation against a key holding the wrong kind of value (integer) 1]"},
			{"MULTI", "OK"}, {"SET a 2", "QUEUED"}, {"DISCARD", "OK"}, {"GET a", `"1"`},
			{"MULTI", "OK"}, {"nosuch", "(error) ERR unknown command 'nosuch', with args beginning with: "},
			{"SET a 3", "QUEUED"}, {"EXEC", "(error) EXECABORT Transaction discarded because of previous errors."}, {"GET a", `"1"`},
			{"MULTI", "OK"}, {"SELECT 1", "QUEUED"}, {"SET a one", "QUEUED"}, {"EXEC", "[OK OK]"}, {"GET a", `"one"`}, {"SELECT 0", "OK"},
			{"MULTI", "OK"}, {"BLPOP nothing 0", "QUEUED"}, {"EXEC", "[(nil array)]"},
			{"WATCH a b", "OK"}, {"MULTI", "OK"}, {"WATCH c", "(error) ERR WATCH inside MULTI is not allowed"},
			{"SET c 1", "QUEUED"}, {"EXEC", "[OK]"},
			{"EXEC now", "(error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"},
			{"MULTI", "OK"}, {"EXEC now", "(error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"}, {"EXEC", "(error) ERR EXEC without MULTI"},
			{"SELECT 2147483648", "(error) ERR value is out of range, value must between -2147483648 and 2147483647"}, {"SELECT 2147483647", "(error) ERR DB index is out of range"},
		} {
			c.want(step[0], step[1])
		}
		equal(t, "log", r.journal.lines(), []string{"SET a 1; INCR b", "SET a one", "SET c 1"})
		for _, tc := range []struct{ name, change, reply string }{
			{"another's write", "SET b 9", "(nil array)"},
			{"a flush", "FLUSHALL", "(nil array)"},
			{"another key", "SET z 9", "[OK]"},
			{"another database", "SELECT 2", "[OK]"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				other.want("SELECT 0", "OK")
				c.want("SET b 1", "OK")
				c.want("WATCH a b", "OK")
				other.want(tc.change, "OK")
				if tc.name == "another database" {
					other.want("SET b 1", "OK")
				}
				c.want("MULTI", "OK")
				c.want("SET b 2", "QUEUED")
				c.want("EXEC", tc.reply)
			})
		}
		c.want("WATCH a", "OK")
		other.want("SELECT 0", "OK")
		other.want("SET a 1", "OK")
		c.want("UNWATCH", "OK")
		c.want("MULTI", "OK")
		c.want("EXEC", "[]")
	})
}

// TestLazyFreed counts what is removed at once and given back later.
func TestLazyFreed(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	for _, step := range []struct {
		line string
		want int64
	}{
		{"SET large " + strings.Repeat("x", 10_000), 0}, {"MSET a 1 b 2", 0}, {"UNLINK a nosuch large", 1}, {"SET large " + strings.Repeat("x", 10_000), 1},
		{"DEL large", 1}, {"SET c 1", 1}, {"FLUSHALL", 1}, {"MSET a 1 b 2", 1}, {"FLUSHALL ASYNC", 3}, {"CONFIG RESETSTAT", 0},
	} {
		c.do(step.line)
		if got := r.stats.lazyFreed.Load(); got != step.want {
			t.Errorf("%.20s: %d", step.line, got)
		}
	}
}

// TestMultiIsBounded: a client whose queue takes more than its share is disconnected,
// and nothing of the transaction is executed.
func TestMultiIsBounded(t *testing.T) {
	r := newRig(t, 1, func(c *config.Config) { c.Server.ClientQueryBufferLimit = 1 << 20 })
	for _, line := range []string{"SET k " + strings.Repeat("x", 10_000), "INCR k"} {
		c := r.connect()
		c.want("MULTI", "OK")
		n := 0
		for ; c.outcome == Done; n++ {
			if n > 1<<20 {
				t.Fatal("there is no bound")
			}
			c.do(line)
		}
		if most := 1<<20/len(line) + 1; c.outcome != CloseAfter || n > most || c.Session.multi != nil {
			t.Errorf("after %d commands of %d bytes outcome %d", n, len(line), c.outcome)
		}
	}
	equal(t, "log", r.journal.lines(), []string(nil))
}

func TestWatchedKeyComesDue(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c := r.connect()
		c.want("SET a 1 PX 100", "OK")
		c.want("WATCH a", "OK")
		r.advance(time.Second)
		c.want("MULTI", "OK")
		c.want("PING", "QUEUED")
		c.want("EXEC", "(nil array)")
	})
}

// TestCommandsInsideExec runs inside EXEC what takes locks of its own elsewhere.
func TestCommandsInsideExec(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c := r.connect()
		c.want("MULTI", "OK")
		for _, line := range []string{
			"SET a 1", "INFO", "INFO everything", "CONFIG SET hash-max-listpack-entries 3", "MEMORY STATS", "DBSIZE", "COMMAND COUNT", "WAIT 1 0",
			"FLUSHALL", "CONFIG RESETSTAT", "CLIENT LIST", "SET b 1",
		} {
			c.want(line, "QUEUED")
		}
		if got := c.do("EXEC"); !strings.HasPrefix(got, "[OK ") {
			t.Errorf("EXEC: %s", got)
		}
		r.tasks.Wait() // the limits follow once the locks are free
		c.want("HSET h a 1 b 2 c 3", "(integer) 3")
		c.want("OBJECT ENCODING h", `"listpack"`)
		c.want("HSET h d 4", "(integer) 1")
		c.want("OBJECT ENCODING h", `"hashtable"`)
		c.want("CONFIG SET hash-max-listpack-entries 10", "OK")
		c.want("HSET g a 1 b 2 c 3 d 4", "(integer) 4")
		c.want("OBJECT ENCODING g", `"listpack"`)
	})
}

func TestBlockingIsFair(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		first, second, third, pusher := r.connect(), r.connect(), r.connect(), r.connect()
		first.blocks("BLPOP a b 0")
		second.blocks("BLPOP b 0")
		third.blocks("BRPOP b a 0")
		pusher.want("RPUSH b x", "(integer) 1")
		equal(t, "the longest waiting", first.next(), `["b" "x"]`)
		<-first.resumed
		pusher.want("RPUSH b 1 2 3", "(integer) 3")
		equal(t, "the second", second.next(), `["b" "1"]`)
		equal(t, "the third", third.next(), `["b" "3"]`)
		pusher.want("LRANGE b 0 -1", `["2"]`)
		first.quiet()
		equal(t, "log", r.journal.lines(), []string{"RPUSH b x", "LPOP b", "RPUSH b 1 2 3", "LPOP b", "RPOP b"})
		if n := r.stats.blocked.Load(); n != 0 {
			t.Errorf("%d clients blocked", n)
		}
	})
}

func TestBlockedIsServedByExec(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c, pusher := r.connect(), r.connect()
		c.blocks("BLPOP a 0")
		pusher.do("MULTI")
		pusher.do("RPUSH a 1")
		pusher.do("DEL a")
		pusher.do("RPUSH a 2")
		c.quiet()
		pusher.want("EXEC", "[(integer) 1 (integer) 1 (integer) 1]")
		equal(t, "what it finds at the end", c.next(), `["a" "2"]`)
	})
}

// TestBlockedChain serves a client whose pop pushes what another waits for.
func TestBlockedChain(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		a, b, pusher := r.connect(), r.connect(), r.connect()
		a.blocks("BLMOVE one two LEFT RIGHT 0")
		b.blocks("BLPOP two 0")
		pusher.want("RPUSH one x", "(integer) 1")
		equal(t, "the first", a.next(), `"x"`)
		equal(t, "the second", b.next(), `["two" "x"]`)
	})
}

// TestBlockingTimeIsTheEngines: who holds the clock ends the waits.
func TestBlockingTimeIsTheEngines(t *testing.T) {
	r := newRig(t, 1, func(c *config.Config) { c.Reaper.Mode = "manual" })
	a, b := r.connect(), r.connect()
	a.blocks("BLPOP l 3600")
	b.blocks("XREAD BLOCK 7200000 STREAMS s $")
	for _, hours := range []int{0, 1, 1} {
		r.advance(time.Duration(hours) * time.Hour)
		if n := r.Timers().RunDue(); n != hours {
			t.Fatalf("%d waits ended", n)
		}
	}
	equal(t, "list", a.next(), "(nil array)")
	equal(t, "stream", b.next(), "(nil array)")
	if when, ok := r.Timers().Next(); ok {
		t.Errorf("there is a timer left, for %s", when)
	}
}

func TestUnblock(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c, other := r.connect(), r.connect()
		id := fmt.Sprint(c.ID())
		other.want("CLIENT UNBLOCK "+id, "(integer) 0")
		c.blocks("BLPOP a 0")
		other.want("CLIENT UNBLOCK "+id, "(integer) 1")
		equal(t, "timeout", c.next(), "(nil array)")
		c.blocks("BLPOP a 0")
		other.want("CLIENT UNBLOCK "+id+" ERROR", "(integer) 1")
		equal(t, "error", c.next(), "(error) UNBLOCKED client unblocked via CLIENT UNBLOCK")
		c.blocks("BLPOP a 0.001")
		r.advance(time.Millisecond)
		equal(t, "the time is over", c.next(), "(nil array)")
		c.blocks("WAIT 1 1")
		r.advance(time.Millisecond)
		equal(t, "without replicas", c.next(), "(integer) 0")
		c.blocks("BLPOP a 0")
		c.Session.Close()
		other.want("RPUSH a 1", "(integer) 1")
		other.want("LLEN a", "(integer) 1")
	})
}

func TestPubSub(t *testing.T) {
	r := newRig(t, 1, nil)
	sub, resp3, pub := r.connect(), r.connect(), r.connect()
	resp3.do("HELLO 3")
	sub.want("SUBSCRIBE news news other", `["subscribe" "news" (integer) 1] ["subscribe" "news" (integer) 1] ["subscribe" "other" (integer) 2]`)
	sub.want("GET a", "(error) ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
	sub.want("PING", `["pong" ""]`)
	resp3.do("PSUBSCRIBE n* [")
	resp3.want("SET a b", "OK")
	pub.want("PUBLISH news hi", "(integer) 2")
	equal(t, "message", sub.next(), `["message" "news" "hi"]`)
	if got := resp3.next(); !strings.Contains(got, `"pmessage" "n*" "news" "hi"`) {
		t.Errorf("pattern: %s", got)
	}
	pub.want("PUBSUB NUMSUB news x", `["news" (integer) 1 "x" (integer) 0]`)
	pub.want("PUBSUB NUMPAT", "(integer) 2")
	pub.want("PUBSUB CHANNELS o*", `["other"]`)
	sub.want("UNSUBSCRIBE", `["unsubscribe" "news" (integer) 1] ["unsubscribe" "other" (integer) 0]`)
	sub.want("GET a", `"b"`)
	sub.want("SSUBSCRIBE s", `["ssubscribe" "s" (integer) 1]`)
	pub.want("SPUBLISH s x", "(integer) 1")
	equal(t, "shard message", sub.next(), `["smessage" "s" "x"]`)
	sub.Session.Close()
	pub.want("SPUBLISH s x", "(integer) 0")
}

func TestNotifications(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		sub, c := r.connect(), r.connect()
		sub.do("PSUBSCRIBE __key*")
		c.want("SET a 1", "OK")
		sub.quiet()
		c.want("CONFIG SET notify-keyspace-events KEA", "OK")
		c.want("SET a 1 PX 50", "OK")
		equal(t, "keyspace", sub.next(), `["pmessage" "__key*" "__keyspace@0__:a" "set"]`)
		equal(t, "keyevent", sub.next(), `["pmessage" "__key*" "__keyevent@0__:set" "a"]`)
		equal(t, "keyspace", sub.next(), `["pmessage" "__key*" "__keyspace@0__:a" "expire"]`)
		sub.next()
		r.advance(time.Second)
		if n := r.Expire(10); n != 1 {
			t.Errorf("%d keys expired", n)
		}
		equal(t, "expired", sub.next(), `["pmessage" "__key*" "__keyspace@0__:a" "expired"]`)
		equal(t, "expired", sub.next(), `["pmessage" "__key*" "__keyevent@0__:expired" "a"]`)
		c.want("CONFIG SET notify-keyspace-events \"\"", "OK")
		c.want("SET a 1", "OK")
		sub.quiet()
	})
}

func TestExpire(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c := r.connect()
		for i := range 10 {
			c.want(fmt.Sprintf("SET k%d v PX %d", i, 100*(i+1)), "OK")
		}
		r.journal.lines()
		if next := r.NextDue(); next > r.NowMs()+100 {
			t.Errorf("the next key comes due in %d ms", next-r.NowMs())
		}
		r.advance(550 * time.Millisecond)
		c.want("GET k0", "(nil)")
		c.want("DBSIZE", "(integer) 10") // hidden, not removed yet
		c.want("SET k1 new", "OK")
		taken := 0
		for n := -1; n != 0; {
			n = r.Expire(2)
			taken += n
		}
		if taken != 4 {
			t.Errorf("%d keys removed", taken)
		}
		c.want("DBSIZE", "(integer) 6")
		lines := r.journal.lines()
		equal(t, "a write that meets a due key", lines[0], "DEL k1; SET k1 new")
		rest := lines[1:]
		slices.Sort(rest)
		equal(t, "the others", rest, []string{"DEL k0", "DEL k2", "DEL k3", "DEL k4"})
		if n := r.stats.expired.Load(); n != 5 {
			t.Errorf("%d expiries counted", n)
		}
	})
}

func TestPassiveExpiry(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, func(c *config.Config) { c.Security.EnableDebugCommand = "yes" })
		c := r.connect()
		c.want("DEBUG SET-ACTIVE-EXPIRE 0", "OK")
		c.want("MSET a 1 b 2", "OK")
		c.want("PEXPIRE a 10", "(integer) 1")
		r.advance(time.Second)
		if n := r.Expire(10); n != 0 {
			t.Errorf("%d keys removed", n)
		}
		c.want("DBSIZE", "(integer) 2")
		r.journal.lines()
		c.want("GET a", "(nil)")
		equal(t, "a read removes it", r.journal.lines(), []string{"DEL a"})
		c.want("DBSIZE", "(integer) 1")
		for _, line := range []string{"SCAN 0", "KEYS *", "RANDOMKEY"} {
			c.do("SET c 1 PX 10")
			c.do("SET d 1 PX 10")
			r.advance(time.Second)
			r.journal.lines()
			c.do(line)
			log := r.journal.lines()
			slices.Sort(log)
			equal(t, line+" removes what it comes across, each by itself", log, []string{"DEL c", "DEL d"})
		}
		c.want("DEBUG SET-ACTIVE-EXPIRE 1", "OK")
	})
}

// attachAtomic adds an atomic hook for expired keys.
func (r *rig) attachAtomic(run func(c *command.Call, ev hook.Event) error) {
	r.t.Helper()
	h, err := r.Bus().Attach(hook.Options{Name: "h", Owner: "test", Kind: hook.KindExpired, DB: hook.AnyDB, TripAfter: 100})
	if err != nil {
		r.t.Fatal(err)
	}
	r.AddAtomic(command.Atomic{Hook: h, Run: run})
}

func words(s ...string) (out [][]byte) {
	for _, w := range s {
		out = append(out, []byte(w))
	}
	return out
}

func TestAtomicHook(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  func(c *command.Call, ev *hook.Expired) error
		log  string
		ends string // LRANGE ended 0 -1
	}{
		{"joins the expiry", func(c *command.Call, ev *hook.Expired) error {
			return c.Do(discard{}, words("RPUSH", "ended", string(ev.Key)+"="+string(ev.Value.Str()))...)
		}, "DEL a; RPUSH ended a=1", `["a=1"]`},
		{"is undone when it fails", func(c *command.Call, ev *hook.Expired) error {
			if err := c.Do(discard{}, words("RPUSH", "ended", "x")...); err != nil {
				return err
			}
			return errors.New("no")
		}, "DEL a", "[]"},
		{"is undone when it panics", func(c *command.Call, ev *hook.Expired) error {
			if err := c.Do(discard{}, words("RPUSH", "ended", "x")...); err != nil {
				return err
			}
			panic("no")
		}, "DEL a", "[]"},
		{"keeps the key", func(c *command.Call, ev *hook.Expired) error {
			ev.KeepUntilMs = ev.AtMs + 5000
			return nil
		}, "PEXPIREAT a 1800000006000", "[]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onShards(t, func(t *testing.T, shards int) {
				r := newRig(t, shards, nil)
				r.attachAtomic(func(c *command.Call, ev hook.Event) error { return tc.run(c, ev.(*hook.Expired)) })
				c := r.connect()
				c.want("SET a 1 PX 10", "OK")
				r.journal.lines()
				r.advance(time.Second)
				r.Expire(10)
				equal(t, "log", r.journal.lines(), []string{tc.log})
				c.want("LRANGE ended 0 -1", tc.ends)
				kept := "(integer) 0"
				if tc.name == "keeps the key" {
					kept = "(integer) 1"
				}
				c.want("EXISTS a", kept)
			})
		})
	}
}

// testRows are rows that misbehave.
func testRows() []command.Spec {
	script := func(c *command.Call, commands ...[]string) error {
		for _, args := range commands {
			if err := c.Do(c.Reply, words(args...)...); err != nil {
				return err
			}
		}
		return nil
	}
	return []command.Spec{
		{Name: "t.panic", Arity: 2, Flags: command.Write, Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Syntax: "key", Summary: "Panics",
			Run: func(c *command.Call) error {
				c.In(c.Args[1]).SetString(c.Args[1], []byte("half"), 0)
				c.Changed(c.Args[1], hook.String, "set")
				c.Reply.Array(3)
				panic("on purpose")
			}},
		{Name: "t.halfway", Arity: 2, Flags: command.Write, Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Syntax: "key", Summary: "Fails halfway",
			Run: func(c *command.Call) error {
				c.In(c.Args[1]).SetString(c.Args[1], []byte("half"), 0)
				c.Changed(c.Args[1], hook.String, "set")
				return wire.Error("ERR on purpose")
			}},
		{Name: "t.panicundone", Arity: 2, Flags: command.Write | command.Revocable, Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Syntax: "key",
			Summary: "Panics and is undone", Run: func(c *command.Call) error {
				if err := script(c, []string{"SET", string(c.Args[1]), "half"}); err != nil {
					return err
				}
				panic("on purpose")
			}},
		{Name: "t.two", Arity: 3, Flags: command.Write | command.Revocable, Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Syntax: "key other",
			Summary: "Touches a second key, which it does not declare", Run: func(c *command.Call) error {
				c.Reply.Array(2)
				return script(c, []string{"INCR", string(c.Args[1])}, []string{"INCR", string(c.Args[2])})
			}},
		{Name: "t.fail", Arity: 2, Flags: command.Write | command.Revocable, Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Syntax: "key",
			Summary: "Writes, and asks to be undone", Run: func(c *command.Call) error {
				if err := script(c, []string{"SET", string(c.Args[1]), "x"}, []string{"PEXPIRE", string(c.Args[1]), "5"}); err != nil {
					return err
				}
				return command.Rollback(wire.Error("ERR changed my mind"))
			}},
	}
}

func TestPanickingHandler(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging, testRows()...)
		c := r.connect()
		c.want("t.panic a", "(error) ERR internal error in 't.panic': see the server's log")
		r.replays(r.journal.all())
		equal(t, "what it had changed is logged", r.journal.lines(), []string{"t.panic a"})
		c.want("SET b old", "OK")
		r.journal.lines()
		c.want("t.panicundone b", "(error) ERR internal error in 't.panicundone': see the server's log")
		c.want("GET b", `"old"`)
		equal(t, "nothing is left to log", r.journal.lines(), []string(nil))
		c.want("PING", "PONG")
	})
}

// TestReplayOfFailures: a command that fails after its first change does so again when
// the log is loaded, which goes on; what the server would not have logged is an error.
func TestReplayOfFailures(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil, testRows()...)
		for _, tc := range []struct {
			line     string
			ok       bool
			failures int64
		}{
			{"SET a 1", true, 0},
			{"t.panic b", true, 1},
			{"t.halfway c", true, 2},
			{"t.panicundone d", true, 3},
			{"SET e 1", true, 3},
			{"t.fail f", false, 3},
			{"LPUSH a x", false, 3},
			{"NOSUCH a", false, 3},
		} {
			err := r.Replay(0, words(strings.Fields(tc.line)...))
			if (err == nil) != tc.ok || r.ReplayFailures() != tc.failures {
				t.Errorf("%s: %v, and %d failures, want %d", tc.line, err, r.ReplayFailures(), tc.failures)
			}
		}
		r.EndReplay()
		r.connect().want("MGET a b c d e f", `["1" "half" "half" (nil) "1" (nil)]`)
	})
}

func TestUndeclaredKey(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil, testRows()...)
		c := r.connect()
		for i := range 20 { // some of the pairs share a shard, others do not
			c.want(fmt.Sprintf("t.two a other%d", i), fmt.Sprintf("[(integer) %d (integer) 1]", i+1))
			equal(t, "one group", r.journal.lines(), []string{fmt.Sprintf("INCR a; INCR other%d", i)})
		}
	})
}

func TestUpdateRollsBack(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil, testRows()...)
		c := r.connect()
		c.want("RPUSH a 1 2", "(integer) 2")
		c.want("PEXPIRE a 100000", "(integer) 1")
		ttl := c.do("PEXPIRETIME a")
		r.journal.lines()
		c.want("t.fail a", "(error) ERR changed my mind")
		c.want("LRANGE a 0 -1", `["1" "2"]`)
		c.want("PEXPIRETIME a", ttl)
		spec := &command.Spec{Name: "tx", Arity: -1, Flags: command.Write | command.Revocable | command.AllShards, Run: func(c *command.Call) error {
			if err := c.Do(discard{}, words("DEL", "a")...); err != nil {
				return err
			}
			return command.Rollback(errors.New("no"))
		}}
		if err := r.Update(context.Background(), 0, spec, words("tx"), discard{}); err == nil || !strings.Contains(err.Error(), "no") {
			t.Errorf("Update: %v", err)
		}
		c.want("LLEN a", "(integer) 2")
		equal(t, "log", r.journal.lines(), []string(nil))
	})
}

// TestWatchedKeysThatAreNotThere: emptying a database touches only what was in it.
func TestWatchedKeysThatAreNotThere(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c := r.connect()
		for _, tc := range [][3]string{
			{"DEL a", "FLUSHALL", "[PONG]"}, {"DEL a", "SWAPDB 0 1", "[PONG]"}, {"SET a 1", "FLUSHDB", "(nil array)"}, {"SET a 1", "SWAPDB 0 1", "(nil array)"},
			{"FLUSHDB", "SWAPDB 0 1", "(nil array)"}, // database 1 has the key now
		} {
			c.do(tc[0])
			c.want("WATCH a", "OK")
			c.want(tc[1], "OK")
			c.want("MULTI", "OK")
			c.want("PING", "QUEUED")
			c.want("EXEC", tc[2])
		}
		c.want("FLUSHALL", "OK")
		c.want("SET a 1 PX 10", "OK")
		r.advance(time.Second)
		c.want("SELECT 1", "OK")
		c.want("WATCH a", "OK")
		c.want("SWAPDB 0 1", "OK") // brings a key that is due
		c.want("MULTI", "OK")
		c.want("PING", "QUEUED")
		c.want("EXEC", "[PONG]")
	})
}

func TestReplyOff(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	c.want("CLIENT REPLY OFF", "")
	c.want("SET a 1", "")
	c.want("SUBSCRIBE x", `["subscribe" "x" (integer) 1]`)
	c.want("UNSUBSCRIBE x", `["unsubscribe" "x" (integer) 0]`)
	c.want("CLIENT REPLY ON", "OK")
	c.want("CLIENT REPLY SKIP", "")
	c.want("GET a", "")
	c.want("GET a", `"1"`)
	if got := c.do("CLIENT LIST"); !strings.Contains(got, " cmd=client|list ") {
		t.Errorf("CLIENT LIST: %s", got)
	}
}

func TestBlockedIsAccountedAtItsEnd(t *testing.T) {
	r := newRig(t, 1, func(c *config.Config) { c.Server.SlowlogLogSlowerThan = 0 })
	c, other := r.connect(), r.connect()
	c.blocks("BLPOP l 0")
	other.want("SLOWLOG RESET", "OK")
	other.want("RPUSH l x", "(integer) 1")
	c.next()
	got := other.do("SLOWLOG GET 3")
	if blpop, rpush := strings.Index(got, "BLPOP"), strings.Index(got, "RPUSH"); blpop < 0 || rpush < 0 {
		t.Errorf("SLOWLOG GET: %s", got)
	}
	if n := other.info("commandstats")["cmdstat_blpop"]; !strings.HasPrefix(n, "calls=1,") {
		t.Errorf("cmdstat_blpop: %s", n)
	}
}

func TestBusy(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		inside, goOn := make(chan struct{}), make(chan struct{})
		row := command.Spec{Name: "t.long", Arity: 1, Flags: command.Write | command.AllShards, Summary: "Runs long", Run: func(c *command.Call) error {
			over := c.Unit.Engine.(*Engine).Busy(c, false)
			defer over()
			close(inside)
			<-goOn
			c.Reply.Status("DONE")
			return nil
		}}
		r := newRig(t, shards, nil, row)
		c, other := r.connect(), r.connect()
		done := make(chan string)
		go func() { done <- c.do("t.long") }()
		<-inside
		const busy = "(error) BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
		other.want("GET a", busy)
		other.want("PING", busy)
		other.want("HELLO 2", other.do("HELLO 2"))
		close(goOn)
		equal(t, "the long one", <-done, "DONE")
		other.want("GET a", "(nil)")
	})
}

func TestWritesAreRefusedWhenTheLogFails(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	c.want("SET a 1", "OK")
	r.journal.mu.Lock()
	r.journal.err = errors.New("disk full")
	r.journal.mu.Unlock()
	c.want("SET a 2", "(error) MISCONF Errors writing to the AOF file: disk full")
	c.want("GET a", `"1"`)
	c.want("MULTI", "OK")
	c.want("SET a 2", "(error) MISCONF Errors writing to the AOF file: disk full")
	c.want("EXEC", "(error) EXECABORT Transaction discarded because of previous errors.")
}

func TestRefusedExec(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	c.want("MULTI", "OK")
	c.want("INCR a", "QUEUED")
	r.journal.mu.Lock()
	r.journal.err = errors.New("disk full")
	r.journal.mu.Unlock()
	c.want("EXEC", "(error) EXECABORT Transaction discarded because of: MISCONF Errors writing to the AOF file: disk full")
	c.want("EXEC", "(error) ERR EXEC without MULTI")
}
