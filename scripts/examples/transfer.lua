#!lua flags=atomic
-- Moves an amount from one account to another; both are hashes with a field
-- "balance". The flag atomic undoes the first write when the second fails.
--
--   redis-cli --eval transfer.lua from to , amount
local amount = tonumber(ARGV[1])
if not amount or amount <= 0 then
  return redis.error_reply('AMOUNT must be above 0')
end
if redis.call('HINCRBY', KEYS[1], 'balance', -amount) < 0 then
  error({ err = 'BALANCE is too low' })
end
return redis.call('HINCRBY', KEYS[2], 'balance', amount)
