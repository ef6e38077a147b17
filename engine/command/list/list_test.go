package list_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func TestRows(t *testing.T) { commandtest.CompareRows(t, list.Table()) }

func TestEffects(t *testing.T) {
	none := commandtest.None
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: "LPUSH l a b", Want: "(integer) 2", Log: []string{"LPUSH l a b"}, Events: []string{"l:lpush l"}},
		{Line: "RPUSHX l a", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"RPUSH l a"}, Line: "LPUSHX l b", Want: "(integer) 2", Events: []string{"l:lpush l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LINSERT l after a x", Want: "(integer) 3", Events: []string{"l:linsert l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LINSERT l after z x", Want: "(integer) -1", Log: none, Events: none},
		{Setup: []string{"RPUSH l a b"}, Line: "LSET l -1 x", Want: "OK", Log: []string{"LSET l -1 x"}, Events: []string{"l:lset l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LPOP l", Want: `"a"`, Log: []string{"LPOP l"}, Events: []string{"l:lpop l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "RPOP l 9", Want: `["b" "a"]`, Log: []string{"RPOP l 9"}, Events: []string{"l:rpop l", "g:del l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LPOP l 0", Want: "[]", Log: none, Events: none},
		{Line: "LPOP l 1", Want: "(nil array)", Log: none, Events: none},
		{Setup: []string{"RPUSH l a b a"}, Line: "LREM l 0 a", Want: "(integer) 2", Events: []string{"l:lrem l"}},
		{Setup: []string{"RPUSH l a a"}, Line: "LREM l -5 a", Want: "(integer) 2", Events: []string{"l:lrem l", "g:del l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LTRIM l 0 -1", Want: "OK", Log: none, Events: []string{"l:ltrim l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LTRIM l 5 9", Want: "OK", Log: []string{"LTRIM l 5 9"}, Events: []string{"l:ltrim l", "g:del l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LMPOP 2 no l RIGHT COUNT 5", Want: `["l" ["b" "a"]]`,
			Log: []string{"RPOP l 2"}, Events: []string{"l:rpop l", "g:del l"}},
		{Setup: []string{"RPUSH l a b"}, Line: "LMOVE l m LEFT RIGHT", Want: `"a"`,
			Log: []string{"LMOVE l m LEFT RIGHT"}, Events: []string{"l:rpush m", "l:lpop l"}},
		{Setup: []string{"RPUSH l a"}, Line: "RPOPLPUSH l m", Want: `"a"`, Events: []string{"l:lpush m", "l:rpop l", "g:del l"}},
		{Setup: []string{"RPUSH l a"}, Line: "LMOVE l l LEFT RIGHT", Want: `"a"`, Events: []string{"l:rpush l", "l:lpop l"}},
		{Setup: []string{"RPUSH m a b"}, Line: "BLPOP l m n 0", Want: `["m" "a"]`, Log: []string{"LPOP m"}, Events: []string{"l:lpop m"}},
		{Setup: []string{"RPUSH m a"}, Line: "BRPOP m 1.5", Want: `["m" "a"]`, Log: []string{"RPOP m"}, Events: []string{"l:rpop m", "g:del m"}},
		{Setup: []string{"RPUSH m a b c"}, Line: "BLMPOP 0 2 l m LEFT COUNT 2", Want: `["m" ["a" "b"]]`, Log: []string{"LPOP m 2"}},
		{Setup: []string{"RPUSH m a b"}, Line: "BLMOVE m l RIGHT LEFT 0", Want: `"b"`, Log: []string{"LMOVE m l RIGHT LEFT"}},
		{Setup: []string{"RPUSH m a b"}, Line: "BRPOPLPUSH m l 0", Want: `"b"`, Log: []string{"LMOVE m l RIGHT LEFT"}},
	})
}

func TestMovingToItselfKeepsTheDeadline(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Run("RPUSH l a")
	s.Run(fmt.Sprintf("PEXPIREAT l %d", s.Now+1000))
	s.Run("LMOVE l l LEFT RIGHT")
	if at, _ := s.Keyspace().Shard(0).DB(0).Deadline([]byte("l")); at != s.Now+1000 {
		t.Errorf("the deadline is %d", at)
	}
	s.CheckReplay()
}

// wait is one blocking command and its fate.
type wait struct {
	line      string
	timeoutMs int64
	keys      int
	nested    string // the reply where it must not block
	useless   string // a change that does not serve it: "key element ..." or "key" for a string
	useful    string // a change that ends it
	want      string // its reply then
	log       string
}

func TestBlocking(t *testing.T) {
	const wrong = "(error) WRONGTYPE Operation against a key holding the wrong kind of value"
	for _, w := range []wait{
		{"BLPOP a b 0.5", 500, 2, "(nil array)", "a", "b 1 2", `["b" "1"]`, "LPOP b"},
		{"BRPOP a b 0", 0, 2, "(nil array)", "a", "b 1 2", `["b" "2"]`, "RPOP b"},
		{"BLMPOP 1 2 a b LEFT COUNT 9", 1000, 2, "(nil array)", "a", "b 1 2", `["b" ["1" "2"]]`, "LPOP b 2"},
		{"BLMOVE a b LEFT LEFT 0.0001", 1, 1, "(nil)", "b x", "a 1 2", `"1"`, "LMOVE a b LEFT LEFT"},
		{"BLMOVE a b LEFT LEFT 2", 2000, 1, "(nil)", "b", "a 1 2", wrong, ""},
		{"BLMOVE a a LEFT RIGHT 2", 2000, 1, "(nil)", "a", "a 1 2", `"1"`, "LMOVE a a LEFT RIGHT"},
		{"BRPOPLPUSH a b 2", 2000, 1, "(nil)", "b x", "a 1 2", `"2"`, "LMOVE a b RIGHT LEFT"},
	} {
		t.Run(w.line+", "+w.useless, w.run)
	}
}

func (w wait) run(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Nested = true
	if got := s.Run(w.line); got != w.nested {
		t.Errorf("where it must not block: %s, want %s", got, w.nested)
	}
	s.Nested = false
	if got := s.Run(w.line); got != "(none)" {
		t.Fatalf("it replied %s", got)
	}
	b := s.Waiting()
	if b.TimeoutMs != w.timeoutMs || len(b.Keys) != w.keys {
		t.Errorf("it waits %d ms for %q", b.TimeoutMs, b.Keys)
	}
	var out wire.Writer
	if b.OnTimeout(&out); string(out.Buf) != "*-1\r\n" {
		t.Errorf("on timeout it replies %q", out.Buf)
	}
	put(t, s, w.useless)
	if got := s.Retry(); len(got) > 0 {
		t.Fatalf("after %s it replied %q", w.useless, got)
	}
	put(t, s, w.useful)
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

// put makes a key a string or a list behind the server's back, so that the
// waiting command stays the last one.
func put(t *testing.T, s *commandtest.Server, words string) {
	t.Helper()
	w := strings.Fields(words)
	key, db := []byte(w[0]), s.Keyspace().Shard(0).DB(0)
	db.Delete(key)
	if len(w) == 1 {
		db.SetString(key, []byte("x"), 0)
		return
	}
	l, _ := db.List(key)
	for _, v := range w[1:] {
		l.PushBack([]byte(v))
	}
}

func TestOracle(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "push", Lines: []string{"SET s x", "LPUSH l a b c", "RPUSH l d", "LPUSHX l e f", "RPUSHX l g", "LPUSHX no a", "RPUSHX s a",
			"LPUSH s a", "LPUSH l", "LRANGE l 0 -1", "LLEN l", "LLEN no", "LLEN s", "LINSERT l BEFORE a x", "LINSERT l after g y",
			"LINSERT l before nope y", "LINSERT no before a b", "LINSERT l foo a b", "LINSERT s foo a b", "LINSERT s before a b",
			"LSET l 0 A", "LSET l -1 Z", "LSET l 99 y", "LSET l -99 y", "LSET no x y", "LSET s x y", "LSET l x y", "LRANGE l 0 -1",
			`RPUSH bin "\x00\xff\r\n" ""`, "LRANGE bin 0 -1", "LINSERT bin before \"\" z"}},
		{Name: "timeouts", Lines: []string{"BLPOP l 1e400", "BLPOP l -1e400", "BLPOP l 1e20", "BLPOP l inf", "BLPOP l 1e5000", "BLPOP l nan", "RPUSH l a", "BLPOP l 1e-400"}},
		{Name: "pop", Lines: []string{"SET s x", "RPUSH l a b c d e f g h", "LPOP l", "RPOP l", "LPOP l 2", "RPOP l 2", "LPOP l 0", "RPOP no",
			"LPOP no 2", "LPOP no 0", "LPOP s", "LPOP s 1", "LPOP l x", "LPOP l -1", "LPOP no x", "LPOP l 1 2", "RPOP l 1 2", "RPOP l 9223372036854775807", "LRANGE l 0 -1"}},
		{Name: "mpop", Lines: []string{"SET s x", "RPUSH a 1 2 3", "RPUSH b 4", "LMPOP 2 no a LEFT", "LMPOP 2 a b right COUNT 9", "LMPOP 2 a b right count 1",
			"LMPOP 2 a b LEFT", "LMPOP 0 a left", "LMPOP x a left", "LMPOP 2 a left", "LMPOP 1 a foo", "LMPOP 1 a left count 0", "LMPOP 1 a left count x",
			"LMPOP 1 a left count", "LMPOP 1 a left count 1 count 1", "LMPOP 1 a left foo 1", "LMPOP 100 a left", "LMPOP 9223372036854775808 a left",
			"LMPOP 2 no s left", "LMPOP 1 s left", "LMPOP -1 a left", "BLMPOP x 0 a left", "BLMPOP x 1 a left", "BLMPOP x 1 a foo", "BLMPOP 0 0 a left",
			"BLMPOP -1 1 a left", "BLMPOP 0 1 s left", "RPUSH a 1 2", "BLMPOP 0 2 no a left", "BLMPOP 0 2 s a left"}},
		{Name: "range", Lines: []string{"SET s x", "RPUSH l 0 1 2 3 4 5", "LRANGE l 0 0", "LRANGE l -2 -1", "LRANGE l -100 1", "LRANGE l 4 100", "LRANGE l 5 4",
			"LRANGE l 6 9", "LRANGE l -1 -2", "LRANGE no 0 1", "LRANGE l x 1", "LRANGE l 0 x", "LRANGE s x 1", "LRANGE s 0 1", "LRANGE l -9223372036854775808 9223372036854775807",
			"LINDEX l 0", "LINDEX l -1", "LINDEX l 6", "LINDEX l -7", "LINDEX no x", "LINDEX s x", "LINDEX l x", "LTRIM no x 1", "LTRIM s 0 1",
			"LTRIM l 1 -2", "LRANGE l 0 -1", "LTRIM l 0 100", "LTRIM l -2 -1", "LRANGE l 0 -1", "LTRIM l 1 0", "LLEN l"}},
		{Name: "lpos", Lines: []string{"SET s x", "RPUSH l a b c 1 2 3 c c", "LPOS l c", "LPOS l c RANK 2", "LPOS l c RANK -1", "LPOS l c RANK 9", "LPOS l c COUNT 2",
			"LPOS l c COUNT 0", "LPOS l c COUNT 0 RANK 2", "LPOS l c COUNT 2 RANK -2", "LPOS l c MAXLEN 3", "LPOS l c MAXLEN 2", "LPOS l c COUNT 0 MAXLEN 7",
			"LPOS l c COUNT 0 MAXLEN 1 RANK -1", "LPOS l c RANK 0", "LPOS l c RANK -9223372036854775808", "LPOS l c RANK x", "LPOS l c COUNT -1", "LPOS l c COUNT x",
			"LPOS l c MAXLEN -1", "LPOS l c MAXLEN x", "LPOS l c FOO", "LPOS l c FOO 1", "LPOS l c COUNT", "LPOS no c", "LPOS no c COUNT 1", "LPOS s c", "LPOS l z COUNT 0",
			"LPOS l c COUNT 1 COUNT 3", "LPOS l c RANK 9223372036854775807"}},
		{Name: "lrem", Lines: []string{"SET s x", "RPUSH l a b a a c a a", "LREM l 1 a", "LREM l -2 a", "LRANGE l 0 -1", "LREM l 0 z", "LREM l 0 a", "LRANGE l 0 -1",
			"LREM no 1 a", "LREM no x a", "LREM s 1 a", "LREM s x a", "RPUSH m a a b a a", "LREM m -9223372036854775808 a", "LREM m 9 b", "LLEN m"}},
		{Name: "move", Lines: []string{"SET s x", "RPUSH a 1 2 3 4", "LMOVE a b LEFT RIGHT", "LMOVE a b right left", "LMOVE a a left right", "LMOVE a a left left", "LRANGE a 0 -1",
			"LRANGE b 0 -1", "RPOPLPUSH a b", "RPOPLPUSH b b", "RPOPLPUSH no b", "RPOPLPUSH s b", "RPOPLPUSH a s", "RPOPLPUSH no s", "LMOVE a b left up", "LMOVE a b up left",
			"LMOVE s b up left", "LMOVE a b left right", "LRANGE b 0 -1", "BLMOVE b a left right 0", "BRPOPLPUSH b a 0", "BLMOVE b a left foo x", "BLMOVE b a left right x",
			"BLMOVE b a left right -1", "BLMOVE s a left right 1", "BLMOVE b s left right 1", "BRPOPLPUSH b a x"}},
		{Name: "bpop", Lines: []string{"SET s x", "RPUSH a 1 2 3", "BLPOP no a 0", "BRPOP a no 0", "BLPOP a x", "BLPOP a -1", "BLPOP s a 0", "BLPOP a s 0", "BLPOP no s 0", "BRPOP s 0.5"}},
	})
}

func TestRandomStream(t *testing.T) {
	keys := []string{"a", "b", "c", "d", "e", "f"}
	sides := []string{"LEFT", "RIGHT"}
	commandtest.Stream(t, rows(), 3000, func(r *rand.Rand) []string {
		pick := func(from []string) string { return from[r.IntN(len(from))] }
		key := func() string { return pick(keys) }
		value := func() string { return strconv.Itoa(r.IntN(6)) }
		index := func() string { return strconv.Itoa(r.IntN(14) - 7) }
		count := func() string { return strconv.Itoa(r.IntN(5)) }
		switch r.IntN(24) {
		case 0, 1, 2:
			return []string{pick([]string{"LPUSH", "LPUSHX"}), key(), value(), value()}
		case 3, 4, 5:
			return []string{pick([]string{"RPUSH", "RPUSHX"}), key(), value(), strings.Repeat(value(), r.IntN(300)), "\r\n\x00"}
		case 6:
			return []string{"LINSERT", key(), pick([]string{"BEFORE", "AFTER"}), value(), value()}
		case 7:
			return []string{"LSET", key(), index(), value()}
		case 8, 9:
			return []string{pick([]string{"LPOP", "RPOP"}), key()}
		case 10, 11:
			return []string{pick([]string{"LPOP", "RPOP"}), key(), count()}
		case 12:
			return []string{"LMPOP", "2", key(), key(), pick(sides), "COUNT", count()}
		case 13:
			return []string{"BLMPOP", "0", "2", key(), key(), pick(sides), "COUNT", count()}
		case 14, 15:
			return []string{"LREM", key(), index(), value()}
		case 16:
			return []string{"LTRIM", key(), index(), index()}
		case 17:
			return []string{"LMOVE", key(), key(), pick(sides), pick(sides)}
		case 18:
			return []string{pick([]string{"BRPOPLPUSH", "BLPOP", "BRPOP"}), key(), key(), "0"}
		case 19:
			return []string{"BLMOVE", key(), key(), pick(sides), pick(sides), "0"}
		case 20:
			return []string{"RPOPLPUSH", key(), key()}
		case 21:
			return []string{"PEXPIREAT", key(), strconv.FormatInt(commandtest.StartMs+r.Int64N(100_000_000), 10)}
		case 22:
			if r.IntN(8) == 0 {
				return []string{"SET", key(), value()}
			}
			return []string{"DEL", key()}
		}
		return nil
	})
}
