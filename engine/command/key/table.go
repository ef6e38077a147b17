// Package key is the group of commands on keys of any type: deadlines, names,
// copies, listing, sorting, and the emptying of databases.
//
// It knows the keyspace and what Redis 7.0 answers. It must not know other
// groups or the engine; deleting what is due is the engine's.
package key

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	readKey   = command.KeyRO | command.KeyAccess
	updateKey = command.KeyRW | command.KeyUpdate
	moveKey   = command.KeyRW | command.KeyAccess | command.KeyDelete

	write     = command.Write | command.Fast
	read      = command.ReadOnly | command.Fast
	readAll   = command.ReadOnly | command.AllShards
	perKey    = "O(N) for N keys"
	condition = " [NX|XX|GT|LT]"
)

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	rows := append(append(append(keys(), deadlines()...), listing()...), sorting()...)
	for i := range rows {
		rows[i].Group = command.GroupGeneric
	}
	return append(rows, databases()...)
}

func one(f command.KeyFlags) []command.KeySpec { return []command.KeySpec{command.Key(1, f)} }

func many(f command.KeyFlags) []command.KeySpec { return []command.KeySpec{command.Keys(1, -1, 1, f)} }

func two(first, second command.KeyFlags) []command.KeySpec {
	return []command.KeySpec{command.Key(1, first), command.Key(2, second)}
}

func keys() []command.Spec {
	sum := []string{"request_policy:multi_shard", "response_policy:agg_sum"}
	return []command.Spec{
		{Name: "del", Arity: -2, Flags: command.Write, Since: "1.0.0", Keys: many(command.KeyRM | command.KeyDelete), Hints: sum,
			Summary: "Deletes keys", Complexity: perKey, Syntax: "key [key ...]", Run: del},
		{Name: "unlink", Arity: -2, Flags: write, Since: "4.0.0", Keys: many(command.KeyRM | command.KeyDelete), Hints: sum,
			Summary: "Deletes keys; here memory is always given back without a pause, so it is DEL", Complexity: perKey,
			Syntax: "key [key ...]", Run: unlink},
		{Name: "exists", Arity: -2, Flags: read, Since: "1.0.0", Keys: many(command.KeyRO), Hints: sum,
			Summary: "Counts the keys that exist, each as often as it is named", Complexity: perKey,
			Syntax: "key [key ...]", Run: exists},
		{Name: "touch", Arity: -2, Flags: read, Since: "3.2.1", Keys: many(command.KeyRO), Hints: sum,
			Summary: "Marks keys as just used and counts those that exist", Complexity: perKey,
			Syntax: "key [key ...]", Run: touch},
		{Name: "type", Arity: 2, Flags: read, Since: "1.0.0", Keys: one(command.KeyRO),
			Summary: "Returns the type of the value at a key", Complexity: "O(1)", Syntax: "key", Run: typeOf},
		{Name: "rename", Arity: 3, Flags: command.Write, Since: "1.0.0", Keys: two(moveKey, command.KeyOW|command.KeyUpdate),
			Summary: "Gives a key another name, in the place of a key that has it", Complexity: "O(1)",
			Syntax: "key newkey", Run: rename},
		{Name: "renamenx", Arity: 3, Flags: write, Since: "1.0.0", Keys: two(moveKey, command.KeyOW|command.KeyInsert),
			Summary: "Gives a key another name unless a key has it", Complexity: "O(1)", Syntax: "key newkey", Run: renamenx},
		{Name: "copy", Arity: -3, Flags: command.Write | command.DenyOOM, Since: "6.2.0", Keys: two(readKey, command.KeyOW|command.KeyUpdate),
			Summary: "Copies a value and its deadline to another key or database", Complexity: "O(N) for a collection of N elements",
			Syntax: "source destination [DB destination-db] [REPLACE]", Run: copyKey},
		{Name: "move", Arity: 3, Flags: write, Since: "1.0.0", Keys: one(command.KeyRW | command.KeyAccess | command.KeyUpdate),
			Summary: "Moves a key to another database", Complexity: "O(1)", Syntax: "key db", Run: move},
		object(),
	}
}

