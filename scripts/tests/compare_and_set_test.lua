local cas = script '../examples/compare_and_set.lua'

test('it sets what holds the expected value, and keeps the deadline', function()
  redis.call('SET', 'k', 'a', 'EX', 10)
  equal(cas({ 'k' }, { 'x', 'b' }), 0)
  equal(cas({ 'k' }, { 'a', 'b' }), 1)
  equal(redis.call('GET', 'k'), 'b')
  equal(redis.call('TTL', 'k'), 10)
end)
