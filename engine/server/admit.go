package server

import (
	"net"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const errProtected wire.Error = "DENIED protected mode is on and no password is set: only clients on this machine are served. " +
	"Set a password (requirepass), or switch protected-mode off where the network is trusted, or connect through the loopback interface."

// admit gives a new connection its session. The error is what to answer before
// closing it.
func (s *Server) admit(c *client, o engine.SessionOptions, remote net.IP) error {
	security := &s.core.Live().Get().Security
	if o.Transport != "unix" && security.ProtectedMode && security.RequirePass == "" && !remote.IsLoopback() {
		return errProtected
	}
	c.live, c.log, c.addr = s.core.Live(), s.log, o.Addr
	sess, err := s.core.newSession(o)
	if err != nil {
		return err
	}
	c.open(sess, s.now())
	return nil
}

// dropped logs why the server ends a connection on its own account.
func (s *Server) dropped(c *client, reason string) {
	s.log.Info("client disconnected", "client", c.addr, "reason", reason, "unsent_bytes", c.OutputBytes())
}
