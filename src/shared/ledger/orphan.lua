-- Forgets a message that was recorded but never reached its lane: its caller was told so, or
-- died, and its content is nowhere. A repetition of the call meanwhile makes the handover young again.
-- KEYS 1  ledger record   2  set of handovers
-- ARGV 1  message key   2  least age of the handover in ms
-- returns 1 if the record was forgotten, else 0
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local since = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not since or now - since < tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HGET', KEYS[1], 'st') ~= 'queued' then return 0 end
redis.call('DEL', KEYS[1])
return 1
