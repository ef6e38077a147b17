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

// TestKeyEvents: callbacks that keep an event have one each; those that only read
// fields see those of the present one.
func TestKeyEvents(t *testing.T) {
	r := newRig(t)
	r.load(`#!lua name=l
local kept = {}
local function text(ev) return table.concat({ev.event, ev.name, ev.key, ev.class, ev.db, ev.depth}, ' ') end
kevy.register_hook{ event='key', name='reads', match='[a-z]', callback=function(ev)
  redis.call('RPUSH', 'READS', ev.event..' '..ev.name..' '..ev.key..' '..ev.class..' '..ev.db..' '..ev.depth..' '..type(ev.at)..' '..tostring(ev.what))
end }
kevy.register_hook{ event='key', name='names', match='[a-z]', callback=function(ev) redis.call('RPUSH', 'NAMES', ev.name) end }
kevy.register_hook{ event='key', name='none', match='[a-z]', callback=function() redis.call('INCR', 'NONE') end }
kevy.register_hook{ event='key', name='keeps', match='[a-z]', callback=function(ev)
  kept[#kept + 1] = ev
  if ev.name == 'del' then for _, e in ipairs(kept) do redis.call('RPUSH', 'KEPT', text(e)) end end
end }`)
	r.expect("+OK", "SET", "a", "1")
	r.expect("1", "LPUSH", "b", "1")
	r.expect("1", "DEL", "a")
	r.flush()
	r.expect("[key set a $ 0 0 number nil key lpush b l 0 0 number nil key del a g 0 0 number nil]", "LRANGE", "READS", "0", "-1")
	r.expect("[set lpush del]", "LRANGE", "NAMES", "0", "-1")
	r.expect("3", "GET", "NONE")
	r.expect("[key set a $ 0 0 key lpush b l 0 0 key del a g 0 0]", "LRANGE", "KEPT", "0", "-1")
}
