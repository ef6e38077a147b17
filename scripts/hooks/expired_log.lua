#!lua name=expired_log
-- Keeps the last expiries in a list, each as JSON with the value that the key had.
-- The entry is part of the expiry's own group in the log: both are there after a
-- crash, or neither.
--
--   LRANGE expired:log 0 -1

local list, keep = 'expired:log', 1000

kevy.register_hook{
  event = 'expired', mode = 'atomic', name = 'log',
  callback = function(ev)
    if ev.key == list then
      return
    end
    redis.call('LPUSH', list, cjson.encode{
      key = ev.key, db = ev.db, type = ev.type, value = ev.value, deadline = ev.deadline, late = ev.lateness,
    })
    redis.call('LTRIM', list, 0, keep - 1)
  end,
}
