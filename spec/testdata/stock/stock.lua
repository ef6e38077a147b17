#!lua name=stock
-- Reservations: an item that is not paid in time goes back to the stock.

kevy.register_command{
  name = 'stock.reserve', arity = 4, flags = { 'atomic' }, syntax = 'item id milliseconds',
  callback = function(args)
    local item, id, ms = args[1], args[2], args[3]
    redis.call('SET', 'reserved:' .. id, item, 'PX', ms)
    if redis.call('HINCRBY', 'stock', item, -1) < 0 then
      error{ err = 'SOLDOUT there is no ' .. item } -- the flag atomic undoes both writes
    end
    return redis.status_reply('OK')
  end,
}

redis.register_function('stock_pay', function(keys, args)
  return redis.call('DEL', keys[1])
end)

kevy.register_hook{
  event = 'expired', match = 'reserved:*', mode = 'atomic', name = 'unpaid',
  callback = function(ev) redis.call('HINCRBY', 'stock', ev.value, 1) end,
}
