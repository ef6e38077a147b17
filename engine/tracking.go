package engine

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// clientTracking refuses to track: a client that believed it was told of
// changes would serve stale values from its cache.
func clientTracking(c *command.Call) error {
	switch {
	case c.Is(2, "off"):
		c.Reply.Status("OK") // it is
		return nil
	case c.Is(2, "on"):
		return wire.Error("ERR client tracking is not supported by this server")
	}
	return wire.ErrSyntax
}

func clientCaching(*command.Call) error {
	return wire.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
}
