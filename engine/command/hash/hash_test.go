package hash_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/hash"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
)

// rows is the group with those that its tests need besides.
func rows() []command.Spec { return slices.Concat(hash.Table(), str.Table(), key.Table()) }

func TestRows(t *testing.T) { commandtest.CompareRows(t, hash.Table()) }

func TestEffects(t *testing.T) {
	none := commandtest.None
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: "HSET h a 1 b 2 a 3", Want: "(integer) 2", Log: []string{"HSET h a 1 b 2 a 3"}, Events: []string{"h:hset h"}},
		{Line: "HMSET h a 1", Want: "OK", Log: []string{"HMSET h a 1"}, Events: []string{"h:hset h"}},
		{Setup: []string{"HSET h a 1"}, Line: "HSET h a 1", Want: "(integer) 0", Log: []string{"HSET h a 1"}},
		{Line: "HSETNX h a 1", Want: "(integer) 1", Log: []string{"HSETNX h a 1"}, Events: []string{"h:hset h"}},
		{Setup: []string{"HSET h a 1"}, Line: "HSETNX h a 2", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"HSET h a 1 b 2"}, Line: "HDEL h a c a", Want: "(integer) 1", Log: []string{"HDEL h a c a"}, Events: []string{"h:hdel h"}},
		{Setup: []string{"HSET h a 1 b 2"}, Line: "HDEL h a b", Want: "(integer) 2", Events: []string{"h:hdel h", "g:del h"}},
		{Setup: []string{"HSET h a 1"}, Line: "HDEL h b", Want: "(integer) 0", Log: none, Events: none},
		{Line: "HINCRBY h a -5", Want: "(integer) -5", Log: []string{"HINCRBY h a -5"}, Events: []string{"h:hincrby h"}},
		{Setup: []string{"HSET h a 10.5"}, Line: "HINCRBYFLOAT h a 0.1", Want: `"10.6"`, Log: []string{"HSET h a 10.6"}, Events: []string{"h:hincrbyfloat h"}},
		{Setup: []string{"HSET h a 1"}, Line: "HGETALL h", RESP3: true, Want: `{"a": "1"}`, Log: none},
		{Setup: []string{"HSET h a 1"}, Line: "HRANDFIELD h 1 WITHVALUES", RESP3: true, Want: `[["a" "1"]]`},
		{Setup: []string{"HSET h a 1"}, Line: "HRANDFIELD h -2 WITHVALUES", Want: `["a" "1" "a" "1"]`},
	})
}

func TestDeadlinesAreKept(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Run("HSET h a 1")
	s.Run("PEXPIRE h 500")
	s.Run("HINCRBY h a 1")
	s.Run("HINCRBYFLOAT h a 1")
	s.Run("HSET h b 1")
	if got := s.Run("PTTL h"); got != "(integer) 500" {
		t.Errorf("PTTL %s", got)
	}
	s.Now += 500
	if got := s.Run("HSET h c 1"); got != "(integer) 1" || s.Run("HLEN h") != "(integer) 1" {
		t.Errorf("the due hash lives on: %s, %s", got, s.Run("HGETALL h"))
	}
	s.CheckReplay()
}

func TestScanFindsAll(t *testing.T) {
	for _, size := range []int{5, 2000} {
		s := commandtest.New(t, 1, rows())
		for i := range size {
			s.Do("HSET", "h", fmt.Sprintf("f%d", i), strconv.Itoa(i))
		}
		found := map[string]string{}
		cursor := "0"
		for calls := 0; calls < 10_000; calls++ {
			v := s.Do("HSCAN", "h", cursor, "COUNT", "7")
			for e := v.Elems[1].Elems; len(e) > 0; e = e[2:] {
				found[string(e[0].Str)] = string(e[1].Str)
			}
			if cursor = string(v.Elems[0].Str); cursor == "0" {
				break
			}
		}
		if len(found) != size || found["f3"] != "3" || cursor != "0" {
			t.Errorf("found %d of %d", len(found), size)
		}
	}
}

func TestRandomFields(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	const size = 100
	for i := range size {
		s.Do("HSET", "h", fmt.Sprintf("f%d", i), strconv.Itoa(i))
	}
	for _, tc := range []struct {
		count    string
		n        int
		distinct bool
	}{{"5", 5, true}, {"33", 33, true}, {"34", 34, true}, {"99", 99, true}, {"100", 100, true}, {"1000", 100, true}, {"-500", 500, false}, {"-1", 1, false}} {
		seen := map[string]bool{}
		v := s.Do("HRANDFIELD", "h", tc.count, "WITHVALUES")
		for e := v.Elems; len(e) > 0; e = e[2:] {
			field, val := string(e[0].Str), string(e[1].Str)
			if field != "f"+val {
				t.Fatalf("%s has the value %s", field, val)
			}
			seen[field] = true
		}
		if len(v.Elems) != 2*tc.n || tc.distinct && len(seen) != tc.n || !tc.distinct && tc.n > 100 && len(seen) < 50 {
			t.Errorf("count %s: %d fields, %d different", tc.count, len(v.Elems)/2, len(seen))
		}
	}
	single := map[string]bool{}
	for range 500 {
		single[s.Run("HRANDFIELD h")] = true
	}
	if len(single) < 50 {
		t.Errorf("500 draws gave %d different fields", len(single))
	}
}

