package scripting_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// ordinary are the scripts that are measured beside redis-server: cmd/kevy-bench
// has the same.
var ordinary = []struct {
	name, script string
	keys         int
	args         []string
}{
	{"return 1", `return 1`, 0, nil},
	{"get", `return redis.call('GET', KEYS[1])`, 1, []string{"key"}},
	{"incrby", `return redis.call('INCRBY', KEYS[1], ARGV[1])`, 1, []string{"counter", "3"}},
	{"limiter", `
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
if n > tonumber(ARGV[1]) then return 0 end
return 1`, 1, []string{"limit", "100", "60"}},
	{"sliding window", `
local now = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - tonumber(ARGV[2]))
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[3]) - 1)
return redis.call('ZCARD', KEYS[1])`, 1, []string{"window", "5000", "1000", "100"}},
	{"100 x incr", `for i = 1, 100 do redis.call('INCR', KEYS[1]) end`, 1, []string{"counter"}},
	{"hash update", `
local v = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
redis.call('HSET', KEYS[1], ARGV[1], v + tonumber(ARGV[2]), 'last', v)
return v`, 1, []string{"hash", "count", "1"}},
	{"list move", `
local job = redis.call('RPOP', KEYS[1])
if not job then
  redis.call('LPUSH', KEYS[1], ARGV[1])
  return false
end
redis.call('LPUSH', KEYS[2], job)
redis.call('LTRIM', KEYS[2], 0, 9)
return job`, 2, []string{"queue", "work", "job"}},
	{"cjson encode", `return cjson.encode({id = ARGV[1], name = KEYS[1], tags = {'a', 'b', 'c'}, n = 42.5, ok = true})`, 1, []string{"key", "7"}},
	{"set if equal", `
local v = redis.call('GET', KEYS[1])
if not v or v == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  return 1
end
redis.call('SET', KEYS[1], ARGV[1])
return 0`, 1, []string{"lock", "a", "b"}},
}

// BenchmarkEvalSHA is one client's EVALSHA without the network.
func BenchmarkEvalSHA(b *testing.B) {
	for _, bm := range ordinary {
		b.Run(bm.name, func(b *testing.B) {
			r := newRig(b)
			r.journal.off = true
			r.do("SET", "key", "xxxxxxxxxxxxxxxx")
			sha := text(r.do("SCRIPT", "LOAD", bm.script))
			args := byteArgs(append([]string{"EVALSHA", sha, strconv.Itoa(bm.keys)}, bm.args...))
			s, err := r.NewSession(engine.SessionOptions{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var out wire.Writer
			b.ReportAllocs()
			for b.Loop() {
				out.Buf = out.Buf[:0]
				s.Do(args, &out)
			}
			if len(out.Buf) == 0 || out.Buf[0] == '-' {
				b.Fatalf("%q", out.Buf)
			}
		})
	}
}

// BenchmarkParallel shows what two cores do for scripts on disjoint declared
// keys: compare ns/op of "one" with "two". Each operation is one script.
func BenchmarkParallel(b *testing.B) {
	const script = `local s = 0 for i = 1, 200 do s = s + redis.call('INCR', KEYS[1]) % 7 end return s`
	for name, clients := range map[string]int{"one": 1, "two": 2} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, shards(256)) // so many that two keys hardly share one
			r.journal.off = true
			keys := []string{"a", "b"}
			var tasks sync.WaitGroup
			b.ResetTimer()
			for c := range clients {
				n := b.N / clients
				tasks.Add(1)
				go func() {
					defer tasks.Done()
					s, err := r.NewSession(engine.SessionOptions{})
					if err != nil {
						b.Error(err)
						return
					}
					defer s.Close()
					args := byteArgs([]string{"EVAL", script, "1", keys[c]})
					var out wire.Writer
					for range n {
						out.Buf = out.Buf[:0]
						s.Do(args, &out)
					}
				}()
			}
			tasks.Wait()
		})
	}
}

func BenchmarkEval(b *testing.B) {
	for _, bm := range []struct{ name, script string }{
		{"return 1", "return 1"},
		{"get", "return redis.call('get',KEYS[1])"},
		{"incrby", "return redis.call('incrby',KEYS[1],ARGV[1])"},
		{"limiter", "local n = redis.call('incr',KEYS[1]) if n == 1 then redis.call('expire',KEYS[1],ARGV[1]) end return n"},
		{"1000 incr", "for i=1,1000 do redis.call('incr',KEYS[1]) end"},
		{"1000 set", "for i=1,1000 do redis.call('set','key:'..i,i) end"},
		{"number loop", "local x = 0 for i=1,10000 do x = x + i % 7 end return x"},
		{"table loop", "local t = {} for i=1,1000 do t[#t+1] = i end local s = 0 for i,v in ipairs(t) do s = s + v end return s"},
		{"gsub", "return (('hello world '):rep(50):gsub('%w+', '<%0>'))"},
		{"json", "return cjson.encode(cjson.decode('{\"a\":[1,2,3],\"b\":{\"c\":\"d\"}}'))"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			r := newRig(b)
			r.journal.off = true
			args := byteArgs([]string{"EVAL", bm.script, "1", "k", "1"})
			ctx := context.Background()
			var c wire.Collector
			b.ReportAllocs()
			for b.Loop() {
				c.Reset()
				if err := r.Do(ctx, 0, args, &c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
