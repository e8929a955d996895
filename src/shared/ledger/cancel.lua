-- Cancels a message that is certainly not out: waiting, and no attempt of it is ambiguous.
-- KEYS 1  ledger record      ARGV 1  ms that an ended message's record is kept
-- returns 'cancelled', or the state that forbids it ('' = no such message)
local v = redis.call('HMGET', KEYS[1], 'st', 't0')
local st = v[1]
if (st == 'queued' or st == 'retrying') and not v[2] then
  local t = redis.call('TIME')
  -- First what frees memory: a Redis that is full takes the rest only then.
  redis.call('HDEL', KEYS[1], 'n', 'f', 'due', 'i', 'i0')
  redis.call('HSET', KEYS[1], 'st', 'cancelled', 'end', t[1] * 1000 + math.floor(t[2] / 1000))
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  return 'cancelled'
end
return st or ''
