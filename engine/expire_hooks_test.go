package engine

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// attach adds an atomic hook with a name of its own.
func (r *rig) attach(o hook.Options, run func(c *command.Call, ev hook.Event) error) *hook.Hook {
	r.t.Helper()
	if o.Owner == "" {
		o.Owner = "test"
	}
	if o.TripAfter == 0 {
		o.TripAfter = 100
	}
	o.DB = hook.AnyDB
	h, err := r.Bus().Attach(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.AddAtomic(command.Atomic{Hook: h, Run: run})
	return h
}

// replays compares what the log makes of an empty keyspace with what is there.
func (r *rig) replays(groups [][]command.Record) {
	r.t.Helper()
	fresh := newRig(r.t, len(r.shards), debugging, testRows()...)
	fresh.advance(r.Now().Sub(fresh.Now()))
	for _, g := range groups {
		for _, rec := range g {
			if err := fresh.Replay(rec.DB, rec.Args); err != nil {
				r.t.Fatalf("replay %q: %v", rec.Args, err)
			}
		}
	}
	fresh.EndReplay()
	if got, want := fresh.connect().do("DEBUG DIGEST"), r.connect().do("DEBUG DIGEST"); got != want || strings.Contains(got, "error") {
		r.t.Errorf("the log gives other data: %s, not %s", got, want)
		for _, g := range groups {
			for _, rec := range g {
				r.t.Logf("%d> %s", rec.DB, bytes.Join(rec.Args, []byte(" ")))
			}
		}
	}
}

// all returns the groups so far, without forgetting them.
func (j *memJournal) all() [][]command.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([][]command.Record(nil), j.groups...)
}

// TestRetryUndoesAllHooks: when one of several hooks has the expiry put off,
// what the others did goes too, from the keyspace as from the log.
func TestRetryUndoesAllHooks(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging)
		fails := true
		r.attach(hook.Options{Name: "good", Kind: hook.KindExpired}, func(c *command.Call, ev hook.Event) error {
			return c.Do(discard{}, words("RPUSH", "ended", string(ev.Subject()))...)
		})
		r.attach(hook.Options{Name: "bad", Kind: hook.KindExpired, OnError: "retry"}, func(*command.Call, hook.Event) error {
			if fails {
				return errors.New("not now")
			}
			return nil
		})
		c := r.connect()
		c.want("SET a 1 PX 10", "OK")
		r.advance(time.Second)
		r.Expire(10)
		c.want("LRANGE ended 0 -1", "[]")
		r.replays(r.journal.all())
		fails = false
		r.advance(time.Second)
		r.Expire(10)
		c.want("LRANGE ended 0 -1", `["a"]`)
		r.replays(r.journal.all())
		if len(r.retries) != 0 {
			t.Errorf("%d retries are remembered", len(r.retries))
		}
	})
}

// TestExpiredHookReplacesTheKey: a hook that writes to the key that expires
// runs once, and its contents stay.
func TestExpiredHookReplacesTheKey(t *testing.T) {
	for _, met := range []struct{ name, line string }{
		{"by the reaper", ""}, {"by a command", "APPEND a x"}, {"by a script", "t.two a b"},
	} {
		t.Run(met.name, func(t *testing.T) {
			onShards(t, func(t *testing.T, shards int) {
				r := newRig(t, shards, debugging, testRows()...)
				runs := 0
				r.attach(hook.Options{Name: "h", Kind: hook.KindExpired}, func(c *command.Call, ev hook.Event) error {
					runs++
					return c.Do(discard{}, words("SET", string(ev.Subject()), "7")...)
				})
				c := r.connect()
				c.want("SET a 1 PX 10", "OK")
				r.advance(time.Second)
				if met.line == "" {
					r.Expire(10)
				} else {
					c.do(met.line)
				}
				want := map[string]string{"": `"7"`, "APPEND a x": `"7x"`, "t.two a b": `"8"`}[met.line]
				c.want("GET a", want)
				if runs != 1 {
					t.Errorf("the hook ran %d times", runs)
				}
				r.replays(r.journal.all())
			})
		})
	}
}

// TestKeptAndReplaced: a hook gives the key new contents and a deadline.
func TestKeptAndReplaced(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging)
		r.attach(hook.Options{Name: "h", Kind: hook.KindExpired}, func(c *command.Call, ev hook.Event) error {
			ev.(*hook.Expired).KeepUntilMs = c.NowMs() + 5000
			return c.Do(discard{}, words("SET", string(ev.Subject()), "new")...)
		})
		c := r.connect()
		c.want("SET a 1 PX 10", "OK")
		r.advance(time.Second)
		r.Expire(10)
		c.want("GET a", `"new"`)
		c.want("PTTL a", "(integer) 5000")
		r.replays(r.journal.all())
	})
}

