local transfer = script '../examples/transfer.lua'

test('both accounts change, or none', function()
  redis.call('HSET', 'a', 'balance', 10)
  equal(transfer({ 'a', 'b' }, { 4 }), 4)
  fails(function() transfer({ 'a', 'b' }, { 7 }) end, 'BALANCE is too low')
  equal(redis.call('HGET', 'a', 'balance'), '6')
  equal(redis.call('HGET', 'b', 'balance'), '4')
end)

test('an amount is a number above 0', function()
  fails(function() transfer({ 'a', 'b' }, { 'x' }) end, 'AMOUNT must be above 0')
end)
