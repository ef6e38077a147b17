package engine

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

var serverRows = []command.Spec{
	{Name: "time", Arity: 1, Group: command.GroupServer, Since: "2.6.0", Complexity: "O(1)", Hints: []string{"nondeterministic_output"},
		Flags: command.Loading | command.Stale | command.Fast | command.NoUnit, Summary: "Answers the server's time", Run: runTime},
	{Name: "lastsave", Arity: 1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)", Hints: []string{"nondeterministic_output"},
		ACL: []string{"admin", "dangerous"}, Flags: command.Loading | command.Stale | command.Fast | command.NoUnit,
		Summary: "Answers when the last snapshot was written, or else when the server started", Run: runLastSave},
	{Name: "save", Arity: 1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)",
		Flags:   command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti | command.NoUnit,
		Summary: "Writes a snapshot in Redis' RDB format, and answers when that is done", Run: runSave},
	{Name: "bgsave", Arity: -1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)", Syntax: "[SCHEDULE]",
		Flags:   command.Admin | command.NoScript | command.NoAsyncLoading | command.NoUnit,
		Summary: "Writes a snapshot in Redis' RDB format in the background", Run: runBgSave},
	{Name: "bgrewriteaof", Arity: 1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)",
		Flags:   command.Admin | command.NoScript | command.NoAsyncLoading | command.NoUnit,
		Summary: "Rewrites the append-only log in the background", Run: runRewrite},
	{Name: "shutdown", Arity: -1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)", Syntax: "[NOSAVE|SAVE] [NOW] [FORCE] [ABORT]",
		Flags:   command.Admin | command.NoScript | command.Loading | command.Stale | command.NoMulti | command.AllowBusy | command.NoUnit,
		Summary: "Ends the server; the log is complete before it does", Run: runShutdown},
	{Name: "role", Arity: 1, Group: command.GroupServer, Since: "2.8.12", Complexity: "O(1)", ACL: []string{"admin", "dangerous"},
		Flags:   command.NoScript | command.Loading | command.Stale | command.Fast | command.NoUnit,
		Summary: "Answers the server's part in replication: master, without replicas", Run: runRole},
	{Name: "replicaof", Arity: 3, Group: command.GroupServer, Since: "5.0.0", Complexity: "O(1)", Syntax: "host port", Flags: replicaFlags,
		Summary: "Takes NO ONE; this server cannot be a replica, but of nobody: see replica-serve-stale-data", Run: runReplicaOf},
	{Name: "slaveof", Arity: 3, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)", Syntax: "host port", Flags: replicaFlags,
		Summary: "The older name of REPLICAOF", Run: runReplicaOf},
	{Name: "failover", Arity: -1, Group: command.GroupServer, Since: "6.2.0", Complexity: "O(1)",
		Syntax:  "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
		Flags:   command.Admin | command.NoScript | command.Stale | command.NoUnit,
		Summary: "Is an error: there are no replicas to fail over to", Run: runFailover},
	{Name: "wait", Arity: 3, Group: command.GroupGeneric, Since: "3.0.0", Complexity: "O(1)", Syntax: "numreplicas timeout",
		ACL: connectionACL, Flags: command.NoScript, Hints: []string{"request_policy:all_shards", "response_policy:agg_min"},
		Summary: "Waits for replicas, of which there are none, until the timeout", Run: runWait},
	{Name: "lolwut", Arity: -1, Group: command.GroupServer, Since: "5.0.0", Complexity: "O(N) with N columns", Syntax: "[VERSION version]",
		Flags: command.ReadOnly | command.Fast | command.NoUnit, Summary: "Draws something, and answers the version", Run: runLolwut},
	{Name: "monitor", Arity: 1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)",
		Flags:   command.Admin | command.NoScript | command.Loading | command.Stale | command.NoUnit,
		Summary: "Shows every command that the server executes", Run: runMonitor},
}

const replicaFlags = command.Admin | command.NoScript | command.Stale | command.NoAsyncLoading | command.NoUnit

