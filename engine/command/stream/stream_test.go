package stream_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
)

func TestRows(t *testing.T) { commandtest.CompareRows(t, stream.Table()) }

func TestEffects(t *testing.T) {
	none := commandtest.None
	three := []string{"XADD s 1-1 a 1", "XADD s 1-2 a 2", "XADD s 2-1 b 3"}
	group := append(three[:len(three):len(three)], "XGROUP CREATE s g 0")
	given := append(group[:len(group):len(group)], "XREADGROUP GROUP g c STREAMS s >")
	at := fmt.Sprintf("TIME %d", int64(commandtest.StartMs))
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: "XADD s 1-1 a 1", Want: `"1-1"`, Log: []string{"XADD s 1-1 a 1"}, Events: []string{"t:xadd s"}},
		{Line: "XADD s * a 1", Want: `"4000000000000-0"`, Log: []string{"XADD s 4000000000000-0 a 1"}, Events: []string{"t:xadd s"}},
		{Setup: three, Line: "XADD s 2-* a 1", Want: `"2-2"`, Log: []string{"XADD s 2-2 a 1"}},
		{Setup: three, Line: "XADD s 3-* a 1", Want: `"3-0"`, Log: []string{"XADD s 3-0 a 1"}},
		{Line: "XADD s NOMKSTREAM * a 1", Want: "(nil)", Log: none, Events: none},
		{Setup: three, Line: "XADD s MAXLEN 2 5-1 a 1", Want: `"5-1"`, Log: []string{"XADD s MAXLEN = 2 5-1 a 1"}, Events: []string{"t:xadd s", "t:xtrim s"}},
		{Setup: three, Line: "XADD s MAXLEN ~ 2 5-1 a 1", Want: `"5-1"`, Log: []string{"XADD s MAXLEN = 4 5-1 a 1"}, Events: []string{"t:xadd s"}},
		{Setup: three, Line: "XADD s MINID ~ 2-0 LIMIT 0 5-1 a 1", Want: `"5-1"`, Log: []string{"XADD s MINID = 1-1 5-1 a 1"}},
		{Setup: three, Line: "XTRIM s MAXLEN 1", Want: "(integer) 2", Log: []string{"XTRIM s MAXLEN = 1"}, Events: []string{"t:xtrim s"}},
		{Setup: three, Line: "XTRIM s MINID ~ 9", Want: "(integer) 3",
			Log: []string{"XTRIM s MINID = 18446744073709551615-18446744073709551615"}, Events: []string{"t:xtrim s"}},
		{Setup: three, Line: "XTRIM s MAXLEN 3", Want: "(integer) 0", Log: none, Events: none},
		{Setup: three, Line: "XDEL s 1-1 1-1 9-9", Want: "(integer) 1", Log: []string{"XDEL s 1-1 1-1 9-9"}, Events: []string{"t:xdel s"}},
		{Setup: three, Line: "XDEL s 1-1 1-2 2-1", Want: "(integer) 3", Events: []string{"t:xdel s"}},
		{Setup: three, Line: "XSETID s 9-9", Want: "OK", Log: []string{"XSETID s 9-9"}, Events: []string{"t:xsetid s"}},
		{Line: "XGROUP CREATE s g $ MKSTREAM", Want: "OK", Log: []string{"XGROUP CREATE s g $ MKSTREAM"}, Events: []string{"t:xgroup-create s"}},
		{Setup: group, Line: "XGROUP SETID s g $", Want: "OK", Events: []string{"t:xgroup-setid s"}},
		{Setup: group, Line: "XGROUP CREATECONSUMER s g c", Want: "(integer) 1",
			Log: []string{"XGROUP CREATECONSUMER s g c"}, Events: []string{"t:xgroup-createconsumer s"}},
		{Setup: given, Line: "XGROUP CREATECONSUMER s g c", Want: "(integer) 0", Log: none, Events: none},
		{Setup: given, Line: "XGROUP DELCONSUMER s g c", Want: "(integer) 3", Log: []string{"XGROUP DELCONSUMER s g c"}, Events: []string{"t:xgroup-delconsumer s"}},
		{Setup: given, Line: "XGROUP DESTROY s g", Want: "(integer) 1", Events: []string{"t:xgroup-destroy s"}},
		{Setup: group, Line: "XREADGROUP GROUP g c COUNT 2 STREAMS s >", Want: `[["s" [["1-1" ["a" "1"]] ["1-2" ["a" "2"]]]]]`,
			Log: []string{"XGROUP CREATECONSUMER s g c", "XCLAIM s g c 0 1-1 1-2 " + at + " RETRYCOUNT 1 FORCE JUSTID LASTID 1-2",
				"XGROUP SETID s g 1-2 ENTRIESREAD 2"}, Events: []string{"t:xgroup-createconsumer s"}},
		{Setup: group, Line: "XREADGROUP GROUP g c NOACK STREAMS s >", RESP3: true, Want: `{"s": [["1-1" ["a" "1"]] ["1-2" ["a" "2"]] ["2-1" ["b" "3"]]]}`,
			Log: []string{"XGROUP CREATECONSUMER s g c", "XGROUP SETID s g 2-1 ENTRIESREAD 3"}},
		{Setup: given, Line: "XREADGROUP GROUP g c COUNT 1 STREAMS s 0", Want: `[["s" [["1-1" ["a" "1"]]]]]`,
			Log: []string{"XCLAIM s g c 0 1-1 " + at + " RETRYCOUNT 2 FORCE JUSTID LASTID 2-1"}, Events: none},
		{Setup: given, Line: "XREADGROUP GROUP g c STREAMS s 9", Want: `[["s" []]]`, Log: none, Events: none},
		{Setup: given, Line: "XACK s g 1-1 9-9", Want: "(integer) 1", Log: []string{"XACK s g 1-1 9-9"}, Events: none},
		{Setup: given, Line: "XACK s g 9-9", Want: "(integer) 0", Log: none, Events: none},
		{Setup: given, Line: "XCLAIM s g d 0 1-1 JUSTID", Want: `["1-1"]`, Events: []string{"t:xgroup-createconsumer s"},
			Log: []string{"XGROUP CREATECONSUMER s g d", "XCLAIM s g d 0 1-1 " + at + " RETRYCOUNT 1 FORCE JUSTID LASTID 2-1"}},
		{Setup: append(given[:len(given):len(given)], "XDEL s 1-1"), Line: "XAUTOCLAIM s g c 0 0 COUNT 2", Want: `["2-1" [["1-2" ["a" "2"]]] ["1-1"]]`, Events: none,
			Log: []string{"XCLAIM s g c 0 1-1 " + at + " RETRYCOUNT 1 FORCE JUSTID LASTID 2-1", "XCLAIM s g c 0 1-2 " + at + " RETRYCOUNT 2 FORCE JUSTID LASTID 2-1"}},
		{Setup: given, Line: "XCLAIM s g c 0 9-9 LASTID 5-5", Want: `[]`, Log: []string{"XGROUP SETID s g 5-5 ENTRIESREAD 3"}, Events: none},
	})
}

