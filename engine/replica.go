package engine

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// There is no replication: REPLICAOF is an error, but for NO ONE. Where
// replica-serve-stale-data is no, a replica without its master serves nothing, so
// that a server without replication can be one: every command that would show or
// change data is refused until REPLICAOF NO ONE, or until the parameter is yes again.

const (
	errNoReplication wire.Error = "ERR replication is not supported by this server"
	errReadOnly      wire.Error = "READONLY You can't write against a read only replica."
	errMasterDown    wire.Error = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
)

// master is what REPLICAOF named.
type master struct {
	host string
	port int64
}

func runReplicaOf(c *command.Call) error {
	e := engineOf(c)
	if c.Is(1, "no") && c.Is(2, "one") {
		e.follows.Store(nil)
		c.Reply.Status("OK")
		return nil
	}
	port, ok := command.ParseInt(c.Args[2])
	switch {
	case !ok || port < 0 || port > 65535:
		return wire.Error("ERR Invalid master port")
	case e.servesStale():
		return errNoReplication
	}
	next := &master{string(c.Args[1]), port}
	if now := e.follows.Load(); now != nil && strings.EqualFold(now.host, next.host) && now.port == port {
		c.Reply.Status("OK Already connected to specified master")
		return nil
	}
	e.log.Warn("REPLICAOF: replication is not supported: nothing is served until REPLICAOF NO ONE", "host", next.host, "port", port)
	e.follows.Store(next)
	c.Reply.Status("OK")
	return nil
}

func (e *Engine) servesStale() bool { return e.live.Get().Compat["replica-serve-stale-data"] != "no" }

// refusesStale says why the command, or the transaction that it ends, is refused
// when the server takes itself for a replica without a master, or nil.
func (e *Engine) refusesStale(s *Session, spec *command.Spec) error {
	if e.follows.Load() == nil || e.servesStale() {
		return nil
	}
	writes, stale := spec.Is(command.Write), spec.Is(command.Stale)
	if s.multi != nil && spec.Name == "exec" {
		for i := range s.multi.commands {
			q := s.multi.commands[i].spec
			writes, stale = writes || q.Is(command.Write), stale && q.Is(command.Stale)
		}
	}
	switch {
	case writes:
		return errReadOnly
	case !stale:
		return errMasterDown
	}
	return nil
}

func runRole(c *command.Call) error {
	if m := engineOf(c).follows.Load(); m != nil {
		c.Reply.Array(5)
		c.Reply.BulkString("slave")
		c.Reply.BulkString(m.host)
		c.Reply.Int(m.port)
		c.Reply.BulkString("connect")
		c.Reply.Int(-1)
		return nil
	}
	c.Reply.Array(3)
	c.Reply.BulkString("master")
	c.Reply.Int(0)
	c.Reply.Array(0)
	return nil
}

// infoMaster is what INFO replication says of the master.
func (e *Engine) infoMaster(add func(string, any)) {
	m := e.follows.Load()
	if m == nil {
		add("role", "master")
		return
	}
	add("role", "slave")
	add("master_host", strings.ToValidUTF8(m.host, "?"))
	add("master_port", m.port)
	add("master_link_status", "down")
	add("master_last_io_seconds_ago", -1)
	add("master_sync_in_progress", 0)
}
