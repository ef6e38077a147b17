#!lua name=sessions
-- Sessions that end by themselves: session.open creates one with a lifetime,
-- session.touch renews it, and when it expires, its user's set of open sessions
-- loses it and the list "ended" gets it.
--
--   SESSION.OPEN alice s1 1800000
--   SESSION.TOUCH s1 1800000
--   SESSION.COUNT alice

local prefix = 'session:'

kevy.register_command{
  name = 'session.open', arity = 4, flags = { 'atomic' }, syntax = 'user id milliseconds', summary = 'Opens a session',
  callback = function(args)
    local user, id, ms = args[1], args[2], args[3]
    if redis.call('EXISTS', prefix .. id) == 1 then
      return redis.error_reply('EXISTS the session is open already')
    end
    redis.call('HSET', prefix .. id, 'user', user)
    redis.call('PEXPIRE', prefix .. id, ms)
    redis.call('SADD', 'sessions:' .. user, id)
    return redis.status_reply('OK')
  end,
}

kevy.register_command{
  name = 'session.touch', arity = 3, syntax = 'id milliseconds', summary = 'Renews a session',
  callback = function(args) return redis.call('PEXPIRE', prefix .. args[1], args[2]) end,
}

kevy.register_command{
  name = 'session.count', arity = 2, flags = { 'no-writes' }, syntax = 'user', summary = "Counts a user's open sessions",
  callback = function(args) return redis.call('SCARD', 'sessions:' .. args[1]) end,
}

kevy.register_hook{
  event = 'expired', match = prefix .. '*', mode = 'atomic', name = 'end',
  callback = function(ev)
    if ev.type ~= 'hash' or not ev.value.user then
      return -- not one of ours
    end
    local id, user = ev.key:sub(#prefix + 1), ev.value.user
    redis.call('SREM', 'sessions:' .. user, id)
    redis.call('LPUSH', 'ended', cjson.encode{ id = id, user = user, at = ev.deadline })
    redis.call('LTRIM', 'ended', 0, 9999)
  end,
}
