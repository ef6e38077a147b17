// Package list is the group of commands on lists.
//
// It knows the keyspace's lists and what Redis 7.0 answers. It must not know
// other groups, the engine or how a waiting client is parked: a blocking
// command says what it waits for and is run again.
package list

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	popKey  = command.KeyRW | command.KeyAccess | command.KeyDelete
	readKey = command.KeyRO | command.KeyAccess
	pushKey = command.KeyRW | command.KeyInsert

	perElement  = "O(1) for each element"
	perReturned = "O(N) for N elements returned"
	perKeys     = "O(N) for N keys"
	perPopped   = "O(N+M) for N keys and M elements returned"
)

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	return append(plain(), blocking()...)
}

func plain() []command.Spec {
	return []command.Spec{
		{Name: "lpush", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, pushKey)},
			Summary: "Puts elements before the first one of a list, which is created when it is missing", Complexity: perElement,
			Syntax: "key element [element ...]", Run: lpush},
		{Name: "rpush", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, pushKey)},
			Summary: "Puts elements behind the last one of a list, which is created when it is missing", Complexity: perElement,
			Syntax: "key element [element ...]", Run: rpush},
		{Name: "lpushx", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast, Group: command.GroupList, Since: "2.2.0",
			Keys:    []command.KeySpec{command.Key(1, pushKey)},
			Summary: "Puts elements before the first one of a list that exists", Complexity: perElement,
			Syntax: "key element [element ...]", Run: lpushx},
		{Name: "rpushx", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast, Group: command.GroupList, Since: "2.2.0",
			Keys:    []command.KeySpec{command.Key(1, pushKey)},
			Summary: "Puts elements behind the last one of a list that exists", Complexity: perElement,
			Syntax: "key element [element ...]", Run: rpushx},
		{Name: "linsert", Arity: 5, Flags: command.Write | command.DenyOOM, Group: command.GroupList, Since: "2.2.0",
			Keys:    []command.KeySpec{command.Key(1, pushKey)},
			Summary: "Puts an element next to the first one that equals the pivot", Complexity: "O(N) for N elements before the pivot",
			Syntax: "key <BEFORE|AFTER> pivot element", Run: linsert},
		{Name: "lset", Arity: 4, Flags: command.Write | command.DenyOOM, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyUpdate)},
			Summary: "Replaces the element at an index", Complexity: "O(log N) for N elements",
			Syntax: "key index element", Run: lset},
		{Name: "lpop", Arity: -2, Flags: command.Write | command.Fast, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, popKey)},
			Summary: "Removes and returns the first element, or the first ones", Complexity: perReturned,
			Syntax: "key [count]", Run: lpop},
		{Name: "rpop", Arity: -2, Flags: command.Write | command.Fast, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, popKey)},
			Summary: "Removes and returns the last element, or the last ones", Complexity: perReturned,
			Syntax: "key [count]", Run: rpop},
		{Name: "lmpop", Arity: -4, Flags: command.Write | command.MovableKeys, Group: command.GroupList, Since: "7.0.0",
			Keys:    []command.KeySpec{command.NumKeys(1, popKey)},
			Summary: "Removes and returns elements of the first list that has any", Complexity: perPopped,
			Syntax: "numkeys key [key ...] <LEFT|RIGHT> [COUNT count]", Run: lmpop},
		{Name: "llen", Arity: 2, Flags: command.ReadOnly | command.Fast, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRO)},
			Summary: "Returns the number of elements", Complexity: "O(1)",
			Syntax: "key", Run: llen},
		{Name: "lindex", Arity: 3, Flags: command.ReadOnly, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the element at an index", Complexity: "O(log N) for N elements",
			Syntax: "key index", Run: lindex},
		{Name: "lrange", Arity: 4, Flags: command.ReadOnly, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the elements between two indexes, both included", Complexity: "O(log N + M) for M elements returned",
			Syntax: "key start stop", Run: lrange},
		{Name: "lpos", Arity: -3, Flags: command.ReadOnly, Group: command.GroupList, Since: "6.0.6",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the indexes at which an element stands", Complexity: "O(N) for N elements, or for MAXLEN of them",
			Syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]", Run: lpos},
		{Name: "lrem", Arity: 4, Flags: command.Write, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyDelete)},
			Summary: "Removes elements that equal the one given", Complexity: "O(N + M log N) for N elements, M of them removed",
			Syntax: "key count element", Run: lrem},
		{Name: "ltrim", Arity: 4, Flags: command.Write, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyDelete)},
			Summary: "Removes all elements but those between two indexes", Complexity: "O(N) for N elements removed",
			Syntax: "key start stop", Run: ltrim},
		{Name: "lmove", Arity: 5, Flags: command.Write | command.DenyOOM, Group: command.GroupList, Since: "6.2.0",
			Keys:    []command.KeySpec{command.Key(1, popKey), command.Key(2, pushKey)},
			Summary: "Takes an element from one end of a list to an end of another, and returns it", Complexity: "O(1)",
			Syntax: "source destination <LEFT|RIGHT> <LEFT|RIGHT>", Run: lmove},
		{Name: "rpoplpush", Arity: 3, Flags: command.Write | command.DenyOOM, Group: command.GroupList, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, popKey), command.Key(2, pushKey)},
			Summary: "Takes the last element of a list to the front of another, and returns it", Complexity: "O(1)",
			Syntax: "source destination", Run: rpoplpush},
	}
}

