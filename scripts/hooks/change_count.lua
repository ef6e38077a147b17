#!lua name=change_count
-- Counts changes by the first part of the key ("user" of user:17), beside the
-- writers and not in their way: an observer. A timer drops the counts each day.

kevy.register_hook{
  event = 'key', class = 'g$lshz', name = 'count',
  callback = function(ev)
    local kind = ev.key:match('^([^:]+):') or 'other'
    if kind ~= 'changes' and ev.depth == 0 then
      redis.call('HINCRBY', 'changes:today', kind, 1)
    end
  end,
}

kevy.register_timer{
  every = '24h', name = 'midnight',
  callback = function() redis.call('DEL', 'changes:today') end,
}
