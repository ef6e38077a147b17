package dump_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/command/dump"
	"github.com/kevy-lua/kevy-lua/engine/command/key"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/command/stream"
	"github.com/kevy-lua/kevy-lua/engine/rdb"
)

// rows is the group with those that its tests need besides.
func rows() []command.Spec {
	return slices.Concat(dump.Table(), str.Table(), key.Table())
}

func TestRows(t *testing.T) { commandtest.CompareRows(t, dump.Table()) }

// quoted is a payload as an argument of a command line.
func quoted(payload []byte) string {
	var b strings.Builder
	for _, c := range payload {
		if c > ' ' && c <= '~' && c != '"' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return `"` + b.String() + `"`
}

func TestRestore(t *testing.T) {
	payload := quoted(rdb.Seal(rdb.AppendString(nil, []byte("v"))))
	logged := "RESTORE k %s " + payload + "%s"
	commandtest.RunCases(t, rows(), []commandtest.Case{
		{Name: "plain", Line: "RESTORE k 0 " + payload, Want: "OK", Events: []string{"g:restore k"}, Log: []string{fmt.Sprintf(logged, "0", "")}},
		{Name: "deadline", Line: "RESTORE k 1000 " + payload, Want: "OK", Log: []string{fmt.Sprintf(logged, "4000000001000", " ABSTTL")}},
		{Name: "absolute", Line: "RESTORE k 5000000000000 " + payload + " ABSTTL", Want: "OK", Log: []string{fmt.Sprintf(logged, "5000000000000", " ABSTTL")}},
		{Name: "past", Line: "RESTORE k 1 " + payload + " ABSTTL", Want: "OK", Log: commandtest.None, Events: commandtest.None},
		{Name: "past of what is there", Setup: []string{"SET k w"}, Line: "RESTORE k 1 " + payload + " ABSTTL REPLACE", Want: "OK",
			Log: []string{"DEL k"}, Events: []string{"g:del k"}},
		{Name: "busy", Setup: []string{"SET k w"}, Line: "RESTORE k 0 " + payload, Want: "(error) BUSYKEY Target key name already exists.", Log: commandtest.None},
		{Name: "dump", Setup: []string{"SET k w"}, Line: "DUMP nosuch", Want: "(nil)"},
	})
}

// TestOldStream: a stream of before Redis 7 does not say how many entries a group
// has read; that is told from the entries, as Redis does.
func TestOldStream(t *testing.T) {
	old := quoted(rdb.Seal([]byte("\x0f\x00\x00\x05\x00\x01\x01g\x00\x00\x00\x00")))
	commandtest.RunCases(t, append(rows(), stream.Table()...), []commandtest.Case{
		{Name: "empty", Setup: []string{"RESTORE k 0 " + old}, Line: "XINFO GROUPS k",
			Want: `[["name" "g" "consumers" (integer) 0 "pending" (integer) 0 "last-delivered-id" "0-0" "entries-read" (integer) 0 "lag" (integer) 0]]`},
	})
}

func TestErrorsAsRedis(t *testing.T) {
	good := quoted(rdb.Seal(rdb.AppendString(nil, []byte("v"))))
	bad := quoted(rdb.Seal([]byte("\x01\x00")))
	var lines []string
	for _, tail := range []string{
		"0 x", "0 " + good + " foo", "0 " + good + " IDLETIME", "0 " + good + " IDLETIME -1", "0 " + good + " IDLETIME x", "0 " + good + " FREQ 256", "0 " + good + " FREQ -1",
		"0 " + good + " FREQ 1 IDLETIME 1", "0 " + good + " IDLETIME 1 FREQ 1", "-1 " + good, "x " + good, "-1 x", "0 " + bad, "0 " + good + " REPLACE", "0 " + good, "0 x REPLACE",
		"0 " + good + " REPLACE IDLETIME 5", "1 " + good + " REPLACE ABSTTL", "0 " + good,
	} {
		lines = append(lines, "RESTORE k "+tail)
	}
	commandtest.CompareScripts(t, rows(), []commandtest.Script{{Name: "errors", Lines: lines}})
}

// made are values on redis-server, in all forms that it keeps them in: each a
// key of its own, made by lines in which it is called k.
var made = map[string][]string{
	"integers":       {"SET k 12345"},
	"text":           {`SET k "a text that repeats, a text that repeats, a text that repeats, a text that repeats"`},
	"empty":          {"SET k x", "SETRANGE k 0 y", "APPEND k z"},
	"long":           {"SETRANGE k 100000 end"},
	"list":           {"RPUSH k a 1 -5 300 70000 5000000000 \"\"", "LPUSH k b"},
	"list of pieces": {"CONFIG SET list-max-listpack-size 2", "RPUSH k a b c d e f 1 2 3", "CONFIG SET list-max-listpack-size -2"},
	"intset":         {"SADD k 1 2 -3 400"},
	"wide intset":    {"SADD k 1 5000000000 -9223372036854775808"},
	"set":            {"SADD k a b c 1 2"},
	"small hash":     {"HSET k a 1 b \"\" c 100000"},
	"hash":           {"EVAL \"for i = 1, 2000 do redis.call('hset', 'k', i, 'v' .. i) end\" 0"},
	"small zset":     {"ZADD k 1 a 2.5 b -inf c +inf d 3e300 e"},
	"zset":           {"EVAL \"for i = 1, 2000 do redis.call('zadd', 'k', i / 3, 'm' .. i) end\" 0"},
	"hll":            {"PFADD k a b c"},
	"stream":         {"XADD k 1-1 a 1 b 2", "XADD k 1-2 a 3 b 4", "XADD k 5-0 other x", "XADD k 9-9 a 1 b 70000", "XDEL k 1-2"},
	"empty stream":   {"XADD k 1-1 a 1", "XDEL k 1-1"},
	"stream with groups": {"EVAL \"for i = 1, 500 do redis.call('xadd', 'k', i .. '-1', 'n', i, 'text', string.rep('x', i)) end\" 0",
		"XGROUP CREATE k g 0", "XGROUP CREATE k late $ ENTRIESREAD 400", "XREADGROUP GROUP g alice COUNT 5 STREAMS k >", "XREADGROUP GROUP g bob COUNT 5 STREAMS k >",
		"XACK k g 2-1", "XDEL k 3-1", "XGROUP CREATECONSUMER k g carol", "XREADGROUP GROUP g bob STREAMS k 0"},
}

// TestExchange takes values from redis-server and gives them back: what it then
// has is what it had. The way leads through decoding, the keyspace, and encoding.
func TestExchange(t *testing.T) {
	for name, lines := range made {
		t.Run(name, func(t *testing.T) {
			redis := commandtest.StartRedisDebug(t)
			for _, line := range lines {
				if err := redis.Do(commandtest.Words(t, line)...).Err(); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			payload := string(redis.Do("DUMP", "k").Str)
			for _, shards := range []int{1, 4} {
				s := commandtest.New(t, shards, rows())
				s.Now = time.Now().UnixMilli()
				if err := s.Do("RESTORE", "k", "0", payload).Err(); err != nil {
					t.Fatalf("RESTORE here: %v", err)
				}
				s.CheckReplay()
				ours := string(s.Do("DUMP", "k").Str)
				if err := redis.Do("RESTORE", "copy", "0", ours, "REPLACE").Err(); err != nil {
					t.Fatalf("RESTORE there: %v", err)
				}
				same(t, redis, name)
			}
		})
	}
}

// same compares k and copy on redis-server.
func same(t *testing.T, redis *commandtest.Redis, name string) {
	t.Helper()
	digests := redis.Do("DEBUG", "DIGEST-VALUE", "k", "copy")
	if a, b := commandtest.Text(digests.Elems[0]), commandtest.Text(digests.Elems[1]); a != b {
		t.Errorf("digest %s became %s", a, b)
	}
	if !strings.Contains(name, "stream") {
		return
	}
	text := func(key string) string {
		v := commandtest.Text(redis.Do("XINFO", "STREAM", key, "FULL", "COUNT", "0"))
		at, _, _ := strings.Cut(v, `"radix-tree-keys"`)
		_, rest, _ := strings.Cut(v, `"last-generated-id"`)
		return at + rest
	}
	if a, b := text("k"), text("copy"); a != b {
		t.Errorf("the stream\n%.3000s\nbecame\n%.3000s", a, b)
	}
}
