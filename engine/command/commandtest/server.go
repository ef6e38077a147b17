package commandtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// StartMs is the time at which a Server begins, Unix milliseconds: in the year
// 2096, so that no deadline of a test has passed for a real redis-server.
const StartMs = 4_000_000_000_000

// Server runs commands one after the other as the engine does: look-up, due
// keys, handler, log. Its fields may be changed between commands.
type Server struct {
	Now    int64 // Unix milliseconds; only the test moves it
	DB     int
	RESP3  bool
	Nested bool // as inside MULTI or a script: blocking commands do not block
	Config *config.Config

	t       testing.TB
	shards  int
	table   *command.Table
	space   *keyspace.Keyspace
	unit    command.Unit
	call    command.Call
	history []record // everything logged since the beginning
	taken   int      // how much of history Log has returned
	events  []string
}

// record is a command.Record whose arguments live on.
type record struct {
	db   int
	args []string
}

// New returns an empty server with the groups of rows. shards is 1 or another
// power of two.
func New(t testing.TB, shards int, groups ...[]command.Spec) *Server {
	return &Server{
		Now: StartMs, Config: config.Default(), t: t, shards: shards,
		table: command.NewTable(groups...),
		space: newSpace(shards),
	}
}

func newSpace(shards int) *keyspace.Keyspace {
	return keyspace.New(keyspace.Options{Shards: shards})
}

// Keyspace gives access to the data, for what no command shows.
func (s *Server) Keyspace() *keyspace.Keyspace { return s.space }

// Raw executes a command and returns the bytes of its reply; none when it waits.
func (s *Server) Raw(args ...string) []byte {
	s.t.Helper()
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = []byte(a)
	}
	w := &wire.Writer{RESP3: s.RESP3}
	spec, err := s.table.Resolve(words)
	if err != nil {
		return s.fail(w, err)
	}
	s.call = command.Call{
		Context: context.Background(), DB: s.DB, Client: client{}, Unit: &s.unit, Config: s.Config, Nested: s.Nested,
	}
	s.call.Begin(spec, words, w)
	return s.execute(w)
}

// Retry runs the command that is waiting once more, as the engine does when
// one of its keys has changed. The reply is empty when it goes on waiting.
func (s *Server) Retry() []byte {
	s.t.Helper()
	if s.Waiting() == nil {
		s.t.Fatal("no command is waiting")
	}
	w := &wire.Writer{RESP3: s.RESP3}
	s.call.Begin(s.call.Spec, s.call.Args, w)
	s.call.Retry = true
	return s.execute(w)
}

// Waiting returns what the last command waits for, or nil.
func (s *Server) Waiting() *command.Block { return s.call.Waiting() }

// Do executes a command and returns its reply; the zero Value when it waits.
func (s *Server) Do(args ...string) wire.Value {
	s.t.Helper()
	return parse(s.t, s.Raw(args...))
}

// Run executes a line as redis-cli splits it and returns the reply as Text
// shows it.
func (s *Server) Run(line string) string {
	s.t.Helper()
	return Text(s.Do(Words(s.t, line)...))
}

func (s *Server) fail(w *wire.Writer, err error) []byte {
	s.t.Helper()
	var reply wire.Error
	if !errors.As(err, &reply) {
		s.t.Fatalf("the error is not a reply: %v", err)
	}
	w.Rewind(0)
	w.Error(reply)
	return w.Buf
}

func (s *Server) execute(w *wire.Writer) []byte {
	s.t.Helper()
	c, u := &s.call, &s.unit
	s.begin(s.Now)
	u.Want = command.WantKeys | command.WantEvents
	if !c.Spec.Any(command.NoUnit) {
		s.hold()
	}
	if !c.Spec.Is(command.ReadOnly) {
		s.expireMet()
	}
	before := u.Dirty
	err := c.Spec.Run(c)
	if u.Dirty > before && !c.Logged() && c.Spec.Is(command.Write) {
		c.Log(c.Args...)
	}
	s.gather()
	if err != nil {
		return s.fail(w, err)
	}
	if c.Waiting() != nil && (len(w.Buf) > 0 || u.Dirty > before) {
		s.t.Fatalf("%s changed or replied something and waits", c.Spec.FullName())
	}
	return w.Buf
}