// object is OBJECT, a container of sub-commands.
func object() command.Spec {
	random := []string{"nondeterministic_output"}
	at := []command.KeySpec{command.Key(2, command.KeyRO)}
	return command.Spec{Name: "object", Arity: -2, Since: "2.2.3", Summary: "Shows how a value is kept",
		Sub: []command.Spec{
			{Name: "encoding", Arity: 3, Flags: command.ReadOnly, Since: "2.2.3", Keys: at, Hints: random, ACL: []string{"keyspace"},
				Summary: "Returns the encoding of a value as Redis would name it", Complexity: "O(1)", Syntax: "key", Run: objectEncoding},
			{Name: "freq", Arity: 3, Flags: command.ReadOnly, Since: "4.0.0", Keys: at, Hints: random, ACL: []string{"keyspace"},
				Summary: "Returns how often a key is used, on a logarithmic scale", Complexity: "O(1)", Syntax: "key", Run: objectFreq},
			{Name: "help", Arity: 2, Flags: command.Loading | command.Stale | command.NoUnit, Since: "6.2.0", ACL: []string{"keyspace"},
				Summary: "Lists the sub-commands", Complexity: "O(1)", Run: objectHelp},
			{Name: "idletime", Arity: 3, Flags: command.ReadOnly, Since: "2.2.3", Keys: at, Hints: random, ACL: []string{"keyspace"},
				Summary: "Returns the seconds since a key was used", Complexity: "O(1)", Syntax: "key", Run: objectIdletime},
			{Name: "refcount", Arity: 3, Flags: command.ReadOnly, Since: "2.2.3", Keys: at, Hints: random, ACL: []string{"keyspace"},
				Summary: "Returns the number of references that Redis would have to a value: 1, but for small integers", Complexity: "O(1)", Syntax: "key", Run: objectRefcount},
		}}
}

func deadlines() []command.Spec {
	random := []string{"nondeterministic_output"}
	return []command.Spec{
		{Name: "expire", Arity: -3, Flags: write, Since: "1.0.0", Keys: one(updateKey),
			Summary: "Lets a key live for some seconds", Complexity: "O(1)", Syntax: "key seconds" + condition, Run: expire},
		{Name: "pexpire", Arity: -3, Flags: write, Since: "2.6.0", Keys: one(updateKey),
			Summary: "Lets a key live for some milliseconds", Complexity: "O(1)", Syntax: "key milliseconds" + condition, Run: pexpire},
		{Name: "expireat", Arity: -3, Flags: write, Since: "1.2.0", Keys: one(updateKey),
			Summary: "Lets a key live until a Unix time in seconds", Complexity: "O(1)", Syntax: "key unix-time-seconds" + condition, Run: expireat},
		{Name: "pexpireat", Arity: -3, Flags: write, Since: "2.6.0", Keys: one(updateKey),
			Summary: "Lets a key live until a Unix time in milliseconds", Complexity: "O(1)", Syntax: "key unix-time-milliseconds" + condition, Run: pexpireat},
		{Name: "persist", Arity: 2, Flags: write, Since: "2.2.0", Keys: one(updateKey),
			Summary: "Takes the deadline off a key", Complexity: "O(1)", Syntax: "key", Run: persist},
		{Name: "ttl", Arity: 2, Flags: read, Since: "1.0.0", Keys: one(readKey), Hints: random,
			Summary: "Returns the seconds that a key has to live", Complexity: "O(1)", Syntax: "key", Run: ttl},
		{Name: "pttl", Arity: 2, Flags: read, Since: "2.6.0", Keys: one(readKey), Hints: random,
			Summary: "Returns the milliseconds that a key has to live", Complexity: "O(1)", Syntax: "key", Run: pttl},
		{Name: "expiretime", Arity: 2, Flags: read, Since: "7.0.0", Keys: one(readKey),
			Summary: "Returns a key's deadline as Unix time in seconds", Complexity: "O(1)", Syntax: "key", Run: expiretime},
		{Name: "pexpiretime", Arity: 2, Flags: read, Since: "7.0.0", Keys: one(readKey),
			Summary: "Returns a key's deadline as Unix time in milliseconds", Complexity: "O(1)", Syntax: "key", Run: pexpiretime},
	}
}

