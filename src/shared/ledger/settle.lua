-- Writes the outcome of a run. 'sent' always wins, whoever brings it and however late; anything
-- else counts only from the run that holds the lease.
-- KEYS 1  set of pending dead letters      KEYS 2  set of unknown messages
-- KEYS 3  the suspect that this process tries (begin.lua)
-- KEYS 4… per message: ledger record, list of the search index
-- ARGV 1  ms that an ended message's record is kept
-- ARGV 2… per message: message key, owner, fence, to (sent|held|retry|snooze|unknown|dead),
--         attempt ('' or 'durationMs:verdict:errcode'), spends ('1' = counts against the budget),
--         ambiguous ('1' | ''), WeChat's msgid or '', reason or '', errcode or '',
--         entry of the search index ('' = none), ms that a new list is kept
-- returns per message: 'OK' | 'ALREADY' (it was sent before) | 'STALE' (somebody else's turn now)
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local ttl = ARGV[1]
-- A Redis that is full refuses a script's writes unless one came before that frees memory: what
-- was sent must be written down all the same.
redis.call('HDEL', KEYS[4], '')
local MAX_LOG = 1600 -- bytes of attempt history kept, some 40 attempts; the oldest go first
local out = {}

-- The history with one more attempt.
local function appended(log, tb, entry)
  log = (log or '') .. (tb or now) .. ':' .. entry .. ';'
  while #log > MAX_LOG do log = log:sub((log:find(';', 1, true)) + 1) end
  return log
end

for i = 4, #KEYS, 2 do
  local key, a = KEYS[i], 1 + (i - 4) * 6
  local id, owner, fence, to = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4]
  local entry, spends, ambiguous = ARGV[a + 5], ARGV[a + 6], ARGV[a + 7]
  local msgid, reason, errcode = ARGV[a + 8], ARGV[a + 9], ARGV[a + 10]
  local v = redis.call('HMGET', key, 'st', 'own', 'f', 'tb', 't0', 'n', 'c', 'log', 'i')
  local st, mine = v[1], v[1] == 'sending' and v[2] == owner and v[3] == fence
  if st == 'sent' or st == 'delivered' or st == 'undelivered' then
    out[#out + 1] = 'ALREADY'
  elseif to ~= 'sent' and not mine then
    out[#out + 1] = 'STALE'
  else
    if v[9] and redis.call('GET', KEYS[3]) == id then redis.call('DEL', KEYS[3]) end
    -- Gathered into one HSET and one HDEL: each command of a script is a line of the append-only file.
    local set = {}
    local function put(name, value) set[#set + 1], set[#set + 2] = name, value end
    if entry ~= '' then
      put('log', appended(v[8], v[4], entry))
      put('c', tonumber(v[7] or 0) + 1)
    end
    if to == 'retry' or to == 'snooze' then
      if entry ~= '' and spends == '1' then put('n', tonumber(v[6] or 0) + 1) end
      if ambiguous == '1' and not v[5] then put('t0', v[4]) end
      local waited = to == 'retry' or tonumber(v[6] or 0) > 0 or v[5]
      put('st', waited and 'retrying' or 'queued')
      redis.call('HSET', key, unpack(set))
      redis.call('HDEL', key, 'own', 'until', 'tb')
      -- Interruptions count in a row, and an attempt that came to its end breaks it.
      if v[9] and entry ~= '' then redis.call('HDEL', key, 'i', 'i0') end
    else
      put('st', to)
      put('end', now)
      if msgid ~= '' then put('id', msgid) end
      if reason ~= '' then put('why', reason) end
      if errcode ~= '' then put('ec', errcode) end
      local del = { 'own', 'until', 'tb', 'n', 'due' }
      if v[9] then del[#del + 1], del[#del + 2] = 'i', 'i0' end
      if reason == '' then del[#del + 1] = 'why' end
      if errcode == '' then del[#del + 1] = 'ec' end
      if to ~= 'unknown' then del[#del + 1] = 't0' end
      -- The fence outlives a message that may be put back, or an old run's word could count.
      if to ~= 'unknown' and to ~= 'dead' then del[#del + 1] = 'f' end
      redis.call('HDEL', key, unpack(del))
      redis.call('HSET', key, unpack(set))
      if ARGV[a + 11] ~= '' and redis.call('RPUSH', KEYS[i + 1], ARGV[a + 11]) == 1 then
        redis.call('PEXPIRE', KEYS[i + 1], ARGV[a + 12])
      end
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
