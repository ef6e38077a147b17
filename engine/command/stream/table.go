// Package stream is the group of commands on streams and their consumer groups.
//
// It knows the keyspace's streams and what Redis 7.0 answers. It must not know
// other groups, the engine or how a waiting client is parked: a blocking
// command says what it waits for and is run again.
package stream

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	readKey   = command.KeyRO | command.KeyAccess
	updateKey = command.KeyRW | command.KeyUpdate
	insertKey = command.KeyRW | command.KeyInsert
	deleteKey = command.KeyRW | command.KeyDelete

	fastWrite = command.Write | command.Fast
	reading   = command.Blocking | command.MovableKeys
	anyState  = command.Loading | command.Stale

	perReturned = "O(log N + M) for N entries and M of them returned"
	perStream   = "O(log N + M) for each stream of N entries and M of them returned"
	perID       = "O(log N) for each ID and N pending entries"
)

var unforeseen = []string{"nondeterministic_output"}

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	rows := append(append(entries(), reads()...), consumers()...)
	for i := range rows {
		rows[i].Group = command.GroupStream
	}
	return rows
}

func one(i int, f command.KeyFlags) []command.KeySpec { return []command.KeySpec{command.Key(i, f)} }

// streams is the specification of keys behind STREAMS, with an ID each behind
// the last of them.
func streams(startFrom int) []command.KeySpec {
	return []command.KeySpec{{Flags: readKey, Keyword: "STREAMS", StartFrom: startFrom, Last: -1, Step: 1, Limit: 2}}
}

func entries() []command.Spec {
	trimmed := one(1, updateKey)
	trimmed[0].Notes = "UPDATE instead of INSERT because of the optional trimming feature"
	return []command.Spec{
		{Name: "xadd", Arity: -5, Flags: fastWrite | command.DenyOOM, Since: "5.0.0", Keys: trimmed, Hints: unforeseen,
			Summary: "Appends an entry to a stream, which is created when it is missing", Complexity: "O(log N), and O(log N) for trimming",
			Syntax: "key [NOMKSTREAM] [<MAXLEN|MINID> [=|~] threshold [LIMIT count]] <*|id> field value [field value ...]", Run: xadd},
		{Name: "xlen", Arity: 2, Flags: command.ReadOnly | command.Fast, Since: "5.0.0", Keys: one(1, command.KeyRO),
			Summary: "Returns the number of entries", Complexity: "O(1)", Syntax: "key", Run: xlen},
		{Name: "xdel", Arity: -3, Flags: fastWrite, Since: "5.0.0", Keys: one(1, deleteKey),
			Summary: "Removes entries and returns how many there were", Complexity: "O(log N) for each ID", Syntax: "key id [id ...]", Run: xdel},
		{Name: "xtrim", Arity: -4, Flags: command.Write, Since: "5.0.0", Keys: one(1, deleteKey), Hints: unforeseen,
			Summary: "Removes the oldest entries and returns how many they were", Complexity: "O(log N)",
			Syntax: "key <MAXLEN|MINID> [=|~] threshold [LIMIT count]", Run: xtrim},
		{Name: "xsetid", Arity: -3, Flags: fastWrite | command.DenyOOM, Since: "5.0.0", Keys: one(1, updateKey),
			Summary: "Sets a stream's last ID and its counters", Complexity: "O(1)",
			Syntax: "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]", Run: xsetid},
	}
}

func reads() []command.Spec {
	return []command.Spec{
		{Name: "xrange", Arity: -4, Flags: command.ReadOnly, Since: "5.0.0", Keys: one(1, readKey),
			Summary: "Returns the entries between two IDs", Complexity: perReturned, Syntax: "key start end [COUNT count]", Run: xrange},
		{Name: "xrevrange", Arity: -4, Flags: command.ReadOnly, Since: "5.0.0", Keys: one(1, readKey),
			Summary: "Returns the entries between two IDs, the last one first", Complexity: perReturned,
			Syntax: "key end start [COUNT count]", Run: xrevrange},
		{Name: "xread", Arity: -4, Flags: command.ReadOnly | reading, Since: "5.0.0", Keys: streams(1),
			Summary: "Returns what came into streams after an ID, and waits while there is nothing if told so", Complexity: perStream,
			Syntax: "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]", Run: xread},
		{Name: "xreadgroup", Arity: -7, Flags: command.Write | reading, Since: "5.0.0", Keys: streams(4),
			Summary: "Gives a consumer of a group what no other consumer was given, or again what is pending for it", Complexity: perStream,
			Syntax: "GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]", Run: xreadgroup},
		{Name: "xinfo", Arity: -2, Since: "5.0.0", Summary: "Groups the commands that describe streams", Complexity: "Depends on the sub-command", Sub: infos()},
	}
}

