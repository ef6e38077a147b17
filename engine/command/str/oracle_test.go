package str_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

func TestOracle(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "get and set", Lines: []string{
			"GET k", "GET", "GET k k", "SET k", "SET k v", "GET k", "SET k v bad", "SET k v NX XX", "SET k v XX NX", "SET k v NX NX", "SET k v NX",
			"SET k v2 XX GET", "SET k v3 GET", "SET n v3 GET", "SET k v NX GET", "SET k v EX", "SET k v EX x", "SET k v EX 0", "SET k v PX -1", "SET k v EX 9223372036854775807",
			"SET k v PX 9223372036854775807", "SET k v EXAT 9223372036854775807", "SET k v PXAT 9223372036854775807", "PERSIST k",
			"SET k v EX 10 PX 10", "SET k v EX 10 EX 20", "TTL k", "SET k v EX 10 KEEPTTL", "SET k v KEEPTTL EX 10",
			"SET k v KEEPTTL KEEPTTL", "TTL k", "SET k v KEEPTTL", "TTL k", "SET k v", "TTL k", "SET k v ex 100 xx get", "TTL k", "PERSIST k", "SET k v PERSIST",
			"SETEX k 0 v", "SETEX k x v", "SETEX k 9223372036854775807 v", "SETEX k 10 v", "TTL k", "PSETEX k 0 v", "PSETEX k 10000 v", "TTL k", "SETNX k v", "SETNX n2 v",
			"GETSET k v2", "TTL k", "GETSET n3 x", "RPUSH l a", "GET l", "GETSET l x", "GETDEL l", "GETEX l", "STRLEN l", "GETRANGE l 0 1", "SET l x GET", "SETRANGE l 0 x", "APPEND l x", "INCR l",
			"INCRBYFLOAT l 1", "LCS l l", "MGET k l n none", "MGET", "GETDEL none", "GETDEL n3", "EXISTS n3", "GETEX none EX bad", "GETEX k EX bad", "GETEX k EX 0", "GETEX k EX 10 PERSIST", "GETEX k PERSIST EX 10",
			"GETEX k EX 10 EX 20", "TTL k", "GETEX k PERSIST PERSIST", "TTL k", "GETEX k KEEPTTL", "GETEX k NX", "GETEX k EX", "GETEX k PXAT 1", "EXISTS k", "MSET a", "MSET a 1 b", "MSET a 1 b 2 a 3", "MGET a b",
			"MSETNX a 1 z 2", "MSETNX y 1 y 2", "GET y", "MSETNX x 1 y", "SETNX l x", "SET l x", "TYPE l",
		}},
		{Name: "ranges", Lines: []string{
			`SET k "Hello World"`, "GETRANGE k 0 4", "GETRANGE k -5 -1", "GETRANGE k 0 -1", "GETRANGE k 5 100", "GETRANGE k 100 200", "GETRANGE k -100 2", "GETRANGE k -100 -200", "GETRANGE k -1 -5",
			"GETRANGE k 3 1", "GETRANGE k x 1", "GETRANGE k 1 x", "GETRANGE none 0 -1", "SUBSTR k 0 4", "SUBSTR k 0", "GETRANGE k 0 -100", "GETRANGE k -9223372036854775808 9223372036854775807",
			"SETRANGE k 6 Redis", "GET k", "SETRANGE k 20 x", "GET k", "STRLEN k", "SETRANGE k -1 x", "SETRANGE k x x", "SETRANGE none 5 \"\"", "EXISTS none", "SETRANGE k 536870912 x", "SETRANGE none 536870911 xx",
			"SETRANGE n 3 abc", "GET n", "SETRANGE k 9223372036854775807 x", `SETRANGE k 0 ""`, "APPEND a 1", "OBJECT ENCODING a", "APPEND a 2", "OBJECT ENCODING a", "GET a", `APPEND a ""`, `APPEND new ""`, "EXISTS new", "STRLEN new", "STRLEN nokey",
			"SET e 12345", "OBJECT ENCODING e", "SETRANGE e 0 9", "OBJECT ENCODING e", "INCR e", "OBJECT ENCODING e",
		}},
		{Name: "integers", Lines: []string{
			"INCR n", "INCRBY n 10", "DECR n", "DECRBY n 20", "INCRBY n x", "INCRBY n 1.5", "INCRBY n 9223372036854775808", "SET m 9223372036854775807", "INCR m", "INCRBY m 1", "DECR m", "SET m -9223372036854775808",
			"DECR m", "DECRBY m -9223372036854775808", "INCRBY m -1", "INCRBY m 9223372036854775807", `SET b " 1"`, "INCR b", "SET b 01", "INCR b", "SET b +1", "INCR b", "SET b -0", "INCR b", "SET b 0", "INCR b", `SET b ""`, "INCR b",
			"SET b 1.0", "INCR b", "SET b abc", "DECR b", "INCRBY none 0", "GET none", "INCRBY none 01", "INCRBY none \"\"",
		}},
		{Name: "numbers", Lines: floatLines(t)},
		{Name: "lcs", Lines: []string{
			"MSET a ohmytext b mynewtext", "LCS a b", "LCS a b LEN", "LCS a b IDX", "LCS a b IDX MINMATCHLEN 4", "LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", "LCS a b IDX WITHMATCHLEN", "LCS a b IDX LEN",
			"LCS a b MINMATCHLEN", "LCS a b MINMATCHLEN x", "LCS a b IDX MINMATCHLEN -5", "LCS a b bad", "LCS a none", "LCS none none IDX", "LCS a none LEN", "LCS a a IDX", "LCS a", "RPUSH l 1", "LCS a l", "LCS l a bad",
			"MSET x abcabcabc y cbacbacbaabc", "LCS x y", "LCS x y IDX WITHMATCHLEN", "LCS y x", "LCS y x IDX WITHMATCHLEN", "MSET p aaaa q aa", "LCS p q IDX WITHMATCHLEN", "LCS q p IDX",
		}},
	})
}

