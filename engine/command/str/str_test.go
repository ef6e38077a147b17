package str_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
)

var none = commandtest.None

// rows is the group with those that its tests need besides.
func rows() []command.Spec { return slices.Concat(str.Table(), key.Table(), list.Table()) }

func TestRows(t *testing.T) { commandtest.CompareRows(t, str.Table()) }

func TestEffectsOfSet(t *testing.T) {
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: "SET k v", Want: "OK", Log: []string{"SET k v"}, Events: []string{"$:set k"}},
		{Line: "SET k v EX 10", Want: "OK", Log: []string{"SET k v PXAT 4000000010000"}, Events: []string{"$:set k", "g:expire k"}},
		{Line: "SET k v NX PX 10", Want: "OK", Log: []string{"SET k v PXAT 4000000000010"}},
		{Line: "SET k v EXAT 4000000001", Want: "OK", Log: []string{"SET k v PXAT 4000000001000"}},
		{Line: "SET k v GET", Want: "(nil)", Log: []string{"SET k v"}},
		{Line: "SET k get GET NX", Want: "(nil)", Log: []string{"SET k get NX"}},
		{Setup: []string{"SET k o EX 9"}, Line: "SET k v GET KEEPTTL", Want: `"o"`, Log: []string{"SET k v KEEPTTL"}},
		{Setup: []string{"SET k o"}, Line: "SET k v NX", Want: "(nil)", Log: none, Events: none},
		{Setup: []string{"SET k o"}, Line: "SET k v NX GET", Want: `"o"`, Log: none, Events: none},
		{Line: "SET k v XX", Want: "(nil)", Log: none, Events: none},
		{Line: "SET k v XX", RESP3: true, Want: "(null)"},
		{Setup: []string{"RPUSH k a"}, Line: "SET k v GET", Want: "(error) WRONGTYPE Operation against a key holding the wrong kind of value", Log: none},
		{Setup: []string{"RPUSH k a"}, Line: "SET k v", Want: "OK", Events: []string{"$:set k"}},
		{Name: "past, missing", Line: "SET k v PXAT 4000000000000", Want: "OK", Log: none, Events: none},
		{Name: "past, existing", Setup: []string{"SET k o"}, Line: "SET k v PXAT 1", Want: "OK", Log: []string{"DEL k"}, Events: []string{"g:del k"}},
		{Name: "past, GET", Setup: []string{"SET k o"}, Line: "SET k v PXAT 1 GET", Want: `"o"`, Log: []string{"DEL k"}},
		{Line: "SETEX k 10 v", Want: "OK", Log: []string{"SET k v PXAT 4000000010000"}, Events: []string{"$:set k", "g:expire k"}},
		{Line: "PSETEX k 10 v", Want: "OK", Log: []string{"SET k v PXAT 4000000000010"}},
		{Line: "SETNX k v", Want: "(integer) 1", Log: []string{"SETNX k v"}, Events: []string{"$:set k"}},
		{Setup: []string{"RPUSH k a"}, Line: "SETNX k v", Want: "(integer) 0", Log: none},
		{Setup: []string{"SET k o EX 9"}, Line: "GETSET k v", Want: `"o"`, Log: []string{"SET k v"}, Events: []string{"$:set k"}},
		{Line: "MSET a 1 b 2 a 3", Want: "OK", Log: []string{"MSET a 1 b 2 a 3"}, Events: []string{"$:set a", "$:set b", "$:set a"}},
		{Setup: []string{"SET b x"}, Line: "MSETNX a 1 b 2", Want: "(integer) 0", Log: none, Events: none},
		{Line: "MSETNX a 1 b 2", Want: "(integer) 1", Log: []string{"MSETNX a 1 b 2"}},
		{Setup: []string{"SET k a"}, Line: "APPEND k b", Want: "(integer) 2", Log: []string{"APPEND k b"}, Events: []string{"$:append k"}},
		{Line: "SETRANGE k 2 ab", Want: "(integer) 4", Log: []string{"SETRANGE k 2 ab"}, Events: []string{"$:setrange k"}},
		{Line: `SETRANGE k 2 ""`, Want: "(integer) 0", Log: none, Events: none},
	})
}

