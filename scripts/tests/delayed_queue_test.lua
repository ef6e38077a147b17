library '../hooks/delayed_queue.lua'

test('an item comes into the queue when it is due', function()
  equal(redis.call('DELAY.PUSH', 'mails', 1000, 'to: alice'), 1)
  advance('999ms')
  equal(redis.call('LLEN', 'queue:mails'), 0)
  equal(redis.call('DELAY.WAITING', 'mails'), 1)
  advance('1ms')
  equal(redis.call('LRANGE', 'queue:mails', 0, -1), { 'to: alice' })
  equal(redis.call('DELAY.WAITING', 'mails'), 0)
end)

test('items come in the order in which they are due', function()
  for i, ms in ipairs{ 3000, 1000, 2000 } do
    redis.call('DELAY.PUSH', 'q', ms, 'item ' .. i)
  end
  redis.call('DELAY.PUSH', 'a:b', 1000, 'another queue')
  advance('1h')
  equal(redis.call('LRANGE', 'queue:q', 0, -1), { 'item 2', 'item 3', 'item 1' })
  equal(redis.call('LRANGE', 'queue:a:b', 0, -1), { 'another queue' })
end)

test('an item that was cancelled does not come', function()
  local id = redis.call('DELAY.PUSH', 'q', 1000, 'x')
  equal(redis.call('DELAY.CANCEL', 'q', id), 1)
  equal(redis.call('DELAY.CANCEL', 'q', id), 0)
  equal(redis.call('DELAY.WAITING', 'q'), 0)
  advance('2s')
  equal(redis.call('EXISTS', 'queue:q'), 0)
end)

test('a delay that is none is refused and leaves nothing', function()
  for _, ms in ipairs{ 'soon', '0', '-1', '1.5' } do
    fails(function() redis.call('DELAY.PUSH', 'q', ms, 'x') end, 'whole number')
  end
  equal(redis.call('DBSIZE'), 0)
end)

test('an item that cannot be delivered is not lost', function()
  redis.call('SET', 'queue:q', 'no list')
  redis.call('DELAY.PUSH', 'q', 1000, 'x')
  advance('1050ms')
  redis.call('DEL', 'queue:q')
  advance('10s')
  equal(redis.call('LRANGE', 'queue:q', 0, -1), { 'x' })
end)
