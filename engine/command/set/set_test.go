package set_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/set"
)

func TestRows(t *testing.T) { commandtest.CompareRows(t, set.Table()) }

func TestEffects(t *testing.T) {
	none := commandtest.None
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: "SADD s a b a", Want: "(integer) 2", Log: []string{"SADD s a b a"}, Events: []string{"s:sadd s"}},
		{Setup: []string{"SADD s a"}, Line: "SADD s a", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SADD s a b"}, Line: "SREM s a z", Want: "(integer) 1", Log: []string{"SREM s a z"}, Events: []string{"s:srem s"}},
		{Setup: []string{"SADD s a"}, Line: "SREM s a", Want: "(integer) 1", Events: []string{"s:srem s", "g:del s"}},
		{Setup: []string{"SADD s a"}, Line: "SREM s z", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SADD s a"}, Line: "SPOP s", Want: `"a"`, Log: []string{"SREM s a"}, Events: []string{"s:spop s", "g:del s"}},
		{Setup: []string{"SADD s a b"}, Line: "SPOP s 2", RESP3: true, Want: `~["a" "b"]`, Log: []string{"DEL s"}, Events: []string{"s:spop s", "g:del s"}},
		{Setup: []string{"SADD s 1 2"}, Line: "SPOP s 0", RESP3: true, Want: "~[]", Log: none, Events: none},
		{Setup: []string{"SADD s a b"}, Line: "SMOVE s d a", Want: "(integer) 1", Log: []string{"SMOVE s d a"}, Events: []string{"s:srem s", "s:sadd d"}},
		{Setup: []string{"SADD s a", "SADD d a"}, Line: "SMOVE s d a", Want: "(integer) 1", Events: []string{"s:srem s", "g:del s"}},
		{Setup: []string{"SADD s a"}, Line: "SMOVE s s a", Want: "(integer) 1", Log: none, Events: none},
		{Setup: []string{"SADD s a"}, Line: "SMOVE s d z", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SADD a 1 2", "SADD b 2 3", "SET d x"}, Line: "SINTERSTORE d a b", Want: "(integer) 1",
			Log: []string{"SINTERSTORE d a b"}, Events: []string{"s:sinterstore d"}},
		{Setup: []string{"SADD a 1 2", "SET d x"}, Line: "SINTERSTORE d a no", Want: "(integer) 0", Log: []string{"SINTERSTORE d a no"}, Events: []string{"g:del d"}},
		{Line: "SUNIONSTORE d no no2", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SADD a 1 2", "SADD b 2 3"}, Line: "SUNIONSTORE a a b", Want: "(integer) 3", Events: []string{"s:sunionstore a"}},
		{Setup: []string{"SADD a 1 2", "SADD b 2 3"}, Line: "SDIFFSTORE b a b", Want: "(integer) 1", Events: []string{"s:sdiffstore b"}},
		{Setup: []string{"SADD s a b"}, Line: "SRANDMEMBER s -2147483648", Want: "(error) ERR value is out of range"},
	})
}

// TestSomePopped looks at what a pop of a part leaves and logs.
func TestSomePopped(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	const all, popped = 5000, 3000
	add := []string{"SADD", "s"}
	for i := range all {
		add = append(add, "m"+strconv.Itoa(i))
	}
	s.Do(add...)
	s.Log()
	s.Events()
	reply := s.Do("SPOP", "s", strconv.Itoa(popped))
	gone := map[string]bool{}
	for _, m := range reply.Elems {
		gone[string(m.Str)] = true
		if s.Do("SISMEMBER", "s", string(m.Str)).Int != 0 {
			t.Fatalf("%s is still a member", m.Str)
		}
	}
	if len(gone) != popped || s.Do("SCARD", "s").Int != all-popped {
		t.Errorf("%d different members popped", len(gone))
	}
	logged := 0
	for _, line := range s.Log() {
		words := strings.Fields(line)
		for _, m := range words[2:] {
			if !gone[m] {
				t.Errorf("%s was logged", m)
			}
			logged++
		}
	}
	if logged != popped {
		t.Errorf("%d removals logged", logged)
	}
	if got := fmt.Sprint(s.Events()); got != "[s:spop s]" {
		t.Errorf("events %s", got)
	}
	s.CheckReplay()
}

