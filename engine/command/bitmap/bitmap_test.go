package bitmap_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/bitmap"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
)

// rows is the group with those that its tests need besides.
func rows() []command.Spec {
	return slices.Concat(bitmap.Table(), str.Table(), key.Table(), list.Table())
}

func TestRows(t *testing.T) { commandtest.CompareRows(t, bitmap.Table()) }

func TestEffects(t *testing.T) {
	none := commandtest.None
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Line: "SETBIT k 7 1", Want: "(integer) 0", Log: []string{"SETBIT k 7 1"}, Events: []string{"$:setbit k"}},
		{Name: "grows without a change of bits", Line: "SETBIT k 7 0", Want: "(integer) 0", Log: []string{"SETBIT k 7 0"}, Events: []string{"$:setbit k"}},
		{Setup: []string{"SETBIT k 7 1"}, Line: "SETBIT k 7 1", Want: "(integer) 1", Log: none, Events: none},
		{Setup: []string{"SETBIT k 7 1"}, Line: "SETBIT k 6 0", Want: "(integer) 0", Log: none, Events: none},
		{Setup: []string{"SET k ab PX 99"}, Line: "SETBIT k 0 1", Want: "(integer) 0", Events: []string{"$:setbit k"}},
		{Setup: []string{"SET a x"}, Line: "BITOP NOT d a", Want: "(integer) 1", Log: []string{"BITOP NOT d a"}, Events: []string{"$:set d"}},
		{Setup: []string{"SET d x"}, Line: "BITOP OR d none none", Want: "(integer) 0", Log: []string{"BITOP OR d none none"}, Events: []string{"g:del d"}},
		{Line: "BITOP OR d none none", Want: "(integer) 0", Log: none, Events: none},
		{Line: "BITFIELD k SET u8 0 5 INCRBY u8 0 1 GET u8 0", Want: "[(integer) 0 (integer) 6 (integer) 6]",
			Log: []string{"BITFIELD k SET u8 0 5 INCRBY u8 0 1 GET u8 0"}, Events: []string{"$:setbit k"}},
		{Setup: []string{"BITFIELD k SET u8 0 5"}, Line: "BITFIELD k SET u8 0 5", Want: "[(integer) 5]", Log: none, Events: none},
		{Line: "BITFIELD k GET u8 0", Want: "[(integer) 0]", Log: none, Events: none},
		{Line: "BITFIELD k", Want: "[]", Log: none, Events: none},
		{Name: "a failed overflow makes room", Line: "BITFIELD k OVERFLOW FAIL SET u2 30 7", Want: "[(nil)]",
			Log: []string{"BITFIELD k OVERFLOW FAIL SET u2 30 7"}, Events: none},
		{Setup: []string{"SETBIT k 100 0"}, Line: "BITFIELD k OVERFLOW FAIL SET u2 30 7", Want: "[(nil)]", Log: none, Events: none},
	})
}

func TestOffsetsAreLimited(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Config.Server.ProtoMaxBulkLen = 100
	const refused = "(error) ERR bit offset is not an integer or out of range"
	for _, line := range []string{"SETBIT k 800 1", "GETBIT k 800", "BITFIELD k SET u8 #100 1", "BITFIELD k GET u8 800"} {
		if got := s.Run(line); got != refused {
			t.Errorf("%s: %s", line, got)
		}
	}
	if got := s.Run("SETBIT k 799 1"); got != "(integer) 0" {
		t.Errorf("the last bit: %s", got)
	}
}

// TestFarReads: reading far behind the end of a string takes no memory.
func TestFarReads(t *testing.T) {
	s := commandtest.New(t, 1, rows())
	s.Run("SET k a")
	allocated := testing.AllocsPerRun(10, func() { s.Run("BITFIELD k GET u8 0 GET u8 4294967000 INCRBY u8 0 1") })
	if got := s.Run("STRLEN k"); got != "(integer) 1" || allocated > 200 {
		t.Errorf("length %s, %v allocations", got, allocated)
	}
}

