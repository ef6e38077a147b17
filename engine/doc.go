// Package engine is the core: it runs commands as units of execution over the
// keyspace and tells the log, the watchers and the hooks what each unit did.
//
// It knows commands, the keyspace, hooks and configuration values. It must not
// know files, sockets, Lua or plugins: the log is an interface (Journal), a
// connection is an interface (Outbox), scripting and plugins add rows to the
// command table and hooks to the bus.
//
// # The way of a command
//
// Session.Do resolves the row, checks what the session may do, and hands over
// to Engine.run, which locks the shards of the command's keys in ascending
// order, sets the unit's time, runs the handler and ends the unit: the group of
// records is appended to the journal while the locks are held, so that log
// order is memory order; then the locks go, and blocked clients, notifications
// and hooks are told. There is one place where a unit ends: Engine.end.
//
// # Lock order
//
// A goroutine takes locks only in this order, each at most once:
//
//  1. shard locks, in ascending order of the shard's number (shards.go)
//  2. what a running script holds inside package scripting
//  3. feed.mu, and inside it the journal's own lock, in Append
//  4. hub.mu, and inside it Session.mu where a client joins or leaves a channel
//  5. leaf locks: Engine.sessions, tracker.mu, the timers, the bus, and what an
//     Outbox locks in its methods, which may be called under all of the above
//
// Nothing that may wait for disk, network or another goroutine happens under
// a shard lock; atomic hooks are the one kind of foreign code that runs there.
// Observers, Outbox.Deliver excepted, are called without any lock.
package engine
