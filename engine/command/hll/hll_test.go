package hll_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/hll"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// rows is the group with those that its tests need besides.
func rows() []command.Spec {
	return slices.Concat(hll.Table(), str.Table(), list.Table())
}

func TestRows(t *testing.T) { commandtest.CompareRows(t, hll.Table()) }

func TestCommands(t *testing.T) {
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Name: "create", Line: "PFADD k", Want: "(integer) 1", Log: []string{"PFADD k"}, Events: []string{"$:pfadd k"}},
		{Name: "add", Setup: []string{"PFADD k"}, Line: "PFADD k a", Want: "(integer) 1", Log: []string{"PFADD k a"}, Events: []string{"$:pfadd k"}},
		{Name: "again", Setup: []string{"PFADD k a"}, Line: "PFADD k a", Want: "(integer) 0", Log: commandtest.None, Events: commandtest.None},
		{Name: "count writes the cache", Setup: []string{"PFADD k a b"}, Line: "PFCOUNT k", Want: "(integer) 2", Log: []string{"PFCOUNT k"}},
		{Name: "count reads the cache", Setup: []string{"PFADD k a b", "PFCOUNT k"}, Line: "PFCOUNT k", Want: "(integer) 2", Log: commandtest.None},
		{Name: "union", Setup: []string{"PFADD k a b", "PFADD l b c"}, Line: "PFCOUNT k l nosuch", Want: "(integer) 3", Log: commandtest.None},
		{Name: "merge", Setup: []string{"PFADD k a b", "PFADD l b c"}, Line: "PFMERGE k l", Want: "OK", Log: []string{"PFMERGE k l"}, Events: []string{"$:pfadd k"}},
		{Name: "self test", Line: "PFSELFTEST", Want: "OK"},
	})
}

func TestRepliesAsRedis(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{{Name: "replies", Lines: []string{
		"PFCOUNT nosuch", "PFADD a 1 2 3 4 5", "PFCOUNT a", "PFDEBUG ENCODING a", "PFDEBUG DECODE a", "PFDEBUG foo a", "PFDEBUG GETREG nosuch",
		"PFDEBUG foo nosuch", "PFMERGE b a", "PFDEBUG DECODE b", "PFDEBUG TODENSE a", "PFDEBUG TODENSE a", "PFDEBUG ENCODING a", "PFDEBUG DECODE a", "PFDEBUG GETREG a",
		"PFADD new", "GET new", "PFCOUNT new", "PFMERGE new", "GET new", "PFADD new a", "PFCOUNT new", "PFMERGE new", "GET new", "PFADD a 6 7 8", "PFCOUNT a", "PFCOUNT a b", "PFMERGE b a", "PFDEBUG ENCODING b", "PFCOUNT b",
		"SET s text", "PFADD s x", "PFCOUNT s", "PFCOUNT a s", "PFMERGE s a", "PFMERGE a s", "RPUSH l x", "PFADD l x", "PFCOUNT l", "PFMERGE a l", "PFDEBUG GETREG l",
		`SET c "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f"`, "PFCOUNT c", "PFADD c x", "PFMERGE d c", "PFDEBUG GETREG c",
		`SET c "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"`, "PFCOUNT c", `SET c "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"`, "PFCOUNT c",
	}}})
}

// registersOf is a HyperLogLog's registers as text.
func registersOf(v wire.Value) string { return commandtest.Text(v) }

// TestMovesAsString: the same elements lead to the same registers and counts
// here and on redis-server, and each reads the other's strings.
func TestMovesAsString(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	s := commandtest.New(t, 1, rows())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for n := 0; n < 30000; n += 1 + n/4 {
		for added := 0; added < 1+n/4; added += 50 {
			args := []string{"PFADD", "k"}
			for range min(50, 1+n/4) {
				args = append(args, fmt.Sprintf("%x", rng.Uint64()>>rng.IntN(64)))
			}
			if got, want := s.Do(args...), redis.Do(args...); got.Int != want.Int {
				t.Fatalf("%d elements: PFADD: %d, redis-server %d", n, got.Int, want.Int)
			}
		}
		want := redis.Do("PFCOUNT", "k").Int
		if got := s.Do("PFCOUNT", "k").Int; got != want {
			t.Fatalf("%d elements: %d, redis-server %d", n, got, want)
		}
		ours, theirs := string(s.Do("GET", "k").Str), string(redis.Do("GET", "k").Str)
		redis.Do("SET", "copy", ours)
		s.Do("SET", "copy", theirs)
		if got, want := registersOf(s.Do("PFDEBUG", "GETREG", "copy")), registersOf(redis.Do("PFDEBUG", "GETREG", "copy")); got != want {
			t.Fatalf("%d elements: the registers differ", n)
		}
		if len(ours) > len(theirs)+len(theirs)/10 {
			t.Errorf("%d elements: %d bytes, redis-server %d", n, len(ours), len(theirs))
		}
		if a, b := s.Do("PFDEBUG", "ENCODING", "k"), redis.Do("PFDEBUG", "ENCODING", "k"); string(a.Str) != string(b.Str) && len(ours) < 2800 {
			t.Errorf("%d elements: %s, redis-server %s", n, a.Str, b.Str)
		}
	}
	s.CheckReplay()
}

// FuzzSketch: whatever is in the string, commands answer and do not panic.
func FuzzSketch(f *testing.F) {
	head := "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
	f.Add([]byte(head+"\x7f\xff"), "a")
	f.Add([]byte(head+"\x44\x00\x80\x7a\xfe"), "b")
	f.Add([]byte(head+strings.Repeat("\x3f", 256)), "c")
	f.Fuzz(func(t *testing.T, value []byte, element string) {
		s := commandtest.New(t, 1, rows())
		s.Do("SET", "k", string(value))
		for _, args := range [][]string{{"PFADD", "k", element}, {"PFCOUNT", "k"}, {"PFMERGE", "m", "k"}, {"PFCOUNT", "k", "m"}, {"PFDEBUG", "DECODE", "k"}, {"PFDEBUG", "GETREG", "k"}} {
			if err := s.Do(args...).Err(); err != nil && strings.Contains(err.Error(), "internal") {
				t.Fatalf("%v: %v", args, err)
			}
		}
	})
}
