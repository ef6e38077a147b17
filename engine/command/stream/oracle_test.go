package stream_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

func TestOracle(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "add", Lines: []string{"SET str x", "XADD s 1-1 a 1", "XADD s 1-1 a 1", "XADD s 1-0 a 1", "XADD s 0-0 a 1", "XADD s 0 a 1", "XADD n 0 a 1", "XADD n 0-* a 1", "XADD s 1-* a 1", "XADD s 0-* a 1",
			"XADD s 5 a 1", "XADD s 5-* a 1", "XADD s 4-* a 1", "XADD s 6-18446744073709551615 a 1", "XADD s 6-* a 1", "XADD s 18446744073709551616 a 1", "XADD s 7-x a 1", "XADD s x a 1", "XADD s -1 a 1",
			"XADD s 7--1 a 1", "XADD s 007-007 a 1", `XADD s " 8" a 1`, "XADD s +9-+1 a 1", "XADD s 10-* a", "XADD s 10-1 a", "XADD s * a", "XADD s 10-1 a b c", "XADD s * a b c", "XADD s", "XADD s 1 a", "XADD s - a b", "XADD s + a b",
			`XADD s "10\x00-7" a b`, `XGROUP CREATE s "g\x00" 0 x`, `XPENDING "s\x00x" g`, "XINFO STREAM no FULL COUNT x", "XINFO STREAM s FULL COUNT x", "XINFO STREAM str FULL COUNT x", "XINFO STREAM str FOO", `XADD s 10-1 "" ""`, `XADD s 10-2 "a\x00\r\n" "\xff"`, "XADD s 10-3 a 1 a 2 b 3", "XADD str 1-1 a b", "XADD str x a b", "XADD no NOMKSTREAM 1-1 a b", "XADD no nomkstream maxlen 4 1-1 a b", "XLEN no", "XLEN s", "XLEN str",
			"XADD s MAXLEN 3 11-1 a 1", "XADD s MAXLEN = 3 11-2 a 1", "XADD s MAXLEN ~ 3 11-3 a 1", "XADD s MAXLEN x 11-4 a 1", "XADD s MAXLEN -1 11-4 a 1", "XADD s MAXLEN ~ x 11-4 a 1", "XADD s MAXLEN ~", "XADD s MAXLEN 3 LIMIT 1 12-1 a 1",
			"XADD s MAXLEN ~ 3 LIMIT 1 12-1 a 1", "XADD s MAXLEN ~ 3 LIMIT -1 12-2 a 1", "XADD s MAXLEN ~ 3 LIMIT x 12-2 a 1", "XADD s LIMIT 3 12-2 a 1", "XADD s LIMIT 0 12-2 a 1", "XADD s MAXLEN 3 MINID 4 12-2 a 1", "XADD s MINID 11-2 12-2 a 1",
			"XADD s MINID ~ x 12-3 a 1", "XADD s MAXLEN 3", "XADD s MAXLEN 3 LIMIT 4", "XADD s MAXLEN 3 12-9", "XADD s MAXLEN 0 13-1 a b", "XLEN s", "XADD s MAXLEN ~ 0 LIMIT 0 13-2 a b", "XLEN s", "XINFO STREAM s",
			"XADD z 18446744073709551615-18446744073709551615 a b", "XADD z 18446744073709551615-* a b", "XADD z * a b", "XADD z 5-5 a b", "XADD z x a b", "XADD y 18446744073709551615-5 a b", "XADD y 18446744073709551615-* a b", "XADD y 18446744073709551615 a b"}},
		{Name: "range", Lines: []string{"SET str x", "XADD s 1-1 a 1", "XADD s 1-2 a 2", "XADD s 2-0 b 3 c 4", "XADD s 3-5 a 5", "XRANGE s - +", "XREVRANGE s + -", "XRANGE s 1 1", "XRANGE s 1-2 2", "XRANGE s (1-1 (3-5", "XREVRANGE s (3-5 (1-1",
			"XRANGE s (1 +", "XRANGE s - (2", "XRANGE s + -", "XRANGE s 2 1", "XRANGE s - + COUNT 2", "XRANGE s - + COUNT 0", "XRANGE s - + COUNT -5", "XRANGE s - + COUNT x", "XRANGE s - + COUNT", "XRANGE s - + FOO 1", "XRANGE s - + COUNT 1 COUNT 3",
			"XREVRANGE s + - COUNT 1", "XREVRANGE s 2 2", "XREVRANGE s - +", "XRANGE no - +", "XRANGE no - + COUNT 0", "XRANGE no x +", "XRANGE str - +", "XRANGE str x +", "XRANGE s x y", "XRANGE s ( +", "XRANGE s (- +", "XRANGE s - (+", "XRANGE s - (0-0", "XRANGE s - (0",
			"XRANGE s (18446744073709551615-18446744073709551615 +", "XRANGE s (18446744073709551615 +", "XRANGE s", "XRANGE s 3-5 3-5", "XDEL s 1-2 9-9 1-2", "XRANGE s - +", "XREVRANGE s + -", "XDEL s x", "XDEL no x", "XDEL str 1", "XDEL s 1-1 2-0 3-5", "XLEN s", "XRANGE s - +", "XINFO STREAM s"}},
		{Name: "trim", Lines: append(many("s", 250), "SET str x", "XINFO STREAM s", "XTRIM s MAXLEN 240", "XTRIM s MAXLEN ~ 200", "XTRIM s MAXLEN ~ 140 LIMIT 10", "XTRIM s MAXLEN ~ 140 LIMIT 95", "XTRIM s MAXLEN ~ 140", "XINFO STREAM s", "XTRIM s MINID ~ 150", "XTRIM s MINID 150", "XINFO STREAM s",
			"XTRIM s MINID ~ 230-5 LIMIT 0", "XTRIM s", "XTRIM s MAXLEN", "XTRIM s FOO 1", "XTRIM s MAXLEN 5 FOO", "XTRIM s LIMIT 1", "XTRIM s LIMIT 0", "XTRIM s MAXLEN 5 LIMIT 3", "XTRIM s MAXLEN ~ 5 LIMIT", "XTRIM s MAXLEN -1", "XTRIM s MAXLEN ~ -1", "XTRIM s MINID x", "XTRIM s MAXLEN 1 MINID 1",
			"XTRIM s MAXLEN 1 MAXLEN 1", "XTRIM s NOMKSTREAM MAXLEN 1", "XTRIM no MAXLEN 1", "XTRIM str MAXLEN 1", "XTRIM s MAXLEN = 10", "XTRIM s MINID = 240 ", "XLEN s", "XTRIM s MAXLEN 0", "XINFO STREAM s", "XTRIM s MAXLEN ~ 0")},
		{Name: "setid", Lines: []string{"SET str x", "XADD s 5-5 a b", "XSETID s 5-4", "XSETID s 5-5", "XSETID s 6", "XSETID s x", "XSETID s -", "XSETID s *", "XSETID no 1", "XSETID str 1", "XSETID s 7-7 ENTRIESADDED 5", "XSETID s 7-7 ENTRIESADDED 0", "XSETID s 7-7 ENTRIESADDED -1",
			"XSETID s 7-7 ENTRIESADDED x", "XSETID s 7-7 ENTRIESADDED", "XSETID s 7-7 MAXDELETEDID 8", "XSETID s 7-7 MAXDELETEDID 6-6", "XSETID s 7-7 MAXDELETEDID 0", "XSETID s 6-5", "XSETID s 7-7 MAXDELETEDID x", "XSETID s 7-7 FOO 1", "XSETID s 8-1 ENTRIESADDED 10 MAXDELETEDID 5-1", "XSETID s 8-1 entriesadded 3 entriesadded 9",
			"XINFO STREAM s", "XDEL s 5-5", "XSETID s 5-4", "XSETID s 5-5", "XINFO STREAM s"}},
		{Name: "read", Lines: []string{"SET str x", "XADD s 1-1 a 1", "XADD s 2-1 a 2", "XADD t 1-1 c 3", "XREAD STREAMS s 0", "XREAD COUNT 1 STREAMS s t 0 0", "XREAD STREAMS s t $ 0", "XREAD STREAMS s $", "XREAD STREAMS s 2-1", "XREAD STREAMS s 2-0", "XREAD STREAMS no 0", "XREAD STREAMS no s 0 1-1",
			"XREAD COUNT 0 STREAMS s 0", "XREAD COUNT -1 STREAMS s 0", "XREAD COUNT x STREAMS s 0", "XREAD COUNT STREAMS s 0", "XREAD BLOCK 10 STREAMS s 0", "XREAD BLOCK x STREAMS s 0", "XREAD BLOCK -1 STREAMS s 0", "XREAD BLOCK 1.5 STREAMS s 0", "XREAD STREAMS s", "XREAD STREAMS s t 0", "XREAD FOO STREAMS s 0",
			"XREAD COUNT 1 s 0", "XREAD NOACK STREAMS s 0", "XREAD GROUP g c STREAMS s 0", "XREAD STREAMS s >", "XREAD STREAMS s x", "XREAD STREAMS s -", "XREAD STREAMS s +", "XREAD STREAMS str 0", "XREAD STREAMS str x", "XREAD STREAMS s str 0 0", "XREAD STREAMS s str x 0", "XREAD STREAMS s s 0 1-1",
			"XREAD STREAMS s 18446744073709551615-18446744073709551615", "XREAD BLOCK 0 COUNT 5 STREAMS t 0", "XREAD STREAMS STREAMS 0"}},
		{Name: "group", Lines: []string{"SET str x", "XGROUP CREATE s g 0", "XGROUP CREATE s g x MKSTREAM", "XGROUP CREATE s g $ MKSTREAM", "XGROUP CREATE s g 0", "XGROUP CREATE s g 0 FOO", "XGROUP CREATE s g 0 ENTRIESREAD", "XGROUP CREATE s g 0 ENTRIESREAD x", "XGROUP CREATE s g 0 ENTRIESREAD -2", "XGROUP CREATE s h 0 ENTRIESREAD -1",
			"XGROUP CREATE str g 0", "XGROUP CREATE str g 0 MKSTREAM", "XGROUP CREATE str g x FOO", "XGROUP CREATE s", "XGROUP CREATE no g x", "XGROUP CREATE s i - ", "XGROUP", "XGROUP FOO s", "XGROUP SETID s g", "XGROUP SETID s no 0", "XGROUP SETID no g 0", "XGROUP SETID s g 0 MKSTREAM", "XGROUP SETID s g 0 ENTRIESREAD 3", "XGROUP SETID s g x", "XGROUP SETID s g -", "XINFO GROUPS s", "XGROUP SETID s g +", "XINFO GROUPS s", "XGROUP SETID s g (1", "XGROUP SETID s g *", "XGROUP SETID s g $",
			"XGROUP CREATECONSUMER s g c", "XGROUP CREATECONSUMER s g c", "XGROUP CREATECONSUMER s no c", "XGROUP CREATECONSUMER no g c", "XGROUP CREATECONSUMER str g c", "XGROUP DELCONSUMER s g c", "XGROUP DELCONSUMER s g c", "XGROUP DELCONSUMER s no c", "XGROUP DELCONSUMER no g c", "XGROUP DESTROY s no", "XGROUP DESTROY no g", "XGROUP DESTROY str g", "XGROUP DESTROY s h", "XINFO GROUPS s", "XLEN s", "XINFO STREAM s", "XADD s 1-1 a b", "XDEL s 1-1", "XINFO GROUPS s", "XINFO STREAM s"}},
		{Name: "readgroup", Lines: []string{"SET str x", "XADD s 1-1 a 1", "XADD s 2-1 a 2", "XADD s 3-1 a 3", "XREADGROUP GROUP g c STREAMS s >", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XREADGROUP GROUP g d STREAMS s >", "XREADGROUP GROUP g d STREAMS s >", "XREADGROUP GROUP g new STREAMS s >", "XREADGROUP GROUP g c STREAMS s 0", "XREADGROUP GROUP g d COUNT 1 STREAMS s 0", "XREADGROUP GROUP g d STREAMS s 2-1", "XREADGROUP GROUP g d STREAMS s 3-1",
			"XREADGROUP GROUP g e STREAMS s 0", "XREADGROUP GROUP g c STREAMS s $", "XREADGROUP GROUP no c STREAMS s >", "XREADGROUP GROUP g c STREAMS no >", "XREADGROUP GROUP g c STREAMS str >", "XREADGROUP GROUP g c STREAMS s x", "XREADGROUP GROUP g c STREAMS s", "XREADGROUP COUNT 1 NOACK STREAMS s >", "XREADGROUP GROUP g c FOO STREAMS s >", "XREADGROUP GROUP g c COUNT x STREAMS s >", "XREADGROUP GROUP g c STREAMS s 18446744073709551615-18446744073709551615",
			"XDEL s 2-1", "XREADGROUP GROUP g d STREAMS s 0", "XREADGROUP GROUP g d STREAMS s 0", "XADD s 4-1 a 4", "XREADGROUP GROUP g d NOACK STREAMS s >", "XREADGROUP GROUP g d STREAMS s 0", "XADD s 5-1 a 5", "XADD t 5-1 a 5", "XGROUP CREATE t g 0", "XREADGROUP GROUP g c STREAMS s t > >", "XREADGROUP GROUP g c STREAMS s t > 0", "XREADGROUP GROUP g c BLOCK 1 STREAMS s t 0 >", "XREADGROUP GROUP g c BLOCK 1 STREAMS s str > >", "XREADGROUP GROUP g c STREAMS s t > $",
			"XGROUP SETID s g 0", "XREADGROUP GROUP g c COUNT 2 STREAMS s >", "XPENDING s g", "XINFO GROUPS s", "XREADGROUP GROUP g c COUNT 0 STREAMS s >", "XREADGROUP GROUP g c COUNT -1 STREAMS s 0", "XINFO GROUPS s", "XINFO STREAM s"}},
		{Name: "pending", Lines: []string{"SET str x", "XADD s 1-1 a 1", "XADD s 2-1 a 2", "XADD s 3-1 a 3", "XGROUP CREATE s g 0", "XPENDING s g", "XPENDING s g - + 10", "XREADGROUP GROUP g c COUNT 2 STREAMS s >", "XREADGROUP GROUP g d STREAMS s >", "XPENDING s g", "XPENDING s no", "XPENDING no g", "XPENDING str g", "XPENDING s g -", "XPENDING s g - +", "XPENDING s g - + x", "XPENDING s g x + 1", "XPENDING s g - + 0", "XPENDING s g - + -4", "XPENDING s g - + 5 nobody",
			"XPENDING s g IDLE 100000 - + 5", "XPENDING s g IDLE 100000 - + 5 c", "XPENDING s g IDLE x - + 5", "XPENDING s g IDLE 1 - +", "XPENDING s g IDLE 1 - 5", "XPENDING s g (18446744073709551615-18446744073709551615 + 5", "XPENDING s g - (0 5", "XPENDING s g (3-1 + 5", "? XPENDING s g - + 5 c d e", "XPENDING s no x y z", "XPENDING s g 9 + 5", "? XPENDING s g - + 10",
			"XACK s g 1-1", "XACK s g 1-1", "XACK s g x", "XACK s g 2-1 x", "XACK s no x", "XACK no g x", "XACK str g 1", "XACK s g 2-1 3-1 9-9", "XPENDING s g", "XINFO GROUPS s"}},
		{Name: "claim", Lines: []string{"SET str x", "XADD s 1-1 a 1", "XADD s 2-1 a 2", "XADD s 3-1 a 3", "XADD s 4-1 a 4", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c COUNT 3 STREAMS s >", "XCLAIM s g d 0 1-1", "XCLAIM s g d 0 1-1 JUSTID", "XCLAIM s g d 100000 2-1", "XCLAIM s g d -5 2-1", "XCLAIM s g d x 2-1", "XCLAIM s g d 0 x", "XCLAIM s g d 0 2-1 x", "XCLAIM s no d 0 1-1", "XCLAIM no g d 0 1-1", "XCLAIM str g d 0 1-1", "XCLAIM s no d x 1-1",
			"XCLAIM s g e 0 4-1", "XCLAIM s g e 0 4-1 FORCE", "XCLAIM s g e 0 9-1 FORCE", "XCLAIM s g e 0 4-1 IDLE x", "XCLAIM s g e 0 4-1 IDLE", "XCLAIM s g e 0 4-1 TIME x", "XCLAIM s g e 0 4-1 TIME 1 RETRYCOUNT 9", "XCLAIM s g e 0 4-1 RETRYCOUNT x", "XCLAIM s g e 0 4-1 RETRYCOUNT -5", "XCLAIM s g e 0 4-1 LASTID x", "XCLAIM s g e 0 4-1 LASTID 7-7", "XCLAIM s g e 0 4-1 3-1 JUSTID force lastid 1-1", "XCLAIM s g e 0 4-1 FORCE 3-1", "XINFO GROUPS s",
			"XDEL s 3-1", "XCLAIM s g e 0 3-1 4-1", "XPENDING s g", "XAUTOCLAIM s g f 0 -", "XAUTOCLAIM s g f 0 0 COUNT 1", "XAUTOCLAIM s g f 0 (1-1 COUNT 1 JUSTID", "XAUTOCLAIM s g f 100000 0", "XAUTOCLAIM s g f x 0", "XAUTOCLAIM s g f -1 0", "XAUTOCLAIM s g f 0 x", "XAUTOCLAIM s g f 0 0 COUNT 0", "XAUTOCLAIM s g f 0 0 COUNT -1", "XAUTOCLAIM s g f 0 0 COUNT x", "XAUTOCLAIM s g f 0 0 COUNT", "XAUTOCLAIM s g f 0 0 COUNT 9223372036854775807", "XAUTOCLAIM s g f 0 0 COUNT 576460752303423488", "XAUTOCLAIM s g f 0 0 FOO",
			"XAUTOCLAIM s no f 0 0", "XAUTOCLAIM no g f 0 0", "XAUTOCLAIM str g f 0 0", "XAUTOCLAIM s g f 0 (18446744073709551615-18446744073709551615", "XDEL s 1-1 2-1", "XAUTOCLAIM s g h 0 0 COUNT 1", "XAUTOCLAIM s g h 0 0", "XPENDING s g", "XINFO GROUPS s", "XINFO STREAM s"}},
		{Name: "info", Lines: []string{"SET str x", "XADD s 1-1 a 1", "XINFO STREAM s", "XINFO STREAM s FULL", "XINFO STREAM s FULL COUNT 1", "XINFO STREAM s FULL COUNT 0", "XINFO STREAM s FULL COUNT -1", "XINFO STREAM s FULL COUNT x", "XINFO STREAM s FULL COUNT", "XINFO STREAM s FULL FOO 1", "XINFO STREAM s FUL", "XINFO STREAM s FULL COUNT 1 2", "XINFO STREAM no", "XINFO STREAM no FULL FOO", "XINFO STREAM str", "XINFO STREAM str FOO", "XINFO", "XINFO FOO", "XINFO STREAM", "XINFO GROUPS s", "XINFO GROUPS no", "XINFO GROUPS str",
			"XINFO GROUPS s x", "XINFO CONSUMERS s g", "XINFO CONSUMERS no g", "XINFO CONSUMERS s", "XGROUP CREATE s g 0", "XINFO CONSUMERS s g", "XINFO STREAM s FULL", "? XINFO HELP", "? XGROUP HELP", "XADD s 2-1 a 1", "XADD s 3-1 a 1", "XGROUP CREATE s h 2-1", "XINFO GROUPS s", "XDEL s 2-1", "XINFO GROUPS s", "XADD s 4-1 b c", "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XINFO GROUPS s",
			"XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XINFO GROUPS s", "XREADGROUP GROUP g c COUNT 1 STREAMS s >", "XINFO GROUPS s", "XTRIM s MAXLEN 1", "XINFO GROUPS s", "XINFO STREAM s", "XDEL s 4-1", "XINFO GROUPS s", "XGROUP SETID s g 9", "XINFO GROUPS s"}},
	})
}

// many are XADDs of entries of different sizes.
func many(key string, n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("XADD %s %d-%d f %d g %s", key, i/3+1, 300*i, i*i*i*7, strings.Repeat("v", i%130)))
	}
	return lines
}

// TestRandomOracle compares the replies to random commands.
func TestRandomOracle(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	n := 1500
	if testing.Short() {
		n = 300
	}
	var lines []string
	for len(lines) < n {
		args := randomCommand(r)
		if args == nil {
			continue
		}
		line := commandtest.Line(args)
		if args[0] == "XINFO" { // its times are those of the clock
			line = fmt.Sprintf("XINFO %s %s", []string{"STREAM", "GROUPS"}[r.IntN(2)], args[2])
		}
		lines = append(lines, line)
	}
	commandtest.CompareScripts(t, rows(), []commandtest.Script{{Name: "random", Lines: lines}})
}