func TestEffectsOfOthers(t *testing.T) {
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Setup: []string{"SET k v"}, Line: "GETDEL k", Want: `"v"`, Log: []string{"DEL k"}, Events: []string{"g:del k"}},
		{Line: "GETDEL k", Want: "(nil)", Log: none, Events: none},
		{Setup: []string{"SET k v"}, Line: "GETEX k", Want: `"v"`, Log: none, Events: none},
		{Setup: []string{"SET k v"}, Line: "GETEX k EX 10", Want: `"v"`, Log: []string{"PEXPIREAT k 4000000010000"}, Events: []string{"g:expire k"}},
		{Setup: []string{"SET k v"}, Line: "GETEX k PERSIST", Want: `"v"`, Log: none, Events: none},
		{Setup: []string{"SET k v EX 9"}, Line: "GETEX k PERSIST", Want: `"v"`, Log: []string{"PERSIST k"}, Events: []string{"g:persist k"}},
		{Setup: []string{"SET k v"}, Line: "GETEX k PXAT 1", Want: `"v"`, Log: []string{"DEL k"}, Events: []string{"g:del k"}},
		{Setup: []string{"SET k 41 EX 9"}, Line: "INCR k", Want: "(integer) 42", Log: []string{"INCR k"}, Events: []string{"$:incrby k"}},
		{Line: "DECRBY k 5", Want: "(integer) -5", Log: []string{"DECRBY k 5"}},
		{Setup: []string{"SET k 10.50 EX 9"}, Line: "INCRBYFLOAT k 0.1", Want: `"10.6"`,
			Log: []string{"SET k 10.6 KEEPTTL"}, Events: []string{"$:incrbyfloat k"}},
	})
}

func TestDeadlinesAreKept(t *testing.T) {
	for _, line := range []string{"APPEND k 1", "INCR k", "INCRBYFLOAT k 1", "SETRANGE k 0 5", "SET k 1 KEEPTTL"} {
		s := commandtest.New(t, 1, rows())
		s.Run("SET k 1 PX 500")
		s.Run(line)
		if got := s.Run("PTTL k"); got != "(integer) 500" {
			t.Errorf("%s: PTTL %s", line, got)
		}
		s.Now += 500
		if got := s.Run("GET k"); got != "(nil)" {
			t.Errorf("%s: after its deadline the key is %s", line, got)
		}
	}
}

func TestLengthIsLimited(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Config.Server.ProtoMaxBulkLen = 100
	const tooLong = "(error) ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	s.Run("SET k " + strings.Repeat("x", 99))
	for line, want := range map[string]string{
		"APPEND k ab": tooLong, "SETRANGE k 99 ab": tooLong, "SETRANGE k 9223372036854775807 a": tooLong, "SETRANGE new 100 a": tooLong,
	} {
		if got := s.Run(line); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
	if got := s.Run("APPEND k a"); got != "(integer) 100" {
		t.Errorf("up to the limit: %s", got)
	}
	if got := s.Run("LCS k k LEN"); !strings.Contains(got, "transient memory for LCS exceeds") {
		t.Errorf("LCS: %s", got)
	}
	s.CheckReplay()
}

func TestStream(t *testing.T) {
	commandtest.Stream(t, rows(), 1500, func(r *rand.Rand) []string {
		k := func() string { return "k" + strconv.Itoa(r.IntN(8)) }
		n := func(max int) string { return strconv.Itoa(r.IntN(max)) }
		commands := [][]string{
			{"SET", k(), n(100)}, {"SET", k(), "x\r\n\x00\xff"}, {"SET", k(), n(100), "PX", n(90_000)}, {"SET", k(), n(9), "EX", n(90), "NX", "GET"},
			{"SET", k(), n(9), "KEEPTTL", "GET"}, {"SET", k(), n(9), "XX"}, {"SET", k(), n(9), "PXAT", n(9)},
			{"SETEX", k(), n(60), n(9)}, {"PSETEX", k(), n(60_000), n(9)}, {"SETNX", k(), n(9)}, {"GETSET", k(), n(9)},
			{"MSET", k(), n(9), k(), n(9)}, {"MSETNX", k(), n(9), k(), n(9)}, {"APPEND", k(), n(1000)}, {"SETRANGE", k(), n(20), n(1000)},
			{"INCR", k()}, {"DECR", k()}, {"INCRBY", k(), n(99)}, {"DECRBY", k(), n(99)}, {"INCRBYFLOAT", k(), n(99) + "." + n(1000)},
			{"GETDEL", k()}, {"GETEX", k(), "EX", n(90)}, {"GETEX", k(), "PERSIST"}, {"GETEX", k(), "PXAT", n(9)}, {"RPUSH", k(), n(9)}, nil,
		}
		return commands[r.IntN(len(commands))]
	})
}
