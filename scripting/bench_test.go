package scripting_test

import (
	"context"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

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