func infos() []command.Spec {
	return []command.Spec{
		{Name: "stream", Arity: -3, Flags: command.ReadOnly, Since: "5.0.0", Keys: one(2, readKey),
			Summary: "Describes a stream", Complexity: "O(N) for N blocks", Syntax: "key [FULL [COUNT count]]", Run: infoStream},
		{Name: "groups", Arity: 3, Flags: command.ReadOnly, Since: "5.0.0", Keys: one(2, readKey),
			Summary: "Describes the consumer groups of a stream", Complexity: "O(N) for N groups", Syntax: "key", Run: infoGroups},
		{Name: "consumers", Arity: 4, Flags: command.ReadOnly, Since: "5.0.0", Keys: one(2, readKey), Hints: unforeseen,
			Summary: "Describes the consumers of a group", Complexity: "O(N) for N consumers", Syntax: "key group", Run: infoConsumers},
		{Name: "help", Arity: 2, Flags: anyState, Since: "5.0.0", Summary: "Lists the sub-commands", Complexity: "O(1)", Run: infoHelp},
	}
}

func consumers() []command.Spec {
	return []command.Spec{
		{Name: "xgroup", Arity: -2, Since: "5.0.0", Summary: "Groups the commands that manage consumer groups", Complexity: "Depends on the sub-command", Sub: groups()},
		{Name: "xack", Arity: -4, Flags: fastWrite, Since: "5.0.0", Keys: one(1, updateKey),
			Summary: "Ends the deliveries of entries and returns how many were pending", Complexity: perID,
			Syntax: "key group id [id ...]", Run: xack},
		{Name: "xpending", Arity: -3, Flags: command.ReadOnly, Since: "5.0.0", Keys: one(1, readKey), Hints: unforeseen,
			Summary: "Returns what was delivered and not acknowledged", Complexity: perReturned,
			Syntax: "key group [[IDLE min-idle-time] start end count [consumer]]", Run: xpending},
		{Name: "xclaim", Arity: -6, Flags: fastWrite, Since: "5.0.0", Keys: one(1, updateKey), Hints: unforeseen,
			Summary: "Makes pending entries those of another consumer", Complexity: perID,
			Syntax: "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]", Run: xclaim},
		{Name: "xautoclaim", Arity: -6, Flags: fastWrite, Since: "6.2.0", Keys: one(1, deleteKey), Hints: unforeseen,
			Summary: "Makes entries that have been pending for long those of another consumer", Complexity: "O(1) for a small COUNT",
			Syntax: "key group consumer min-idle-time start [COUNT count] [JUSTID]", Run: xautoclaim},
	}
}

func groups() []command.Spec {
	return []command.Spec{
		{Name: "create", Arity: -5, Flags: command.Write | command.DenyOOM, Since: "5.0.0", Keys: one(2, insertKey),
			Summary: "Creates a consumer group", Complexity: "O(log N) for N groups",
			Syntax: "key group <id|$> [MKSTREAM] [ENTRIESREAD entries-read]", Run: groupCreate},
		{Name: "setid", Arity: -5, Flags: command.Write, Since: "5.0.0", Keys: one(2, updateKey),
			Summary: "Sets up to where a group has read", Complexity: "O(log N) for N groups",
			Syntax: "key group <id|$> [ENTRIESREAD entries-read]", Run: groupSetID},
		{Name: "destroy", Arity: 4, Flags: command.Write, Since: "5.0.0", Keys: one(2, deleteKey),
			Summary: "Removes a group with all that is pending in it", Complexity: "O(log N) for N groups", Syntax: "key group", Run: groupDestroy},
		{Name: "createconsumer", Arity: 5, Flags: command.Write | command.DenyOOM, Since: "6.2.0", Keys: one(2, insertKey),
			Summary: "Adds a consumer to a group", Complexity: "O(log N) for N consumers", Syntax: "key group consumer", Run: groupCreateConsumer},
		{Name: "delconsumer", Arity: 5, Flags: command.Write, Since: "5.0.0", Keys: one(2, deleteKey),
			Summary: "Removes a consumer with all that is pending for it, and returns how much that was", Complexity: "O(N log M) for N entries pending for it, M in the group",
			Syntax: "key group consumer", Run: groupDelConsumer},
		{Name: "help", Arity: 2, Flags: anyState, Since: "5.0.0", Summary: "Lists the sub-commands", Complexity: "O(1)", Run: groupHelp},
	}
}
