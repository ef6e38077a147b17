// Package persist is the append-only log: records of what changed, written so that the keyspace can
// be rebuilt, and rewritten now and then so that the log stays about as small as the data.
//
// The format is Redis 7's multi-part append-only directory: a manifest that names a base file and
// increments, all of plain RESP commands, so that redis-server loads what this package leaves and
// this package loads what redis-server leaves (its base may be an RDB file, which package rdb reads).
//
// It knows records (a database number and arguments), files and the manifest. It must not know
// keys, commands, shards or the engine: who consumes the log passes in how to apply a record
// (Replay) and how to dump a frozen state (Source). The only commands it reads a meaning into are
// the log's own brackets: SELECT, MULTI and EXEC.
//
// # Positions
//
// Append gives each group of records a position: the count of bytes appended since Start. Three
// marks follow it: written (write(2) has taken it), safe (a power cut does not lose it, or nobody
// asked for that), and appended itself. Commit moves written, and under Always safe; the background
// loop moves safe under EverySec.
//
// # Locks and owners
//
// Log.mu guards the buffers and the marks and is held for memory operations only. Two flags guard
// the I/O that happens without it: writing (one goroutine at a time writes to or truncates the
// increments) and syncing (one at a time syncs them); who holds writing may wait for syncing, never
// the other way round. Log.files serialises changes of the manifest. Events are called with none of
// these held.
//
// # Where it can fail
//
// A write or sync that failed is sticky (Log.Err) until Recover has cut the file back and written
// the retained bytes again. What is retained is bounded: a Commit waits when an fsync lags by more
// than maxRetained bytes.
package persist
