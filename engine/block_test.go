package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// within fails the test when fn has not returned after a while.
func within(t *testing.T, what string, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s does not return", what)
	}
}

// TestUnblockInsideExec: the transaction holds the lock that takes the other
// client out of its queue.
func TestUnblockInsideExec(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		b, c := r.connect(), r.connect()
		b.blocks("BLPOP k 0")
		c.want("MULTI", "OK")
		c.want("SET k2 1", "QUEUED")
		c.want("LLEN k", "QUEUED")
		c.want(fmt.Sprintf("CLIENT UNBLOCK %d", b.ID()), "QUEUED")
		within(t, "EXEC", func() { c.want("EXEC", "[OK (integer) 0 (integer) 1]") })
		equal(t, "the blocked client", b.next(), "(nil array)")
		<-b.resumed
		r.tasks.Wait()
		for _, sh := range r.shards {
			if len(sh.waiters) != 0 {
				t.Errorf("waiters are left: %v", sh.waiters)
			}
		}
	})
}

// TestWokenByAHook: what a woken client's command causes is as deep as what
// woke it, so that it does not wait for the hook that waits for it.
func TestWokenByAHook(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		seen := make(chan string, 100)
		_, err := r.Bus().Observe(hook.Options{Name: "h", Owner: "test", Kind: hook.KindKey, DB: hook.AnyDB, Queue: 1},
			func(ctx context.Context, ev hook.Event) error {
				seen <- ev.(*hook.Key).Name
				if string(ev.Subject()) != "start" {
					return nil
				}
				for i := range 5 {
					if err := r.Do(ctx, 0, words("RPUSH", fmt.Sprintf("q%d", i), "x"), discard{}); err != nil {
						return err
					}
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		var blocked []*client
		for i := range 5 {
			b := r.connect()
			b.blocks(fmt.Sprintf("BLPOP q%d 0", i))
			blocked = append(blocked, b)
		}
		r.connect().want("SET start 1", "OK")
		for i, b := range blocked {
			equal(t, "woken", b.next(), fmt.Sprintf(`["q%d" "x"]`, i))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.Bus().Flush(ctx); err != nil {
			t.Errorf("the hook is stuck: %v", err)
		}
	})
}

// TestMutedWait: CLIENT REPLY silences a command also where its answer comes
// later.
func TestMutedWait(t *testing.T) {
	r := newRig(t, 1, nil)
	b, c := r.connect(), r.connect()
	b.raw("CLIENT REPLY SKIP")
	b.blocks("BLPOP k 0")
	c.want("RPUSH k 1 2", "(integer) 2")
	<-b.resumed
	b.quiet()
	b.want("BLPOP k 0", `["k" "2"]`)
	b.raw("CLIENT REPLY OFF")
	b.blocks("BLPOP k 0")
	c.want(fmt.Sprintf("CLIENT UNBLOCK %d ERROR", b.ID()), "(integer) 1")
	<-b.resumed
	b.quiet()
}

// busyRow is a command that holds its locks, as a busy script does, until the
// channel is closed.
func busyRow(r **rig, started, end chan struct{}) command.Spec {
	return command.Spec{
		Name: "t.busy", Arity: -2, Flags: command.Write | command.Revocable, Keys: []command.KeySpec{command.Keys(1, -1, 1, command.KeyRW)},
		Syntax: "key", Summary: "Is busy", Run: func(c *command.Call) error {
			over := (*r).Busy(c, false)
			defer over()
			close(started)
			<-end
			c.Reply.Status("OK")
			return nil
		},
	}
}

// TestNobodyWaitsForAScript: while a script is busy, whatever a client does or
// leaves behind, its goroutine comes back: it may be the one that has to read
// SCRIPT KILL.
func TestNobodyWaitsForAScript(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		var r *rig
		started, end := make(chan struct{}), make(chan struct{})
		r = newRig(t, shards, nil, busyRow(&r, started, end))
		busy, b, gone, c, other := r.connect(), r.connect(), r.connect(), r.connect(), r.connect()
		free := "k"
		for i := 0; shards > 1 && r.shardOf([]byte(free)) == r.shardOf([]byte("k")); i++ {
			free = fmt.Sprintf("free%d", i)
		}
		b.blocks(fmt.Sprintf("BLPOP k %s 0", free))
		gone.want("WATCH k", "OK")
		c.want("WATCH k", "OK")
		c.want("MULTI", "OK")
		c.want("PING", "QUEUED")
		answered := make(chan string)
		go func() { answered <- busy.do("t.busy k") }()
		<-started
		within(t, "Close", gone.Session.Close)
		within(t, "EXEC", func() { c.do("EXEC") })
		within(t, "DISCARD", func() { c.do("DISCARD") })
		within(t, "WATCH", func() { c.do("WATCH k") })
		within(t, "UNWATCH", func() { c.do("UNWATCH") })
		within(t, "RESET", func() { c.do("RESET") })
		if shards > 1 {
			within(t, "RPUSH", func() { other.want("RPUSH "+free+" x", "(integer) 1") })
		} else {
			within(t, "the end of the wait", func() { b.Session.unpark(unparkTimeout) })
		}
		close(end)
		equal(t, "the script", <-answered, "OK")
		if shards > 1 {
			equal(t, "the blocked client", b.next(), fmt.Sprintf(`["%s" "x"]`, free))
		}
		<-b.resumed
		r.tasks.Wait()
		for _, sh := range r.shards {
			if len(sh.waiters)+len(sh.watched) != 0 {
				t.Errorf("left behind: %v %v", sh.waiters, sh.watched)
			}
		}
		if n := r.listeners.Load(); n != 0 {
			t.Errorf("%d listeners", n)
		}
	})
}