func listing() []command.Spec {
	return []command.Spec{
		{Name: "keys", Arity: 2, Flags: readAll, Since: "1.0.0", ACL: []string{"dangerous"},
			Hints:   []string{"request_policy:all_shards", "nondeterministic_output_order"},
			Summary: "Lists all keys that match a pattern", Complexity: "O(N) for N keys in the database", Syntax: "pattern", Run: keysLike},
		{Name: "scan", Arity: -2, Flags: readAll, Since: "2.8.0", Hints: []string{"nondeterministic_output", "request_policy:special"},
			Summary: "Walks over the keys step by step", Complexity: "O(1) for each step, O(N) for the whole walk",
			Syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]", Run: scan},
		{Name: "randomkey", Arity: 1, Flags: readAll, Since: "1.0.0", Hints: []string{"request_policy:all_shards", "nondeterministic_output"},
			Summary: "Returns a random key", Complexity: "O(1)", Run: randomkey},
	}
}

func sorting() []command.Spec {
	const order = "[BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA]"
	byGet := command.KeySpec{Flags: readKey, Notes: "The keys of BY and GET follow from the elements that are sorted"}
	acl := []string{"set", "sortedset", "list", "dangerous"}
	return []command.Spec{
		{Name: "sort", Arity: -2, Flags: command.Write | command.DenyOOM | command.MovableKeys | command.AllShards, Since: "1.0.0", ACL: acl,
			Keys: []command.KeySpec{command.Key(1, readKey), byGet,
				{Flags: command.KeyOW | command.KeyUpdate, Keyword: "STORE", StartFrom: -2, Step: 1, Notes: "The destination, where there is one"}},
			Summary: "Sorts a list, a set or a sorted set, and returns or stores the result", Complexity: "O(N+M*log(M)) for N elements, M of them returned",
			Syntax: "key " + order + " [STORE destination]", Run: sortStore},
		{Name: "sort_ro", Arity: -2, Flags: command.ReadOnly | command.MovableKeys | command.AllShards, Since: "7.0.0", ACL: acl,
			Keys:    []command.KeySpec{command.Key(1, readKey), byGet},
			Summary: "Sorts a list, a set or a sorted set, and returns the result", Complexity: "O(N+M*log(M)) for N elements, M of them returned",
			Syntax: "key " + order, Run: sortRO},
	}
}

// databases are commands of group server.
func databases() []command.Spec {
	all := []string{"request_policy:all_shards", "response_policy:all_succeeded"}
	return []command.Spec{
		{Name: "flushdb", Arity: -1, Flags: command.Write | command.AllShards, Group: command.GroupServer, Since: "1.0.0", Hints: all,
			ACL: []string{"keyspace", "dangerous"}, Summary: "Removes all keys of the current database",
			Complexity: "O(1)", Syntax: "[ASYNC|SYNC]", Run: flushdb},
		{Name: "flushall", Arity: -1, Flags: command.Write | command.AllShards, Group: command.GroupServer, Since: "1.0.0", Hints: all,
			ACL: []string{"keyspace", "dangerous"}, Summary: "Removes all keys of all databases",
			Complexity: "O(1)", Syntax: "[ASYNC|SYNC]", Run: flushall},
		{Name: "swapdb", Arity: 3, Flags: write | command.AllShards, Group: command.GroupServer, Since: "4.0.0",
			ACL: []string{"keyspace", "dangerous"}, Summary: "Exchanges the contents of two databases",
			Complexity: "O(1)", Syntax: "index1 index2", Run: swapdb},
		{Name: "dbsize", Arity: 1, Flags: read | command.AllShards, Group: command.GroupServer, Since: "1.0.0", ACL: []string{"keyspace"},
			Hints:   []string{"request_policy:all_shards", "response_policy:agg_sum"},
			Summary: "Returns the number of keys in the current database", Complexity: "O(1)", Run: dbsize},
	}
}