func TestOracle(t *testing.T) {
	commandtest.CompareScripts(t, rows(), []commandtest.Script{
		{Name: "bits", Lines: []string{
			"SETBIT k 7 1", "GET k", "SETBIT k 7 0", "SETBIT k 100 1", "STRLEN k", "GETBIT k 100", "GETBIT k 101", "GETBIT k 1000", "GETBIT none 5", "SETBIT k x 1", "SETBIT k -1 1", "SETBIT k 4294967296 1",
			"SETBIT k 1 2", "SETBIT k 1 x", "SETBIT k x 2", "GETBIT k -1", "GETBIT k x", "GETBIT k 4294967296", "RPUSH l a", "SETBIT l 0 1", "SETBIT l 0 9", "GETBIT l 0", "SET n 123", "SETBIT n 6 1", "GET n", "OBJECT ENCODING n",
		}},
		{Name: "count", Lines: []string{
			"SET k foobar", "BITCOUNT k", "BITCOUNT k 0 0", "BITCOUNT k 1 1", "BITCOUNT k 1 1 BYTE", "BITCOUNT k 5 30 BIT", "BITCOUNT k -2 -1", "BITCOUNT k -20 -10", "BITCOUNT k -10 -20", "BITCOUNT k -10 -20 X", "BITCOUNT k 3 1", "BITCOUNT k 1", "BITCOUNT k 1 2 X", "BITCOUNT k 1 2 BIT x",
			"BITCOUNT k x 1", "BITCOUNT k 1 x", "BITCOUNT none", "BITCOUNT none 1", "BITCOUNT none x y z", "BITCOUNT k 0 -100", "BITCOUNT k 0 -100 BIT", "BITCOUNT k 100 200", `SET e ""`, "BITCOUNT e", "BITCOUNT e 0 -1", "RPUSH l a", "BITCOUNT l", "BITCOUNT l 1",
		}},
		{Name: "position", Lines: []string{
			`SET k "\xff\xf0\x00"`, "BITPOS k 0", "BITPOS k 1", "BITPOS k 1 2", "BITPOS k 0 2", "BITPOS k 1 0 -1", `SET f "\xff\xff\xff"`, "BITPOS f 0", "BITPOS f 0 0", "BITPOS f 0 0 -1", "BITPOS f 0 -1 -1", "BITPOS f 0 5", "BITPOS f 0 -100 -200", "BITPOS f 1 -100 -200", "BITPOS k 1 7 15 BIT", "BITPOS k 0 7 15 BIT", "BITPOS k 0 7 10 BIT",
			"BITPOS k 1 -8 -1 BIT", "BITPOS k 0 -8 -1 BIT", "BITPOS k 1 3 1", "BITPOS k 2", "BITPOS k x", "BITPOS k 1 x", "BITPOS k 1 1 x", "BITPOS k 1 1 2 X", "BITPOS k 1 x 2 X", "BITPOS k 1 1 2 BIT x", "BITPOS none 0", "BITPOS none 1", "BITPOS none 1 x", "BITPOS none 2", `SET e ""`, "BITPOS e 0", "BITPOS e 1", "BITPOS e 0 0", "RPUSH l a", "BITPOS l 1", "BITPOS l 3", "BITPOS k 0 -1 -2 BYTE",
		}},
		{Name: "operations", Lines: []string{
			`SET a "\xaa\x00\xff\x55"`, `SET b "\xaa\x00\xff\xff\xff"`, "BITOP AND d a b", "GET d", "OBJECT ENCODING d", "BITOP OR d a b none", "GET d", "BITOP xor d a b", "GET d", "BITOP NOT d a", "GET d", "BITOP NOT d a b", "BITOP NOT a a", "GET a", "BITOP AND d none", "EXISTS d", "BITOP BAD d a",
			"BITOP AND d a none", "GET d", "RPUSH l a", "BITOP AND d a l", "BITOP NOT l a", "TYPE l", "SET d x EX 100", "BITOP OR d a", "TTL d",
		}},
		{Name: "fields", Lines: append([]string{
			"BITFIELD k", "EXISTS k", "BITFIELD k GET u8 0", "EXISTS k", "BITFIELD k SET i8 0 -100 GET i8 0 GET u8 0", "BITFIELD k SET u8 #1 200 GET u8 #1 GET u16 0", "BITFIELD k INCRBY u8 #1 100", "BITFIELD k OVERFLOW SAT INCRBY u8 #1 250", "BITFIELD k OVERFLOW FAIL INCRBY u8 #1 250 GET u8 #1",
			"BITFIELD k OVERFLOW WRAP SET u8 0 -1 GET i8 0", "BITFIELD k OVERFLOW bad", "BITFIELD k OVERFLOW", "BITFIELD k GET", "BITFIELD k GET u8", "BITFIELD k GET u64 0", "BITFIELD k GET i65 0", "BITFIELD k GET u0 0", "BITFIELD k GET x8 0", "BITFIELD k GET u 0", "BITFIELD k GET u8 x", "BITFIELD k GET u8 -1", "BITFIELD k GET u8 #x",
			"BITFIELD k GET u8 #9223372036854775807", "BITFIELD k SET u8 0 x", "BITFIELD k SET u8 0", "BITFIELD k BAD u8 0", "BITFIELD k SET u8 0 1 BAD", "GET k", "BITFIELD_RO k GET u8 0 GET i64 0", "BITFIELD_RO k SET u8 0 1", "BITFIELD_RO k OVERFLOW SAT GET u8 0", "BITFIELD_RO k INCRBY u8 0 1", "BITFIELD_RO none GET u8 100", "EXISTS none", "RPUSH l a", "BITFIELD l GET u8 0", "BITFIELD l SET u8 0 1", "BITFIELD_RO l GET u8 0",
			"BITFIELD m OVERFLOW SAT INCRBY i64 0 9223372036854775807 INCRBY i64 0 1 INCRBY i64 0 -9223372036854775808 INCRBY i64 0 -9223372036854775808", "BITFIELD m OVERFLOW FAIL SET i64 0 9223372036854775807 INCRBY i64 0 1", "BITFIELD m SET u63 1 9223372036854775807 INCRBY u63 1 1", "BITFIELD m OVERFLOW SAT SET u63 1 -5 INCRBY u63 1 -9223372036854775808",
			"BITFIELD far GET u8 4294967287 SET u8 100 1", "STRLEN far", "BITFIELD f OVERFLOW FAIL SET u2 30 7", "STRLEN f",
		}, fieldLines(t)...)},
	})
}

