package key_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
)

var none = commandtest.None

func TestRows(t *testing.T) { commandtest.CompareRows(t, key.Table()) }

func TestEffectsOfNames(t *testing.T) {
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Setup: []string{"SET a 1", "SET b 2"}, Line: "DEL a b c a", Want: "(integer) 2",
			Log: []string{"DEL a b c a"}, Events: []string{"g:del a", "g:del b"}},
		{Line: "UNLINK a", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SET a 1"}, Line: "EXISTS a a b", Want: "(integer) 2", Log: none},
		{Setup: []string{"SET a 1"}, Line: "TOUCH a b", Want: "(integer) 1", Log: none},
		{Setup: []string{"ZADD z 1 a"}, Line: "TYPE z", Want: "zset"},
		{Line: "TYPE z", Want: "none"},
		{Setup: []string{"SET a 1 PX 5000", "SET b 2"}, Line: "RENAME a b", Want: "OK",
			Log: []string{"RENAME a b"}, Events: []string{"g:rename_from a", "g:rename_to b"}},
		{Setup: []string{"SET a 1"}, Line: "RENAME a a", Want: "OK", Log: none, Events: none},
		{Setup: []string{"SET a 1", "SET b 2"}, Line: "RENAMENX a b", Want: "(integer) 0", Log: none},
		{Setup: []string{"SET a 1"}, Line: "RENAMENX a b", Want: "(integer) 1", Log: []string{"RENAMENX a b"}},
		{Setup: []string{"SET a 1"}, Line: "COPY a b", Want: "(integer) 1",
			Log: []string{"COPY a b DB 0 REPLACE"}, Events: []string{"g:copy_to b"}},
		{Setup: []string{"SET a 1"}, Line: "COPY a a DB 3", Want: "(integer) 1",
			Log: []string{"COPY a a DB 3 REPLACE"}, Events: []string{"3> g:copy_to a"}},
		{Setup: []string{"SET a 1", "SET b 2"}, Line: "COPY a b", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SET a 1"}, Line: "MOVE a 1", Want: "(integer) 1",
			Log: []string{"MOVE a 1"}, Events: []string{"g:move_from a", "1> g:move_to a"}},
		{Setup: []string{"SET a 1", "COPY a a DB 1"}, Line: "MOVE a 1", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SET a 1", "COPY a b DB 4"}, Line: "FLUSHALL", Want: "OK", Log: []string{"FLUSHALL"}, Events: []string{"flushed 0", "flushed 4"}},
		{Setup: []string{"SET a 1", "COPY a b DB 4"}, Line: "FLUSHDB ASYNC", Want: "OK", Events: []string{"flushed 0"}},
		{Line: "FLUSHDB", Want: "OK", Log: []string{"FLUSHDB"}, Events: []string{"flushed 0"}},
		{Setup: []string{"SET a 1", "COPY a b DB 4"}, Line: "SWAPDB 0 4", Want: "OK", Log: []string{"SWAPDB 0 4"}, Events: []string{"flushed 0", "flushed 4"}},
		{Line: "SWAPDB 3 3", Want: "OK", Log: none},
		{Setup: []string{"SET a x"}, Line: "OBJECT REFCOUNT a", Want: "(integer) 1"},
		{Setup: []string{"SET a 9999"}, Line: "OBJECT REFCOUNT a", Want: "(integer) 2147483647"},
		{Setup: []string{"SET a 10000"}, Line: "OBJECT REFCOUNT a", Want: "(integer) 1"},
		{Setup: []string{"SET a 1"}, Line: "OBJECT IDLETIME a", Want: "(integer) 0"},
	})
}

