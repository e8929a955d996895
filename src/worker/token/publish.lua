-- Stores a fetched token, unless somebody stored a newer one meanwhile: a slow answer never
-- overwrites a later one. Gives the lock back.
-- KEYS 1  token record   2  lock
-- ARGV 1  generation it replaces  2  owner  3  sealed token  4  fetched at  5  expires at
--         6  kind of its source
-- returns {'STORED', generation} | {'LOST'}
-- First something that frees memory: a Redis that is full takes the rest only then.
redis.call('HDEL', KEYS[1], '')
if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
local gen = redis.call('HGET', KEYS[1], 'gen') or '0'
if gen ~= ARGV[1] then return { 'LOST' } end
local new = redis.call('HINCRBY', KEYS[1], 'gen', 1)
redis.call('HSET', KEYS[1], 'sealed', ARGV[3], 'at', ARGV[4], 'until', ARGV[5], 'source', ARGV[6])
return { 'STORED', tostring(new) }
