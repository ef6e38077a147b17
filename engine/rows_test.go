package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

func debugging(c *config.Config) { c.Security.EnableDebugCommand = "yes" }

// fillRandomly makes keys of all types in several databases, with and without
// deadlines, and collections small and large.
func (r *rig) fillRandomly(c *client) {
	r.t.Helper()
	seed := rand.Uint64()
	r.t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for i := range 300 {
		c.want(fmt.Sprintf("SELECT %d", rnd.IntN(3)), "OK")
		key, n := fmt.Sprintf("k%d", i), 1+rnd.IntN(20)
		if i%50 == 0 {
			n = 1000
		}
		for j := range n {
			switch i % 6 {
			case 0:
				c.do(fmt.Sprintf(`APPEND %s "part %d\x00\r\n"`, key, j))
			case 1:
				c.do(fmt.Sprintf("RPUSH %s %d element%d", key, j, rnd.IntN(100)))
			case 2:
				c.do(fmt.Sprintf("SADD %s %d", key, rnd.IntN(100000)))
			case 3:
				c.do(fmt.Sprintf("HSET %s field%d %d", key, j, rnd.Int64()))
			case 4:
				c.do(fmt.Sprintf("ZADD %s %v member%d", key, rnd.NormFloat64(), j))
			case 5:
				c.do(fmt.Sprintf("XADD %s %d-%d field%d %d", key, j/3+1, rnd.IntN(99), j, rnd.Int64()))
			}
		}
		if i%12 == 5 {
			for range 30 {
				c.do(randomUse(rnd, key))
			}
		}
		if rnd.IntN(3) == 0 {
			c.want(fmt.Sprintf("PEXPIRE %s %d", key, 1000+rnd.IntN(1e6)), "(integer) 1")
		}
	}
	c.want("SELECT 0", "OK")
}

func TestDumpReplays(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging)
		c := r.connect()
		r.fillRandomly(c)
		want := c.do("DEBUG DIGEST")
		switched := false
		snap, err := r.Freeze(func() error { switched = true; return nil })
		if err != nil || !switched {
			t.Fatal(err)
		}
		if _, err := r.Freeze(func() error { return nil }); err == nil {
			t.Error("two snapshots at a time")
		}
		for _, line := range []string{"SET k0 later", "FLUSHALL", "SET new 1"} { // are not in it
			c.want(line, "OK")
		}
		other := newRig(t, 5-shards, debugging)
		keys, err := snap.Dump(context.Background(), func(db int, args ...[]byte) error { return other.Replay(db, args) })
		if err != nil {
			t.Fatal(err)
		}
		snap.Release()
		other.EndReplay()
		equal(t, "digest", other.connect().do("DEBUG DIGEST"), want)
		if keys != other.Keys() {
			t.Errorf("%d keys dumped, %d loaded", keys, other.Keys())
		}
		// The log says the same as the data.
		logged := newRig(t, shards, debugging)
		for _, g := range r.journal.groups {
			for _, rec := range g {
				if err := logged.Replay(rec.DB, rec.Args); err != nil {
					t.Fatalf("%q: %v", rec.Args, err)
				}
			}
		}
		logged.EndReplay()
		equal(t, "digest of the log", logged.connect().do("DEBUG DIGEST"), c.do("DEBUG DIGEST"))
	})
}

func TestDebugReload(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging)
		c := r.connect()
		c.want("DEBUG DIGEST", strings.Repeat("0", 40))
		r.fillRandomly(c)
		c.want("SET due 1 PX 10", "OK")
		r.advance(100 * time.Millisecond)
		before := c.do("DEBUG DIGEST")
		r.journal.lines()
		c.want("DEBUG RELOAD", "OK")
		c.want("DEBUG DIGEST", before)
		c.want("GET due", "(nil)")
		c.want("DEBUG RELOAD NOFLUSH MERGE", "OK")
		c.want("DEBUG LOADAOF", "OK")
		c.want("DEBUG DIGEST", before)
		equal(t, "the log hears nothing", r.journal.lines(), []string(nil))
		c.want("DEBUG RELOAD foo", "(error) ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
		c.want("MULTI", "OK")
		c.want("DEBUG RELOAD", "QUEUED")
		c.want("SET a 1", "QUEUED")
		c.want("EXEC", "[OK OK]")
		if n := r.Expire(10); n != 1 {
			t.Errorf("%d keys expired", n)
		}
		if c.do("DEBUG DIGEST") == before {
			t.Error("the digest does not change")
		}
	})
}