func TestEffectsOfDeadlines(t *testing.T) {
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Setup: []string{"SET a 1"}, Line: "EXPIRE a 100", Want: "(integer) 1",
			Log: []string{"PEXPIREAT a 4000000100000"}, Events: []string{"g:expire a"}},
		{Setup: []string{"SET a 1"}, Line: "PEXPIRE a 100 NX", Want: "(integer) 1", Log: []string{"PEXPIREAT a 4000000000100"}},
		{Setup: []string{"SET a 1"}, Line: "EXPIREAT a 4000000001", Want: "(integer) 1", Log: []string{"PEXPIREAT a 4000000001000"}},
		{Setup: []string{"SET a 1"}, Line: "PEXPIREAT a 4000000000001", Want: "(integer) 1", Log: []string{"PEXPIREAT a 4000000000001"}},
		{Name: "now", Setup: []string{"SET a 1"}, Line: "PEXPIREAT a 4000000000000", Want: "(integer) 1", Log: []string{"DEL a"}, Events: []string{"g:del a"}},
		{Name: "past", Setup: []string{"SET a 1"}, Line: "EXPIRE a -1", Want: "(integer) 1", Log: []string{"DEL a"}, Events: []string{"g:del a"}},
		{Name: "zero", Setup: []string{"SET a 1"}, Line: "EXPIREAT a 0", Want: "(integer) 1", Log: []string{"DEL a"}},
		{Name: "GT without deadline", Setup: []string{"SET a 1"}, Line: "EXPIRE a 10 GT", Want: "(integer) 0", Log: none, Events: none},
		{Name: "LT without deadline", Setup: []string{"SET a 1"}, Line: "EXPIRE a 10 LT", Want: "(integer) 1"},
		{Name: "GT equal", Setup: []string{"SET a 1 EX 10"}, Line: "EXPIRE a 10 GT", Want: "(integer) 0"},
		{Name: "GT later", Setup: []string{"SET a 1 EX 10"}, Line: "EXPIRE a 11 XX GT", Want: "(integer) 1"},
		{Name: "NX with deadline", Setup: []string{"SET a 1 EX 10"}, Line: "EXPIRE a 11 NX", Want: "(integer) 0"},
		{Line: "EXPIRE a 10", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SET a 1 EX 10"}, Line: "PERSIST a", Want: "(integer) 1", Log: []string{"PERSIST a"}, Events: []string{"g:persist a"}},
		{Setup: []string{"SET a 1"}, Line: "PERSIST a", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SET a 1 PX 1499"}, Line: "TTL a", Want: "(integer) 1"},
		{Setup: []string{"SET a 1 PX 1500"}, Line: "TTL a", Want: "(integer) 2"},
		{Setup: []string{"SET a 1 PX 1500"}, Line: "PTTL a", Want: "(integer) 1500"},
		{Setup: []string{"SET a 1 PX 1500"}, Line: "EXPIRETIME a", Want: "(integer) 4000000002"},
		{Setup: []string{"SET a 1 PX 1500"}, Line: "PEXPIRETIME a", Want: "(integer) 4000000001500"},
	})
}

// TestDueKeysElsewhere: the target of COPY and MOVE may be due in a database
// that is not the caller's.
func TestDueKeysElsewhere(t *testing.T) {
	for _, line := range []string{"MOVE k 1", "COPY k k DB 1"} {
		s := commandtest.New(t, 4, rows())
		s.Run("SET k old PX 10")
		s.Run("MOVE k 1")
		s.Run("SET k new")
		s.Log()
		s.Events()
		s.Now += 10
		if got := s.Run(line); got != "(integer) 1" {
			t.Errorf("%s: got %s", line, got)
		}
		if log := s.Log(); len(log) != 2 || log[0] != "1> DEL k" {
			t.Errorf("%s: logged %q", line, log)
		}
		if events := s.Events(); events[0] != "1> x:expired k" {
			t.Errorf("%s: events %q", line, events)
		}
		s.CheckReplay()
	}
}

func TestScanFindsAll(t *testing.T) {
	for _, shards := range []int{1, 4} {
		for _, count := range []string{"1", "7", "1000"} {
			s := commandtest.New(t, shards, rows())
			for i := range 300 {
				s.Run(fmt.Sprintf("SET key:%d %d", i, i))
				s.Run(fmt.Sprintf("HSET hash:%d f %d", i, i))
			}
			found := map[string]bool{}
			cursor := "0"
			for calls := 0; ; calls++ {
				v := s.Do("SCAN", cursor, "COUNT", count, "MATCH", "*:1*", "TYPE", "hash")
				for _, e := range v.Elems[1].Elems {
					found[string(e.Str)] = true
				}
				if cursor = string(v.Elems[0].Str); cursor == "0" {
					break
				}
				if calls > 10_000 {
					t.Fatal("SCAN does not end")
				}
			}
			if len(found) != 111 {
				t.Errorf("%d shards, COUNT %s: found %d of 111", shards, count, len(found))
			}
		}
	}
}

