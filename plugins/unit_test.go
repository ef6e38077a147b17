package plugins_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/kevy-lua/kevy-lua/plugins/plugintest"
)

// steps gathers what a sequence of calls returned, as text, and fails on errors.
type steps struct {
	t   *testing.T
	got []string
}

func (s *steps) add(values ...any) {
	s.t.Helper()
	if err, ok := values[len(values)-1].(error); ok {
		s.t.Errorf("step %d: %v", len(s.got), err)
	}
	s.got = append(s.got, strings.TrimSuffix(fmt.Sprintln(values[:len(values)-1]...), "\n"))
}

func (s *steps) want(want ...string) {
	s.t.Helper()
	if !slices.Equal(s.got, want) {
		s.t.Errorf("\n got %q\nwant %q", s.got, want)
	}
}

func one[T any](v T, err error) []any         { return []any{v, err} }
func two[T, U any](v T, u U, err error) []any { return []any{v, u, err} }

func TestTypedHandles(t *testing.T) {
	e := plugintest.New(t, "")
	s := &steps{t: t}
	err := e.Host().Update(t.Context(), []string{"s", "h", "l", "set", "z"}, func(tx *plugins.Tx) error {
		str := tx.String("s")
		s.add(two(str.Get())...)
		s.add(one(str.Add(41))...)
		s.add(one(str.Append("0"))...)
		s.add(two(str.Get())...)
		s.add(str.SetFor("v", time.Minute))
		s.add(one(str.SetNew("w"))...)
		at, ok, err := str.Deadline()
		s.add(at.Sub(tx.Now()), ok, err)
		s.add(one(str.Persist())...)
		s.add(one(str.ExpireAt(tx.Now().Add(time.Hour)))...)
		s.add(one(str.Type())...)

		h := tx.Hash("h")
		s.add(h.SetAll(map[string]string{"a": "1", "b": "2"}))
		s.add(h.Set("c", 3))
		s.add(one(h.Add("a", 9))...)
		s.add(two(h.Get("a"))...)
		s.add(two(h.Get("x"))...)
		s.add(one(h.All())...)
		s.add(one(h.Delete("a", "x"))...)
		s.add(one(h.Has("b"))...)
		s.add(one(h.Len())...)

		l := tx.List("l")
		s.add(one(l.PushRight("a", "b", "c"))...)
		s.add(one(l.PushLeft("z"))...)
		s.add(one(l.Range(0, -1))...)
		s.add(two(l.PopLeft())...)
		s.add(two(l.PopRight())...)
		s.add(two(l.Index(9))...)
		s.add(one(l.Remove("a"))...)
		s.add(l.Trim(1, 0)) // nothing is left
		s.add(one(l.Exists())...)

		set := tx.Set("set")
		s.add(one(set.Add("a", "b", "a"))...)
		s.add(one(set.Has("a"))...)
		s.add(one(set.Remove("a", "x"))...)
		s.add(one(set.Members())...)
		s.add(two(set.Pop())...)
		s.add(two(set.Pop())...)

		z := tx.ZSet("z")
		s.add(one(z.Set("a", 1))...)
		s.add(one(z.Set("b", math.Inf(1)))...)
		s.add(one(z.Add("c", 2.5))...)
		s.add(two(z.Score("c"))...)
		s.add(two(z.Score("x"))...)
		s.add(two(z.Rank("b"))...)
		s.add(one(z.Range(0, -1))...)
		s.add(one(z.ByScore(2, math.Inf(1), 1))...)
		s.add(one(z.Remove("a"))...)
		s.add(one(z.Len())...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.want(" false", "41", "3", "410 true", "", "false", "1m0s true", "true", "true", "string",
		"", "", "10", "10 true", " false", "map[a:10 b:2 c:3]", "1", "true", "2",
		"3", "4", "[z a b c]", "z true", "c true", " false", "1", "", "false",
		"2", "true", "1", "[b]", "b true", " false",
		"true", "true", "2.5", "2.5 true", "0 false", "2 true", "[{a 1} {c 2.5} {b +Inf}]", "[{c 2.5}]", "1", "2")
	e.Crash()
	if v := e.Do("HGETALL", "h").Fields(); len(v) != 2 || v["c"] != "3" {
		t.Errorf("after a crash the hash is %v", v)
	}
}

func TestHandlesRefuseOtherTypes(t *testing.T) {
	e := plugintest.New(t, "")
	e.Do("SET", "s", "text")
	err := e.Host().Update(t.Context(), []string{"s"}, func(tx *plugins.Tx) error {
		_, err := tx.Hash("s").Len()
		return err
	})
	if !errors.Is(err, wire.ErrWrongType) {
		t.Errorf("%v", err)
	}
}

func TestViewRefusesWrites(t *testing.T) {
	e := plugintest.New(t, "[server]\nshards = 4\n")
	e.Do("MSET", "a", "1", "b", "2", "c", "3")
	var sum int64
	err := e.Host().View(t.Context(), []string{"a"}, func(tx *plugins.Tx) error {
		sum = 0
		for _, key := range []string{"a", "b", "c"} { // two of them were not named
			v, err := tx.Do("GET", key)
			if err != nil {
				return err
			}
			n, _ := v.Number()
			sum += int64(n)
		}
		return nil
	})
	if err != nil || sum != 6 {
		t.Errorf("sum %d, %v", sum, err)
	}
	err = e.Host().View(t.Context(), []string{"a"}, func(tx *plugins.Tx) error { return tx.String("a").Set("x") })
	if err == nil || e.Do("GET", "a").Text() != "1" {
		t.Errorf("a view wrote: %v", err)
	}
}

func TestSwallowedErrorsOfUndeclaredKeysRunAgain(t *testing.T) {
	e := plugintest.New(t, "[server]\nshards = 4\n")
	runs := 0
	err := e.Host().Update(t.Context(), []string{"a"}, func(tx *plugins.Tx) error {
		runs++
		for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
			_ = tx.String(key).Set(runs) // the error is nobody's concern
		}
		return nil
	})
	if err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
	if v := strings.Join(e.Do("MGET", "a", "b", "c", "d", "e", "f").Texts(), ""); v != "222222" {
		t.Errorf("the keys hold %s", v)
	}
}

func TestScan(t *testing.T) {
	e := plugintest.New(t, "")
	for i := range 2500 {
		e.Do("SET", fmt.Sprintf("k:%d", i), "v")
	}
	e.Do("SET", "other", "v")
	seen := map[string]bool{}
	if err := e.Host().Scan(t.Context(), "k:*", func(key string) error { seen[key] = true; return nil }); err != nil || len(seen) != 2500 {
		t.Errorf("%d keys, %v", len(seen), err)
	}
	stop := errors.New("enough")
	if err := e.Host().Scan(t.Context(), "", func(string) error { return stop }); err != stop {
		t.Errorf("%v", err)
	}
}

func TestHandlesInACommand(t *testing.T) {
	e := plugintest.New(t, "[server]\nshards = 4\n")
	err := e.Host().Command(command.Spec{
		Name: "test.move", Arity: 3, Flags: command.Write, Keys: []command.KeySpec{command.Keys(1, 2, 1, command.KeyRW)},
		Run: func(c *command.Call) error {
			tx := plugins.In(c)
			v, ok, err := tx.List(string(c.Args[1])).PopLeft()
			if err != nil || !ok {
				c.Reply.Null()
				return err
			}
			if _, err := tx.List(string(c.Args[2])).PushRight(v); err != nil {
				return command.Rollback(err)
			}
			c.Reply.BulkString(v)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Do("RPUSH", "from", "a", "b")
	e.Do("SET", "text", "x")
	if v := e.Do("TEST.MOVE", "from", "to").Text(); v != "a" {
		t.Errorf("moved %q", v)
	}
	if _, err := e.Try("TEST.MOVE", "from", "text"); !errors.Is(err, wire.ErrWrongType) {
		t.Errorf("%v", err)
	}
	e.Crash() // the log must not do it again
	for key, want := range map[string]string{"from": "b", "to": "a"} {
		if got := strings.Join(e.Do("LRANGE", key, 0, -1).Texts(), " "); got != want {
			t.Errorf("%s holds %q", key, got)
		}
	}
}

func TestDoInsideAUnitIsRefused(t *testing.T) {
	e := plugintest.New(t, "")
	h := e.Host()
	err := h.Update(t.Context(), []string{"a"}, func(tx *plugins.Tx) error {
		_, err := h.Do(tx.Call().Context, "GET", "a")
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "inside a unit") {
		t.Errorf("%v", err)
	}
	if _, err := h.DoIn(context.Background(), 3, "SET", "k", "v"); err != nil {
		t.Error(err)
	}
	if v := e.Do("EXISTS", "k").Int; v != 0 {
		t.Error("the key is in database 0")
	}
}

func TestTwoSubscriptionsOfOneKind(t *testing.T) {
	e := plugintest.New(t, "")
	var n atomic.Int64 // each has a goroutine of its own
	for range 2 {
		err := e.Host().OnKey("k", hook.String, func(context.Context, *hook.Key) error { n.Add(1); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	e.Do("SET", "k", "v")
	if n.Load() != 2 || e.Hook("embedder", "key k 2").Runs != 1 {
		t.Errorf("%d runs", n.Load())
	}
}
