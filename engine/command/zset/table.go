// Package zset is the group of commands on sorted sets.
//
// It knows the keyspace's sorted sets (and its sets, as sources of unions,
// intersections and differences) and what Redis 7.0 answers. It must not know
// other groups, the engine or how a waiting client is parked. Ranges by score
// or by member become ranges of ranks before anything is read.
package zset

import "github.com/kevy-lua/kevy-lua/engine/command"

const (
	popKey   = command.KeyRW | command.KeyAccess | command.KeyDelete
	readKey  = command.KeyRO | command.KeyAccess
	storeKey = command.KeyOW | command.KeyUpdate

	writeFast = command.Write | command.DenyOOM | command.Fast
	readFast  = command.ReadOnly | command.Fast

	logN       = "O(log N) for N members"
	logNM      = "O(log N + M) for N members, M of them returned"
	logNGone   = "O(log N + M) for N members, M of them removed"
	perPopped  = "O(M log N) for N members, M of them removed"
	perKeysPop = "O(K + M log N) for K keys, N members and M of them removed"
	unionCost  = "O(N + M log M) for N members in all the sets and M in the result"
	interCost  = "O(N*K + M log M) for K sets, the smallest of N members, and M in the result"
	diffCost   = "O(N*K + M log M) for K sets, the first of N members, and M in the result"
)

// The tips of COMMAND INFO.
var anyOutput = []string{"nondeterministic_output"}

// Table returns the group's rows. The caller owns them.
func Table() []command.Spec {
	rows := members()
	rows = append(rows, ranges()...)
	rows = append(rows, pops()...)
	return append(rows, algebra()...)
}

func members() []command.Spec {
	return []command.Spec{
		{Name: "zadd", Arity: -4, Element: 3, Flags: writeFast, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyUpdate)},
			Summary: "Adds members with scores to a sorted set, or changes their scores", Complexity: "O(log N) for each member",
			Syntax: "key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]", Run: zadd},
		{Name: "zincrby", Arity: 4, Element: 3, Flags: writeFast, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyAccess|command.KeyUpdate)},
			Summary: "Adds to the score of a member, which is added when it is missing", Complexity: logN,
			Syntax: "key increment member", Run: zincrby},
		{Name: "zrem", Arity: -3, Element: 2, Flags: command.Write | command.Fast, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyDelete)},
			Summary: "Removes members from a sorted set", Complexity: "O(log N) for each member",
			Syntax: "key member [member ...]", Run: zrem},
		{Name: "zcard", Arity: 2, Flags: readFast, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRO)},
			Summary: "Returns the number of members", Complexity: "O(1)",
			Syntax: "key", Run: zcard},
		{Name: "zscore", Arity: 3, Element: 2, Flags: readFast, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the score of a member", Complexity: "O(1)",
			Syntax: "key member", Run: zscore},
		{Name: "zmscore", Arity: -3, Element: 2, Flags: readFast, Group: command.GroupZSet, Since: "6.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the scores of several members", Complexity: "O(1) for each member",
			Syntax: "key member [member ...]", Run: zmscore},
		{Name: "zrank", Arity: 3, Element: 2, Flags: readFast, Group: command.GroupZSet, Since: "2.0.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns how many members come before this one", Complexity: logN,
			Syntax: "key member", Run: zrank},
		{Name: "zrevrank", Arity: 3, Element: 2, Flags: readFast, Group: command.GroupZSet, Since: "2.0.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns how many members come after this one", Complexity: logN,
			Syntax: "key member", Run: zrevrank},
		{Name: "zcount", Arity: 4, Flags: readFast, Group: command.GroupZSet, Since: "2.0.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns how many members have a score between two bounds", Complexity: logN,
			Syntax: "key min max", Run: zcount},
		{Name: "zlexcount", Arity: 4, Flags: readFast, Group: command.GroupZSet, Since: "2.8.9",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns how many members of one score stand between two bounds", Complexity: logN,
			Syntax: "key min max", Run: zlexcount},
		{Name: "zrandmember", Arity: -2, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "6.2.0", Hints: anyOutput,
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns a random member, or several", Complexity: "O(N) for N members returned",
			Syntax: "key [count [WITHSCORES]]", Run: zrandmember},
		{Name: "zscan", Arity: -3, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "2.8.0", Hints: anyOutput,
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Goes through the members and their scores step by step", Complexity: "O(1) for a call, O(N) for all N members",
			Syntax: "key cursor [MATCH pattern] [COUNT count]", Run: zscan},
	}
}

