#!lua name=sessions

-- What became of sessions: a key session:<id> that expires is not just gone,
-- its value is kept in the list "sessions:ended", the latest first, in the same
-- unit as the expiry. A hash or any other value is kept as JSON.
--
--   kevy-lua serve --set scripting.libraries=scripts/hooks/sessions.lua
--   SET session:1 alice PX 1000      ... one second later ...
--   SESSIONS.ENDED 10                the latest ten, as JSON
--   FCALL sessions_count 0           how many are kept

local LIST, KEEP = 'sessions:ended', 1000

kevy.register_hook{
  name = 'ended', event = 'expired', match = 'session:*', mode = 'atomic',
  callback = function(ev)
    redis.call('LPUSH', LIST, cjson.encode{
      id = string.sub(ev.key, #'session:' + 1), value = ev.value, cause = ev.cause, late_ms = ev.lateness,
    })
    redis.call('LTRIM', LIST, 0, KEEP - 1)
  end,
}

kevy.register_command{
  name = 'sessions.ended', arity = -1, flags = { 'no-writes' },
  callback = function(args)
    local n = tonumber(args[1] or '10')
    if not n then return redis.error_reply('ERR how many? a number is expected') end
    return redis.call('LRANGE', LIST, 0, n - 1)
  end,
}

redis.register_function{
  function_name = 'sessions_count', flags = { 'no-writes' },
  callback = function() return redis.call('LLEN', LIST) end,
}
