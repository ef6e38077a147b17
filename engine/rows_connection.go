package engine

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const connFlags = command.NoScript | command.Loading | command.Stale | command.Fast | command.NoUnit

var connectionRows = []command.Spec{
	{Name: "ping", Arity: -1, Group: command.GroupConnection, Since: "1.0.0", Complexity: "O(1)", Flags: command.Fast | command.NoUnit,
		Hints:  []string{"request_policy:all_shards", "response_policy:all_succeeded"},
		Syntax: "[message]", Summary: "Answers PONG, or the message", Run: runPing},
	{Name: "echo", Arity: 2, Group: command.GroupConnection, Since: "1.0.0", Complexity: "O(1)",
		Flags:  command.Loading | command.Stale | command.Fast | command.NoUnit,
		Syntax: "message", Summary: "Answers the message", Run: runEcho},
	{Name: "quit", Arity: -1, Group: command.GroupConnection, Since: "1.0.0", Complexity: "O(1)",
		Flags:   connFlags | command.NoAuth | command.AllowBusy | command.Unqueued,
		Summary: "Closes the connection", Run: runQuit},
	{Name: "select", Arity: 2, Group: command.GroupConnection, Since: "1.0.0", Complexity: "O(1)",
		Flags:  command.Loading | command.Stale | command.Fast | command.NoUnit,
		Syntax: "index", Summary: "Changes the connection's database", Run: runSelect},
	{Name: "auth", Arity: -2, Group: command.GroupConnection, Since: "1.0.0", Complexity: "O(1)",
		Flags:  connFlags | command.NoAuth | command.AllowBusy,
		Syntax: "[username] password", Summary: "Authenticates the connection", Run: runAuth},
	{Name: "hello", Arity: -1, Group: command.GroupConnection, Since: "6.0.0", Complexity: "O(1)",
		Flags:   connFlags | command.NoAuth | command.AllowBusy,
		Syntax:  "[protover [AUTH username password] [SETNAME clientname]]",
		Summary: "Chooses the protocol version, and introduces the server", Run: runHello},
	{Name: "reset", Arity: 1, Group: command.GroupConnection, Since: "6.2.0", Complexity: "O(1)",
		Flags:   connFlags | command.NoAuth | command.AllowBusy | command.Unqueued,
		Summary: "Puts the connection back into its first state", Run: runReset},
}

func runPing(c *command.Call) error {
	if len(c.Args) > 2 {
		return wire.WrongArity("ping")
	}
	if s, ok := c.Client.(*Session); ok && s.subs.Load() > 0 && c.Reply.Proto() == 2 {
		c.Reply.Array(2)
		c.Reply.BulkString("pong")
		if len(c.Args) == 2 {
			c.Reply.Bulk(c.Args[1])
		} else {
			c.Reply.BulkString("")
		}
		return nil
	}
	if len(c.Args) == 2 {
		c.Reply.Bulk(c.Args[1])
		return nil
	}
	c.Reply.Status("PONG")
	return nil
}

func runEcho(c *command.Call) error {
	c.Reply.Bulk(c.Args[1])
	return nil
}

func runQuit(c *command.Call) error {
	c.Client.(*Session).closing = true
	c.Reply.Status("OK")
	return nil
}

func runSelect(c *command.Call) error {
	n, err := c.Int(1)
	if err != nil {
		return err
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return wire.ErrIntRange
	}
	if n < 0 || n >= int64(c.Unit.Space.Databases()) {
		return wire.Error("ERR DB index is out of range")
	}
	if c.Parent != nil {
		c.SelectDB(int(n))
	} else {
		s := c.Client.(*Session)
		s.db = int(n)
		s.show()
	}
	c.Reply.Status("OK")
	return nil
}

// Errors of authentication.
const (
	errNoPassword wire.Error = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	errWrongPass  wire.Error = "WRONGPASS invalid username-password pair or user is disabled."
)

func runAuth(c *command.Call) error {
	if len(c.Args) > 3 {
		return wire.ErrSyntax
	}
	user, pass := []byte("default"), c.Args[len(c.Args)-1]
	if len(c.Args) == 3 {
		user = c.Args[1]
	} else if c.Config.Security.RequirePass == "" {
		return errNoPassword
	}
	if err := c.Client.(*Session).authenticate(user, pass); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

// authenticate checks a password. There is one user, default, until users exist.
func (s *Session) authenticate(user, pass []byte) error {
	want := s.engine.live.Get().Security.RequirePass
	if string(user) != "default" || want != "" && !sameSecret(pass, []byte(want)) {
		s.engine.clientEvent(s, "refused")
		s.engine.acl.refused(string(user), s.describe(nil), s.engine.now())
		return errWrongPass
	}
	s.authed = true
	s.engine.clientEvent(s, "authenticated")
	return nil
}

func runHello(c *command.Call) error {
	s := c.Client.(*Session)
	resp3, next := s.resp3, 1
	if len(c.Args) > 1 {
		v, err := c.Int(1)
		if err != nil {
			return wire.Error("ERR Protocol version is not an integer or out of range")
		}
		if v != 2 && v != 3 {
			return wire.Error("NOPROTO unsupported protocol version")
		}
		resp3, next = v == 3, 2
	}
	var name []byte
	var user, pass []byte
	for ; next < len(c.Args); next++ {
		switch left := len(c.Args) - next - 1; {
		case c.Is(next, "auth") && left >= 2:
			user, pass = c.Args[next+1], c.Args[next+2]
			next += 2
		case c.Is(next, "setname") && left >= 1:
			name = c.Args[next+1]
			next++
			if !validName(name) {
				return errBadName
			}
		default:
			return wire.Errorf("ERR Syntax error in HELLO option '%.128s'", c.Args[next])
		}
	}
	if user != nil {
		if err := s.authenticate(user, pass); err != nil {
			return err
		}
	}
	if !s.authed {
		return wire.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
	}
	if name != nil {
		s.setName(name)
	}
	s.setProto(c, resp3)
	r := c.Reply
	r.Map(7)
	r.BulkString("server")
	r.BulkString("redis")
	r.BulkString("version")
	r.BulkString(RedisVersion)
	r.BulkString("proto")
	r.Int(int64(r.Proto()))
	r.BulkString("id")
	r.Int(s.id)
	r.BulkString("mode")
	r.BulkString("standalone")
	r.BulkString("role")
	r.BulkString("master")
	r.BulkString("modules")
	r.Array(0)
	return nil
}

// RedisVersion is the version whose behaviour is offered; clients look at it.
const RedisVersion = "7.0.15"

// setProto changes the protocol from this reply on.
func (s *Session) setProto(c *command.Call, resp3 bool) {
	s.resp3 = resp3
	if w, ok := c.Reply.(*wire.Writer); ok {
		w.RESP3 = resp3
	}
	s.show()
}

func runReset(c *command.Call) error {
	s := c.Client.(*Session)
	if s.fed {
		return wire.Error("ERR can only reset normal connections")
	}
	s.endMulti(nil)
	s.engine.hub.leave(s)
	s.engine.track(s, nil)
	s.leaveMonitor()
	s.db, s.replyOff, s.replySkip, s.noEvict, s.noTouch = 0, false, 0, false, false
	s.setName(nil)
	s.authed = c.Config.Security.RequirePass == ""
	s.setProto(c, false)
	c.Reply.Status("RESET")
	return nil
}