func ranges() []command.Spec {
	return []command.Spec{
		{Name: "zrange", Arity: -4, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members between two ranks, scores or members", Complexity: logNM,
			Syntax: "key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]", Run: zrange},
		{Name: "zrangestore", Arity: -5, Flags: command.Write | command.DenyOOM, Group: command.GroupZSet, Since: "6.2.0",
			Keys:    []command.KeySpec{command.Key(1, storeKey), command.Key(2, readKey)},
			Summary: "Stores the members between two ranks, scores or members", Complexity: logNM,
			Syntax: "dst src min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]", Run: zrangestore},
		{Name: "zrevrange", Arity: -4, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members between two ranks, counted from the last", Complexity: logNM,
			Syntax: "key start stop [WITHSCORES]", Run: zrevrange},
		{Name: "zrangebyscore", Arity: -4, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "1.0.5",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members between two scores", Complexity: logNM,
			Syntax: "key min max [WITHSCORES] [LIMIT offset count]", Run: zrangebyscore},
		{Name: "zrevrangebyscore", Arity: -4, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "2.2.0",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members between two scores, the highest first", Complexity: logNM,
			Syntax: "key max min [WITHSCORES] [LIMIT offset count]", Run: zrevrangebyscore},
		{Name: "zrangebylex", Arity: -4, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "2.8.9",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members of one score between two bounds", Complexity: logNM,
			Syntax: "key min max [LIMIT offset count]", Run: zrangebylex},
		{Name: "zrevrangebylex", Arity: -4, Flags: command.ReadOnly, Group: command.GroupZSet, Since: "2.8.9",
			Keys:    []command.KeySpec{command.Key(1, readKey)},
			Summary: "Returns the members of one score between two bounds, the greatest first", Complexity: logNM,
			Syntax: "key max min [LIMIT offset count]", Run: zrevrangebylex},
		{Name: "zremrangebyrank", Arity: 4, Flags: command.Write, Group: command.GroupZSet, Since: "2.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyDelete)},
			Summary: "Removes the members between two ranks", Complexity: logNGone,
			Syntax: "key start stop", Run: zremrangebyrank},
		{Name: "zremrangebyscore", Arity: 4, Flags: command.Write, Group: command.GroupZSet, Since: "1.2.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyDelete)},
			Summary: "Removes the members between two scores", Complexity: logNGone,
			Syntax: "key min max", Run: zremrangebyscore},
		{Name: "zremrangebylex", Arity: 4, Flags: command.Write, Group: command.GroupZSet, Since: "2.8.9",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyDelete)},
			Summary: "Removes the members of one score between two bounds", Complexity: logNGone,
			Syntax: "key min max", Run: zremrangebylex},
	}
}

