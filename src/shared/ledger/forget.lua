-- Forgets a message that is dead. One that went out after all must stay known for a while: its id
-- would be free again, and its sender's next repetition a second message.
-- KEYS 1  ledger record   2  set of pending dead letters
-- ARGV 1  message key   2  ms that an ended message's record is kept
-- returns 1 if it was dead, else 0
local st = redis.call('HGET', KEYS[1], 'st')
if st == 'sent' and redis.call('PTTL', KEYS[1]) == -1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if st ~= 'dead' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
