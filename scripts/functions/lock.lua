#!lua name=lock
-- Locks with an owner, an end, and a fencing token. The token grows with each
-- new holder, so what the lock protects can refuse a holder who was stopped so
-- long that the lock has gone to another.
--
--   FCALL lock_take  2 <lock> <counter> <owner> <ms>   the token, or 0 when another has it
--   FCALL lock_renew 1 <lock> <owner> <ms>             the token, or 0 when it is lost
--   FCALL lock_free  1 <lock> <owner>                  1, or 0 when it was not the owner's
--   FCALL lock_fence 1 <resource> <token>              1, or 0 when a newer holder was here
--
-- The counter outlives the lock; several locks may share one.

-- held returns the token when the lock is the owner's.
local function held(lock, owner)
  local is = redis.call('HMGET', lock, 'owner', 'token')
  return is[1] == owner and tonumber(is[2]) or nil
end

redis.register_function{
  function_name = 'lock_take', description = 'Takes a lock, or renews it for its owner',
  callback = function(keys, args)
    local lock, owner, ms = keys[1], args[1], args[2]
    local token = held(lock, owner)
    if not token then
      if redis.call('EXISTS', lock) == 1 then
        return 0
      end
      token = redis.call('INCR', keys[2])
      redis.call('HSET', lock, 'owner', owner, 'token', token)
    end
    redis.call('PEXPIRE', lock, ms)
    return token
  end,
}

redis.register_function{
  function_name = 'lock_renew', description = 'Gives a lock a new end',
  callback = function(keys, args)
    local token = held(keys[1], args[1])
    if not token then
      return 0
    end
    redis.call('PEXPIRE', keys[1], args[2])
    return token
  end,
}

redis.register_function{
  function_name = 'lock_free', description = 'Gives a lock back',
  callback = function(keys, args)
    return held(keys[1], args[1]) and redis.call('DEL', keys[1]) or 0
  end,
}

redis.register_function{
  function_name = 'lock_fence', description = 'Admits a token that is not older than the newest seen',
  callback = function(keys, args)
    local token = tonumber(args[1])
    local newest = tonumber(redis.call('GET', keys[1]) or 0)
    if not token or token < newest then
      return 0
    end
    redis.call('SET', keys[1], string.format('%d', token))
    return 1
  end,
}
