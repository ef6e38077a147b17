package scripting_test

import "testing"

func TestCommandHooks(t *testing.T) {
	r := newRig(t)
	r.load(`#!lua name=l
kevy.register_hook{ event='command', phase='before', match='[sg]et', callback=function(ev)
  if ev.args[2] == 'secret' then return redis.error_reply('NOPERM hands off, '..ev.user) end
  if ev.args[2] == 'broken' then error('oops') end
  if ev.name == 'set' then redis.call('INCR', 'sets') end
end }
kevy.register_hook{ event='command', match='set', name='after', callback=function(ev)
  redis.call('RPUSH', 'log', ev.name..' '..ev.args[2]..' '..tostring(ev.error)..' '..type(ev.elapsed_ms)) end }`)
	r.expect("-NOPERM hands off, default", "GET", "secret")
	r.expect("-NOPERM hands off, default", "SET", "secret", "x")
	r.expect("nil", "GET", "broken")
	r.expect("+OK", "SET", "k", "x")
	r.expect("-ERR syntax error", "SET", "k", "x", "what")
	r.flush()
	r.expect("2", "GET", "sets")
	r.expect("[set k nil number set k ERR syntax error number]", "LRANGE", "log", "0", "-1")
}