// TestWriteMeetsKeyInRetry: while the hooks of a due key fail, nobody writes
// to it: the log, where it still exists, would replay differently.
func TestWriteMeetsKeyInRetry(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging, testRows()...)
		fails, runs := true, 0
		r.attach(hook.Options{Name: "h", Kind: hook.KindExpired, OnError: "retry"}, func(*command.Call, hook.Event) error {
			runs++
			if fails {
				return errors.New("not now")
			}
			return nil
		})
		c := r.connect()
		c.want("SET a 5 PX 10", "OK")
		r.advance(time.Second)
		r.Expire(10)
		for range 20 {
			c.want("INCR a", string("(error) "+errExpiring))
		}
		c.want("t.two b a", string("(error) "+errExpiring))
		c.want("GET a", "(nil)")
		if runs != 1 {
			t.Errorf("%d runs during one pause", runs)
		}
		r.replays(r.journal.all())
		fails = false
		r.advance(time.Second)
		c.want("INCR a", "(integer) 1")
		r.replays(r.journal.all())
		if n := r.outside.Load(); n != 0 {
			t.Errorf("%d keys outside the index", n)
		}
	})
}

// TestRetriesAreForgotten: a key that goes while its expiry is being retried
// leaves nothing behind.
func TestRetriesAreForgotten(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging)
		r.attach(hook.Options{Name: "h", Kind: hook.KindExpired, OnError: "retry", TripAfter: 1000}, func(*command.Call, hook.Event) error {
			return errors.New("never")
		})
		c := r.connect()
		for i := range 50 {
			c.want(fmt.Sprintf("SET k%d 1 PX 10", i), "OK")
		}
		r.advance(time.Second)
		r.Expire(100)
		if len(r.retries) != 50 {
			t.Fatalf("%d retries", len(r.retries))
		}
		c.want("FLUSHALL", "OK")
		c.want("SET other 1 PX 10", "OK")
		r.advance(10 * time.Minute)
		r.Expire(100)
		if len(r.retries) != 1 {
			t.Errorf("%d retries", len(r.retries))
		}
	})
}

// TestDueKeyOfAnUndoneUnit: a unit that is undone and runs again under all
// locks takes back, and does again, the expiry it began with.
func TestDueKeyOfAnUndoneUnit(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		for i := range 20 {
			r := newRig(t, shards, debugging, testRows()...)
			c := r.connect()
			c.want("SET a 5 PX 10", "OK")
			r.advance(time.Second)
			c.want(fmt.Sprintf("t.two a other%d", i), "[(integer) 1 (integer) 1]")
			equal(t, "log", r.journal.lines()[1:], []string{fmt.Sprintf("DEL a; INCR a; INCR other%d", i)})
		}
	})
}

// TestHookMeetsNextOfBatch: an atomic hook writes to a key that is due itself,
// and stands behind its own in the reaper's batch.
func TestHookMeetsNextOfBatch(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, debugging)
		r.attach(hook.Options{Name: "h", Kind: hook.KindExpired, Match: "?"}, func(c *command.Call, ev hook.Event) error {
			for _, k := range []string{"ka", "kb", "kc", "kd"} {
				if err := c.Do(discard{}, words("INCR", k)...); err != nil {
					return err
				}
			}
			return nil
		})
		c := r.connect()
		for _, k := range []string{"ka", "kb", "x", "y", "kc", "kd"} {
			c.want("SET "+k+" 100 PX 10", "OK")
		}
		r.advance(time.Second)
		r.Expire(10)
		r.replays(r.journal.all())
	})
}

// TestAtomicKeyHookSeesExpiry: expiry is a change like any other.
func TestAtomicKeyHookSeesExpiry(t *testing.T) {
	for _, met := range []string{"", "APPEND a x", "GET a"} {
		t.Run("met by "+met, func(t *testing.T) {
			onShards(t, func(t *testing.T, shards int) {
				r := newRig(t, shards, debugging)
				r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Names: []string{"expired"}}, func(c *command.Call, ev hook.Event) error {
					return c.Do(discard{}, words("RPUSH", "ended", string(ev.Subject()))...)
				})
				c := r.connect()
				c.want("SET a 1 PX 10", "OK")
				if met == "GET a" {
					c.want("DEBUG SET-ACTIVE-EXPIRE 0", "OK")
				}
				r.advance(time.Second)
				if met == "" {
					r.Expire(10)
				} else {
					c.do(met)
				}
				c.want("LRANGE ended 0 -1", `["a"]`)
				r.replays(r.journal.all())
			})
		})
	}
}

