library 'stock.lua'

local function left() return tonumber(redis.call('HGET', 'stock', 'chair')) end

test('what is not paid in time comes back', function()
  redis.call('HSET', 'stock', 'chair', 1)
  equal(redis.call('STOCK.RESERVE', 'chair', 'a', 600000), { ok = 'OK' })
  equal(left(), 0)
  advance('9m59s')
  equal(left(), 0)
  advance('1s')
  equal(left(), 1)
end)

test('what is paid does not', function()
  redis.call('HSET', 'stock', 'chair', 1)
  redis.call('STOCK.RESERVE', 'chair', 'a', 600000)
  equal(fcall('stock_pay', { 'reserved:a' }), 1)
  advance('1h')
  equal(left(), 0)
end)

test('a reservation of nothing leaves nothing', function()
  redis.call('HSET', 'stock', 'chair', 0)
  fails(function() redis.call('STOCK.RESERVE', 'chair', 'a', 600000) end, 'SOLDOUT')
  equal(left(), 0)
  equal(redis.call('EXISTS', 'reserved:a'), 0)
end)
