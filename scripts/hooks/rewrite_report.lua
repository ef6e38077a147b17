#!lua name=rewrite_report
-- Keeps a short history of the log's rewrites in the list "rewrites", as JSON.

kevy.register_hook{
  event = 'rewrite', name = 'history',
  callback = function(ev)
    if ev.phase == 'begin' then
      return
    end
    redis.call('LPUSH', 'rewrites', cjson.encode{
      phase = ev.phase, cause = ev.cause, keys = ev.keys, before = ev.before_bytes, after = ev.after_bytes,
      elapsed_ms = ev.elapsed_ms, longest_pause_ms = ev.longest_pause_ms, error = ev.error,
    })
    redis.call('LTRIM', 'rewrites', 0, 99)
  end,
}