func blocking() []command.Spec {
	return []command.Spec{
		{Name: "blpop", Arity: -3, Flags: command.Write | command.NoScript | command.Blocking, Group: command.GroupList, Since: "2.0.0",
			Keys:    []command.KeySpec{command.Keys(1, -2, 1, popKey)},
			Summary: "Removes and returns the first element of the first list that has any, and waits while there is none", Complexity: perKeys,
			Syntax: "key [key ...] timeout", Run: blpop},
		{Name: "brpop", Arity: -3, Flags: command.Write | command.NoScript | command.Blocking, Group: command.GroupList, Since: "2.0.0",
			Keys:    []command.KeySpec{command.Keys(1, -2, 1, popKey)},
			Summary: "Removes and returns the last element of the first list that has any, and waits while there is none", Complexity: perKeys,
			Syntax: "key [key ...] timeout", Run: brpop},
		{Name: "blmpop", Arity: -5, Flags: command.Write | command.Blocking | command.MovableKeys, Group: command.GroupList, Since: "7.0.0",
			Keys:    []command.KeySpec{command.NumKeys(2, popKey)},
			Summary: "Removes and returns elements of the first list that has any, and waits while there is none", Complexity: perPopped,
			Syntax: "timeout numkeys key [key ...] <LEFT|RIGHT> [COUNT count]", Run: blmpop},
		{Name: "blmove", Arity: 6, Flags: command.Write | command.DenyOOM | command.NoScript | command.Blocking, Group: command.GroupList, Since: "6.2.0",
			Keys:    []command.KeySpec{command.Key(1, popKey), command.Key(2, pushKey)},
			Summary: "Does what LMOVE does, and waits while the source is empty", Complexity: "O(1)",
			Syntax: "source destination <LEFT|RIGHT> <LEFT|RIGHT> timeout", Run: blmove},
		{Name: "brpoplpush", Arity: 4, Flags: command.Write | command.DenyOOM | command.NoScript | command.Blocking, Group: command.GroupList, Since: "2.2.0",
			Keys:    []command.KeySpec{command.Key(1, popKey), command.Key(2, pushKey)},
			Summary: "Does what RPOPLPUSH does, and waits while the source is empty", Complexity: "O(1)",
			Syntax: "source destination timeout", Run: brpoplpush},
	}
}
