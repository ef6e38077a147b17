library '../hooks/sessions.lua'

local function open(user, id, ms) return redis.call('SESSION.OPEN', user, id, ms) end

test('a session ends with its lifetime', function()
  equal(open('alice', 's1', 1000), { ok = 'OK' })
  open('alice', 's2', 2000)
  equal(redis.call('SESSION.COUNT', 'alice'), 2)
  advance('1500ms')
  equal(redis.call('SESSION.COUNT', 'alice'), 1)
  local ended = redis.call('LRANGE', 'ended', 0, -1)
  equal(#ended, 1)
  local e = cjson.decode(ended[1])
  equal({ e.id, e.user }, { 's1', 'alice' })
end)

test('touching a session renews it', function()
  open('alice', 's1', 1000)
  advance('900ms')
  equal(redis.call('SESSION.TOUCH', 's1', 1000), 1)
  advance('900ms')
  equal(redis.call('SESSION.COUNT', 'alice'), 1)
  advance('100ms')
  equal(redis.call('SESSION.TOUCH', 's1', 1000), 0)
end)

test('an id is taken as long as its session is open', function()
  open('alice', 's1', 1000)
  fails(function() open('bob', 's1', 1000) end, 'EXISTS the session is open already')
  advance('1s')
  equal(open('bob', 's1', 1000), { ok = 'OK' })
  equal(redis.call('SESSION.COUNT', 'alice'), 0)
end)

test('a lifetime that is none leaves nothing', function()
  fails(function() open('bob', 's1', 'soon') end, 'not an integer')
  equal(redis.call('DBSIZE'), 0)
end)

test('what is no session may lie under the prefix', function()
  redis.call('SET', 'session:x', 'a text', 'PX', 10)
  advance('1s')
  equal(redis.call('EXISTS', 'session:x', 'ended'), 0)
end)