func pops() []command.Spec {
	return []command.Spec{
		{Name: "zpopmin", Arity: -2, Flags: command.Write | command.Fast, Group: command.GroupZSet, Since: "5.0.0",
			Keys:    []command.KeySpec{command.Key(1, popKey)},
			Summary: "Removes and returns the members of the lowest scores", Complexity: perPopped,
			Syntax: "key [count]", Run: zpopmin},
		{Name: "zpopmax", Arity: -2, Flags: command.Write | command.Fast, Group: command.GroupZSet, Since: "5.0.0",
			Keys:    []command.KeySpec{command.Key(1, popKey)},
			Summary: "Removes and returns the members of the highest scores", Complexity: perPopped,
			Syntax: "key [count]", Run: zpopmax},
		{Name: "zmpop", Arity: -4, Flags: command.Write | command.MovableKeys, Group: command.GroupZSet, Since: "7.0.0",
			Keys:    []command.KeySpec{command.NumKeys(1, popKey)},
			Summary: "Removes and returns members of the first sorted set that has any", Complexity: perKeysPop,
			Syntax: "numkeys key [key ...] <MIN|MAX> [COUNT count]", Run: zmpop},
		{Name: "bzpopmin", Arity: -3, Flags: command.Write | command.NoScript | command.Blocking | command.Fast, Group: command.GroupZSet, Since: "5.0.0",
			Keys:    []command.KeySpec{command.Keys(1, -2, 1, popKey)},
			Summary: "Removes and returns the member of the lowest score of the first sorted set that has any, and waits while there is none",
			Syntax:  "key [key ...] timeout", Complexity: logN, Run: bzpopmin},
		{Name: "bzpopmax", Arity: -3, Flags: command.Write | command.NoScript | command.Blocking | command.Fast, Group: command.GroupZSet, Since: "5.0.0",
			Keys:    []command.KeySpec{command.Keys(1, -2, 1, popKey)},
			Summary: "Removes and returns the member of the highest score of the first sorted set that has any, and waits while there is none",
			Syntax:  "key [key ...] timeout", Complexity: logN, Run: bzpopmax},
		{Name: "bzmpop", Arity: -5, Flags: command.Write | command.Blocking | command.MovableKeys, Group: command.GroupZSet, Since: "7.0.0",
			Keys:    []command.KeySpec{command.NumKeys(2, popKey)},
			Summary: "Does what ZMPOP does, and waits while all the sorted sets are empty", Complexity: perKeysPop,
			Syntax: "timeout numkeys key [key ...] <MIN|MAX> [COUNT count]", Run: bzmpop},
	}
}

func algebra() []command.Spec {
	const weighted = "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>]"
	store := []command.KeySpec{command.Key(1, storeKey), command.NumKeys(2, readKey)}
	read := []command.KeySpec{command.NumKeys(1, readKey)}
	return []command.Spec{
		{Name: "zunion", Arity: -3, Flags: command.ReadOnly | command.MovableKeys, Group: command.GroupZSet, Since: "6.2.0",
			Keys: read, Summary: "Returns the members that any of the sorted sets has, their scores combined", Complexity: unionCost,
			Syntax: weighted + " [WITHSCORES]", Run: zunion},
		{Name: "zinter", Arity: -3, Flags: command.ReadOnly | command.MovableKeys, Group: command.GroupZSet, Since: "6.2.0",
			Keys: read, Summary: "Returns the members that all the sorted sets have, their scores combined", Complexity: interCost,
			Syntax: weighted + " [WITHSCORES]", Run: zinter},
		{Name: "zdiff", Arity: -3, Flags: command.ReadOnly | command.MovableKeys, Group: command.GroupZSet, Since: "6.2.0",
			Keys: read, Summary: "Returns the members of the first sorted set that no other one has", Complexity: diffCost,
			Syntax: "numkeys key [key ...] [WITHSCORES]", Run: zdiff},
		{Name: "zintercard", Arity: -3, Flags: command.ReadOnly | command.MovableKeys, Group: command.GroupZSet, Since: "7.0.0",
			Keys: read, Summary: "Returns how many members all the sorted sets have, up to a limit", Complexity: interCost,
			Syntax: "numkeys key [key ...] [LIMIT limit]", Run: zintercard},
		{Name: "zunionstore", Arity: -4, Flags: command.Write | command.DenyOOM | command.MovableKeys, Group: command.GroupZSet, Since: "2.0.0",
			Keys: store, Summary: "Stores the members that any of the sorted sets has, their scores combined", Complexity: unionCost,
			Syntax: "destination " + weighted, Run: zunionstore},
		{Name: "zinterstore", Arity: -4, Flags: command.Write | command.DenyOOM | command.MovableKeys, Group: command.GroupZSet, Since: "2.0.0",
			Keys: store, Summary: "Stores the members that all the sorted sets have, their scores combined", Complexity: interCost,
			Syntax: "destination " + weighted, Run: zinterstore},
		{Name: "zdiffstore", Arity: -4, Flags: command.Write | command.DenyOOM | command.MovableKeys, Group: command.GroupZSet, Since: "6.2.0",
			Keys: store, Summary: "Stores the members of the first sorted set that no other one has", Complexity: diffCost,
			Syntax: "destination numkeys key [key ...]", Run: zdiffstore},
	}
}
