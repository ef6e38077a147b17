package engine

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const clientFlags = command.NoScript | command.Loading | command.Stale | command.NoUnit

var clientRow = command.Spec{
	Name: "client", Arity: -2, Group: command.GroupConnection, Since: "2.4.0", Complexity: "Depends on the sub-command",
	Summary: "A container for commands about connections", Sub: []command.Spec{
		{Name: "id", Arity: 2, Since: "5.0.0", Complexity: "O(1)", Flags: clientFlags, Summary: "Answers the connection's number", Run: clientID},
		{Name: "getname", Arity: 2, Since: "2.6.9", Complexity: "O(1)", Flags: clientFlags, Summary: "Answers the connection's name", Run: clientGetName},
		{Name: "setname", Arity: 3, Since: "2.6.9", Complexity: "O(1)", Flags: clientFlags, Syntax: "connection-name", Summary: "Names the connection", Run: clientSetName},
		{Name: "setinfo", Arity: 4, Since: "7.2.0", Complexity: "O(1)", Flags: clientFlags, Syntax: "<LIB-NAME libname|LIB-VER libver>", Summary: "Notes what library the client uses", Run: clientSetInfo},
		{Name: "info", Arity: 2, Hints: []string{"nondeterministic_output"}, Since: "6.2.0", Complexity: "O(1)", Flags: clientFlags, Summary: "Describes the connection", Run: clientInfo},
		{Name: "list", Arity: -2, Hints: []string{"nondeterministic_output"}, Since: "2.4.0", Complexity: "O(N) with N connections", Flags: clientFlags | command.Admin,
			Syntax: "[TYPE <NORMAL|MASTER|REPLICA|PUBSUB>] [ID client-id [client-id ...]]", Summary: "Describes the open connections", Run: clientList},
		{Name: "kill", Arity: -3, Since: "2.4.0", Complexity: "O(N) with N connections", Flags: clientFlags | command.Admin,
			Syntax: "<ip:port|[ID client-id] [TYPE <NORMAL|MASTER|SLAVE|REPLICA|PUBSUB>] [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME yes/no]>", Summary: "Closes connections", Run: clientKill},
		{Name: "unblock", Arity: -3, Since: "5.0.0", Complexity: "O(1)", Flags: clientFlags | command.Admin, Syntax: "client-id [TIMEOUT|ERROR]", Summary: "Ends the wait of a blocked client", Run: clientUnblock},
		{Name: "pause", Arity: -3, Since: "3.0.0", Complexity: "O(1)", Flags: clientFlags | command.Admin, Syntax: "timeout [WRITE|ALL]", Summary: "Holds commands back for a while", Run: clientPause},
		{Name: "unpause", Arity: 2, Since: "6.2.0", Complexity: "O(1)", Flags: clientFlags | command.Admin, Summary: "Ends a pause", Run: clientUnpause},
		{Name: "reply", Arity: 3, Since: "3.2.0", Complexity: "O(1)", Flags: clientFlags, Syntax: "<ON|OFF|SKIP>", Summary: "Says whether the connection wants replies", Run: clientReply},
		{Name: "no-evict", Arity: 3, Since: "7.0.0", Complexity: "O(1)", Flags: clientFlags | command.Admin, Syntax: "<ON|OFF>", Summary: "Keeps the connection from being evicted", Run: clientNoEvict},
		{Name: "getredir", Arity: 2, Since: "6.0.0", Complexity: "O(1)", Flags: clientFlags, Summary: "Answers which client gets the tracking messages", Run: clientGetRedir},
		{Name: "tracking", Arity: -3, Since: "6.0.0", Complexity: "O(1)", Flags: clientFlags,
			Syntax:  "<ON|OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
			Summary: "Has the client told when keys change that it may have cached", Run: clientTracking},
		{Name: "caching", Arity: 3, Since: "6.0.0", Complexity: "O(1)", Flags: clientFlags, Syntax: "<YES|NO>", Summary: "Says whether the keys of the next command are tracked", Run: clientCaching},
		{Name: "trackinginfo", Arity: 2, Since: "6.2.0", Complexity: "O(1)", Flags: clientFlags, Summary: "Describes the connection's tracking", Run: clientTrackingInfo},
		help("client", "5.0.0",
			"CACHING (YES|NO)", "    Says whether the keys of the next command are tracked.",
			"GETNAME", "    Shows this connection's name.",
			"GETREDIR", "    Shows which client gets this connection's tracking messages.",
			"ID", "    Shows this connection's number.",
			"INFO", "    Describes this connection.",
			"KILL <ip:port>", "    Closes the connection from there.",
			"KILL <option> <value> [...]", "    Closes the connections that fit: ADDR, LADDR, TYPE, USER, ID, SKIPME.",
			"LIST [options ...]", "    Describes connections, all or those that fit: TYPE, ID.",
			"NO-EVICT (ON|OFF)", "    Keeps this connection from being evicted.",
			"PAUSE <timeout> [WRITE|ALL]", "    Holds commands back for <timeout> milliseconds.",
			"REPLY (ON|OFF|SKIP)", "    Says whether replies are wanted.",
			"SETNAME <name>", "    Names this connection.",
			"TRACKING (ON|OFF) [<option> ...]", "    Has this connection told of changed keys: REDIRECT <id>, BCAST, PREFIX <prefix>, OPTIN, OPTOUT, NOLOOP.",
			"UNBLOCK <clientid> [TIMEOUT|ERROR]", "    Ends the wait of a blocked client.",
			"UNPAUSE", "    Ends a pause.",
			"TRACKINGINFO", "    Describes this connection's tracking."),
	},
}

