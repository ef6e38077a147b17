library '../functions/limiter.lua'

local function window(n, ms) return fcall('limit_window', { 'w' }, { n, ms }) end
local function sliding(n, ms) return fcall('limit_sliding', { 's' }, { n, ms }) end

test('a fixed window', function()
  equal(window(2, 1000), { 1, 1, 0 })
  advance('400ms')
  equal(window(2, 1000), { 1, 0, 0 })
  equal(window(2, 1000), { 0, 0, 600 })
  advance('600ms')
  equal(window(2, 1000), { 1, 1, 0 })
end)

test('a sliding window', function()
  equal(sliding(2, 1000), { 1, 1, 0 })
  advance('400ms')
  equal(sliding(2, 1000), { 1, 0, 0 })
  equal(sliding(2, 1000), { 0, 0, 600 })
  advance('599ms')
  equal(sliding(2, 1000), { 0, 0, 1 })
  advance('1ms') -- the first call leaves the window, the second is still in it
  equal(sliding(2, 1000), { 1, 0, 0 })
  equal(sliding(2, 1000), { 0, 0, 400 })
end)

test('calls of one moment are counted one by one', function()
  for left = 9, 0, -1 do
    equal(sliding(10, 1000), { 1, left, 0 })
  end
  equal(sliding(10, 1000)[1], 0)
end)

test('nothing is left of a limit that nobody asks for', function()
  sliding(2, 1000)
  window(2, 1000)
  advance('1s')
  equal(redis.call('DBSIZE'), 0)
end)
