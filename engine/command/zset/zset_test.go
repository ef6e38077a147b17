package zset_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/zset"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func TestRows(t *testing.T) { commandtest.CompareRows(t, zset.Table()) }

func TestEffects(t *testing.T) {
	none := commandtest.None
	abc := []string{"ZADD z 1 a 2 b 3 c"}
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: "ZADD z 1 a 2 b", Want: "(integer) 2", Log: []string{"ZADD z 1 a 2 b"}, Events: []string{"z:zadd z"}},
		{Setup: abc, Line: "ZADD z 1 a", Want: "(integer) 0", Log: none, Events: none},
		{Setup: abc, Line: "ZADD z 5 a 5 a", Want: "(integer) 0", Log: []string{"ZADD z 5 a 5 a"}, Events: []string{"z:zadd z"}},
		{Setup: abc, Line: "ZADD z INCR 1.5 a", RESP3: true, Want: "(double) 2.5", Log: []string{"ZADD z INCR 1.5 a"}, Events: []string{"z:zincr z"}},
		{Setup: abc, Line: "ZADD z GT INCR -1 a", Want: "(nil)", Log: none, Events: none},
		{Setup: abc, Line: "ZINCRBY z 0 a", Want: `"1"`, Log: none, Events: none},
		{Line: "ZADD z XX 1 a", Want: "(integer) 0", Log: none, Events: none},
		{Line: "ZADD z -0 a", Want: "(integer) 1", Events: []string{"z:zadd z"}},
		{Setup: abc, Line: "ZREM z a no", Want: "(integer) 1", Events: []string{"z:zrem z"}},
		{Setup: abc, Line: "ZREM z a b c", Want: "(integer) 3", Events: []string{"z:zrem z", "g:del z"}},
		{Setup: abc, Line: "ZREM z no", Want: "(integer) 0", Log: none, Events: none},
		{Setup: abc, Line: "ZREMRANGEBYRANK z 0 -2", Want: "(integer) 2", Events: []string{"z:zremrangebyrank z"}},
		{Setup: abc, Line: "ZREMRANGEBYSCORE z (1 +inf", Want: "(integer) 2", Events: []string{"z:zremrangebyscore z"}},
		{Setup: abc, Line: "ZREMRANGEBYLEX z - +", Want: "(integer) 3", Log: []string{"ZREM z a b c"}, Events: []string{"z:zremrangebylex z", "g:del z"}},
		{Setup: abc, Line: "ZREMRANGEBYSCORE z 8 9", Want: "(integer) 0", Log: none, Events: none},
		{Setup: abc, Line: "ZPOPMIN z", RESP3: true, Want: `["a" (double) 1]`, Log: []string{"ZPOPMIN z"}, Events: []string{"z:zpopmin z"}},
		{Setup: abc, Line: "ZPOPMAX z 9", Want: `["c" "3" "b" "2" "a" "1"]`, Events: []string{"z:zpopmax z", "g:del z"}},
		{Setup: abc, Line: "ZPOPMIN z 0", Want: "[]", Log: none, Events: none},
		{Setup: abc, Line: "ZMPOP 2 no z MAX COUNT 2", RESP3: true, Want: `["z" [["c" (double) 3] ["b" (double) 2]]]`,
			Log: []string{"ZPOPMAX z 2"}, Events: []string{"z:zpopmax z"}},
		{Setup: abc, Line: "BZPOPMIN no z 0", Want: `["z" "a" "1"]`, Log: []string{"ZPOPMIN z"}, Events: []string{"z:zpopmin z"}},
		{Setup: abc, Line: "BZMPOP 0 1 z MIN COUNT 9", Want: `["z" [["a" "1"] ["b" "2"] ["c" "3"]]]`,
			Log: []string{"ZPOPMIN z 3"}, Events: []string{"z:zpopmin z", "g:del z"}},
		{Setup: abc, Line: "ZRANGESTORE d z 0 1", Want: "(integer) 2", Log: []string{"ZRANGESTORE d z 0 1"}, Events: []string{"z:zrangestore d"}},
		{Setup: append([]string{"SET d x"}, abc...), Line: "ZRANGESTORE d z 8 9", Want: "(integer) 0", Events: []string{"g:del d"}},
		{Setup: abc, Line: "ZRANGESTORE d z [a [b BYLEX", Want: "(integer) 2", Log: []string{"DEL d", "ZADD d 1 a 2 b"}, Events: []string{"z:zrangestore d"}},
		{Setup: []string{"ZADD z 1 a 1 b"}, Line: "ZRANGESTORE d z [a [b BYLEX", Want: "(integer) 2", Log: []string{"ZRANGESTORE d z [a [b BYLEX"}},
		{Line: "ZRANGESTORE d z 8 9", Want: "(integer) 0", Log: none, Events: none},
		{Setup: abc, Line: "ZUNIONSTORE z 1 z WEIGHTS 2", Want: "(integer) 3", Events: []string{"z:zunionstore z"}},
		{Setup: abc, Line: "ZINTERSTORE z 2 z no", Want: "(integer) 0", Events: []string{"g:del z"}},
		{Setup: abc, Line: "ZDIFFSTORE d 2 z no", Want: "(integer) 3", Events: []string{"z:zdiffstore d"}},
		{Setup: abc, Line: "ZRANDMEMBER z -2147483648", Want: "(error) ERR value is out of range"},
	})
}

