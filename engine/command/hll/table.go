// Package hll is the group of commands that count distinct elements by
// HyperLogLog, in 12 KiB or less for any number of them, with a standard error
// of 0.81 percent.
//
// The value is a string in Redis' own layout, hash function included, so that
// values move between servers as strings and answer the same everywhere. It
// knows the keyspace's strings. It must not know other groups or the engine.
package hll

import "github.com/kevy-lua/kevy-lua/engine/command"

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	rw := func(i int, f command.KeyFlags) command.KeySpec { return command.Key(i, command.KeyRW|f) }
	return []command.Spec{
		{Name: "pfadd", Arity: -2, Flags: command.Write | command.DenyOOM | command.Fast, Group: command.GroupHyperLogLog, Since: "2.8.9",
			Keys:    []command.KeySpec{rw(1, command.KeyInsert)},
			Summary: "Counts elements, which makes a HyperLogLog where there is none", Complexity: "O(1) for each element",
			Syntax: "key [element [element ...]]", Run: pfadd},
		{Name: "pfcount", Arity: -2, Flags: command.ReadOnly | command.MayReplicate, Group: command.GroupHyperLogLog, Since: "2.8.9",
			Keys:    []command.KeySpec{command.Keys(1, -1, 1, command.KeyRW|command.KeyAccess)},
			Summary: "Returns about how many distinct elements were counted, in one HyperLogLog or the union of several", Complexity: "O(1), O(N) for N keys",
			Syntax: "key [key ...]", Run: pfcount},
		{Name: "pfmerge", Arity: -2, Flags: command.Write | command.DenyOOM, Group: command.GroupHyperLogLog, Since: "2.8.9",
			Keys:    []command.KeySpec{rw(1, command.KeyAccess|command.KeyInsert), command.Keys(2, -1, 1, command.KeyRO|command.KeyAccess)},
			Summary: "Makes a HyperLogLog the union of itself and others", Complexity: "O(N) for N keys",
			Syntax: "destkey [sourcekey [sourcekey ...]]", Run: pfmerge},
		{Name: "pfdebug", Arity: 3, Flags: command.Write | command.DenyOOM | command.Admin, Group: command.GroupHyperLogLog, Since: "2.8.9",
			Keys:    []command.KeySpec{rw(2, command.KeyAccess)},
			Summary: "Shows the inside of a HyperLogLog, for tests", Complexity: "O(1)",
			Syntax: "<GETREG|DECODE|ENCODING|TODENSE> key", Run: pfdebug},
		{Name: "pfselftest", Arity: 1, Flags: command.Admin | command.NoUnit, Group: command.GroupHyperLogLog, Since: "2.8.9",
			Summary: "Checks registers and estimates, for tests", Complexity: "O(1)", Run: pfselftest},
	}
}
