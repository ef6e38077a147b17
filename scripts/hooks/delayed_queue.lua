#!lua name=delayed_queue
-- A delayed queue: an item is a key with a lifetime, and its expiry is what puts
-- it into the queue, a list that any client pops. The move and the expiry are one
-- group in the log: over a crash the item is waiting or in the queue, never both
-- and never neither.
--
--   DELAY.PUSH mails 60000 "to: alice"    puts an item off for a minute; its id
--   DELAY.CANCEL mails 17                 1 when it was still waiting
--   DELAY.WAITING mails                   how many are waiting
--   BLPOP queue:mails 0                   takes what is due

-- A key is named "delayed:<id>:<queue>": the id has no colon, the queue may have.
local function item(queue, id) return 'delayed:' .. id .. ':' .. queue end
local function index(queue) return 'delays:' .. queue end

kevy.register_command{
  name = 'delay.push', arity = 4, flags = { 'atomic' }, syntax = 'queue milliseconds item',
  summary = 'Puts an item into a queue after a while',
  callback = function(args)
    local queue, ms = args[1], tonumber(args[2])
    if not ms or ms < 1 or ms ~= math.floor(ms) then
      return redis.error_reply('ERR the delay is a whole number of milliseconds, at least 1')
    end
    local id = redis.call('INCR', 'delays:id')
    redis.call('SET', item(queue, id), args[3], 'PX', ms)
    redis.call('ZADD', index(queue), kevy.now() + ms, id)
    return id
  end,
}

kevy.register_command{
  name = 'delay.cancel', arity = 3, syntax = 'queue id', summary = 'Takes back an item that is not due yet',
  callback = function(args)
    redis.call('ZREM', index(args[1]), args[2])
    return redis.call('DEL', item(args[1], args[2]))
  end,
}

kevy.register_command{
  name = 'delay.waiting', arity = 2, flags = { 'no-writes' }, syntax = 'queue', summary = 'Counts the items that are not due yet',
  callback = function(args) return redis.call('ZCARD', index(args[1])) end,
}

kevy.register_hook{
  event = 'expired', match = 'delayed:*', mode = 'atomic', on_error = 'retry', name = 'due',
  callback = function(ev)
    local id, queue = ev.key:match('^delayed:(%d+):(.*)$')
    if id then
      redis.call('ZREM', index(queue), id)
      redis.call('RPUSH', 'queue:' .. queue, ev.value)
    end
  end,
}
