// Package str is the group of commands on strings.
//
// It knows the keyspace's strings and what Redis 7.0 answers. It must not know
// other groups or the engine.
package str

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	readKey   = command.KeyRO | command.KeyAccess
	writeKey  = command.KeyOW | command.KeyUpdate
	insertKey = command.KeyOW | command.KeyInsert
	updateKey = command.KeyRW | command.KeyAccess | command.KeyUpdate

	writes     = command.Write | command.DenyOOM
	fastWrites = writes | command.Fast
	fastReads  = command.ReadOnly | command.Fast
)

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	rows := append(append(plain(), sets()...), counters()...)
	for i := range rows {
		rows[i].Group = command.GroupString
	}
	return rows
}

func key(f command.KeyFlags) []command.KeySpec { return []command.KeySpec{command.Key(1, f)} }

func plain() []command.Spec {
	return []command.Spec{
		{Name: "get", Arity: 2, Flags: fastReads, Since: "1.0.0", Keys: key(readKey),
			Summary: "Returns the string at a key", Complexity: "O(1)", Syntax: "key", Run: get},
		{Name: "getdel", Arity: 2, Flags: command.Write | command.Fast, Since: "6.2.0",
			Keys:    key(command.KeyRW | command.KeyAccess | command.KeyDelete),
			Summary: "Returns the string at a key and deletes the key", Complexity: "O(1)", Syntax: "key", Run: getdel},
		{Name: "getex", Arity: -2, Flags: command.Write | command.Fast, Since: "6.2.0",
			Keys:    []command.KeySpec{{Index: 1, Step: 1, Flags: updateKey, Notes: "RW and UPDATE because the deadline may change"}},
			Summary: "Returns the string at a key and sets or removes the key's deadline", Complexity: "O(1)",
			Syntax: "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]", Run: getex},
		{Name: "getrange", Arity: 4, Flags: command.ReadOnly, Since: "2.4.0", Keys: key(readKey),
			Summary: "Returns the bytes between two offsets, both included", Complexity: "O(N) for N bytes returned",
			Syntax: "key start end", Run: getrange},
		{Name: "substr", Arity: 4, Flags: command.ReadOnly, Since: "1.0.0", Keys: key(readKey),
			Summary: "Returns the bytes between two offsets, both included; the old name of GETRANGE", Complexity: "O(N) for N bytes returned",
			Syntax: "key start end", Run: getrange},
		{Name: "strlen", Arity: 2, Flags: fastReads, Since: "2.2.0", Keys: key(command.KeyRO),
			Summary: "Returns the length of a string in bytes", Complexity: "O(1)", Syntax: "key", Run: strlen},
		{Name: "mget", Arity: -2, Flags: fastReads, Since: "1.0.0",
			Keys: []command.KeySpec{command.Keys(1, -1, 1, readKey)}, Hints: []string{"request_policy:multi_shard"},
			Summary: "Returns the strings at several keys, null for a key that holds none", Complexity: "O(N) for N keys",
			Syntax: "key [key ...]", Run: mget},
		{Name: "lcs", Arity: -3, Flags: command.ReadOnly, Since: "7.0.0",
			Keys:    []command.KeySpec{command.Keys(1, 1, 1, readKey)},
			Summary: "Finds the longest common subsequence of two strings", Complexity: "O(N*M) for strings of N and M bytes",
			Syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]", Run: lcs},
	}
}

func sets() []command.Spec {
	multi := func(f command.KeyFlags) []command.KeySpec { return []command.KeySpec{command.Keys(1, -1, 2, f)} }
	return []command.Spec{
		{Name: "set", Arity: -3, Flags: writes | command.Brief, Since: "1.0.0",
			Keys: []command.KeySpec{{Index: 1, Step: 1, Flags: updateKey | command.KeyVariable,
				Notes: "RW and ACCESS because of the option GET"}},
			Summary: "Makes a key a string, whatever it was, under conditions and with a deadline if wanted", Complexity: "O(1)",
			Syntax: "key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]", Run: set},
		{Name: "setnx", Arity: 3, Flags: fastWrites, Since: "1.0.0", Keys: key(insertKey),
			Summary: "Makes a key a string unless it exists", Complexity: "O(1)", Syntax: "key value", Run: setnx},
		{Name: "setex", Arity: 4, Flags: writes, Since: "2.0.0", Keys: key(writeKey),
			Summary: "Makes a key a string that lives for some seconds", Complexity: "O(1)", Syntax: "key seconds value", Run: setex},
		{Name: "psetex", Arity: 4, Flags: writes, Since: "2.6.0", Keys: key(writeKey),
			Summary: "Makes a key a string that lives for some milliseconds", Complexity: "O(1)", Syntax: "key milliseconds value", Run: psetex},
		{Name: "getset", Arity: 3, Flags: fastWrites, Since: "1.0.0", Keys: key(updateKey),
			Summary: "Makes a key a string and returns the one it was", Complexity: "O(1)", Syntax: "key value", Run: getset},
		{Name: "mset", Arity: -3, Flags: writes, Since: "1.0.1", Keys: multi(writeKey),
			Hints:   []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
			Summary: "Makes several keys strings", Complexity: "O(N) for N keys", Syntax: "key value [key value ...]", Run: mset},
		{Name: "msetnx", Arity: -3, Flags: writes, Since: "1.0.1", Keys: multi(insertKey),
			Hints:   []string{"request_policy:multi_shard", "response_policy:agg_min"},
			Summary: "Makes several keys strings unless one of them exists", Complexity: "O(N) for N keys",
			Syntax: "key value [key value ...]", Run: msetnx},
		{Name: "append", Arity: 3, Flags: fastWrites, Since: "2.0.0", Keys: key(command.KeyRW | command.KeyInsert),
			Summary: "Puts bytes behind the string at a key, which is created when it is missing", Complexity: "O(1) amortised for short values",
			Syntax: "key value", Run: appendTo},
		{Name: "setrange", Arity: 4, Flags: writes, Since: "2.2.0", Keys: key(command.KeyRW | command.KeyUpdate),
			Summary: "Overwrites bytes of a string from an offset on, with zeros before it where the string is too short", Complexity: "O(N) for N bytes written",
			Syntax: "key offset value", Run: setrange},
	}
}

func counters() []command.Spec {
	return []command.Spec{
		{Name: "incr", Arity: 2, Flags: fastWrites, Since: "1.0.0", Keys: key(updateKey),
			Summary: "Adds one to the integer at a key; a missing key is 0", Complexity: "O(1)", Syntax: "key", Run: incr},
		{Name: "decr", Arity: 2, Flags: fastWrites, Since: "1.0.0", Keys: key(updateKey),
			Summary: "Subtracts one from the integer at a key; a missing key is 0", Complexity: "O(1)", Syntax: "key", Run: decr},
		{Name: "incrby", Arity: 3, Flags: fastWrites, Since: "1.0.0", Keys: key(updateKey),
			Summary: "Adds to the integer at a key; a missing key is 0", Complexity: "O(1)", Syntax: "key increment", Run: incrby},
		{Name: "decrby", Arity: 3, Flags: fastWrites, Since: "1.0.0", Keys: key(updateKey),
			Summary: "Subtracts from the integer at a key; a missing key is 0", Complexity: "O(1)", Syntax: "key decrement", Run: decrby},
		{Name: "incrbyfloat", Arity: 3, Flags: fastWrites, Since: "2.6.0", Keys: key(updateKey),
			Summary: "Adds to the number at a key; a missing key is 0", Complexity: "O(1)", Syntax: "key increment", Run: incrbyfloat},
	}
}
