package commandtest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// rows is a group of three commands, two of them Redis'.
func rows() []command.Spec {
	return []command.Spec{
		{Name: "rpush", Arity: -3, Flags: command.Write | command.DenyOOM | command.Fast, Group: command.GroupList, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Key(1, command.KeyRW|command.KeyInsert)},
			Summary: "Appends", Complexity: "O(1)", Syntax: "key element [element ...]", Run: rpush},
		{Name: "del", Arity: -2, Flags: command.Write, Group: command.GroupGeneric, Since: "1.0.0",
			Keys:    []command.KeySpec{command.Keys(1, -1, 1, command.KeyRM|command.KeyDelete)},
			Hints:   []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Summary: "Deletes", Complexity: "O(N)", Syntax: "key [key ...]", Run: del},
		{Name: "stray", Arity: 2, Flags: command.Write, Keys: []command.KeySpec{command.Key(1, command.KeyRW)},
			Summary: "Touches what it does not declare", Since: "1.0.0", Complexity: "O(1)", Syntax: "key", Run: stray},
		{Name: "await", Arity: 2, Flags: command.Write, Keys: []command.KeySpec{command.Key(1, command.KeyRW)},
			Summary: "Waits for a list", Since: "1.0.0", Complexity: "O(1)", Syntax: "key", Run: await},
	}
}

func rpush(c *command.Call) error {
	l, err := c.List(c.Args[1])
	if err != nil {
		return err
	}
	for _, v := range c.Args[2:] {
		l.PushBack(v)
	}
	c.Changed(c.Args[1], hook.List, "rpush")
	c.Reply.Int(int64(l.Len()))
	return nil
}

func del(c *command.Call) error {
	n := int64(0)
	for _, key := range c.Args[1:] {
		if c.In(key).Delete(key) {
			c.Changed(key, hook.Generic, "del")
			n++
		}
	}
	c.Reply.Int(n)
	return nil
}

func stray(c *command.Call) error {
	for _, k := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		c.In([]byte(k)).Exists([]byte(k))
	}
	c.Reply.Status("OK")
	return nil
}

func await(c *command.Call) error {
	l, err := c.List(c.Args[1])
	if err != nil {
		return err
	}
	if l.Len() == 0 {
		return c.Wait(command.Block{Keys: c.Args[1:2], OnTimeout: wire.Reply.NullArray})
	}
	c.Reply.Bulk(l.Index(0))
	return nil
}

func TestCases(t *testing.T) {
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: `RPUSH k a "b c"`, Want: "(integer) 2", Log: []string{`RPUSH k a "b c"`}, Events: []string{"l:rpush k"}},
		{Line: "DEL none", Want: "(integer) 0", Log: commandtest.None, Events: commandtest.None},
		{Line: "RPUSH k", Want: "(error) ERR wrong number of arguments for 'rpush' command"},
		{Setup: []string{"RPUSH k a"}, Line: "DEL k", Want: "(integer) 1", Events: []string{"g:del k"}},
	})
}

func TestDueKeysAreDeletedFirst(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Run("RPUSH k a")
	s.Keyspace().Shard(0).DB(0).SetDeadline([]byte("k"), s.Now+10)
	s.Now += 10
	s.Log()
	if got := s.Run("RPUSH k b"); got != "(integer) 1" {
		t.Errorf("got %s", got)
	}
	if log := s.Log(); len(log) != 2 || log[0] != "DEL k" {
		t.Errorf("logged %q", log)
	}
}

func TestUndeclaredKeysPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	commandtest.New(t, 4, rows()).Run("STRAY a")
}

func TestWaiting(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	if got := s.Run("AWAIT k"); got != "(none)" || s.Waiting() == nil {
		t.Fatalf("got %s, waiting %v", got, s.Waiting())
	}
	if got := s.Retry(); len(got) > 0 {
		t.Fatalf("got %q", got)
	}
	s.Nested = true
	if got := s.Run("AWAIT k"); got != "(nil array)" {
		t.Fatalf("got %s", got)
	}
}

func TestOracle(t *testing.T) {
	commandtest.CompareRows(t, rows(), "stray", "await")
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "lists", Lines: []string{"RPUSH k a b", "RPUSH k", "DEL k k", "RPUSH l x"}},
	})
}

func TestStream(t *testing.T) {
	commandtest.Stream(t, rows(), 200, func(r *rand.Rand) []string {
		key := string(rune('a' + r.IntN(5)))
		switch r.IntN(4) {
		case 0:
			return []string{"DEL", key}
		case 1:
			return nil
		}
		return []string{"RPUSH", key, "v\r\n\x00"}
	})
}
