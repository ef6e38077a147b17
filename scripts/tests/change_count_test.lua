library '../hooks/change_count.lua'

test('changes are counted by the first part of the key, until midnight', function()
  redis.call('SET', 'user:1', 'x')
  redis.call('LPUSH', 'user:2', 'x')
  redis.call('SET', 'plain', 'x')
  redis.call('GET', 'plain')
  equal(redis.call('HMGET', 'changes:today', 'user', 'other'), { '2', '1' })
  equal(redis.call('HLEN', 'changes:today'), 2)
  advance('24h')
  equal(redis.call('EXISTS', 'changes:today'), 0)
end)
