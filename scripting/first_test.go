package scripting_test

import "testing"

func TestFirst(t *testing.T) {
	r := newRig(t)
	for _, s := range []string{"return 1", "return redis.call('set','k','v')", "return redis.call('get','k')", "return {1,2,'x'}", "return KEYS", "local x=nil return x.y",
		"local a=1 local f=function() return a end pcall(error,'x') a=2 return f()", "error('boom')", "return redis.call('nosuch')", "return tostring(1e15)..1.5", "nosuch=1", "return nosuch", "return string.format('%5.2f|%d', 3.14159, 42)",
		"return cjson.encode({1,2,{a=1}})", "local c=coroutine.wrap(function(a) local b=coroutine.yield(a+1) return b*2 end) return {c(1),c(10)}", "for i=1,3 do local t=setmetatable({},{__index=function() return i end}) if t.x~=i then return 'bad' end end return 'ok'",
		"return {pcall(function() local x = {} ; return x.a.b end)}", "return ('x'):rep(3)..#'abc'"} {
		t.Logf("%s => %s", s, r.eval(s))
	}
}
