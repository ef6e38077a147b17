// Package scripting runs Lua: EVAL and its relatives, functions, and libraries
// of hooks, commands and timers. It is the only package that imports
// gopher-lua. To the engine it is a plugin: it adds rows to the command table
// and subscriptions to the bus, and reaches the engine through Core alone.
//
// It must not know the Engine's type, the log's files or the network.
//
// # How a script runs
//
// A source is parsed, its tree is rewritten (rewrite.go), compiled once and
// kept. A run takes a state from the pool, sets KEYS and ARGV, and calls the
// main function under protection. The state is also the context.Context of its
// Lua threads: the machine asks Done before every instruction, and that is
// where kills, time and memory limits come in (watch.go). What scripts can see
// of gopher-lua's differences from Lua 5.1 is replaced: the libraries here are
// our own, and error texts are translated (fault.go, names.go).
//
// # Locks
//
// A unit's shard locks come first, then at most one library's main state
// (library.go). Observers and timers run outside units, on a second state of
// their library, which no unit ever waits for; so their commands may take any
// lock. Calls that come back into a library of their own unit get a spare state.
package scripting
