-- Asks for the right to fetch a new token in place of generation `bad`.
-- KEYS 1  token record   2  lock      ARGV 1  bad generation  2  owner  3  lock ms
-- returns {'FRESH'} somebody has replaced it already | {'CLAIMED'}
--       | {'WAIT', ms} somebody is fetching | {'RESTING', ms} fetching failed, nobody may for a while
-- First something that frees memory: a Redis that is full takes the rest only then.
redis.call('HDEL', KEYS[1], '')
local gen = redis.call('HGET', KEYS[1], 'gen') or '0'
if gen ~= ARGV[1] then return { 'FRESH' } end
if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return { 'CLAIMED' } end
local why = redis.call('GET', KEYS[2]) == 'resting' and 'RESTING' or 'WAIT'
return { why, tostring(math.max(1, redis.call('PTTL', KEYS[2]))) }
