import { expect, test } from 'vitest';
import { isRedisTrouble } from '../../src/shared/redis-trouble.ts';

test.each([
  "READONLY You can't write against a read only replica.",
  "READONLY You can't write against a read only replica. script: 8f0e, on @user_script:12.",
  // Redis before 7.
  'ERR Error running script (call to f_8f0e): @user_script:12: @user_script: 12: -READONLY You can',
  'LOADING Redis is loading the dataset in memory',
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
  "OOM command not allowed when used memory > 'maxmemory'.",
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  'CLUSTERDOWN The cluster is down',
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'NOREPLICAS Not enough good replicas to write.',
  'Connection is closed.',
  'Command timed out',
  'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option.',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'connect ECONNREFUSED 127.0.0.1:6379',
  'read ECONNRESET',
])('%s is trouble of Redis', (text) => {
  expect(isRedisTrouble(new Error(text))).toBe(true);
});

test.each([
  'WRONGTYPE Operation against a key holding the wrong kind of value',
  'NOSCRIPT No matching script. Please use EVAL.',
  "ERR Error running script: attempt to index local 'r' (a nil value)",
  'Missing lock for job 1. moveToDelayed',
  'The ledger script begin answered "nonsense"',
  'bullmq:rateLimitExceeded',
  'the busy system answered',
  'unknown: WeChat may have taken this message',
])('%s is not', (text) => {
  expect(isRedisTrouble(new Error(text))).toBe(false);
});
