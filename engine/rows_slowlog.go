package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const slowlogFlags = command.Admin | command.Loading | command.Stale | command.NoUnit

var slowlogRow = command.Spec{
	Name: "slowlog", Arity: -2, Group: command.GroupServer, Since: "2.2.12", Complexity: "Depends on the sub-command",
	Summary: "A container for commands about the slow log", Sub: []command.Spec{
		{Name: "get", Arity: -2, Since: "2.2.12", Complexity: "O(N) with N entries", Flags: slowlogFlags,
			Hints:  []string{"request_policy:all_nodes", "nondeterministic_output"},
			Syntax: "[count]", Summary: "Answers the latest slow commands, 10 unless told", Run: slowlogGet},
		{Name: "len", Arity: 2, Since: "2.2.12", Complexity: "O(1)", Flags: slowlogFlags,
			Hints:   []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},
			Summary: "Counts the entries of the slow log", Run: slowlogLen},
		{Name: "reset", Arity: 2, Since: "2.2.12", Complexity: "O(N) with N entries", Flags: slowlogFlags, Hints: allNodes,
			Summary: "Empties the slow log", Run: slowlogReset},
		help("slowlog", "6.2.0",
			"GET [<count>]", "    Answers the latest entries: 10 unless told, all with -1. An entry is its",
			"    number, the Unix time, the microseconds it took, the arguments, the client's address and name.",
			"LEN", "    Counts the entries.",
			"RESET", "    Empties the slow log."),
	},
}

func slowlogGet(c *command.Call) error {
	n := int64(10)
	if len(c.Args) > 3 {
		return badSub(c)
	}
	if len(c.Args) == 3 {
		var ok bool
		if n, ok = command.ParseInt(c.Args[2]); !ok || n < -1 {
			return wire.Error("ERR count should be greater than or equal to -1")
		}
	}
	entries := engineOf(c).slowlog.newest(int(min(n, 1<<30)))
	c.Reply.Array(len(entries))
	for _, en := range entries {
		c.Reply.Array(6)
		c.Reply.Int(en.id)
		c.Reply.Int(en.at.Unix())
		c.Reply.Int(en.took.Microseconds())
		c.Reply.Array(len(en.args))
		for _, a := range en.args {
			c.Reply.Bulk(a)
		}
		c.Reply.BulkString(en.addr)
		c.Reply.BulkString(en.name)
	}
	return nil
}

func slowlogLen(c *command.Call) error {
	c.Reply.Int(int64(engineOf(c).slowlog.len()))
	return nil
}

func slowlogReset(c *command.Call) error {
	engineOf(c).slowlog.reset()
	c.Reply.Status("OK")
	return nil
}
