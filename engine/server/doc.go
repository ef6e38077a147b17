// Package server puts the engine on sockets: it listens, reads requests,
// hands them to sessions, and sends the replies.
//
// It knows connections, buffers and their limits. It must not know commands,
// keys, the log or Lua: all of that is behind engine.Session.
//
// There are two ways to serve a connection, behind the interface front. On Linux,
// plain connections are served by event loops of our own (loop_linux.go), which
// execute all commands that have arrived on all readable connections, make them
// durable with one Commit, and then send the replies. Elsewhere, and where the
// configuration asks for it, each connection has a goroutine (goroutines.go).
// What both have in common is in client.go.
//
// # Ownership
//
// A client's parser, output and session belong to the goroutine that serves
// it. Others reach it through its mail only, which is what engine.Outbox is made
// of: Deliver, Resume and Close leave something in the mail and wake the owner.
package server