func TestScanOfForeignCursors(t *testing.T) {
	s := commandtest.New(t, 4, rows())
	s.Run("SET a 1")
	for _, cursor := range []string{"18446744073709551615", "3", "-1", "123456789012345"} {
		if v := s.Do("SCAN", cursor); len(v.Elems) != 2 {
			t.Errorf("SCAN %s: %s", cursor, commandtest.Text(v))
		}
	}
}

func TestRandomKey(t *testing.T) {
	for _, shards := range []int{1, 4} {
		s := commandtest.New(t, shards, rows())
		if got := s.Run("RANDOMKEY"); got != "(nil)" {
			t.Errorf("of an empty database: %s", got)
		}
		for i := range 8 {
			s.Run(fmt.Sprintf("SET due%d x PX 1", i))
		}
		s.Run("SET k1 x")
		s.Run("SET k2 x")
		s.Now += 10
		seen := map[string]int{}
		for range 300 {
			seen[s.Run("RANDOMKEY")]++
		}
		if len(seen) != 2 || seen[`"k1"`] == 0 || seen[`"k2"`] == 0 {
			t.Errorf("%d shards: %v", shards, seen)
		}
		if got := s.Run("DBSIZE"); got != "(integer) 10" {
			t.Errorf("DBSIZE %s", got)
		}
	}
}

func TestObjectOfLFU(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Config.Memory.MaxMemoryPolicy = "allkeys-lfu"
	s.Run("SET a 1")
	if v := s.Do("OBJECT", "FREQ", "a"); v.Err() != nil {
		t.Error(v.Err())
	}
	if v := s.Do("OBJECT", "IDLETIME", "a"); v.Err() == nil {
		t.Error("IDLETIME under LFU")
	}
}

func TestStream(t *testing.T) {
	commandtest.Stream(t, rows(), 1500, func(r *rand.Rand) []string {
		k := func() string { return "k" + strconv.Itoa(r.IntN(12)) }
		n := func(max int) string { return strconv.Itoa(r.IntN(max)) }
		makers := [][]string{
			{"SET", k(), n(100)}, {"SET", k(), n(100), "PX", n(90_000)}, {"RPUSH", k(), n(20), n(20), n(20)}, {"SADD", k(), n(20), n(20)},
			{"ZADD", k(), n(20), n(20)}, {"HSET", k(), "f", n(20)},
		}
		own := [][]string{
			{"DEL", k(), k()}, {"UNLINK", k()}, {"RENAME", k(), k()}, {"RENAMENX", k(), k()},
			{"COPY", k(), k()}, {"COPY", k(), k(), "DB", n(3), "REPLACE"}, {"COPY", k(), k(), "DB", n(3)}, {"MOVE", k(), n(3)},
			{"EXPIRE", k(), n(100)}, {"PEXPIRE", k(), n(90_000), "NX"}, {"EXPIRE", k(), n(100), "GT"}, {"EXPIRE", k(), "-1"}, {"PERSIST", k()},
			{"SORT", k(), "STORE", k()}, {"SORT", k(), "BY", "k*", "GET", "#", "GET", "k*", "STORE", k(), "LIMIT", n(2), n(4), "DESC"},
			{"SORT", k(), "ALPHA", "STORE", k()}, {"SWAPDB", n(3), n(3)},
		}
		switch x := r.IntN(100); {
		case x < 4:
			return nil
		case x < 50:
			return makers[r.IntN(len(makers))]
		case x == 99 && r.IntN(5) == 0:
			return []string{"FLUSHDB"}
		}
		return own[r.IntN(len(own))]
	})
}

func TestKeysIsComplete(t *testing.T) {
	s := commandtest.New(t, 4, rows())
	var want []string
	for i := range 50 {
		k := "k" + strconv.Itoa(i)
		s.Run("SET " + k + " x")
		want = append(want, k)
	}
	var got []string
	for _, e := range s.Do("KEYS", "k*").Elems {
		got = append(got, string(e.Str))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
