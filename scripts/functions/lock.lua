#!lua name=lock
-- Locks with an owner and an end.
--
--   FCALL lock_take 1 <key> <owner> <ms>      1 when it is ours, 0 when another has it
--   FCALL lock_renew 1 <key> <owner> <ms>
--   FCALL lock_free 1 <key> <owner>

redis.register_function('lock_take', function(keys, args)
  if redis.call('SET', keys[1], args[1], 'NX', 'PX', args[2]) then
    return 1
  end
  return redis.call('GET', keys[1]) == args[1] and redis.call('PEXPIRE', keys[1], args[2]) or 0
end)

redis.register_function('lock_renew', function(keys, args)
  return redis.call('GET', keys[1]) == args[1] and redis.call('PEXPIRE', keys[1], args[2]) or 0
end)

redis.register_function('lock_free', function(keys, args)
  return redis.call('GET', keys[1]) == args[1] and redis.call('DEL', keys[1]) or 0
end)
