-- Ends the doubt about a message: a person says that it was sent, or wants it sent again; or
-- nobody said anything for too long.
-- KEYS 1  ledger record   2  set of unknown messages   3  set of pending dead letters
--      4  set of handovers
-- ARGV 1  message key   2  to (sent|queued|dead)   3  ms that an ended message's record is kept
--      4  least age in ms as an unknown message
--      5  how often it had been redriven when the person looked: it is left if it is unknown anew
--         since; or ''
-- returns {state after the call ('' = no such message), '1' if this call resolved it | ''}
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local MAX_PAST = 400 -- as in redrive.lua
local key, id, to = KEYS[1], ARGV[1], ARGV[2]
local st = redis.call('HGET', key, 'st')
if st ~= 'unknown' then
  redis.call('ZREM', KEYS[2], id)
  return { st or '', '' }
end
local seen = tonumber(ARGV[5])
if seen and (tonumber(redis.call('HGET', key, 'g')) or 0) ~= seen then return { st, '' } end
local since = redis.call('ZSCORE', KEYS[2], id)
if since and now - since < tonumber(ARGV[4]) then return { st, '' } end
local was = redis.call('HMGET', key, 'rd', 'end')
redis.call('ZREM', KEYS[2], id)
redis.call('HDEL', key, 't0', 'n', 'i', 'i0', 'end')
if to == 'sent' then
  redis.call('HDEL', key, 'f')
  redis.call('HSET', key, 'st', to, 'end', now, 'by', 'person')
  redis.call('PEXPIRE', key, ARGV[3])
elseif to == 'dead' then
  redis.call('HSET', key, 'st', to, 'end', now, 'why', 'ambiguous')
  redis.call('ZADD', KEYS[3], now, id)
else
  -- The fence stays: what an old run still says must not count, unless it says that it sent.
  redis.call('HSET', key, 'st', to)
  redis.call('HINCRBY', key, 'g', 1)
  local past = (was[1] or '') .. now .. ':unknown:' .. (was[2] or '') .. '::;'
  while #past > MAX_PAST do past = past:sub((past:find(';', 1, true)) + 1) end
  redis.call('HSET', key, 'rd', past)
  redis.call('ZADD', KEYS[4], now, id)
end
return { to, '1' }
