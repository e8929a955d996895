-- Accepts messages: one record per new id, nothing changed for a known one.
-- KEYS 1  set of handovers: in the ledger, not yet known to be in the lane
-- KEYS 2… ledger record of each message; the last 26 characters are the message key
-- ARGV    per message: kind (t|c), content hash ('' without a caller's id), due (epoch ms or '')
-- returns per message: 'NEW' | 'CONFLICT' | the state of the record that is already there
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local out = {}
local handovers = {}

for i = 2, #KEYS do
  local a = 3 * (i - 2)
  local kind, hash, due = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local answer
  local have = redis.call('HMGET', KEYS[i], 'st', 'h')
  if not have[1] then
    if due ~= '' then
      redis.call('HSET', KEYS[i], 'st', 'queued', 'k', kind, 'h', hash, 'a', now, 'due', due)
    elseif hash ~= '' then
      redis.call('HSET', KEYS[i], 'st', 'queued', 'k', kind, 'h', hash, 'a', now)
    else
      redis.call('HSET', KEYS[i], 'st', 'queued', 'k', kind, 'a', now)
    end
    answer = 'NEW'
  elseif (have[2] or '') ~= hash then
    answer = 'CONFLICT'
  else
    answer = have[1]
  end
  if answer == 'NEW' or answer == 'queued' then
    handovers[#handovers + 1], handovers[#handovers + 2] = now, KEYS[i]:sub(-26)
  end
  out[#out + 1] = answer
end
if #handovers > 0 then redis.call('ZADD', KEYS[1], unpack(handovers)) end
return out
