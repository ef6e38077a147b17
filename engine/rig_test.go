package engine

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/bitmap"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/dump"
	"github.com/kevy-lua/kevy-lua/engine/command/geo"
	"github.com/kevy-lua/kevy-lua/engine/command/hash"
	"github.com/kevy-lua/kevy-lua/engine/command/hll"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/set"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
	"github.com/kevy-lua/kevy-lua/engine/command/zset"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// groups are all groups of commands.
func groups() [][]command.Spec {
	return [][]command.Spec{
		str.Table(), bitmap.Table(), list.Table(), set.Table(), zset.Table(), hash.Table(), key.Table(), geo.Table(), stream.Table(),
		dump.Table(), hll.Table(),
	}
}

// rig is an engine with a clock by hand and a journal in memory.
type rig struct {
	t *testing.T
	*Engine
	journal *memJournal

	mu  sync.Mutex
	now time.Time
}

// memJournal keeps the groups that it is given.
type memJournal struct {
	mu     sync.Mutex
	groups [][]command.Record
	err    error
}

func (j *memJournal) Append(group []command.Record) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	var kept []command.Record
	for _, r := range group {
		args := make([][]byte, len(r.Args))
		for i, a := range r.Args {
			args[i] = append([]byte(nil), a...)
		}
		kept = append(kept, command.Record{DB: r.DB, Args: args})
	}
	j.groups = append(j.groups, kept)
	return int64(len(j.groups))
}

func (j *memJournal) Commit(int64) error { return j.Err() }
func (j *memJournal) TryCommit(pos int64) (bool, error) {
	return true, j.Commit(pos)
}
func (j *memJournal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// lines returns the groups as text, one a group, and forgets them.
func (j *memJournal) lines() (out []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, g := range j.groups {
		var records []string
		for _, r := range g {
			var words []string
			for _, a := range r.Args {
				words = append(words, string(a))
			}
			records = append(records, strings.Join(words, " "))
		}
		out = append(out, strings.Join(records, "; "))
	}
	j.groups = nil
	return out
}

// newRig makes an engine with that many shards. change may alter its configuration.
func newRig(t *testing.T, shards int, change func(*config.Config), extra ...command.Spec) *rig {
	t.Helper()
	cfg := config.Default()
	cfg.Server.Shards = shards
	if change != nil {
		change(cfg)
	}
	r := &rig{t: t, now: time.UnixMilli(1_800_000_000_000), journal: &memJournal{}}
	r.Engine = New(Options{
		Live: config.NewLive(cfg), Log: slog.New(slog.DiscardHandler), Groups: append(groups(), extra), Version: "test",
		Now: func() time.Time {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.now
		},
	})
	r.SetJournal(r.journal)
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return r
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// client is a connection: what is sent to it from other goroutines arrives in
// pushed, in order.
type client struct {
	t *testing.T
	*Session
	out     wire.Writer
	pushed  chan string
	resumed chan struct{}
	closed  chan struct{}
	once    sync.Once
	outcome Outcome
}

func (c *client) Deliver(b []byte) {
	for len(b) > 0 {
		v, rest := parseReply(c.t, b)
		c.pushed <- v
		b = rest
	}
}
func (c *client) Resume()          { c.resumed <- struct{}{} }
func (c *client) GiveAway()        {}
func (c *client) OutputBytes() int { return 0 }
func (c *client) Close()           { c.once.Do(func() { close(c.closed) }) }

func (r *rig) connect() *client {
	r.t.Helper()
	c := &client{t: r.t, pushed: make(chan string, 1000), resumed: make(chan struct{}, 1000), closed: make(chan struct{})}
	s, err := r.NewSession(SessionOptions{Addr: "127.0.0.1:5000", LocalAddr: "127.0.0.1:6379", Transport: "tcp", Outbox: c})
	if err != nil {
		r.t.Fatal(err)
	}
	c.Session = s
	r.t.Cleanup(s.Close)
	return c
}

// do runs a line and returns the reply as commandtest.Text shows it; "" when
// there is none.
func (c *client) do(line string) string {
	c.t.Helper()
	c.raw(line)
	var replies []string
	for b := c.out.Buf; len(b) > 0; {
		var v string
		v, b = parseReply(c.t, b)
		replies = append(replies, v)
	}
	return strings.Join(replies, " ")
}

// want runs a line and compares the reply.
func (c *client) want(line, reply string) {
	c.t.Helper()
	if got := c.do(line); got != reply {
		c.t.Errorf("%s\n got %s\nwant %s", line, got, reply)
	}
}

// blocks runs a line that must wait.
func (c *client) blocks(line string) {
	c.t.Helper()
	if got := c.do(line); got != "" || c.outcome != Blocked {
		c.t.Fatalf("%s does not wait: %s", line, got)
	}
}

// next is the next thing that arrives from elsewhere.
func (c *client) next() string {
	c.t.Helper()
	select {
	case v := <-c.pushed:
		return v
	case <-time.After(time.Minute):
		c.t.Fatal("nothing arrives")
		return ""
	}
}

// quiet fails when something has arrived.
func (c *client) quiet() {
	c.t.Helper()
	select {
	case v := <-c.pushed:
		c.t.Errorf("it got %s", v)
	default:
	}
}

// parseReply reads one reply off b.
func parseReply(t *testing.T, b []byte) (text string, rest []byte) {
	t.Helper()
	src := bytes.NewReader(b)
	r := bufio.NewReader(src)
	v, err := wire.ReadValue(r)
	if err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return commandtest.Text(v), b[len(b)-src.Len()-r.Buffered():]
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprintf("%q", any(got)), fmt.Sprintf("%q", any(want)); g != w {
		t.Errorf("%s\n got %s\nwant %s", what, g, w)
	}
}

// raw runs a line and returns the bytes of the reply.
func (c *client) raw(line string) []byte {
	c.t.Helper()
	var args [][]byte
	for _, w := range commandtest.Words(c.t, line) {
		args = append(args, []byte(w))
	}
	c.out.Buf = c.out.Buf[:0]
	c.outcome = c.Do(args, &c.out)
	return c.out.Buf
}

// value runs a line and returns the reply.
func (c *client) value(line string) wire.Value {
	c.t.Helper()
	v, err := wire.ReadValue(bufio.NewReader(bytes.NewReader(c.raw(line))))
	if err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	return v
}
