// Package dump is the group of commands that take a value out of a store in
// Redis' own form, and put it into another: DUMP and RESTORE.
//
// It knows package rdb, which knows the bytes, and exchange, which knows the
// values. It must not know other groups or the engine.
package dump

import "github.com/kevy-lua/kevy-lua/engine/command"

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	restoreKey := []command.KeySpec{command.Key(1, command.KeyOW|command.KeyUpdate)}
	return []command.Spec{
		{Name: "dump", Arity: 2, Flags: command.ReadOnly, Group: command.GroupGeneric, Since: "2.6.0", ACL: []string{"keyspace"},
			Hints: []string{"nondeterministic_output"}, Keys: []command.KeySpec{command.Key(1, command.KeyRO|command.KeyAccess)},
			Summary: "Returns a value in Redis' serialized form, which RESTORE takes", Complexity: "O(N) for N bytes or elements",
			Syntax: "key", Run: runDump},
		{Name: "restore", Arity: -4, Flags: command.Write | command.DenyOOM, Group: command.GroupGeneric, Since: "2.6.0",
			ACL: []string{"keyspace", "dangerous"}, Keys: restoreKey,
			Summary: "Makes a key of what DUMP returned, here or on a Redis server", Complexity: "O(N) for N bytes or elements, O(N log N) for sorted sets",
			Syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]", Run: runRestore},
	}
}
