package spec

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// scripts of the crash loop; the second touches keys that it does not declare.
const (
	crashScript = "redis.call('INCR',KEYS[1])redis.call('RPUSH',KEYS[2],ARGV[1])return{redis.call('GET',KEYS[1])}"
	crashHidden = "redis.call('INCR',ARGV[1])redis.call('HINCRBY',ARGV[2],'n',1)redis.call('INCRBYFLOAT',ARGV[3],'1')"
	crashSpop   = "return(redis.call('SADD',KEYS[2],redis.call('SPOP',KEYS[1])))"
)

// far is a deadline that does not come, in ms; each operation moves it by one.
const far = 4_000_000_000_000

var crashKinds = []crashKind{
	{name: "incr", do: one("INCR $incr"), count: number("GET $incr")},
	{name: "append", do: one("APPEND $append ."), count: number("STRLEN $append")},
	{name: "bit", do: one("SETBIT $bit # 1"), count: number("BITCOUNT $bit")},
	{name: "deadline", db: 2, do: func(c *redis.Client, key func(string) string, n int64) error {
		return c.Do(context.Background(), "SET", key("deadline"), n, "PXAT", far+n).Err()
	}, count: deadlineCount},
	{name: "getex", db: 2, do: turns("SET $getex #", "GETEX $getex PXAT 4000000000001", "PEXPIREAT $getex 4000000000002"), count: getexCount},
	{name: "list", do: one("RPUSH $list #"), count: inOrder("list")},
	{name: "move", do: turns("RPUSH $from #", "LMOVE $from $to LEFT RIGHT"), count: weighed([]int64{1, 2}, "LLEN $from", "LLEN $to")},
	{name: "jobs", do: one("RPUSH $jobs #"), count: inOrder("taken", "jobs")},
	{name: "set", do: one("SADD $set #"), count: number("SCARD $set")},
	{name: "spop", do: turns("SADD $bag #", "EVAL "+crashSpop+" 2 $bag $out"), count: weighed([]int64{1, 2}, "SCARD $bag", "SCARD $out")},
	{name: "hash", do: one("HSET $hash f# #"), count: number("HLEN $hash")},
	{name: "hincr", do: one("HINCRBYFLOAT $hincr n 1"), count: number("HGET $hincr n")},
	{name: "zset", do: one("ZADD $zset # m#"), count: number("ZCARD $zset")},
	{name: "zincr", do: one("ZINCRBY $zincr 1 m"), count: number("ZSCORE $zincr m")},
	{name: "zpop", do: turns("ZADD $heap # m#", "ZRANGESTORE $top $heap 0 0", "ZPOPMIN $heap"), count: zpopCount},
	{name: "geo", needs: "GEOADD", do: one("GEOADD $geo 1 1 m#"), count: number("ZCARD $geo")},
	{name: "rename", do: turns("SET $old #", "RENAME $old $new"), count: renameCount},
	{name: "stream", needs: "XADD", do: one("XADD $stream #-1 n #"), count: number("XLEN $stream")},
	{name: "group", needs: "XREADGROUP", do: groupDo, count: groupCount},
	{name: "multi", do: func(c *redis.Client, key func(string) string, n int64) error {
		return tx(c, key, n, "INCR $m1", "HINCRBY $m2 f 1", "RPUSH $m3 #", "SADD $m4 #", "ZADD $m5 # #")
	}, count: same("GET $m1", "HGET $m2 f", "LLEN $m3", "SCARD $m4", "ZCARD $m5")},
	{name: "eval", do: one("EVAL " + crashScript + " 2 $s1 $s2 #"), count: same("GET $s1", "LLEN $s2")},
	{name: "hidden", do: one("EVAL " + crashHidden + " 0 $u1 $u2 $u3"), count: same("GET $u1", "HGET $u2 n", "GET $u3")},
	{name: "fcall", do: one("FCALL crash_twin 2 $f1 $f2"), count: same("GET $f1", "SCARD $f2")},
	{name: "unlink", db: 3, do: func(c *redis.Client, key func(string) string, n int64) error {
		if n%10 == 9 {
			var names []string
			for i := n - 9; i < n; i++ {
				names = append(names, "$d"+strconv.FormatInt(i, 10))
			}
			return tx(c, key, n, "UNLINK "+strings.Join(names, " "), "INCRBY $gen 10")
		}
		return one("SET $d"+strconv.FormatInt(n, 10)+" x")(c, key, n)
	}, count: func(c *redis.Client, key func(string) string) (int64, error) {
		gen, err := number("GET $gen")(c, key)
		if err != nil {
			return 0, err
		}
		keys, err := c.Keys(context.Background(), key("d*")).Result()
		return gen + int64(len(keys)), err
	}},
}

// tx is a MULTI/EXEC of the commands.
func tx(c *redis.Client, key func(string) string, n int64, commands ...string) error {
	ctx := context.Background()
	_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, words := range commands {
			p.Do(ctx, fill(words, key, n)...)
		}
		return nil
	})
	return err
}

