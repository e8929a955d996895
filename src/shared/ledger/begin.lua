-- Asks whether this run may POST now, and if so takes the lease. Decides many messages of one
-- account in one call; each is decided on its own.
-- KEYS 1  token record (its generation rides along, so that a send needs no read of its own)
-- KEYS 2  set of pending dead letters      KEYS 3  set of unknown messages
-- KEYS 4  the suspect that this process tries (see below)
-- KEYS 5… ledger record of each message
-- ARGV 1  lease ms   2  guard ms (how long WeChat is trusted to deduplicate client_msg_id)
--      3  budget: attempts after which an interrupted message is not tried again
--      4  poison: interruptions in a row after which it is held to kill its workers
--      5  ms within which they count as one row
-- ARGV 6… per message: message key, owner (one per run), kind (t|c), expiresAt ('' = never), resend ('1' | '')
-- returns the token generation, then per message one of
--   {'GO', fence, budget spent, total attempts, ambiguous since ('' = never)}
--   {'BUSY', ms}
--   {'END', state, '1' if this call ended it, reason if it died of that}  — nothing is to be sent
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local lease, guard, budget = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local poison, row = tonumber(ARGV[4]), tonumber(ARGV[5])
-- A Redis that is full refuses a script's writes unless one came before that frees memory: what
-- was fetched before is still sent.
redis.call('HDEL', KEYS[1], '')
local out = { redis.call('HGET', KEYS[1], 'gen') or '0' }

-- A run that took the lease and never settled: it may have sent.
local function interrupted(key, r)
  if not r.t0 then
    r.t0 = r.tb
    redis.call('HSET', key, 't0', r.t0)
  end
  r.c = redis.call('HINCRBY', key, 'c', 1)
  r.n = redis.call('HINCRBY', key, 'n', 1)
  r.i, r.i0 = r.i + 1, r.i0 or now
  redis.call('HSET', key, 'i', r.i, 'i0', r.i0)
  local entry = r.tb .. ':' .. (now - r.tb) .. ':ambiguous:;'
  redis.call('HSET', key, 'log', (redis.call('HGET', key, 'log') or '') .. entry)
end

-- Which of the messages that died with a process is to blame, nobody knows. So those that are
-- one interruption from being held for poison are tried one at a time in each process: the next
-- time only the culprit dies of it.
local function alone(id)
  local other = redis.call('GET', KEYS[4])
  if other and other ~= id then return false end
  redis.call('SET', KEYS[4], id, 'PX', lease)
  return true
end

local function release(id)
  if redis.call('GET', KEYS[4]) == id then redis.call('DEL', KEYS[4]) end
end

-- The same for a message and a moment, random between messages.
local function soon(id)
  return 100 + tonumber(redis.sha1hex(id .. now):sub(1, 6), 16) % 400
end

-- It waits again, and no run holds it.
local function waits(key)
  redis.call('HDEL', key, 'own', 'until', 'tb')
  redis.call('HSET', key, 'st', 'retrying')
end

-- It ended: listed by the time it did.
local function ends(key, id, state, list, why)
  redis.call('HDEL', key, 'own', 'until', 'tb')
  redis.call('HSET', key, 'st', state, 'end', now)
  if why then redis.call('HSET', key, 'why', why) end
  redis.call('ZADD', list, now, id)
  return { 'END', state, '1', why or '' }
end

for i = 5, #KEYS do
  local key, a = KEYS[i], 6 + (i - 5) * 5
  local id, owner, kind, expires, resend = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4]
  local v = redis.call('HMGET', key, 'st', 'until', 'tb', 't0', 'n', 'c', 'own', 'f', 'i', 'i0')
  local st = v[1]
  local r = { tb = tonumber(v[3]), t0 = v[4], n = tonumber(v[5] or 0), c = tonumber(v[6] or 0) }
  r.i, r.i0 = tonumber(v[9] or 0), v[10]
  if r.i0 and now - tonumber(r.i0) > row then r.i, r.i0 = 0, false end
  local answer
  if st and st ~= 'queued' and st ~= 'retrying' and st ~= 'sending' then
    answer = { 'END', st, '' }
  elseif st == 'sending' and v[7] == owner then
    -- The same run asks again: its first answer was lost on the way, nothing was posted.
    redis.call('HSET', key, 'until', now + lease, 'tb', now)
    answer = { 'GO', v[8], tostring(r.n), tostring(r.c), r.t0 or '' }
  elseif st == 'sending' and now < tonumber(v[2]) then
    answer = { 'BUSY', tostring(v[2] - now) }
  else
    if not st then redis.call('HSET', key, 'k', kind, 'a', now) end
    local again = st == 'sending'
    if again then interrupted(key, r) end
    local suspect = r.i >= poison - 1
    if suspect then release(id) end
    local expired = expires ~= '' and now >= tonumber(expires)
    local parked = again and ((kind == 'c' and resend ~= '1') or r.n >= budget)
    local doubted = kind == 't' and r.t0 and now - r.t0 > guard
    if again and r.i >= poison and (kind == 't' or resend == '1') then
      redis.call('HDEL', key, 't0', 'i', 'i0')
      answer = ends(key, id, 'dead', KEYS[2], 'poison')
    elseif parked or doubted or (kind == 'c' and r.t0 and expired) then
      answer = ends(key, id, 'unknown', KEYS[3])
    elseif expired and r.t0 then
      -- It may be out, so "it will not be sent" would be a guess; nor may it be sent any more.
      -- When WeChat's memory of it ends, it is unknown.
      waits(key)
      answer = { 'BUSY', tostring(r.t0 + guard + 1 - now) }
    elseif expired then
      answer = ends(key, id, 'dead', KEYS[2], 'expired')
    elseif suspect and not alone(id) then
      waits(key)
      answer = { 'BUSY', tostring(soon(id)) }
    else
      local fence = tonumber(v[8] or 0) + 1
      local till = now + lease
      redis.call('HSET', key, 'st', 'sending', 'own', owner, 'until', till, 'tb', now, 'f', fence)
      answer = { 'GO', tostring(fence), tostring(r.n), tostring(r.c), r.t0 or '' }
    end
  end
  out[#out + 1] = answer
end
return out