// TestDueKeyInAnotherDatabase: MOVE and COPY meet a due key where they want to
// put theirs. Its hooks run as for any other.
func TestDueKeyInAnotherDatabase(t *testing.T) {
	for _, line := range []string{"MOVE a 1", "COPY a a DB 1", "COPY a a DB 1 REPLACE"} {
		t.Run(line, func(t *testing.T) {
			onShards(t, func(t *testing.T, shards int) {
				r := newRig(t, shards, debugging)
				r.attach(hook.Options{Name: "h", Kind: hook.KindExpired}, func(c *command.Call, ev hook.Event) error {
					return c.Do(discard{}, words("RPUSH", "ended", string(ev.(*hook.Expired).Value.Str()))...)
				})
				c := r.connect()
				c.want("SELECT 1", "OK")
				c.want("SET a old PX 10", "OK")
				c.want("SELECT 0", "OK")
				c.want("SET a new", "OK")
				r.advance(time.Second)
				c.want(line, "(integer) 1")
				c.want("SELECT 1", "OK")
				c.want("GET a", `"new"`)
				c.want("LRANGE ended 0 -1", `["old"]`)
				r.replays(r.journal.all())
			})
		})
	}
}

// TestHookComesBetweenTwoExpiries: an atomic hook that comes when one of a command's keys
// has expired is for the next unit; nothing of this one is lost.
func TestHookComesBetweenTwoExpiries(t *testing.T) {
	var r *rig
	between := command.Spec{Name: "t.between", Arity: 3, Flags: command.Write, Summary: "Expires two keys of database 1",
		Keys: []command.KeySpec{command.Keys(1, -1, 1, command.KeyRW)}, Run: func(c *command.Call) error {
			if err := c.ExpireIn(1, c.Args[1]); err != nil {
				return err
			}
			if len(r.Bus().Hooks()) == 0 {
				r.attachAtomic(func(*command.Call, hook.Event) error { return nil })
			}
			if err := c.ExpireIn(1, c.Args[2]); err != nil {
				return err
			}
			c.LogNothing()
			c.Reply.Status("OK")
			return nil
		}}
	r = newRig(t, 4, debugging, between)
	c := r.connect()
	c.want("SELECT 1", "OK")
	c.want("SET a 1 PX 1", "OK")
	c.want("SET b 1 PX 1", "OK")
	c.want("SELECT 0", "OK")
	r.advance(time.Second)
	c.want("T.BETWEEN a b", "OK")
	r.replays(r.journal.all())
	equal(t, "log", r.journal.lines()[2:], []string{"DEL a; DEL b"})
}

// TestTransactionMeetsDueKeys: a transaction takes the locks for the hooks on what is due
// before its first command.
func TestTransactionMeetsDueKeys(t *testing.T) {
	r := newRig(t, 4, nil)
	var seen []string
	r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Match: "s:*"}, func(_ *command.Call, ev hook.Event) error {
		seen = append(seen, string(ev.Subject()))
		return nil
	})
	c := r.connect()
	c.want("SET o 1 PX 1", "OK")
	r.advance(time.Second)
	for _, line := range []string{"MULTI", "SET p 1", "SET o 2"} {
		c.do(line)
	}
	c.want("EXEC", "[OK OK]")
	c.want("GET o", `"2"`)
	equal(t, "seen", seen, []string(nil))
}

// TestHookComesInTransaction: an atomic hook that comes inside a transaction is for the
// next unit.
func TestHookComesInTransaction(t *testing.T) {
	var r *rig
	attach := command.Spec{Name: "t.attach", Arity: 2, Flags: command.Write, Summary: "Attaches a hook",
		Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Run: func(c *command.Call) error {
			r.attachAtomic(func(*command.Call, hook.Event) error { return nil })
			c.Reply.Status("OK")
			return nil
		}}
	r = newRig(t, 4, debugging, attach)
	c := r.connect()
	c.want("SET o 1 PX 1", "OK")
	r.advance(time.Second)
	for _, line := range []string{"MULTI", "SET p 1", "T.ATTACH p", "SET o 2"} {
		c.do(line)
	}
	c.want("EXEC", "[OK OK OK]")
	r.replays(r.journal.all())
}
