-- Sets a key if it holds what is expected. 1 when it was set.
--
--   redis-cli --eval compare_and_set.lua key , expected new
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
