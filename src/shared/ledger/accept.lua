-- Accepts messages: one record per new id, nothing changed for a known one.
-- KEYS    ledger record of each message
-- ARGV    per message: kind (t|c), content hash ('' without a caller's id), due (epoch ms or '')
-- returns per message: 'NEW' | 'CONFLICT' | the state of the record that is already there
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local out = {}
for i = 1, #KEYS do
  local kind, hash, due = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local have = redis.call('HMGET', KEYS[i], 'st', 'h')
  if not have[1] then
    if due ~= '' then
      redis.call('HSET', KEYS[i], 'st', 'queued', 'k', kind, 'h', hash, 'a', now, 'due', due)
    elseif hash ~= '' then
      redis.call('HSET', KEYS[i], 'st', 'queued', 'k', kind, 'h', hash, 'a', now)
    else
      redis.call('HSET', KEYS[i], 'st', 'queued', 'k', kind, 'a', now)
    end
    out[i] = 'NEW'
  elseif (have[2] or '') ~= hash then
    out[i] = 'CONFLICT'
  else
    out[i] = have[1]
  end
end
return out