func TestOracle(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "fields", Lines: []string{
			"HSET h a 1 b 2", "HSET h a", "HSET h a 1 b", "HMSET h a 1 b", "HMSET h c 3", "HSET h a 5 d 4", "HGET h a", "HGET h none", "HGET none a", "HMGET h a none b", "HMGET none a b", "HMGET h", "~ HGETALL h", "HGETALL none", "~ HKEYS h", "HKEYS none", "~ HVALS h", "HVALS none",
			"HLEN h", "HLEN none", "HEXISTS h a", "HEXISTS h z", "HEXISTS none z", "HSTRLEN h a", "HSTRLEN h z", "HSTRLEN none z", "HSETNX h a 9", "HSETNX h e 9", "HDEL h a zz a", "HDEL none a", "HDEL h b c d e", "EXISTS h",
			`HSET h "" "" x "\x00\r\n\xff"`, "~ HGETALL h", `HGET h ""`, "HGET h x", `HDEL h "" x`, "SET s x", "HSET s a 1", "HSETNX s a 1", "HGET s a", "HMGET s a", "HGETALL s", "HKEYS s", "HVALS s", "HLEN s", "HEXISTS s a", "HSTRLEN s a", "HDEL s a", "HSET s a", "HSCAN s 0", "HSCAN s x", "HSCAN s 0 bad", "HRANDFIELD s", "HRANDFIELD s 1",
			"HSET e a 1", "OBJECT ENCODING e", "HSET e b xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "OBJECT ENCODING e", "HDEL e b", "OBJECT ENCODING e",
		}},
		{Name: "numbers", Lines: []string{
			"HINCRBY h a 5", "HINCRBY h a -10", "HINCRBY h a x", "HINCRBY h a 1.5", "HSET h b x", "HINCRBY h b 1", "HSET h m 9223372036854775807", "HINCRBY h m 1", "HSET h l -9223372036854775808", "HINCRBY h l -1", "HINCRBY h m -9223372036854775808", `HSET h s " 1" z ""`, "HINCRBY h s 1", "HINCRBY h z 1",
			"HINCRBYFLOAT h f 10.5", "HINCRBYFLOAT h f 0.1", "HINCRBYFLOAT h f -5", "HINCRBYFLOAT h f 5.0e3", "HINCRBYFLOAT h b 1", "HINCRBYFLOAT h f x", "HINCRBYFLOAT h f inf", "HINCRBYFLOAT h f nan", "HINCRBYFLOAT h f -inf", "HSET h i inf", "HINCRBYFLOAT h i 1", "HINCRBYFLOAT h s 1", "HINCRBYFLOAT h z 1", "HSET h big 1e4932", "HINCRBYFLOAT h big 1e4932",
			"SET str x", "HINCRBY str a 1", "HINCRBY str a x", "HINCRBYFLOAT str a 1", "HINCRBYFLOAT str a x", "HGET h f",
		}},
		{Name: "walks and draws", Lines: []string{
			"HSCAN none 0", "HSCAN none 0 bad", "HSCAN none x", "HSET h a 1 b 2", "~ HSCAN h 0", "~ HSCAN h 0 COUNT 1000", "~ HSCAN h 0 MATCH a*", "HSCAN h 0 MATCH z*", "HSCAN h 0 COUNT 0", "HSCAN h 0 COUNT x", "HSCAN h 0 COUNT", "HSCAN h 0 TYPE string", "HSCAN h x", "HSCAN h -", "HSCAN h 99999999999999999999", `HSCAN h " 0"`,
			"HRANDFIELD none", "HRANDFIELD none 5", "HRANDFIELD none -5 WITHVALUES", "? HRANDFIELD h", "~ HRANDFIELD h 5", "~ HRANDFIELD h 2", "HRANDFIELD h 0", "~ HRANDFIELD h 2 WITHVALUES", "? HRANDFIELD h 1", "? HRANDFIELD h -3", "HRANDFIELD h x", "HRANDFIELD h 1 bad", "HRANDFIELD h 1 WITHVALUES x", "HRANDFIELD h -9223372036854775808", "HRANDFIELD h 9223372036854775807 WITHVALUES", "~ HRANDFIELD h 9223372036854775807",
			"HDEL h b", "HRANDFIELD h", "HRANDFIELD h -3", "HRANDFIELD h -2 WITHVALUES", "HRANDFIELD h 1 WITHVALUES",
		}},
	})
}

func TestStream(t *testing.T) {
	commandtest.Stream(t, rows(), 1500, func(r *rand.Rand) []string {
		k := func() string { return "k" + strconv.Itoa(r.IntN(5)) }
		f := func() string { return "f" + strconv.Itoa(r.IntN(30)) }
		n := func(max int) string { return strconv.Itoa(r.IntN(max)) }
		commands := [][]string{
			{"HSET", k(), f(), n(99), f(), "\x00\r\n"}, {"HSET", k(), f(), n(99)}, {"HMSET", k(), f(), n(99)}, {"HSETNX", k(), f(), n(9)}, {"HDEL", k(), f(), f(), f()},
			{"HINCRBY", k(), f(), n(9)}, {"HINCRBYFLOAT", k(), f(), "0." + n(999)}, {"PEXPIRE", k(), n(90_000)}, {"DEL", k()}, nil,
		}
		return commands[r.IntN(len(commands))]
	})
}
