-- Puts a lane to sleep; doubles the time while the trouble repeats. Many sends in flight meet
-- the same limit, so a lane that already sleeps is not counted as a repetition.
-- KEYS 1  sleep record
-- ARGV 1  first ms   2  most ms   3  repetition: ms after waking within which it doubles
--      4  cause   5  ms after waking for which the record is kept
-- A first that is also the most is no step of a series: what repeats later goes on where it was.
-- returns {ms to sleep from now, 'started' | 'repeated' | 'asleep'}
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local v = redis.call('HMGET', KEYS[1], 'until', 'step', 'cause')
local till, step = tonumber(v[1] or 0), tonumber(v[2] or 0)
local first, most = tonumber(ARGV[1]), tonumber(ARGV[2])
-- A spent quota outlasts whatever sleep the lane is in; any other trouble does not add to it.
if till > now and (ARGV[4] ~= 'quota' or till - now >= first) then
  return { tostring(till - now), 'asleep' }
end
local repeated = till <= now and v[3] == ARGV[4] and now - till < tonumber(ARGV[3])
local ms = first
if repeated then
  ms = math.max(first, math.min(step * 2, most))
end
if not repeated or first < most then step = ms end
-- First something that frees memory: a Redis that is full takes the rest only then.
redis.call('HDEL', KEYS[1], '')
redis.call('HSET', KEYS[1], 'until', now + ms, 'step', step, 'cause', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ms + tonumber(ARGV[5]))
return { tostring(ms), repeated and 'repeated' or 'started' }
