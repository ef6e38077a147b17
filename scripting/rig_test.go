package scripting_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/bitmap"
	"github.com/kevy-lua/kevy-lua/engine/command/hash"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/set"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
	"github.com/kevy-lua/kevy-lua/engine/command/zset"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/kevy-lua/kevy-lua/scripting"
)

// rig is an engine with scripting, a journal in memory and a log to look at.
type rig struct {
	t testing.TB
	*engine.Engine
	runner  *scripting.Runner
	plugins *plugins.Set
	journal *memJournal
	logged  *syncBuffer

	reachable string // what check compares the globals with
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type memJournal struct {
	mu      sync.Mutex
	records []command.Record
	groups  int64
	off     bool // keeps nothing
}

func (j *memJournal) Append(group []command.Record) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.off {
		group = nil
	}
	for _, r := range group {
		args := make([][]byte, len(r.Args))
		for i, a := range r.Args {
			args[i] = bytes.Clone(a)
		}
		j.records = append(j.records, command.Record{DB: r.DB, Args: args})
	}
	j.groups++
	return j.groups
}
func (j *memJournal) Commit(int64) error { return nil }
func (j *memJournal) TryCommit(pos int64) (bool, error) {
	return true, j.Commit(pos)
}
func (j *memJournal) Err() error { return nil }

// take returns the records so far as text, and forgets them.
func (j *memJournal) take() (lines []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.records {
		lines = append(lines, string(bytes.Join(r.Args, []byte(" "))))
	}
	j.records = nil
	return lines
}

type option func(*config.Config, *engine.Options)

func with(fn func(c *config.Config)) option {
	return func(c *config.Config, _ *engine.Options) { fn(c) }
}

func shards(n int) option { return with(func(c *config.Config) { c.Server.Shards = n }) }

func newRig(t testing.TB, opts ...option) *rig {
	t.Helper()
	r := &rig{t: t, journal: &memJournal{}, logged: &syncBuffer{}, plugins: &plugins.Set{}, runner: scripting.New()}
	cfg := config.Default()
	cfg.Server.Shards = 1
	o := engine.Options{
		Log:    slog.New(slog.NewTextHandler(r.logged, nil)),
		Groups: [][]command.Spec{str.Table(), bitmap.Table(), list.Table(), set.Table(), zset.Table(), hash.Table(), key.Table(), stream.Table()},
	}
	for _, opt := range opts {
		opt(cfg, &o)
	}
	o.Live = config.NewLive(cfg)
	r.Engine = engine.New(o)
	if err := r.plugins.Add(r.Engine, "scripting", r.runner); err != nil {
		t.Fatal(err)
	}
	r.SetJournal(r.journal)
	if err := r.plugins.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := r.plugins.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		if err := r.Engine.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return r
}

// do runs a command and returns its reply.
func (r *rig) do(args ...string) wire.Value { return r.doProto(false, args...) }

func (r *rig) doProto(resp3 bool, args ...string) wire.Value {
	c := wire.Collector{RESP3: resp3}
	if err := r.Do(context.Background(), 0, byteArgs(args), &c); err != nil {
		return wire.Value{Kind: wire.KindError, Str: []byte(err.Error())}
	}
	v, err := c.Typed()
	if err != nil {
		r.t.Errorf("%q: %v", args, err)
	}
	return v
}

func byteArgs(args []string) [][]byte {
	list := make([][]byte, len(args))
	for i, a := range args {
		list[i] = []byte(a)
	}
	return list
}

// eval runs a script without keys and returns the reply as text.
func (r *rig) eval(script string) string { return text(r.do("EVAL", script, "0")) }

// want runs a script and compares.
func (r *rig) want(script, want string) {
	r.t.Helper()
	if got := r.eval(script); got != want {
		r.t.Errorf("%s\n got %s\nwant %s", script, got, want)
	}
}

// expect runs a command and compares.
func (r *rig) expect(want string, args ...string) {
	r.t.Helper()
	if got := text(r.do(args...)); got != want {
		r.t.Errorf("%.200q\n got %s\nwant %s", args, got, want)
	}
}

// text shows a reply: the type's byte and the value, lists in brackets.
func text(v wire.Value) string {
	if v.IsNull() {
		return "nil"
	}
	switch v.Kind {
	case wire.KindInt:
		return fmt.Sprint(v.Int)
	case wire.KindBool:
		return fmt.Sprint(v.Int != 0)
	case wire.KindStatus, wire.KindError, wire.KindDouble, wire.KindBigNumber:
		return string(v.Kind) + string(v.Str)
	case wire.KindBulk:
		return string(v.Str)
	case wire.KindVerbatim:
		return "=" + v.Format + ":" + string(v.Str)
	}
	var parts []string
	for _, e := range v.Elems {
		parts = append(parts, text(e))
	}
	open := map[wire.Kind]string{wire.KindMap: "%", wire.KindSet: "~"}[v.Kind]
	return open + "[" + strings.Join(parts, " ") + "]"
}