func (s *Server) begin(now int64) {
	u := &s.unit
	u.Reset()
	u.NowMs, u.Engine, u.Space = now, s, s.space
	for i := range s.shards {
		s.space.Shard(i).SetNow(now)
	}
}

// hold sets the lock set as the engine does, so that a handler which touches a
// key that its row does not declare panics here too.
func (s *Server) hold() {
	c, u := &s.call, &s.unit
	keys, ok := c.Spec.AppendKeys(nil, c.Args)
	if s.shards == 1 || c.Spec.Any(command.AllShards) || !ok || len(keys) == 0 {
		u.All = true
		return
	}
	held := make([]bool, s.shards)
	for _, k := range keys {
		held[s.shardOf(c.Args[k.Index])] = true
	}
	for i, h := range held {
		if h {
			u.Held = append(u.Held, i)
		}
	}
}

func (s *Server) shardOf(key []byte) int { return s.space.ShardOf(s.space.HashKey(key)) }

// expireMet deletes the due keys that the call declares, before its handler runs.
func (s *Server) expireMet() {
	c := &s.call
	keys, _ := c.Spec.AppendKeys(nil, c.Args)
	for _, k := range keys {
		s.ExpireIn(c, c.DB, c.Args[k.Index]) // never fails
	}
}

// ExpireIn implements command.Engine.
func (s *Server) ExpireIn(c *command.Call, db int, key []byte) error {
	shard := s.space.Shard(s.shardOf(key))
	if _, due := shard.IsDue(db, key, c.Unit.NowMs); due {
		shard.DB(db).Delete(key)
		c.Unit.Log(db, [][]byte{[]byte("DEL"), key})
		c.ChangedIn(db, key, hook.Expiry, "expired")
	}
	return nil
}

// gather copies what the unit has logged and announced.
func (s *Server) gather() {
	for _, r := range s.unit.Records {
		args := make([]string, len(r.Args))
		for i, a := range r.Args {
			args[i] = string(a)
		}
		s.history = append(s.history, record{r.DB, args})
	}
	for _, ch := range s.unit.Changes {
		switch {
		case ch.Key == nil:
			s.events = append(s.events, "flushed "+strconv.Itoa(ch.DB))
		case ch.Event != "":
			s.events = append(s.events, prefix(ch.DB)+ch.Class.String()+":"+ch.Event+" "+Quote(string(ch.Key)))
		}
	}
}

func prefix(db int) string {
	if db == 0 {
		return ""
	}
	return strconv.Itoa(db) + "> "
}

// Log returns the records since the last call, one line each, arguments quoted
// where they need it, with the database in front ("1> ") when it is not 0.
func (s *Server) Log() []string {
	lines := []string{}
	for _, r := range s.history[s.taken:] {
		lines = append(lines, prefix(r.db)+Line(r.args))
	}
	s.taken = len(s.history)
	return lines
}

// Events returns the keyspace events since the last call: the letter of the
// class, a colon, the event, the key ("$:set k").
func (s *Server) Events() []string {
	events := append([]string{}, s.events...)
	s.events = nil
	return events
}

// Exec implements command.Engine.
func (s *Server) Exec(c *command.Call, args [][]byte, reply wire.Reply) error {
	spec, err := s.table.Resolve(args)
	if err != nil {
		return err
	}
	child := *c
	child.Nested = true
	child.Begin(spec, args, reply)
	before := c.Unit.Dirty
	err = spec.Run(&child)
	if c.Unit.Dirty > before && !child.Logged() && spec.Is(command.Write) {
		child.Log(args...)
	}
	return err
}

type client struct{}

func (client) ID() int64    { return 1 }
func (client) Addr() string { return "127.0.0.1:1" }
func (client) Name() string { return "" }
func (client) User() string { return "default" }

func parse(t testing.TB, raw []byte) wire.Value {
	t.Helper()
	if len(raw) == 0 {
		return wire.Value{}
	}
	r := bufio.NewReader(bytes.NewReader(raw))
	v, err := wire.ReadValue(r)
	if err != nil {
		t.Fatalf("%q is no reply: %v", raw, err)
	}
	if rest := r.Buffered(); rest > 0 {
		t.Fatalf("%d bytes after the reply: %q", rest, raw)
	}
	return v
}
