-- Writes the outcome of a run. 'sent' always wins, whoever brings it and however late; anything
-- else counts only from the run that holds the lease.
-- KEYS 1  set of pending dead letters      KEYS 2  set of unknown messages
-- KEYS 3… ledger record of each message
-- ARGV 1  ms that an ended message's record is kept
-- ARGV 2… per message: message key, owner, fence, to (sent|held|retry|snooze|unknown|dead),
--         attempt ('' or 'durationMs:verdict:errcode'), spends ('1' = counts against the budget),
--         ambiguous ('1' | ''), WeChat's msgid or '', reason or '', errcode or ''
-- returns per message: 'OK' | 'ALREADY' (it was sent before) | 'STALE' (somebody else's turn now)
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local ttl = ARGV[1]
local MAX_LOG = 1600 -- bytes of attempt history kept, some 40 attempts; the oldest go first
local out = {}

local function record(key, tb, entry, spends)
  if entry == '' then return end
  local log = (redis.call('HGET', key, 'log') or '') .. (tb or now) .. ':' .. entry .. ';'
  while #log > MAX_LOG do log = log:sub((log:find(';', 1, true)) + 1) end
  redis.call('HSET', key, 'log', log)
  redis.call('HINCRBY', key, 'c', 1)
  if spends == '1' then redis.call('HINCRBY', key, 'n', 1) end
end

for i = 3, #KEYS do
  local key, a = KEYS[i], 1 + (i - 3) * 10
  local id, owner, fence, to = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4]
  local entry, spends, ambiguous = ARGV[a + 5], ARGV[a + 6], ARGV[a + 7]
  local msgid, reason, errcode = ARGV[a + 8], ARGV[a + 9], ARGV[a + 10]
  local v = redis.call('HMGET', key, 'st', 'own', 'f', 'tb', 't0', 'n')
  local st, mine = v[1], v[1] == 'sending' and v[2] == owner and v[3] == fence
  if st == 'sent' or st == 'delivered' or st == 'undelivered' then
    out[#out + 1] = 'ALREADY'
  elseif to ~= 'sent' and not mine then
    out[#out + 1] = 'STALE'
  else
    record(key, v[4], entry, spends)
    if to == 'retry' or to == 'snooze' then
      if ambiguous == '1' and not v[5] then redis.call('HSET', key, 't0', v[4]) end
      local waited = to == 'retry' or tonumber(v[6] or 0) > 0 or v[5]
      redis.call('HSET', key, 'st', waited and 'retrying' or 'queued')
      redis.call('HDEL', key, 'own', 'until', 'tb')
    else
      redis.call('HSET', key, 'st', to, 'end', now)
      redis.call('HDEL', key, 'own', 'until', 'tb', 'n', 'due', 'why', 'ec')
      if to ~= 'unknown' then redis.call('HDEL', key, 't0') end
      -- The fence outlives a message that may be put back, or an old run's word could count.
      if to ~= 'unknown' and to ~= 'dead' then redis.call('HDEL', key, 'f') end
      if msgid ~= '' then redis.call('HSET', key, 'id', msgid) end
      if reason ~= '' then redis.call('HSET', key, 'why', reason) end
      if errcode ~= '' then redis.call('HSET', key, 'ec', errcode) end
      if st == 'unknown' then redis.call('ZREM', KEYS[2], id) end
      if to == 'dead' then
        redis.call('ZADD', KEYS[1], now, id)
      elseif to == 'unknown' then
        redis.call('ZADD', KEYS[2], now, id)
      elseif st ~= 'dead' then
        -- Sent after all, while listed as dead: known until the letter goes, or its redrive
        -- would send it again.
        redis.call('PEXPIRE', key, ttl)
      end
    end
    out[#out + 1] = 'OK'
  end
end
return out