func runTime(c *command.Call) error {
	now := engineOf(c).now()
	c.Reply.Array(2)
	c.Reply.BulkString(strconv.FormatInt(now.Unix(), 10))
	c.Reply.BulkString(strconv.Itoa(now.Nanosecond() / int(time.Microsecond)))
	return nil
}

func runRewrite(c *command.Call) error {
	rewrite := engineOf(c).controls().Rewrite
	if rewrite == nil {
		return wire.Error("ERR there is no append-only log: this server keeps its data in memory only")
	}
	how := "started"
	if engineOf(c).dumps.running.Load() != nil { // SAVE's, or SYNC's
		how = "scheduled"
	}
	if err := rewrite(); err != nil {
		return wire.Errorf("ERR %v", err)
	}
	c.Reply.Status("Background append only file rewriting " + how)
	return nil
}

func runShutdown(c *command.Call) error {
	save, nosave, abort := false, false, false
	for i := 1; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "save"):
			save = true
		case c.Is(i, "nosave"):
			nosave = true
		case c.Is(i, "now"), c.Is(i, "force"): // nothing to wait for, and no error to pass over
		case c.Is(i, "abort"):
			abort = true
		default:
			return wire.ErrSyntax
		}
	}
	if save && nosave || abort && len(c.Args) > 2 {
		return wire.ErrSyntax
	}
	if abort {
		return wire.Error("ERR No shutdown in progress.")
	}
	shutdown := engineOf(c).controls().Shutdown
	if shutdown == nil {
		return wire.Error("ERR this store is part of a program, which ends it by itself")
	}
	c.Client.(*Session).closing = true
	shutdown()
	return nil // no reply, as in Redis: the connection ends
}

func runFailover(c *command.Call) error {
	if len(c.Args) == 2 && c.Is(1, "abort") {
		return wire.Error("ERR No failover in progress.")
	}
	return wire.Error("ERR FAILOVER requires connected replicas.")
}

// runWait waits as long as Redis would without replicas: until the timeout, and
// not at all when none is asked for.
func runWait(c *command.Call) error {
	want, err := c.Int(1)
	if err != nil {
		return err
	}
	ms, ok := command.ParseInt(c.Args[2])
	if !ok || ms > int64(time.Duration(1<<63-1)/time.Millisecond) {
		return wire.Error("ERR timeout is not an integer or out of range")
	}
	if ms < 0 {
		return wire.ErrNegTimeout
	}
	if want <= 0 {
		c.Reply.Int(0)
		return nil
	}
	return c.Wait(command.Block{TimeoutMs: ms, OnTimeout: func(r wire.Reply) { r.Int(0) }})
}

// runLolwut draws the curve that folding a strip of paper again and again gives.
func runLolwut(c *command.Call) error {
	folds := int64(5)
	if len(c.Args) > 2 && c.Is(1, "version") {
		for i := 2; i < len(c.Args); i++ {
			if _, err := c.Int(i); err != nil {
				return err
			}
		}
		if n, _ := c.Int(len(c.Args) - 1); len(c.Args) > 3 {
			folds = max(1, min(n, 9))
		}
	}
	var b strings.Builder
	for i := 1; i < 1<<folds; i++ {
		if i>>(bits.TrailingZeros(uint(i))+1)&1 == 0 {
			b.WriteByte('/')
		} else {
			b.WriteByte('\\')
		}
		if i%64 == 0 {
			b.WriteByte('\n')
		}
	}
	fmt.Fprintf(&b, "\nRedis ver. %s\n", RedisVersion)
	c.Reply.Verbatim("txt", b.String())
	return nil
}

func runMonitor(c *command.Call) error {
	s := c.Client.(*Session)
	if s.o.Transport == "embedded" || c.Nested {
		return wire.Error("ERR MONITOR isn't allowed for DENY BLOCKING client")
	}
	s.enterMonitor()
	c.Reply.Status("OK")
	return nil
}
