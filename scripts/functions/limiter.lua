#!lua name=limiter
-- Rate limits.
--
--   FCALL limit_window 1 <key> <limit> <window-ms>     a fixed window
--   FCALL limit_sliding 1 <key> <limit> <window-ms>    a sliding window
--
-- Both answer {allowed (1 or 0), left, milliseconds until there is room}.

redis.register_function{
  function_name = 'limit_window', description = 'Counts calls in a fixed window',
  callback = function(keys, args)
    local key, limit, window = keys[1], tonumber(args[1]), tonumber(args[2])
    local n = redis.call('INCR', key)
    if n == 1 then
      redis.call('PEXPIRE', key, window)
    end
    if n <= limit then
      return { 1, limit - n, 0 }
    end
    return { 0, 0, redis.call('PTTL', key) }
  end,
}

redis.register_function{
  function_name = 'limit_sliding', description = 'Counts calls in the last milliseconds',
  callback = function(keys, args)
    local key, limit, window = keys[1], tonumber(args[1]), tonumber(args[2])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
    local n = redis.call('ZCARD', key)
    if n >= limit then
      local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
      return { 0, 0, math.max(first[2] + window - now, 1) }
    end
    redis.call('ZADD', key, now, time[1] .. '.' .. time[2] .. '.' .. n)
    redis.call('PEXPIRE', key, window)
    return { 1, limit - n - 1, 0 }
  end,
}