// floatLines make INCRBYFLOAT calculate with ordinary, odd and random numbers.
func floatLines(t *testing.T) []string {
	lines := []string{}
	for _, pair := range [][2]string{
		{"10.50", "0.1"}, {"3.0e3", "200"}, {"5.0e3", "2.0e2"}, {"0", "1e-17"}, {"0", "1e-18"}, {"0", "4.9e-18"}, {"0", "5.1e-18"}, {"1e20", "1"}, {"-1", "1"}, {"-0.0", "0"}, {"1.5", "-1.5"}, {"1e308", "1e308"},
		{"1e4000", "1e4000"}, {"1e4932", "1e4932"}, {"1e5000", "1"}, {"1e-5000", "1"}, {"0e-99999", "1"}, {"inf", "1"}, {"1", "inf"}, {"1", "-inf"}, {"inf", "-inf"}, {"nan", "1"}, {"1", "nan"}, {"x", "1"}, {"1", "x"}, {`""`, "1"}, {"1", `""`},
		{`" 1"`, "1"}, {`"1 "`, "1"}, {"+1", "+1"}, {"0x10", "1"}, {"0x1.8p3", "0x.8"}, {"1e", "1"}, {"1e+", "1"}, {".5", "5."}, {".", "1"}, {"1_0", "1"}, {"1p3", "1"}, {"0b1", "1"}, {"0o7", "1"}, {"017", "1"},
		{"infinity", "1"}, {"Infinity", "0"}, {"9223372036854775807", "1"}, {"18446744073709551616", "1"}, {"123456789012345678901234567890", "1"}, {"0.1", "0.2"}, {"3.3", "1e-10"}, {"1", "1.000000000000000055"}, {"--1", "1"}, {"1..5", "1"},
	} {
		lines = append(lines, "SET k "+pair[0], "INCRBYFLOAT k "+pair[1], "GET k")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for range 40 {
		lines = append(lines, fmt.Sprintf("SET k %v", r.Float64()), fmt.Sprintf("INCRBYFLOAT k %.*e", r.IntN(18), (r.Float64()-0.5)*float64(r.IntN(1_000_000))),
			fmt.Sprintf("INCRBYFLOAT k %d.%d", r.IntN(1000)-500, r.IntN(1_000_000)), fmt.Sprintf("INCRBYFLOAT k -%d", r.Int64()))
	}
	return append(lines, "INCRBYFLOAT none 1.50", "INCRBYFLOAT k "+strings.Repeat("1", 30), "SET big "+strings.Repeat("1", 4000), "INCRBYFLOAT big 1")
}
