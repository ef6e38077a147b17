// Package hash is the group of commands on hashes.
//
// It knows the keyspace's hashes and what Redis 7.0 answers. It must not know
// other groups or the engine.
package hash

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	readKey   = command.KeyRO | command.KeyAccess
	insertKey = command.KeyRW | command.KeyInsert
	setKey    = command.KeyRW | command.KeyUpdate
	updateKey = command.KeyRW | command.KeyAccess | command.KeyUpdate

	writes   = command.Write | command.DenyOOM | command.Fast
	reads    = command.ReadOnly | command.Fast
	perField = "O(N) for N fields"
)

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	rows := append(writers(), readers()...)
	for i := range rows {
		rows[i].Group = command.GroupHash
	}
	return rows
}

func key(f command.KeyFlags) []command.KeySpec { return []command.KeySpec{command.Key(1, f)} }

func writers() []command.Spec {
	return []command.Spec{
		{Name: "hset", Arity: -4, Element: 2, Flags: writes, Since: "2.0.0", Keys: key(setKey),
			Summary: "Sets fields of a hash, which is created when it is missing, and counts the new ones", Complexity: perField,
			Syntax: "key field value [field value ...]", Run: hset},
		{Name: "hmset", Arity: -4, Element: 2, Flags: writes, Since: "2.0.0", Keys: key(setKey),
			Summary: "Sets fields of a hash; HSET does the same", Complexity: perField,
			Syntax: "key field value [field value ...]", Run: hmset},
		{Name: "hsetnx", Arity: 4, Element: 2, Flags: writes, Since: "2.0.0", Keys: key(insertKey),
			Summary: "Sets a field unless it exists", Complexity: "O(1)", Syntax: "key field value", Run: hsetnx},
		{Name: "hdel", Arity: -3, Element: 2, Flags: command.Write | command.Fast, Since: "2.0.0", Keys: key(command.KeyRW | command.KeyDelete),
			Summary: "Removes fields, and the hash with its last one", Complexity: perField,
			Syntax: "key field [field ...]", Run: hdel},
		{Name: "hincrby", Arity: 4, Element: 2, Flags: writes, Since: "2.0.0", Keys: key(updateKey),
			Summary: "Adds to the integer in a field; a missing field is 0", Complexity: "O(1)",
			Syntax: "key field increment", Run: hincrby},
		{Name: "hincrbyfloat", Arity: 4, Element: 2, Flags: writes, Since: "2.6.0", Keys: key(updateKey),
			Summary: "Adds to the number in a field; a missing field is 0", Complexity: "O(1)",
			Syntax: "key field increment", Run: hincrbyfloat},
	}
}

func readers() []command.Spec {
	unordered := []string{"nondeterministic_output_order"}
	random := []string{"nondeterministic_output"}
	return []command.Spec{
		{Name: "hget", Arity: 3, Element: 2, Flags: reads, Since: "2.0.0", Keys: key(readKey),
			Summary: "Returns the value of a field", Complexity: "O(1)", Syntax: "key field", Run: hget},
		{Name: "hmget", Arity: -3, Element: 2, Flags: reads, Since: "2.0.0", Keys: key(readKey),
			Summary: "Returns the values of fields, null for a missing one", Complexity: perField,
			Syntax: "key field [field ...]", Run: hmget},
		{Name: "hgetall", Arity: 2, Flags: command.ReadOnly, Since: "2.0.0", Keys: key(readKey), Hints: unordered,
			Summary: "Returns all fields with their values", Complexity: perField, Syntax: "key", Run: hgetall},
		{Name: "hkeys", Arity: 2, Flags: command.ReadOnly, Since: "2.0.0", Keys: key(readKey), Hints: unordered,
			Summary: "Returns the names of all fields", Complexity: perField, Syntax: "key", Run: hkeys},
		{Name: "hvals", Arity: 2, Flags: command.ReadOnly, Since: "2.0.0", Keys: key(readKey), Hints: unordered,
			Summary: "Returns the values of all fields", Complexity: perField, Syntax: "key", Run: hvals},
		{Name: "hexists", Arity: 3, Element: 2, Flags: reads, Since: "2.0.0", Keys: key(command.KeyRO),
			Summary: "Tells whether a field exists", Complexity: "O(1)", Syntax: "key field", Run: hexists},
		{Name: "hlen", Arity: 2, Flags: reads, Since: "2.0.0", Keys: key(command.KeyRO),
			Summary: "Returns the number of fields", Complexity: "O(1)", Syntax: "key", Run: hlen},
		{Name: "hstrlen", Arity: 3, Element: 2, Flags: reads, Since: "3.2.0", Keys: key(command.KeyRO),
			Summary: "Returns the length of the value of a field in bytes", Complexity: "O(1)", Syntax: "key field", Run: hstrlen},
		{Name: "hrandfield", Arity: -2, Flags: command.ReadOnly, Since: "6.2.0", Keys: key(readKey), Hints: random,
			Summary: "Returns random fields: distinct ones for a positive count, any for a negative", Complexity: "O(N) for N fields returned",
			Syntax: "key [count [WITHVALUES]]", Run: hrandfield},
		{Name: "hscan", Arity: -3, Flags: command.ReadOnly, Since: "2.8.0", Keys: key(readKey), Hints: random,
			Summary: "Walks over the fields step by step", Complexity: "O(1) for each step, O(N) for the whole walk",
			Syntax: "key cursor [MATCH pattern] [COUNT count]", Run: hscan},
	}
}
