// Package set is the group of commands on sets.
//
// It knows the keyspace's sets and what Redis 7.0 answers. It must not know
// other groups or the engine. Chance comes from the keyspace: nothing here
// draws random numbers.
package set

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	popKey    = command.KeyRW | command.KeyAccess | command.KeyDelete
	readKey   = command.KeyRO | command.KeyAccess
	insertKey = command.KeyRW | command.KeyInsert
	storeKey  = command.KeyOW | command.KeyUpdate

	perMember    = "O(1) for each member"
	intersection = "O(N*M) for M sets, the smallest of N members"
	allMembers   = "O(N) for N members in all the sets"
)

// The tips of COMMAND INFO.
var (
	anyOrder  = []string{"nondeterministic_output_order"}
	anyOutput = []string{"nondeterministic_output"}
)

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	return append(members(), algebra()...)
}

func members() []command.Spec {
	return []command.Spec{
		{Name: "sadd", Arity: -3, Element: 2, Flags: command.Write | command.DenyOOM | command.Fast, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, insertKey)},
			Summary: "Adds members to a set, which is created when it is missing", Complexity: perMember,
			Syntax: "key member [member ...]", Run: sadd},
		{Name: "srem", Arity: -3, Element: 2, Flags: command.Write | command.Fast, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyDelete)},
			Summary: "Removes members from a set", Complexity: perMember,
			Syntax: "key member [member ...]", Run: srem},
		{Name: "smove", Arity: 4, Flags: command.Write | command.Fast, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, popKey), command.Key(2, insertKey)},
			Summary: "Takes a member from one set to another", Complexity: "O(1)",
			Syntax: "source destination member", Run: smove},
		{Name: "scard", Arity: 2, Flags: command.ReadOnly | command.Fast, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRO)},
			Summary: "Returns the number of members", Complexity: "O(1)",
			Syntax: "key", Run: scard},
		{Name: "sismember", Arity: 3, Element: 2, Flags: command.ReadOnly | command.Fast, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRO)},
			Summary: "Tells whether a set has a member", Complexity: "O(1)",
			Syntax: "key member", Run: sismember},
		{Name: "smismember", Arity: -3, Element: 2, Flags: command.ReadOnly | command.Fast, Group: command.GroupSet, Since: "6.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Tells of several members whether a set has them", Complexity: perMember,
			Syntax: "key member [member ...]", Run: smismember},
		{Name: "smembers", Arity: 2, Flags: command.ReadOnly, Group: command.GroupSet, Since: "1.0.0", Hints: anyOrder,
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns all members", Complexity: "O(N) for N members",
			Syntax: "key", Run: smembers},
		{Name: "spop", Arity: -2, Flags: command.Write | command.Fast, Group: command.GroupSet, Since: "1.0.0", Hints: anyOutput,
			Keys:    []command.KeySpec{command.Key(1, popKey)},
			Summary: "Removes and returns a random member, or several", Complexity: "O(N) for N members returned",
			Syntax: "key [count]", Run: spop},
		{Name: "srandmember", Arity: -2, Flags: command.ReadOnly, Group: command.GroupSet, Since: "1.0.0", Hints: anyOutput,
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns a random member, or several", Complexity: "O(N) for N members returned",
			Syntax: "key [count]", Run: srandmember},
		{Name: "sscan", Arity: -3, Flags: command.ReadOnly, Group: command.GroupSet, Since: "2.8.0", Hints: anyOutput,
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Goes through the members step by step", Complexity: "O(1) for a call, O(N) for all N members",
			Syntax: "key cursor [MATCH pattern] [COUNT count]", Run: sscan},
	}
}

func algebra() []command.Spec {
	return []command.Spec{
		{Name: "sinter", Arity: -2, Flags: command.ReadOnly, Group: command.GroupSet, Since: "1.0.0", Hints: anyOrder,
			Keys:    []command.KeySpec{command.Keys(1, -1, 1, readKey)},
			Summary: "Returns the members that all the sets have", Complexity: intersection,
			Syntax: "key [key ...]", Run: sinter},
		{Name: "sintercard", Arity: -3, Flags: command.ReadOnly | command.MovableKeys, Group: command.GroupSet, Since: "7.0.0",
			Keys:    []command.KeySpec{command.NumKeys(1, readKey)},
			Summary: "Returns how many members all the sets have, up to a limit", Complexity: intersection,
			Syntax: "numkeys key [key ...] [LIMIT limit]", Run: sintercard},
		{Name: "sinterstore", Arity: -3, Flags: command.Write | command.DenyOOM, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyUpdate), command.Keys(2, -1, 1, readKey)},
			Summary: "Stores the members that all the sets have", Complexity: intersection,
			Syntax: "destination key [key ...]", Run: sinterstore},
		{Name: "sunion", Arity: -2, Flags: command.ReadOnly, Group: command.GroupSet, Since: "1.0.0", Hints: anyOrder,
			Keys:    []command.KeySpec{command.Keys(1, -1, 1, readKey)},
			Summary: "Returns the members that any of the sets has", Complexity: allMembers,
			Syntax: "key [key ...]", Run: sunion},
		{Name: "sunionstore", Arity: -3, Flags: command.Write | command.DenyOOM, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, storeKey), command.Keys(2, -1, 1, readKey)},
			Summary: "Stores the members that any of the sets has", Complexity: allMembers,
			Syntax: "destination key [key ...]", Run: sunionstore},
		{Name: "sdiff", Arity: -2, Flags: command.ReadOnly, Group: command.GroupSet, Since: "1.0.0", Hints: anyOrder,
			Keys:    []command.KeySpec{command.Keys(1, -1, 1, readKey)},
			Summary: "Returns the members of the first set that no other one has", Complexity: "O(N*M) for M sets, the first of N members",
			Syntax: "key [key ...]", Run: sdiff},
		{Name: "sdiffstore", Arity: -3, Flags: command.Write | command.DenyOOM, Group: command.GroupSet, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, storeKey), command.Keys(2, -1, 1, readKey)},
			Summary: "Stores the members of the first set that no other one has", Complexity: "O(N*M) for M sets, the first of N members",
			Syntax: "destination key [key ...]", Run: sdiffstore},
	}
}