func TestIDsFollowTheClock(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	for _, tc := range []struct {
		now  int64
		want string
	}{{1000, "1000-0"}, {1000, "1000-1"}, {900, "1000-2"}, {1001, "1001-0"}} {
		s.Now = tc.now
		if got := s.Run("XADD s * a b"); got != strconv.Quote(tc.want) {
			t.Errorf("at %d: %s, want %s", tc.now, got, tc.want)
		}
	}
	s.Run("XSETID s 5000-18446744073709551615")
	if got := s.Run("XADD s * a b"); got != `"5001-0"` {
		t.Error(got)
	}
	s.Run("XSETID s 18446744073709551615-18446744073709551615")
	if got := s.Run("XADD s * a b"); !strings.Contains(got, "exhausted") {
		t.Error(got)
	}
}

// TestTimesAreReplayed: deliveries keep their time and number over a restart.
func TestTimesAreReplayed(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	for i := range 5 {
		s.Run(fmt.Sprintf("XADD s %d-0 a b", i+1))
	}
	s.Run("XGROUP CREATE s g 0")
	s.Run("XREADGROUP GROUP g c COUNT 3 STREAMS s >")
	s.Now += 5000
	s.Run("XREADGROUP GROUP g d STREAMS s >")
	s.Now += 700
	s.Run("XCLAIM s g d 0 1-0")
	s.Run("XCLAIM s g d 0 2-0 IDLE 4000 RETRYCOUNT 7")
	s.Now += 1
	again := s.Replayed()
	const want = `[["1-0" "d" (integer) 1 (integer) 2] ["2-0" "d" (integer) 4001 (integer) 7] ["3-0" "c" (integer) 5701 (integer) 1] ` +
		`["4-0" "d" (integer) 701 (integer) 1] ["5-0" "d" (integer) 701 (integer) 1]]`
	for _, server := range []*commandtest.Server{s, again} {
		if got := server.Run("XPENDING s g - + 9"); got != want {
			t.Errorf("got %s", got)
		}
	}
	// Nobody has been seen since the start: idle begins with the first look.
	again.Run("XINFO CONSUMERS s g")
	again.Now += 300
	if got := again.Run("XINFO CONSUMERS s g"); !strings.Contains(got, `"idle" (integer) 300`) {
		t.Error(got)
	}
}

