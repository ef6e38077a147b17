// Package cli is the command-line client: it sends commands to a server and
// prints the replies the way redis-cli does.
//
// It knows the wire protocol and terminals. It must not know the engine: it
// works with any server that speaks RESP2 or RESP3.
package cli
