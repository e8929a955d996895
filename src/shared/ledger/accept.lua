-- Accepts messages: one record per new id, nothing changed for a known one.
-- KEYS 1  set of handovers: in the ledger, not yet known to be in the lane
-- KEYS 2… per message: ledger record, whose last 26 characters are the message key; list of the
--         search index
-- ARGV    per message: kind (t|c), content hash ('' without a caller's id), due (epoch ms or ''),
--         entry of the search index ('' = none), ms that a new list is kept
-- returns per message: 'NEW' | 'CONFLICT' | the state of the record that is already there
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local out = {}
local handovers = {}

for i = 2, #KEYS, 2 do
  local a = 5 * (i - 2) / 2
  local kind, hash, due, entry, keep = unpack(ARGV, a + 1, a + 5)
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
    if entry ~= '' and redis.call('RPUSH', KEYS[i + 1], entry) == 1 then
      redis.call('PEXPIRE', KEYS[i + 1], keep)
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
