// Package commandtest runs command groups in tests: a small stand-in for the
// engine over one keyspace (Server), and a real redis-server as oracle (Redis).
//
// It knows rows, units and the keyspace, so that a group can be tested without
// package engine. It takes no locks: a Server belongs to one test. Nothing but
// tests may import it.
//
// A test of a group looks like this:
//
//	commandtest.RunCases(t, group.Table(), cases)       // command, reply, log, events
//	commandtest.CompareRows(t, group.Table())           // arity, flags, keys as COMMAND INFO says
//	commandtest.CompareScripts(t, group.Table(), scripts) // replies byte for byte, RESP2 and RESP3
//	commandtest.Stream(t, group.Table(), 2000, random)  // what was logged replays to the same data
package commandtest
