-- Remembers when a lane was resumed, beside whether it is paused.
-- KEYS 1  meta of the lane
local t = redis.call('TIME')
-- First something that frees memory: a Redis that is full takes the rest only then.
redis.call('HDEL', KEYS[1], 'resumedAt')
redis.call('HSET', KEYS[1], 'resumedAt', t[1] * 1000 + math.floor(t[2] / 1000))