func TestDebug(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	if got := c.do("DEBUG DIGEST"); !strings.HasPrefix(got, "(error) ERR DEBUG command not allowed.") {
		t.Errorf("not enabled: %s", got)
	}
	r = newRig(t, 1, func(c *config.Config) { c.Security.EnableDebugCommand = "local" })
	c = r.connect()
	for _, step := range [][2]string{
		{"DEBUG POPULATE 3", "OK"}, {"DEBUG POPULATE 2 p 10", "OK"}, {"GET key:2", `"value:2"`}, {"GET p:1", `"value:1\x00\x00\x00"`}, {"DBSIZE", "(integer) 5"},
		{"DEBUG POPULATE x", "(error) ERR value is out of range, must be positive"},
		{"DEBUG ERROR hello", "(error) hello"}, {"DEBUG SLEEP x", "OK"}, {"DEBUG SLEEP 0.001", "OK"},
		{"DEBUG DIGEST-VALUE nosuch", "[" + strings.Repeat("0", 40) + "]"},
		{"DEBUG STRINGMATCH-LEN 5 a*a", "(integer) 1"}, {"DEBUG STRINGMATCH-LEN 5 b", "(integer) 0"},
		{"DEBUG QUICKLIST-PACKED-THRESHOLD 10b", "OK"}, {"DEBUG QUICKLIST-PACKED-THRESHOLD x", "(error) ERR argument must be a memory value bigger than 1 and smaller than 4gb"},
		{"DEBUG nosuch", "(error) ERR unknown subcommand or wrong number of arguments for 'nosuch'. Try DEBUG HELP."},
		{"DEBUG DIGEST x", "(error) ERR unknown subcommand or wrong number of arguments for 'DIGEST'. Try DEBUG HELP."},
		{"DEBUG OBJECT nosuch", "(error) ERR no such key"}, {"DEBUG LISTPACK key:0", "(error) ERR Not a listpack encoded object."},
		{"DEBUG CHANGE-REPL-ID", "OK"}, {"DEBUG SET-DISABLE-DENY-SCRIPTS 1", "OK"}, {"DEBUG LOG x", "OK"},
	} {
		c.want(step[0], step[1])
	}
	if got := c.do("DEBUG OBJECT key:0"); !strings.Contains(got, "encoding:embstr") {
		t.Errorf("DEBUG OBJECT: %s", got)
	}
	far := newRig(t, 1, func(c *config.Config) { c.Security.EnableDebugCommand = "local" }).connect()
	far.o.Addr = "192.0.2.1:5"
	if got := far.do("DEBUG DIGEST"); !strings.HasPrefix(got, "(error)") {
		t.Errorf("from afar: %s", got)
	}
}

// info is INFO's lines by name.
func (c *client) info(sections string) map[string]string {
	c.t.Helper()
	m := map[string]string{}
	for line := range strings.SplitSeq(string(c.value("INFO "+sections).Str), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			m[name] = value
		} else if line != "" {
			m[line] = ""
		}
	}
	return m
}

func TestInfo(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		r.AddInfo("Persistence", func(add func(string, any)) { add("aof_rewrite_in_progress", true); add("aof_current_size", 7) })
		r.AddInfo("scripting", func(add func(string, any)) { add("libraries", "two\r\nlines") })
		c := r.connect()
		c.do("SET a 1")
		c.do("SET b 1 PX 100000")
		c.do("LPUSH a 1")
		c.do("nosuch")
		all := c.info("everything")
		for name, want := range map[string]string{
			"redis_version": RedisVersion, "kevy_version": "test", "redis_mode": "standalone", "loading": "0", "role": "master",
			"connected_clients": "1", "db0": "keys=2,expires=1,avg_ttl=0", "aof_rewrite_in_progress": "1", "aof_current_size": "7",
			"libraries": "two  lines", "# Scripting": "", "total_error_replies": "2", "errorstat_ERR": "count=1", "errorstat_WRONGTYPE": "count=1",
			"maxmemory_policy": "noeviction", "cluster_enabled": "0", "aof_enabled": "1",
		} {
			if got, ok := all[name]; !ok || got != want {
				t.Errorf("%s: %q, not %q", name, got, want)
			}
		}
		if got := all["cmdstat_lpush"]; !strings.Contains(got, "calls=1,") || !strings.HasSuffix(got, "failed_calls=1") {
			t.Errorf("cmdstat_lpush: %s", got)
		}
		if got := all["latency_percentiles_usec_set"]; !strings.HasPrefix(got, "p50=") {
			t.Errorf("latency: %s", got)
		}
		if m := c.info("keyspace SCRIPTING"); len(m) != 4 {
			t.Errorf("two sections: %v", m)
		}
		if m := c.info(""); m["db0"] == "" || m["cmdstat_set"] != "" {
			t.Errorf("default: %v", m)
		}
		c.want("CONFIG RESETSTAT", "OK")
		after := c.info("all")
		if after["cmdstat_set"] != "" || after["errorstat_ERR"] != "" || after["total_error_replies"] != "0" || after["latency_percentiles_usec_set"] != "" {
			t.Errorf("after RESETSTAT: %v", after)
		}
		figures := map[string]float64{}
		r.Samples(func(name string, _ hook.MetricType, v float64) { figures[name] = v })
		if figures["keys"] != 2 || figures["connections"] != 1 || figures["memory_data_bytes"] <= 0 {
			t.Errorf("samples: %v", figures)
		}
	})
}