// fieldLines are random operations of BITFIELD.
func fieldLines(t *testing.T) (lines []string) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	edge := func(bits int) string {
		limit := int64(1)<<(bits-1) - 1
		return strconv.FormatInt([]int64{0, 1, -1, limit, -limit - 1, limit + 1, r.Int64() - r.Int64(), 1<<63 - 1, -1 << 63}[r.IntN(9)], 10)
	}
	for range 150 {
		line := "BITFIELD r"
		for range 1 + r.IntN(4) {
			bits := 1 + r.IntN(63)
			kind := fmt.Sprintf("%c%d %s%d", "iu"[r.IntN(2)], bits, []string{"", "#"}[r.IntN(2)], r.IntN(20))
			line += " OVERFLOW " + []string{"WRAP", "SAT", "FAIL"}[r.IntN(3)]
			line += []string{" GET " + kind, " SET " + kind + " " + edge(bits), " INCRBY " + kind + " " + edge(bits)}[r.IntN(3)]
		}
		lines = append(lines, line)
		if r.IntN(10) == 0 {
			lines = append(lines, "GET r", fmt.Sprintf("BITCOUNT r %d %d BIT", r.IntN(200)-100, r.IntN(200)-100), fmt.Sprintf("BITPOS r %d %d %d BIT", r.IntN(2), r.IntN(200)-100, r.IntN(200)-100),
				fmt.Sprintf("BITPOS r %d %d", r.IntN(2), r.IntN(20)-10))
		}
	}
	return lines
}

func TestStream(t *testing.T) {
	commandtest.Stream(t, rows(), 1500, func(r *rand.Rand) []string {
		k := func() string { return "k" + strconv.Itoa(r.IntN(5)) }
		n := func(max int) string { return strconv.Itoa(r.IntN(max)) }
		commands := [][]string{
			{"SETBIT", k(), n(300), n(2)}, {"SETBIT", k(), n(30), n(2)}, {"SET", k(), n(10_000)}, {"DEL", k()}, {"PEXPIRE", k(), n(90_000)},
			{"BITOP", "AND", k(), k(), k()}, {"BITOP", "XOR", k(), k(), k()}, {"BITOP", "NOT", k(), k()}, {"BITOP", "OR", k(), k(), k(), k()},
			{"BITFIELD", k(), "INCRBY", "i5", n(100), n(50), "GET", "u4", "0"}, {"BITFIELD", k(), "OVERFLOW", "SAT", "SET", "u9", n(200), n(2000)}, nil,
			{"BITFIELD", k(), "OVERFLOW", "FAIL", "INCRBY", "u3", n(400), n(20), "SET", "i4", n(100), n(20)},
		}
		return commands[r.IntN(len(commands))]
	})
}
