package engine

import (
	"fmt"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const syncFlags = command.Admin | command.NoScript | command.NoAsyncLoading | command.NoMulti | command.AllShards

// syncSummary says in one line what is sent and what is not.
const syncSummary = "Turns the connection into a feed of the log's records from now on, or sends a snapshot where REPLCONF has asked for one"

// syncRows are for tools and tests that follow what is logged. They speak the
// beginning of Redis' replication protocol but are not replication: the
// snapshot in front of the feed is empty, whatever the keyspace holds. A snapshot
// without a feed behind it, as redis-cli --rdb wants, has the data.
var syncRows = []command.Spec{
	{Name: "sync", Arity: 1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(1)",
		Flags: syncFlags, Summary: syncSummary, Run: runSync},
	{Name: "psync", Arity: -3, Group: command.GroupServer, Since: "2.8.0", Complexity: "O(1)", Syntax: "replicationid offset",
		Flags: syncFlags, Summary: syncSummary, Run: runSync},
	{Name: "replconf", Arity: -1, Group: command.GroupServer, Since: "3.0.0", Complexity: "O(1)",
		Flags:   command.Admin | command.NoScript | command.Loading | command.Stale | command.AllowBusy | command.NoUnit,
		Summary: "Says what SYNC and PSYNC are wanted for", Run: runReplConf},
}

// runSync answers with an empty snapshot and makes the session a part of the
// feed. Whoever wants the data would take the empty snapshot for it: a replica
// would empty itself, a backup tool would write an empty backup. They say in
// REPLCONF who they are: a backup tool gets a snapshot, a replica an error as
// long as there is any key.
func runSync(c *command.Call) error {
	s := c.Client.(*Session)
	w, plain := c.Reply.(*wire.Writer)
	if !plain || c.Nested || s.o.Transport == "embedded" {
		return wire.Errorf("ERR %s isn't allowed for DENY BLOCKING client", upper(c.Spec.Name))
	}
	e := s.engine
	if e.feed.has(s) {
		return nil // as in Redis, a second SYNC is passed over
	}
	if s.copies.only {
		return s.sendCopy()
	}
	if s.wantsData && e.keysHeld() > 0 {
		return wire.Errorf("ERR %s sends no data set: replication is not supported by this server, "+
			"which keeps an append-only log to copy and to load", upper(c.Spec.Name))
	}
	if c.Spec.Name == "psync" {
		w.Status(fmt.Sprintf("FULLRESYNC %s %d", e.runID, e.feed.offset()))
	}
	w.Buf = fmt.Appendf(w.Buf, "$%d\r\n%s", len(emptyRDB), emptyRDB)
	e.feed.join(s)
	s.fed, s.replyOff, s.pushed = true, true, true // a reply would break the feed
	s.show()
	return nil
}

// keysHeld counts the keys of all databases. All locks are held.
func (e *Engine) keysHeld() (n int) {
	for _, sh := range e.shards {
		for db := range e.space.Databases() {
			n += sh.DB(db).Len()
		}
	}
	return n
}

func runReplConf(c *command.Call) error {
	s := c.Client.(*Session)
	if len(c.Args)%2 == 0 {
		return wire.ErrSyntax
	}
	for i := 1; i < len(c.Args); i += 2 {
		switch {
		case c.Is(i, "ack"):
			return nil // is never answered
		case c.Is(i, "listening-port"):
			if port, ok := command.ParseInt(c.Args[i+1]); !ok || port < 0 || port > 65535 {
				return wire.ErrNotInteger
			}
			s.wantsData = true
		case c.Is(i, "rdb-only"):
			n, err := c.Int(i + 1)
			if err != nil || n < 0 || n > 1 {
				return wire.ErrNotInteger
			}
			s.copies.only = n == 1
		case c.Is(i, "rdb-filter-only"):
			// What the snapshot is to have; without a word, nothing.
			if err := s.copies.filter(string(c.Args[i+1])); err != nil {
				return err
			}
			s.wantsData = len(c.Args[i+1]) > 0
		case c.Is(i, "ip-address"), c.Is(i, "capa"), c.Is(i, "getack"):
		default:
			return wire.Errorf("ERR Unrecognized REPLCONF option: %s", c.Args[i])
		}
	}
	c.Reply.Status("OK")
	return nil
}