func TestRandomMembers(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Run("SADD s 0 1 2 3 4 5 6 7 8 9")
	for count := -30; count <= 12; count++ {
		seen := map[string]int{}
		reply := s.Do("SRANDMEMBER", "s", strconv.Itoa(count))
		for _, m := range reply.Elems {
			seen[string(m.Str)]++
			if n, err := strconv.Atoi(string(m.Str)); err != nil || n < 0 || n > 9 {
				t.Fatalf("%q is no member", m.Str)
			}
		}
		want, different := min(count, 10), min(count, 10)
		if count < 0 {
			want, different = -count, len(seen)
		}
		if len(reply.Elems) != want || len(seen) != different {
			t.Errorf("count %d: %d members, %d of them different", count, len(reply.Elems), len(seen))
		}
	}
}

func TestScanIsComplete(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	const n = 3000
	for i := range n {
		s.Do("SADD", "s", fmt.Sprintf("member:%d", i))
	}
	seen, cursor, calls := map[string]bool{}, "0", 0
	for {
		reply := s.Do("SSCAN", "s", cursor, "MATCH", "member:*", "COUNT", "50").Elems
		for _, m := range reply[1].Elems {
			seen[string(m.Str)] = true
		}
		calls++
		if cursor = string(reply[0].Str); cursor == "0" || calls > n {
			break
		}
	}
	if len(seen) != n {
		t.Errorf("%d members in %d calls", len(seen), calls)
	}
	if got := s.Run("SSCAN s 0 MATCH nope* COUNT 100000"); got != `["0" []]` {
		t.Errorf("without a match: %s", got)
	}
}

