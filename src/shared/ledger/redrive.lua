-- Puts a dead message back with a fresh attempt budget; its history stays.
-- KEYS 1  ledger record   KEYS 2  set of pending dead letters
-- ARGV 1  message key   2  kind (t|c)   3  ms that an ended message's record is kept
--      4  how often it had been redriven when this letter was written
-- returns the state after the call: 'queued' means that a job belongs into the lane; 'STALE' that
-- it has died again since, and has another letter
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local MAX_PAST = 400 -- bytes of ends that redrives undid, some 8 of them; the oldest go first
local st = redis.call('HGET', KEYS[1], 'st')
if st == 'dead' and (tonumber(redis.call('HGET', KEYS[1], 'g')) or 0) ~= tonumber(ARGV[4]) then
  return 'STALE'
end
if st == 'dead' or not st then
  local was = redis.call('HMGET', KEYS[1], 'rd', 'end', 'why', 'ec')
  -- First what frees memory: a Redis that is full takes the rest only then.
  redis.call('HDEL', KEYS[1], 'why', 'ec', 'end', 'n', 't0', 'due', 'i', 'i0')
  redis.call('HSET', KEYS[1], 'st', 'queued', 'k', ARGV[2])
  redis.call('HSETNX', KEYS[1], 'a', now)
  redis.call('HINCRBY', KEYS[1], 'g', 1)
  local undone = { now, 'dead', was[2] or '', was[3] or '', was[4] or '' }
  local past = (was[1] or '') .. table.concat(undone, ':') .. ';'
  while #past > MAX_PAST do past = past:sub((past:find(';', 1, true)) + 1) end
  redis.call('HSET', KEYS[1], 'rd', past)
  redis.call('PERSIST', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 'queued'
end
if st == 'sent' and redis.call('PTTL', KEYS[1]) == -1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return st