func TestSlowLogAndRedaction(t *testing.T) {
	r := newRig(t, 1, func(c *config.Config) { c.Server.SlowlogLogSlowerThan = 0; c.Server.SlowlogMaxLen = 3 })
	c, watcher := r.connect(), r.connect()
	watcher.want("MONITOR", "OK")
	c.do("CONFIG SET requirepass secret")
	c.want("AUTH secret", "OK")
	c.want("HELLO 2 AUTH default secret", c.do("HELLO 2"))
	c.want("CONFIG SET requirepass \"\"", "OK")
	text := c.do("SLOWLOG GET -1")
	if strings.Contains(text, "secret") || !strings.Contains(text, "(redacted)") {
		t.Errorf("slow log: %s", text)
	}
	c.want("SLOWLOG LEN", "(integer) 3")
	c.want("SLOWLOG RESET", "OK")
	c.want("MULTI", "OK")
	c.want("SET a 1", "QUEUED")
	c.want("EXEC", "[OK]")
	var seen []string
	for len(watcher.pushed) > 0 {
		line := watcher.next()
		if strings.Contains(line, "secret") {
			t.Errorf("MONITOR shows %s", line)
		}
		seen = append(seen, line[strings.Index(line, `] "`)+2:])
	}
	want := []string{`"AUTH" "(redacted)"`, `"HELLO" "2"`, `"HELLO" "2" "AUTH" "(redacted)" "(redacted)"`, `"MULTI"`, `"SET" "a" "1"`, `"EXEC"`}
	equal(t, "MONITOR", seen, want)
}

func TestACL(t *testing.T) {
	r := newRig(t, 1, func(c *config.Config) { c.Security.RequirePass = "x" })
	c := r.connect()
	c.want("GET a", "(error) NOAUTH Authentication required.")
	c.want("AUTH y", "(error) WRONGPASS invalid username-password pair or user is disabled.")
	c.want("AUTH y", "(error) WRONGPASS invalid username-password pair or user is disabled.")
	c.want("AUTH x", "OK")
	if got := c.do("ACL LOG"); !strings.HasPrefix(got, `[["count" (integer) 2 "reason" "auth"`) {
		t.Errorf("ACL LOG: %s", got)
	}
	const hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	c.want("ACL LIST", `["user default on #`+hash+` ~* &* +@all"]`)
	c.want("ACL LOG RESET", "OK")
	c.want("ACL LOG", "[]")
	if n := len(c.value("ACL GENPASS").Str); n != 64 {
		t.Errorf("%d digits", n)
	}
	if n := len(c.value("ACL GENPASS 5").Str); n != 2 {
		t.Errorf("%d digits", n)
	}
	var list []string
	for _, e := range c.value("ACL CAT geo").Elems {
		list = append(list, string(e.Str))
	}
	if !slices.Contains(list, "geoadd") {
		t.Errorf("ACL CAT geo: %v", list)
	}
}