func TestRandomStream(t *testing.T) {
	commandtest.Stream(t, rows(), 3000, randomCommand)
}

func randomCommand(r *rand.Rand) []string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	key := func() string { return pick("a", "b", "c") }
	group := func() string { return pick("g", "h") }
	who := func() string { return pick("x", "y", "z") }
	id := func() string { return strconv.Itoa(r.IntN(60)) + "-" + strconv.Itoa(r.IntN(3)) }
	n := func() string { return strconv.Itoa(r.IntN(40)) }
	switch r.IntN(26) {
	case 0, 1, 2, 3:
		return []string{"XADD", key(), id(), "f", n(), pick("f", "g"), strings.Repeat("v", r.IntN(400))}
	case 4:
		return []string{"XADD", key(), pick("MAXLEN", "MINID"), pick("~", "="), n(), strconv.Itoa(r.IntN(60)) + "-*", "f", n()}
	case 5:
		return []string{"XADD", key(), "NOMKSTREAM", strconv.Itoa(r.IntN(60)) + "-*", "f", n()}
	case 6:
		if r.IntN(4) == 0 {
			return []string{"XTRIM", key(), pick("MAXLEN", "MINID"), pick("~", "="), n()}
		}
		return []string{"XTRIM", key(), "MAXLEN", "~", n(), "LIMIT", n()}
	case 7:
		return []string{"XDEL", key(), id(), id(), id()}
	case 8:
		return []string{"XGROUP", "CREATE", key(), group(), pick("$", "0", id()), pick("MKSTREAM", "ENTRIESREAD"), pick("MKSTREAM", "3")}
	case 9:
		return []string{"XGROUP", "CREATE", key(), group(), pick("$", "0", id()), "MKSTREAM"}
	case 10:
		return []string{"XGROUP", "CREATECONSUMER", key(), group(), who()}
	case 11:
		if r.IntN(3) > 0 {
			return []string{"XGROUP", "SETID", key(), group(), pick("$", "0", id())}
		}
		if r.IntN(4) == 0 {
			return []string{"XGROUP", "DESTROY", key(), group()}
		}
		return []string{"XGROUP", "DELCONSUMER", key(), group(), who()}
	case 12, 13, 14:
		return []string{"XREADGROUP", "GROUP", group(), who(), "COUNT", n(), "STREAMS", key(), key(), ">", ">"}
	case 15:
		return []string{"XREADGROUP", "GROUP", group(), who(), "NOACK", "COUNT", "1", "STREAMS", key(), ">"}
	case 16:
		return []string{"XREADGROUP", "GROUP", group(), who(), "STREAMS", key(), pick("0", id())}
	case 17, 18:
		return []string{"XACK", key(), group(), id(), id()}
	case 19:
		return []string{"XCLAIM", key(), group(), who(), pick("0", "30000"), id(), id(), pick("FORCE", "JUSTID")}
	case 20:
		return []string{"XCLAIM", key(), group(), who(), "0", id(), id(), "FORCE", "RETRYCOUNT", n(), "IDLE", n(), "LASTID", id()}
	case 21:
		return []string{"XAUTOCLAIM", key(), group(), who(), pick("0", "60000"), pick("-", id()), "COUNT", pick("1", "5"), "JUSTID"}
	case 22:
		if r.IntN(3) > 0 {
			return []string{"XSETID", key(), id()}
		}
		return []string{"XSETID", key(), id(), "ENTRIESADDED", n(), "MAXDELETEDID", id()}
	case 23:
		if r.IntN(6) == 0 {
			return []string{"DEL", key()}
		}
		return []string{"XINFO", "STREAM", key(), "FULL"}
	}
	return nil
}