func TestOracle(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "members", Lines: []string{"SET str x", "SADD s 3 1 2", "SADD s 1", "SADD str 1", "SMEMBERS s", "SMEMBERS no", "SMEMBERS str", "SCARD s", "SCARD no",
			"SCARD str", "SISMEMBER s 1", "SISMEMBER s 9", "SISMEMBER no 1", "SISMEMBER str 1", "SMISMEMBER s 1 9 2", "SMISMEMBER no 1 2", "SMISMEMBER str 1",
			"SREM s 9", "SREM s 1 9", "SREM no 1", "SREM str 1", "SMEMBERS s", "SADD s b a c", "~ SMEMBERS s", "SREM s a b c 1 2 3", "SMEMBERS s",
			`SADD bin "\x00\r\n" ""`, `SISMEMBER bin ""`, `~ SMEMBERS bin`}},
		{Name: "move", Lines: []string{"SET str x", "SADD a 1 2 3", "SADD b 3", "SMOVE a b 1", "SMOVE a b 3", "SMOVE a b 9", "SMOVE a a 2", "SMOVE a a 9", "SMOVE no b 1",
			"SMOVE no str 1", "SMOVE str no 1", "SMOVE a str 2", "SMOVE a str 9", "SMOVE a c 2", "SMEMBERS a", "SMEMBERS b", "SMEMBERS c"}},
		{Name: "random", Lines: []string{"SET str x", "SADD s 1 2 3 4 5", "? SPOP s", "? SRANDMEMBER s", "? SRANDMEMBER s 2", "? SRANDMEMBER s -2", "~ SRANDMEMBER no 2",
			"SRANDMEMBER no", "SRANDMEMBER no -2", "SRANDMEMBER no 0", "SRANDMEMBER s 0", "SRANDMEMBER str", "SRANDMEMBER str 1", "SRANDMEMBER s x",
			"SRANDMEMBER s 1 2", "SRANDMEMBER s -9223372036854775808", "SPOP s -1", "SPOP s x", "SPOP s 1 2", "SPOP no", "SPOP no x", "SPOP no 2",
			"SPOP s 0", "SPOP str", "SPOP str 1", "SPOP str 0", "SPOP str x", "? SPOP s 9", "SCARD s", "SADD s 7", "SRANDMEMBER s", "SRANDMEMBER s 3",
			"SRANDMEMBER s -3", "SRANDMEMBER s 9223372036854775807", "SPOP s 9223372036854775807"}},
		{Name: "algebra", Lines: []string{"SET str x", "SADD a 1 2 3 4", "SADD b 3 4 5", "SADD c 4 a", "~ SINTER a b", "~ SINTER a b c", "SINTER a no", "SINTER no", "~ SINTER a",
			"~ SINTER a a", "SINTER no str", "SINTER str no", "SINTER a str no", "~ SUNION a b", "~ SUNION a b c", "~ SUNION a a b no", "SUNION no", "SUNION no str", "~ SUNION c",
			"~ SDIFF a b", "~ SDIFF a b c", "~ SDIFF a", "SDIFF a a", "SDIFF no a", "SDIFF no str", "SDIFF a str", "~ SDIFF a no c",
			"SINTERSTORE d a b", "~ SMEMBERS d", "SINTERSTORE d a no", "SMEMBERS d", "SINTERSTORE str a b", "SMEMBERS str", "SET str x",
			"SINTERSTORE d a str", "SUNIONSTORE a a c", "~ SMEMBERS a", "SUNIONSTORE d no", "SDIFFSTORE b b c", "~ SMEMBERS b", "SDIFFSTORE b b b", "SDIFFSTORE b b b", "SUNIONSTORE no no"}},
		{Name: "card", Lines: []string{"SET str x", "SADD a 1 2 3 4", "SADD b 3 4 5", "SINTERCARD 2 a b", "SINTERCARD 2 a b LIMIT 1", "SINTERCARD 2 a b LIMIT 0", "SINTERCARD 1 a LIMIT 9",
			"SINTERCARD 0 a", "SINTERCARD x a", "SINTERCARD -1 a", "SINTERCARD 2 a", "SINTERCARD 99 a", "SINTERCARD 1 a LIMIT -1", "SINTERCARD 1 a LIMIT x", "SINTERCARD 1 a FOO",
			"SINTERCARD 1 a LIMIT", "SINTERCARD 1 a LIMIT 1 LIMIT 2", "SINTERCARD 1 str LIMIT -1", "SINTERCARD 2 no str", "SINTERCARD 2 a no"}},
		{Name: "scan", Lines: []string{"SET str x", "SADD s 1 2 30", "SSCAN s 0", "SSCAN s 0 MATCH 3*", "SSCAN s 0 MATCH *", "SSCAN s 0 COUNT 100", "SSCAN s x", "SSCAN s -0", "SSCAN s +0",
			`SSCAN s ""`, `SSCAN s " 1"`, "SSCAN s 1x", "SSCAN s -", "SSCAN s 18446744073709551616", "SSCAN no 0 foo", "SSCAN no 5", "SSCAN s 0 foo", "SSCAN s 0 foo 1", "SSCAN str 0 foo",
			"SSCAN str x", "SSCAN s 0 COUNT 0", "SSCAN s 0 COUNT -1", "SSCAN s 0 COUNT x", "SSCAN s 0 MATCH", "SSCAN s 0 MATCH 9 MATCH 1"}},
	})
}

func TestRandomStream(t *testing.T) {
	keys := []string{"a", "b", "c", "d", "e", "f"}
	commandtest.Stream(t, rows(), 3000, func(r *rand.Rand) []string {
		pick := func(from ...string) string { return from[r.IntN(len(from))] }
		key := func() string { return pick(keys...) }
		member := func() string {
			if r.IntN(4) == 0 {
				return "m" + strconv.Itoa(r.IntN(20))
			}
			return strconv.Itoa(r.IntN(30))
		}
		switch r.IntN(16) {
		case 0, 1, 2, 3, 4:
			return []string{"SADD", key(), member(), member(), member()}
		case 5:
			return []string{"SADD", key(), strings.Repeat(member(), r.IntN(200)), "\r\n\x00"}
		case 6, 7:
			return []string{"SREM", key(), member(), member()}
		case 8:
			return []string{"SPOP", key()}
		case 9:
			return []string{"SPOP", key(), strconv.Itoa(r.IntN(6))}
		case 10, 11:
			return []string{"SMOVE", key(), key(), member()}
		case 12:
			return []string{pick("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), key(), key(), key()}
		case 13:
			return []string{"PEXPIREAT", key(), strconv.FormatInt(commandtest.StartMs+r.Int64N(100_000_000), 10)}
		case 14:
			if r.IntN(8) == 0 {
				return []string{"SET", key(), member()}
			}
			return []string{"DEL", key()}
		}
		return nil
	})
}