func TestHookCommand(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	c.want("HOOK LIST", "[]")
	for _, owner := range []string{"one", "two"} {
		_, err := r.Bus().Observe(hook.Options{Name: "h", Owner: owner, Kind: hook.KindExpired, DB: hook.AnyDB, Match: "s:*"}, func(context.Context, hook.Event) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	c.want("HOOK STATS nosuch", "(error) ERR no such hook 'nosuch'")
	c.want("HOOK STATS h", "(error) ERR several hooks have the name 'h': use owner/name")
	c.want("HOOK DISABLE one/h", "OK")
	state := func() string {
		var states []string
		for _, h := range r.Bus().Hooks() {
			states = append(states, h.Stats().State)
		}
		return strings.Join(states, " ")
	}
	equal(t, "states", state(), "disabled armed")
	if got := c.do("HOOK LIST"); !strings.Contains(got, `"owner" "one" "event" "expired" "mode" "observe" "match" "s:*"`) {
		t.Errorf("HOOK LIST: %s", got)
	}
	c.want("HOOK ENABLE h", "OK")
	if _, err := r.Bus().Observe(hook.Options{Name: "k", Owner: "lua:lib", Kind: hook.KindKey}, func(context.Context, hook.Event) error { return nil }); err != nil {
		t.Fatal(err)
	}
	c.want("HOOK DISABLE lib/k", "OK")
	if got := c.do("INFO hooks"); !strings.Contains(got, "hook_lua_lib/k:event=key,") {
		t.Errorf("INFO hooks has a name with a colon: %s", got)
	}
	equal(t, "states", state(), "armed armed disabled")
	c.want("HOOK DISABLE lib/h", "(error) ERR no such hook 'lib/h'")
	r.Bus().Remove("lua:lib")
	equal(t, "states", state(), "armed armed")
	c.want("HOOK RESET", "OK")
	c.want("HOOK RESET x", "(error) ERR no such hook 'x'")
	c.want("HOOK RELOAD", "(error) ERR no script libraries are configured")
	r.SetControls(Controls{Reload: func() ([]string, error) { return []string{"a", "b"}, nil }})
	c.want("HOOK RELOAD", `["a" "b"]`)
	r.SetControls(Controls{Reload: func() ([]string, error) { return nil, fmt.Errorf("bad file") }, Modules: func() []ModuleInfo { return []ModuleInfo{{"audit", 2}} }})
	c.want("HOOK RELOAD", "(error) ERR reload: bad file")
	c.want("MODULE LIST", `[["name" "audit" "ver" (integer) 2 "path" "" "args" []]]`)
	if got := c.do("HOOK STATS two/h"); !strings.Contains(got, `"state" "armed" "runs" (integer) 0`) {
		t.Errorf("HOOK STATS: %s", got)
	}
}

func TestServerControls(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	c.want("BGREWRITEAOF", "(error) ERR there is no append-only log: this server keeps its data in memory only")
	c.want("BGSAVE", "(error) ERR there is no data directory to write a snapshot into")
	c.want("SHUTDOWN", "(error) ERR this store is part of a program, which ends it by itself")
	c.want("REPLICAOF 127.0.0.1 6379", "(error) ERR replication is not supported by this server")
	rewrites, ends := 0, 0
	r.SetControls(Controls{Rewrite: func() error { rewrites++; return nil }, Shutdown: func() { ends++ }})
	c.want("BGREWRITEAOF", "Background append only file rewriting started")
	c.want("SHUTDOWN NOSAVE NOW", "")
	if rewrites != 1 || ends != 1 || c.outcome != CloseAfter {
		t.Errorf("%d rewrites, %d ends, outcome %d", rewrites, ends, c.outcome)
	}
}

func TestLatency(t *testing.T) {
	row := command.Spec{Name: "t.slow", Arity: 2, Flags: command.NoUnit, Syntax: "ms", Summary: "Takes its time"}
	var r *rig
	row.Run = func(c *command.Call) error {
		ms, err := c.Int(1)
		r.advance(time.Duration(ms) * time.Millisecond)
		c.Reply.Status("OK")
		return err
	}
	r = newRig(t, 1, nil, row)
	c := r.connect()
	c.want("t.slow 50", "OK")
	c.want("LATENCY LATEST", "[]")
	c.want("LATENCY HISTOGRAM t.slow", `["t.slow" ["calls" (integer) 1 "histogram_usec" [(integer) 67633 (integer) 1]]]`)
	c.want("CONFIG SET latency-monitor-threshold 10", "OK")
	c.want("t.slow 50", "OK")
	c.want("t.slow 2000", "OK")
	c.want("t.slow 5", "OK")
	at := r.Now().Unix()
	c.want("LATENCY LATEST", fmt.Sprintf(`[["command" (integer) %d (integer) 2000 (integer) 2000]]`, at))
	c.want("LATENCY HISTORY command", fmt.Sprintf(`[[(integer) %d (integer) 50] [(integer) %d (integer) 2000]]`, at-2, at))
	if got := c.do("LATENCY GRAPH command"); !strings.Contains(got, "command - high 2000 ms, low 50 ms (all time high 2000 ms)") {
		t.Errorf("LATENCY GRAPH: %s", got)
	}
	if got := c.do("LATENCY DOCTOR"); !strings.Contains(got, "1. command: 2 samples") {
		t.Errorf("LATENCY DOCTOR: %s", got)
	}
	c.want("LATENCY RESET command nosuch", "(integer) 1")
	c.want("LATENCY LATEST", "[]")
	c.want("CONFIG SET latency-tracking no", "OK")
	c.want("CONFIG RESETSTAT", "OK")
	c.want("t.slow 1", "OK")
	c.want("LATENCY HISTOGRAM t.slow", "[]")
}

func TestHistogramBuckets(t *testing.T) {
	for d := time.Duration(1); d < 300*time.Second; d = d*5/4 + 1 {
		i := bucketOf(d)
		if last := len((&histogram{}).buckets) - 1; i < last && d > upperBound(i) || i > 0 && d <= upperBound(i-1) {
			t.Fatalf("%v is in bucket %d, which ends at %v", d, i, upperBound(i))
		}
	}
	var h histogram
	h.buckets[bucketOf(time.Millisecond)].Add(99)
	h.buckets[bucketOf(time.Second)].Add(1)
	counts, total := h.counts()
	if p := percentile(counts, total, 50); p < time.Millisecond || p > 1300*time.Microsecond {
		t.Errorf("p50 is %v", p)
	}
	if p := percentile(counts, total, 100); p < time.Second || p > 1300*time.Millisecond {
		t.Errorf("p100 is %v", p)
	}
}

func TestLimits(t *testing.T) {
	r := newRig(t, 1, func(c *config.Config) { c.Server.MaxClients = 1 })
	r.connect()
	if _, err := r.NewSession(SessionOptions{Transport: "tcp"}); err != errMaxClients {
		t.Errorf("second connection: %v", err)
	}
}

func TestEventsOfNewKeys(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, func(c *config.Config) {
			debugging(c)
			c.Notifications.KeyspaceEvents = hook.Keyevent | hook.New | hook.String
		})
		c, sub := r.connect(), r.connect()
		sub.do("PSUBSCRIBE *")
		for _, step := range []struct {
			line string
			want []string
		}{
			{"SET a 1", []string{"new a", "set a"}},
			{"SET a 2", []string{"set a"}},
			{"LPUSH l x", []string{"new l"}},
			{"LPUSH l x", nil},
			{"RENAME l m", []string{"new m"}},
			{"GET nosuch", nil},
			{"MULTI", nil},
			{"SET b 1", nil},
			{"DEL b", nil},
			{"SADD b 1", nil},
			{"EXEC", []string{"new b", "set b", "new b"}},
			{"DEBUG RELOAD", nil},
			{"SET a 3", []string{"set a"}},
		} {
			c.do(step.line)
			for _, want := range step.want {
				got := strings.Trim(strings.TrimPrefix(plain(sub.next()), "[pmessage * __keyevent@0__:"), "]")
				equal(t, step.line, got, want)
			}
			sub.quiet()
		}
	})
}

