-- Removes a dead letter, unless somebody has asked for its redrive: then it is not failed any more.
-- KEYS: the set of failed jobs, the job, its log. ARGV: the job's id.
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('DEL', KEYS[2], KEYS[3])
return 1
