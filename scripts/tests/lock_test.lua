library '../functions/lock.lua'

local function take(owner, ms) return fcall('lock_take', { 'l', 'tokens' }, { owner, ms }) end
local function renew(owner, ms) return fcall('lock_renew', { 'l' }, { owner, ms }) end
local function free(owner) return fcall('lock_free', { 'l' }, { owner }) end
local function fence(token) return fcall('lock_fence', { 'resource' }, { token }) end

test('one owner at a time', function()
  equal(take('me', 1000), 1)
  equal(take('you', 1000), 0)
  equal(free('you'), 0)
  equal(free('me'), 1)
  equal(take('you', 1000), 2)
end)

test('the owner keeps the token when it takes or renews the lock again', function()
  equal(take('me', 1000), 1)
  advance('900ms')
  equal(take('me', 1000), 1)
  advance('900ms')
  equal(renew('me', 1000), 1)
  equal(renew('you', 1000), 0)
  advance('999ms')
  equal(take('you', 1000), 0)
end)

test('a lock ends by itself', function()
  take('me', 1000)
  advance('1s')
  equal(renew('me', 1000), 0)
  equal(free('me'), 0)
end)

test('a holder who was stopped too long is fenced off', function()
  local mine = take('me', 1000)
  equal(fence(mine), 1)
  advance('2s') -- asleep
  local yours = take('you', 1000)
  equal(yours > mine, true)
  equal(fence(yours), 1)
  equal(fence(mine), 0)
  equal(fence(yours), 1)
  equal(fence('x'), 0)
end)
