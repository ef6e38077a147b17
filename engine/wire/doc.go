// Package wire speaks RESP2 and RESP3: it parses requests and writes replies.
//
// It knows bytes only. It must not know keys, connections or commands. It is
// the owner of github.com/tidwall/resp, whose Value is the reply model at the
// edges of the system (embedded callers, the command-line client, tests).
package wire
