package scripting_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/scripts"
)

// shipped are the tests of the files of package scripts.
var shipped = map[string]func(t *testing.T, r *rig, c *clock){
	"hooks/expired_log.lua": func(t *testing.T, r *rig, c *clock) {
		r.do("SET", "k", "v", "PX", "100")
		c.add(105 * time.Millisecond)
		r.Expire(10)
		got := text(r.do("LRANGE", "expired:log", "0", "-1"))
		for _, want := range []string{`"key":"k"`, `"value":"v"`, `"late":5`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not in %s", want, got)
			}
		}
	},
	"hooks/sessions.lua": func(t *testing.T, r *rig, c *clock) {
		r.expect("+OK", "session.open", "alice", "s1", "1000")
		r.expect("+OK", "session.open", "alice", "s2", "2000")
		r.expect("-EXISTS the session is open already", "session.open", "alice", "s2", "2000")
		if got := text(r.do("session.open", "bob", "s3", "soon")); !strings.Contains(got, "not an integer") {
			t.Errorf("got %s", got)
		}
		r.expect("0", "EXISTS", "session:s3", "sessions:bob")
		r.expect("2", "session.count", "alice")
		r.expect("1", "session.touch", "s1", "5000")
		c.add(3 * time.Second)
		r.Expire(10)
		r.expect("1", "session.count", "alice")
		if got := text(r.do("LRANGE", "ended", "0", "-1")); !strings.Contains(got, `"id":"s2"`) || !strings.Contains(got, `"user":"alice"`) {
			t.Errorf("ended: %s", got)
		}
	},
	"hooks/rewrite_report.lua": func(t *testing.T, r *rig, _ *clock) {
		r.Bus().Publish(&hook.Rewrite{Phase: "begin", Cause: "manual"})
		r.Bus().Publish(&hook.Rewrite{Phase: "end", Cause: "manual", Keys: 7, BeforeBytes: 100, AfterBytes: 50, Elapsed: 1500 * time.Microsecond})
		r.flush()
		got := text(r.do("LRANGE", "rewrites", "0", "-1"))
		if strings.Contains(got, "begin") || !strings.Contains(got, `"keys":7`) || !strings.Contains(got, `"elapsed_ms":1.5`) {
			t.Errorf("rewrites: %s", got)
		}
	},
	"hooks/change_count.lua": func(t *testing.T, r *rig, _ *clock) {
		for _, args := range [][]string{{"SET", "user:1", "x"}, {"LPUSH", "user:2", "x"}, {"SET", "plain", "x"}, {"GET", "plain"}} {
			r.do(args...)
		}
		r.flush()
		r.expect("[2 1]", "HMGET", "changes:today", "user", "other")
		r.expect("2", "HLEN", "changes:today")
	},
	"functions/limiter.lua": func(t *testing.T, r *rig, c *clock) {
		for _, fn := range []string{"limit_window", "limit_sliding"} {
			r.expect("[1 1 0]", "FCALL", fn, "1", fn, "2", "1000")
			r.expect("[1 0 0]", "FCALL", fn, "1", fn, "2", "1000")
			r.expect("[0 0 1000]", "FCALL", fn, "1", fn, "2", "1000")
		}
		c.add(1001 * time.Millisecond)
		r.Expire(10)
		r.expect("[1 1 0]", "FCALL", "limit_window", "1", "limit_window", "2", "1000")
		r.expect("[1 1 0]", "FCALL", "limit_sliding", "1", "limit_sliding", "2", "1000")
	},
	"functions/lock.lua": func(t *testing.T, r *rig, _ *clock) {
		r.expect("1", "FCALL", "lock_take", "1", "l", "me", "1000")
		r.expect("0", "FCALL", "lock_take", "1", "l", "you", "1000")
		r.expect("1", "FCALL", "lock_take", "1", "l", "me", "1000")
		r.expect("0", "FCALL", "lock_renew", "1", "l", "you", "1000")
		r.expect("1", "FCALL", "lock_renew", "1", "l", "me", "2000")
		r.expect("0", "FCALL", "lock_free", "1", "l", "you")
		r.expect("1", "FCALL", "lock_free", "1", "l", "me")
	},
	"examples/compare_and_set.lua": func(t *testing.T, r *rig, _ *clock) {
		src := shippedSource(t, "examples/compare_and_set.lua")
		r.do("SET", "k", "a")
		r.expect("0", "EVAL", src, "1", "k", "x", "b")
		r.expect("1", "EVAL", src, "1", "k", "a", "b")
		r.expect("b", "GET", "k")
	},
	"examples/transfer.lua": func(t *testing.T, r *rig, _ *clock) {
		src := shippedSource(t, "examples/transfer.lua")
		r.do("HSET", "a", "balance", "10")
		r.expect("4", "EVAL", src, "2", "a", "b", "4")
		if got := text(r.do("EVAL", src, "2", "a", "b", "7")); !strings.HasPrefix(got, "-BALANCE is too low script: ") {
			t.Errorf("got %s", got)
		}
		r.expect("6", "HGET", "a", "balance")
		r.expect("-AMOUNT must be above 0", "EVAL", src, "2", "a", "b", "x")
	},
}

func shippedSource(t *testing.T, file string) string {
	t.Helper()
	b, err := scripts.Files.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestShipped runs every file of package scripts; one without a test fails.
func TestShipped(t *testing.T) {
	err := fs.WalkDir(scripts.Files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		t.Run(file, func(t *testing.T) {
			test := shipped[file]
			if test == nil {
				t.Fatal("no test runs this file")
			}
			for _, n := range []int{1, 4} {
				var c clock
				r := newRig(t, withClock(&c), shards(n))
				if !strings.HasPrefix(file, "examples/") {
					r.load(shippedSource(t, file))
				}
				test(t, r, &c)
				for _, h := range r.Bus().Hooks() {
					if s := h.Stats(); s.Errors > 0 {
						t.Errorf("hook %s: %s", h.Options().Name, s.LastError)
					}
				}
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