const errBadName wire.Error = "ERR Client names cannot contain spaces, newlines or special characters."

// validName says whether a connection may have the name: printable, no spaces.
func validName(name []byte) bool {
	return bytes.IndexFunc(name, func(r rune) bool { return r < '!' || r > '~' }) < 0
}

func sameSecret(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func (s *Session) setName(name []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name = string(name)
}

func clientID(c *command.Call) error {
	c.Reply.Int(c.Client.ID())
	return nil
}

func clientGetName(c *command.Call) error {
	if name := c.Client.Name(); name != "" {
		c.Reply.BulkString(name)
		return nil
	}
	c.Reply.Null()
	return nil
}

func clientSetName(c *command.Call) error {
	if !validName(c.Args[2]) {
		return errBadName
	}
	c.Client.(*Session).setName(c.Args[2])
	c.Reply.Status("OK")
	return nil
}

func clientSetInfo(c *command.Call) error {
	s := c.Client.(*Session)
	var field *string
	switch {
	case c.Is(2, "lib-name"):
		field = &s.libName
	case c.Is(2, "lib-ver"):
		field = &s.libVer
	default:
		return wire.Errorf("ERR Unrecognized option '%s'", c.Args[2])
	}
	if !validName(c.Args[3]) {
		return wire.Errorf("ERR %s cannot contain spaces, newlines or special characters.", strings.ToLower(string(c.Args[2])))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*field = string(c.Args[3])
	c.Reply.Status("OK")
	return nil
}

func clientInfo(c *command.Call) error {
	s := c.Client.(*Session)
	s.show()
	c.Reply.Verbatim("txt", s.describe(c.Args)+"\n")
	return nil
}

// class is the TYPE of a connection.
func (s *Session) class() string {
	switch {
	case s.engine.feed.has(s):
		return "replica"
	case s.subs.Load() > 0:
		return "pubsub"
	}
	return "normal"
}

// describe is the session's line in CLIENT LIST. running is the command that it
// is executing, where the caller knows: its bytes are the query buffer.
func (s *Session) describe(running [][]byte) string {
	e := s.engine
	now := e.now()
	idle := now.UnixMilli() - s.lastMs.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.shown
	resp := 2
	if v.resp3 {
		resp = 3
	}
	queued, last := v.queued, ""
	if spec := s.lastCmd.Load(); spec != nil {
		last = spec.FullName()
	}
	out := s.outbox.OutputBytes()
	query, argv := requestSize(running)
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=0 name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=%d multi=%d "+
		"qbuf=%d qbuf-free=0 argv-mem=%d multi-mem=0 rbs=1024 rbp=0 obl=0 oll=0 omem=%d tot-mem=%d events=r cmd=%s user=%s redir=%d resp=%d lib-name=%s lib-ver=%s",
		s.id, s.o.Addr, s.o.LocalAddr, s.name, int64(now.Sub(s.created).Seconds()), idle/1000, s.flagsLocked(), v.db,
		len(s.channels), len(s.patterns), len(s.shardChs), queued, query, argv, out, out+sessionBytes, last, s.user, s.tracking.Load().target(), resp, s.libName, s.libVer)
}

// requestSize is how many bytes a command takes on the wire, and in it its arguments.
func requestSize(args [][]byte) (query, argv int) {
	if len(args) == 0 {
		return 0, 0
	}
	query = len("*\r\n") + decimals(len(args))
	for _, a := range args {
		query += len("$\r\n\r\n") + decimals(len(a)) + len(a)
		argv += len(a)
	}
	return query, argv
}

func decimals(n int) int { return len(strconv.Itoa(n)) }

// sessionBytes is what CLIENT LIST counts for a session without buffers.
const sessionBytes = 2048

// flagsLocked are the letters of CLIENT LIST. s.mu is held.
func (s *Session) flagsLocked() string {
	var f []byte
	t := s.tracking.Load()
	for _, l := range []struct {
		letter byte
		on     bool
	}{
		{'S', s.shown.fed}, {'O', s.shown.monitor}, {'P', s.subs.Load() > 0}, {'x', s.shown.queued >= 0}, {'b', s.wait != nil},
		{'t', t != nil}, {'R', t != nil && t.broken.Load()}, {'B', t != nil && t.bcast}, {'d', s.watching.Load().isDirty()}, {'U', s.o.Transport == "unix"}, {'e', s.shown.noEvict}, {'A', s.killed.Load()},
	} {
		if l.on {
			f = append(f, l.letter)
		}
	}
	if len(f) == 0 {
		return "N"
	}
	return string(f)
}

func clientList(c *command.Call) error {
	s := c.Client.(*Session)
	s.show()
	want := func(*Session) bool { return true }
	switch {
	case len(c.Args) == 2:
	case c.Is(2, "type") && len(c.Args) == 4:
		class, err := parseClass(c.Args[3])
		if err != nil {
			return err
		}
		want = func(s *Session) bool { return s.class() == class }
	case c.Is(2, "id") && len(c.Args) > 3:
		ids := map[int64]bool{}
		for i := 3; i < len(c.Args); i++ {
			id, ok := command.ParseInt(c.Args[i])
			if !ok || id < 0 {
				return wire.Error("ERR Invalid client ID")
			}
			ids[id] = true
		}
		want = func(s *Session) bool { return ids[s.id] }
	default:
		return wire.ErrSyntax
	}
	var b strings.Builder
	s.engine.sessions.each(func(other *Session) {
		if !want(other) {
			return
		}
		var running [][]byte
		if other == s {
			running = c.Args
		}
		b.WriteString(other.describe(running))
		b.WriteByte('\n')
	})
	c.Reply.Verbatim("txt", b.String())
	return nil
}

func parseClass(arg []byte) (string, error) {
	for _, class := range []string{"normal", "pubsub", "master", "replica"} {
		if command.EqualFold(arg, class) {
			return class, nil
		}
	}
	if command.EqualFold(arg, "slave") {
		return "replica", nil
	}
	return "", wire.Errorf("ERR Unknown client type '%s'", arg)
}

// killFilter is what CLIENT KILL closes.
type killFilter struct {
	id                      int64
	class, user, addr, ladr string
	skipMe                  bool
}

func (f *killFilter) fits(s *Session, me *Session) bool {
	return !(f.id != 0 && s.id != f.id || f.class != "" && s.class() != f.class || f.user != "" && s.User() != f.user ||
		f.addr != "" && s.o.Addr != f.addr || f.ladr != "" && s.o.LocalAddr != f.ladr || f.skipMe && s == me)
}

func clientKill(c *command.Call) error {
	me := c.Client.(*Session)
	if len(c.Args) == 3 {
		n := me.engine.kill(me, killFilter{addr: string(c.Args[2])})
		if n == 0 {
			return wire.Error("ERR No such client")
		}
		c.Reply.Status("OK")
		return nil
	}
	f := killFilter{skipMe: true}
	if len(c.Args)%2 != 0 {
		return wire.ErrSyntax
	}
	for i := 2; i < len(c.Args); i += 2 {
		if err := f.option(c, i); err != nil {
			return err
		}
	}
	c.Reply.Int(int64(me.engine.kill(me, f)))
	return nil
}

func (f *killFilter) option(c *command.Call, i int) (err error) {
	value := string(c.Args[i+1])
	switch {
	case c.Is(i, "id"):
		id, ok := command.ParseInt(c.Args[i+1])
		if !ok || id < 1 {
			return wire.Error("ERR client-id should be greater than 0")
		}
		f.id = id
	case c.Is(i, "type"):
		f.class, err = parseClass(c.Args[i+1])
	case c.Is(i, "user"):
		if f.user = value; value != "default" {
			return wire.Errorf("ERR No such user '%s'", value)
		}
	case c.Is(i, "addr"):
		f.addr = value
	case c.Is(i, "laddr"):
		f.ladr = value
	case c.Is(i, "skipme") && command.EqualFold(c.Args[i+1], "yes"):
		f.skipMe = true
	case c.Is(i, "skipme") && command.EqualFold(c.Args[i+1], "no"):
		f.skipMe = false
	default:
		return wire.ErrSyntax
	}
	return err
}

// kill closes the connections that fit, the caller's own after its reply.
func (e *Engine) kill(me *Session, f killFilter) (n int) {
	e.sessions.each(func(s *Session) {
		if !f.fits(s, me) {
			return
		}
		n++
		s.killed.Store(true)
		if s != me {
			s.outbox.Close()
		}
	})
	return n
}

func clientUnblock(c *command.Call) error {
	id, err := c.Int(2)
	if err != nil {
		return err
	}
	cause := unparkTimeout
	switch {
	case len(c.Args) == 3 || c.Is(3, "timeout"):
	case c.Is(3, "error"):
		cause = unparkError
	default:
		return wire.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
	}
	if len(c.Args) > 4 {
		return wire.ErrSyntax
	}
	if s := c.Client.(*Session).engine.sessions.find(id); s != nil && s.unpark(cause) {
		c.Reply.Int(1)
		return nil
	}
	c.Reply.Int(0)
	return nil
}

func clientPause(c *command.Call) error {
	all := true
	switch {
	case len(c.Args) == 3:
	case len(c.Args) == 4 && c.Is(3, "write"):
		all = false
	case len(c.Args) == 4 && c.Is(3, "all"):
	default:
		return wire.Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
	}
	ms, ok := command.ParseInt(c.Args[2])
	if !ok || ms > int64(time.Duration(1<<63-1)/time.Millisecond) {
		return wire.Error("ERR timeout is not an integer or out of range")
	}
	if ms < 0 {
		return wire.ErrNegTimeout
	}
	e := c.Client.(*Session).engine
	e.pause.set(e.now(), e.now().Add(time.Duration(ms)*time.Millisecond), all)
	c.Reply.Status("OK")
	return nil
}

func clientUnpause(c *command.Call) error {
	c.Client.(*Session).engine.pause.end()
	c.Reply.Status("OK")
	return nil
}

func clientReply(c *command.Call) error {
	s := c.Client.(*Session)
	switch {
	case c.Is(2, "on"):
		s.replyOff, s.replySkip = false, 0
		c.Reply.Status("OK")
	case c.Is(2, "off"):
		s.replyOff = true
	case c.Is(2, "skip"):
		if !s.replyOff {
			s.replySkip = 2
		}
	default:
		return wire.ErrSyntax
	}
	return nil
}

func clientNoEvict(c *command.Call) error {
	s := c.Client.(*Session)
	switch {
	case c.Is(2, "on"):
		s.noEvict = true
	case c.Is(2, "off"):
		s.noEvict = false
	default:
		return wire.ErrSyntax
	}
	s.show()
	c.Reply.Status("OK")
	return nil
}