// TestReRunStartsInItsDatabase: a unit that runs again starts from where it
// started.
func TestReRunStartsInItsDatabase(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil, command.Spec{
			Name: "t.select", Arity: 3, Flags: command.Write | command.Revocable, Keys: []command.KeySpec{command.Key(1, command.KeyRW)},
			Syntax: "key other", Summary: "Changes the database", Run: func(c *command.Call) error {
				for _, args := range [][][]byte{words("INCR", string(c.Args[1])), words("SELECT", "1"), words("INCR", string(c.Args[2]))} {
					if err := c.Do(discard{}, args...); err != nil {
						return err
					}
				}
				c.Reply.Status("OK")
				return nil
			}})
		c := r.connect()
		for i := range 20 {
			c.want(fmt.Sprintf("t.select a other%d", i), "OK")
		}
		c.want("GET a", `"20"`)
	})
}

// TestAppendFsyncAlwaysDoesNotHoldTheWaker: the reply to a woken client waits
// for the disk with its own connection, not in the command that woke it.
func TestAppendFsyncAlwaysDoesNotHoldTheWaker(t *testing.T) {
	r := newRig(t, 1, func(*config.Config) {})
	r.SetJournal(slowJournal{r.journal})
	b, c := r.connect(), r.connect()
	b.blocks("BLPOP k 0")
	within(t, "RPUSH", func() { c.want("RPUSH k x", "(integer) 1") })
	equal(t, "woken", b.next(), `["k" "x"]`)
}

// slowJournal is a journal whose disk never answers.
type slowJournal struct{ *memJournal }

func (slowJournal) Commit(int64) error            { select {} }
func (slowJournal) TryCommit(int64) (bool, error) { return false, nil }

// TestSwapBringsADueKey: the blocked client's command removes the key, and the
// client goes on waiting.
func TestSwapBringsADueKey(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, func(cfg *config.Config) { cfg.Security.EnableDebugCommand = "yes" })
		b, c := r.connect(), r.connect()
		c.want("DEBUG SET-ACTIVE-EXPIRE 0", "OK")
		c.want("SELECT 1", "OK")
		c.want("RPUSH k hello", "(integer) 1")
		c.want("PEXPIRE k 100", "(integer) 1")
		b.blocks("BRPOP k 0")
		r.advance(101 * time.Millisecond)
		r.journal.lines()
		c.want("SWAPDB 0 1", "OK")
		equal(t, "log", r.journal.lines(), []string{"SWAPDB 0 1", "DEL k"})
		b.quiet()
		c.want("SELECT 0", "OK")
		c.want("RPUSH k again", "(integer) 1")
		equal(t, "the blocked client", b.next(), `["k" "again"]`)
	})
}