func TestScoresInText(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Run("ZADD z 0.1 a 1e300 b -inf c 12345.678 d")
	for line, want := range map[string]string{
		"ZSCORE z a": `"0.10000000000000001"`, "ZSCORE z b": `"1.0000000000000001e+300"`, "ZSCORE z c": `"-inf"`, "ZSCORE z d": `"12345.678"`,
		"ZSCAN z 0 MATCH a": `["0" ["a" "0.10000000000000001"]]`,
	} {
		if got := s.Run(line); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

// wait is one blocking command and its fate.
type wait struct {
	line      string
	timeoutMs int64
	want      string
	log       string
}

func TestBlocking(t *testing.T) {
	for _, w := range []wait{
		{"BZPOPMIN a b 0.5", 500, `["b" "x" "1"]`, "ZPOPMIN b"},
		{"BZPOPMAX a b 0", 0, `["b" "y" "2"]`, "ZPOPMAX b"},
		{"BZMPOP 1 2 a b MAX COUNT 9", 1000, `["b" [["y" "2"] ["x" "1"]]]`, "ZPOPMAX b 2"},
	} {
		t.Run(w.line, w.run)
	}
}

func (w wait) run(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Nested = true
	if got := s.Run(w.line); got != "(nil array)" {
		t.Errorf("where it must not block: %s", got)
	}
	s.Nested = false
	if got := s.Run(w.line); got != "(none)" {
		t.Fatalf("it replied %s", got)
	}
	b := s.Waiting()
	if b.TimeoutMs != w.timeoutMs || fmt.Sprintf("%s", b.Keys) != "[a b]" {
		t.Errorf("it waits %d ms for %q", b.TimeoutMs, b.Keys)
	}
	var out wire.Writer
	if b.OnTimeout(&out); string(out.Buf) != "*-1\r\n" {
		t.Errorf("on timeout it replies %q", out.Buf)
	}
	db := s.Keyspace().Shard(0).DB(0) // not by a command: the waiting one must stay the last
	db.SetString([]byte("a"), []byte("another type"), 0)
	if got := s.Retry(); len(got) > 0 {
		t.Fatalf("another type made it reply %q", got)
	}
	z, _ := db.ZSet([]byte("b"))
	z.Set([]byte("x"), 1)
	z.Set([]byte("y"), 2)
	v, err := wire.ReadValue(bufio.NewReader(bytes.NewReader(s.Retry())))
	if err != nil {
		t.Fatal(err)
	}
	if got := commandtest.Text(v); got != w.want {
		t.Errorf("it replied %s, want %s", got, w.want)
	}
	if got := strings.Join(s.Log(), "; "); got != w.log {
		t.Errorf("it logged %s, want %s", got, w.log)
	}
}

func TestRandomMembers(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Run("ZADD z 0 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9 9")
	for count := -30; count <= 12; count++ {
		seen := map[string]bool{}
		elems := s.Do("ZRANDMEMBER", "z", strconv.Itoa(count), "WITHSCORES").Elems
		for i := 0; i < len(elems); i += 2 {
			seen[string(elems[i].Str)] = true
			if !bytes.Equal(elems[i].Str, elems[i+1].Str) {
				t.Fatalf("%s has the score %s", elems[i].Str, elems[i+1].Str)
			}
		}
		want, different := min(count, 10), min(count, 10)
		if count < 0 {
			want, different = -count, len(seen)
		}
		if len(elems) != 2*want || len(seen) != different {
			t.Errorf("count %d: %d members, %d of them different", count, len(elems)/2, len(seen))
		}
	}
}

func TestScanIsComplete(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	const n = 3000
	for i := range n {
		s.Do("ZADD", "z", strconv.Itoa(i), fmt.Sprintf("member:%d", i))
	}
	seen, cursor, calls := map[string]string{}, "0", 0
	for {
		reply := s.Do("ZSCAN", "z", cursor, "MATCH", "member:*", "COUNT", "50").Elems
		for i := 0; i < len(reply[1].Elems); i += 2 {
			seen[string(reply[1].Elems[i].Str)] = string(reply[1].Elems[i+1].Str)
		}
		calls++
		if cursor = string(reply[0].Str); cursor == "0" || calls > n {
			break
		}
	}
	for i := range n {
		if seen[fmt.Sprintf("member:%d", i)] != strconv.Itoa(i) {
			t.Fatalf("member %d is missing or has another score", i)
		}
	}
}

func TestRandomStream(t *testing.T) {
	keys := []string{"a", "b", "c", "d", "e"}
	commandtest.Stream(t, rows(), 4000, func(r *rand.Rand) []string {
		pick := func(from ...string) string { return from[r.IntN(len(from))] }
		key := func() string { return pick(keys...) }
		member := func() string { return "m" + strconv.Itoa(r.IntN(30)) }
		score := func() string {
			return pick("-inf", "inf", "0", "1", "2", strconv.FormatFloat(r.NormFloat64(), 'g', -1, 64), "0.1")
		}
		weight := func() string { return pick("1", "2", "0.5", "inf") } // others could make a -0, which we store as 0
		index := func() string { return strconv.Itoa(r.IntN(20) - 10) }
		switch r.IntN(20) {
		case 0, 1, 2:
			return []string{"ZADD", key(), score(), member(), score(), member(), score(), member()}
		case 3:
			return []string{"ZADD", key(), pick("NX", "XX", "GT", "LT"), pick("CH", "INCR"), score(), member()}
		case 4:
			return []string{"ZADD", key(), score(), strings.Repeat(member(), r.IntN(80)), score(), "\r\n\x00"}
		case 5, 6:
			return []string{"ZINCRBY", key(), score(), member()}
		case 7, 8:
			return []string{"ZREM", key(), member(), member()}
		case 9:
			return []string{"ZREMRANGEBYRANK", key(), index(), index()}
		case 10:
			return []string{"ZREMRANGEBYSCORE", key(), pick("", "(") + score(), pick("", "(") + score()}
		case 11:
			return []string{"ZREMRANGEBYLEX", key(), pick("-", "(", "[") + member(), "[" + member()}
		case 12:
			return []string{pick("ZPOPMIN", "ZPOPMAX"), key(), strconv.Itoa(r.IntN(4))}
		case 13:
			return []string{pick("BZPOPMIN", "BZPOPMAX"), key(), key(), "0"}
		case 14:
			if r.IntN(2) == 0 {
				return []string{"ZMPOP", "2", key(), key(), pick("MIN", "MAX"), "COUNT", "2"}
			}
			return []string{"BZMPOP", "0", "2", key(), key(), pick("MIN", "MAX"), "COUNT", "2"}
		case 15:
			return []string{"ZRANGESTORE", key(), key(), pick("-", "") + score(), score(), "BYSCORE", "LIMIT", strconv.Itoa(r.IntN(3)), index()}
		case 16, 17:
			dst, n := key(), "3"
			switch r.IntN(3) {
			case 0:
				return []string{"ZDIFFSTORE", dst, n, key(), key(), key()}
			case 1:
				return []string{"ZINTERSTORE", dst, n, key(), key(), key(), "AGGREGATE", pick("SUM", "MIN", "MAX"), "WEIGHTS", weight(), weight(), weight()}
			}
			return []string{"ZUNIONSTORE", dst, n, key(), key(), key(), "WEIGHTS", weight(), weight(), weight(), "AGGREGATE", pick("SUM", "MIN", "MAX")}
		case 18:
			switch r.IntN(8) {
			case 0, 1, 2, 3:
				return []string{"PEXPIREAT", key(), strconv.FormatInt(commandtest.StartMs+r.Int64N(100_000_000), 10)}
			case 4:
				return []string{"SET", key(), member()}
			case 5:
				return []string{"SADD", key(), member(), member(), member()}
			}
			return []string{"DEL", key()}
		}
		return nil
	})
}