func deadlineCount(c *redis.Client, key func(string) string) (int64, error) {
	ctx := context.Background()
	v, err := c.Get(ctx, key("deadline")).Int64()
	if err == redis.Nil {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	at, err := c.Do(ctx, "PEXPIRETIME", key("deadline")).Int64()
	if err == nil && at != far+v {
		err = fmt.Errorf("the value %d has the deadline %d", v, at-far)
	}
	return v + 1, err
}

// getexCount: the value is the number of the SET, the deadline tells how far the round has come.
func getexCount(c *redis.Client, key func(string) string) (int64, error) {
	ctx := context.Background()
	v, err := c.Get(ctx, key("getex")).Int64()
	if err == redis.Nil {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	at, err := c.Do(ctx, "PEXPIRETIME", key("getex")).Int64()
	if err != nil {
		return 0, err
	}
	return v + 1 + max(at-far, 0), nil
}

// zpopCount: heap has one member after the first step and the second, none after the third.
func zpopCount(c *redis.Client, key func(string) string) (int64, error) {
	ctx := context.Background()
	heap, err := c.ZRangeWithScores(ctx, key("heap"), 0, -1).Result()
	if err != nil {
		return 0, err
	}
	top, err := c.ZRangeWithScores(ctx, key("top"), 0, -1).Result()
	if err != nil {
		return 0, err
	}
	last := int64(-3)
	if len(top) == 1 {
		last = int64(top[0].Score)
	}
	switch {
	case len(heap) == 0:
		return last + 3, nil
	case len(heap) == 1 && int64(heap[0].Score) == last:
		return last + 2, nil
	case len(heap) == 1 && int64(heap[0].Score) == last+3:
		return last + 4, nil
	}
	return 0, fmt.Errorf("heap is %v, top %v", heap, top)
}

func renameCount(c *redis.Client, key func(string) string) (int64, error) {
	ctx := context.Background()
	if v, err := c.Get(ctx, key("old")).Int64(); err != redis.Nil {
		return v + 1, err
	}
	v, err := c.Get(ctx, key("new")).Int64()
	if err == redis.Nil {
		return 0, nil
	}
	return v + 2, err
}

// groupDo adds an entry, reads it for a group, and acknowledges it.
func groupDo(c *redis.Client, key func(string) string, n int64) error {
	switch n {
	case 0:
		return one("XGROUP CREATE $gs g 0 MKSTREAM")(c, key, n)
	default:
		i := (n - 1) / 3
		id := strconv.FormatInt(i+1, 10) + "-0"
		switch (n - 1) % 3 {
		case 0:
			return one("XADD $gs "+id+" n #")(c, key, n)
		case 1:
			return one("XREADGROUP GROUP g me COUNT 1 STREAMS $gs >")(c, key, n)
		}
		return one("XACK $gs g "+id)(c, key, n)
	}
}

func groupCount(c *redis.Client, key func(string) string) (int64, error) {
	ctx := context.Background()
	groups, err := c.XInfoGroups(ctx, key("gs")).Result()
	if err != nil {
		if strings.Contains(err.Error(), "no such key") {
			return 0, nil
		}
		return 0, err
	}
	added, err := c.XLen(ctx, key("gs")).Result()
	if err != nil || len(groups) != 1 {
		return 0, fmt.Errorf("%d groups: %v", len(groups), err)
	}
	delivered, _, _ := strings.Cut(groups[0].LastDeliveredID, "-")
	read, err := strconv.ParseInt(delivered, 10, 64)
	return 1 + added + read + (read - groups[0].Pending), err
}

// dump reads everything: by database and key the type, the value and the deadline.
func dump(t *testing.T, c *redis.Client) map[string]string {
	t.Helper()
	ctx := context.Background()
	all := map[string]string{}
	for _, db := range []int{0, 2, 3} {
		conn := c.Conn()
		must(t, conn.Select(ctx, db).Err())
		for cursor := uint64(0); ; {
			keys, next, err := conn.Scan(ctx, cursor, "*", 1000).Result()
			must(t, err)
			for _, k := range keys {
				all[fmt.Sprintf("%d/%s", db, k)] = value(t, conn, k)
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
		must(t, conn.Close())
	}
	return all
}

func value(t *testing.T, c *redis.Conn, k string) string {
	t.Helper()
	ctx := context.Background()
	kind, err := c.Type(ctx, k).Result()
	must(t, err)
	words := map[string][]any{
		"string": {"GET", k}, "list": {"LRANGE", k, 0, -1}, "set": {"SMEMBERS", k}, "hash": {"HGETALL", k},
		"zset": {"ZRANGE", k, 0, -1, "WITHSCORES"}, "stream": {"XRANGE", k, "-", "+"},
	}[kind]
	v, err := c.Do(ctx, words...).Result()
	must(t, err)
	var text string
	switch v := v.(type) {
	case map[any]any: // in the order of its names
		text = fmt.Sprint(v)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = fmt.Sprint(v[i])
		}
		if kind == "set" {
			slices.Sort(parts)
		}
		text = strings.Join(parts, " ")
	default:
		text = fmt.Sprint(v)
	}
	at, err := c.Do(ctx, "PEXPIRETIME", k).Int64()
	must(t, err)
	return fmt.Sprintf("%s %s, due at %d", kind, text, at)
}