func TestPauseOfWrites(t *testing.T) {
	row := func(name string, f command.Flags, may func([][]byte) bool) *command.Spec {
		return &command.Spec{Name: name, Flags: f, MayWrite: may}
	}
	never := func([][]byte) bool { return false }
	for _, tc := range []struct {
		name string
		spec *command.Spec
		want bool
	}{
		{"a read", row("get", command.ReadOnly, nil), false},
		{"a write", row("set", command.Write, nil), true},
		{"what may be replicated", row("publish", command.MayReplicate, nil), true},
		{"a read that may be replicated", row("pfcount", command.ReadOnly|command.MayReplicate, nil), true},
		{"a script", row("eval", command.Revocable|command.MayReplicate, nil), true},
		{"a read-only script", row("eval_ro", command.Revocable|command.ReadOnly, nil), false},
		{"a script that promises", row("eval", command.Revocable|command.MayReplicate, never), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &Session{}
			equal(t, "writes", s.writes(tc.spec, nil), tc.want)
			s.multi = &multi{commands: []queuedCommand{{spec: tc.spec}}}
			equal(t, "in a transaction", s.writes(&command.Spec{Name: "exec"}, nil), tc.want)
		})
	}
}

func TestClientListShowsTheRequest(t *testing.T) {
	r := newRig(t, 1, nil)
	c, _ := r.connect(), r.connect()
	list := strings.Split(strings.TrimSpace(string(c.value("CLIENT LIST").Str)), "\n")
	if !strings.Contains(list[0], " qbuf=26 qbuf-free=0 argv-mem=10 ") || !strings.Contains(list[1], " qbuf=0 ") {
		t.Error(list)
	}
}
