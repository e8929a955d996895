import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { accountKeys, laneName, lanePrefix } from '../../src/shared/keys.ts';
import { KINDS } from '../../src/shared/outcome.ts';
import { APP_ID } from './stage.ts';

/** A Redis that does not answer within this cannot be asked. */
const PATIENCE_MS = 2000;
/** So many of those that wait are looked at, the next first. */
const NEXT = 500;

/**
 * The messages that a process holds the lease of: it may have sent them, and nobody knows. Keys
 * are the second parts of messageIds. Null if Redis cannot be asked now.
 */
export async function leasesOf(redis: Redis, pid: number): Promise<string[] | null> {
  if (redis.status !== 'ready') return null;
  const late = new AbortController();
  try {
    return await Promise.race([
      readLeases(redis, pid),
      delay(PATIENCE_MS, null, { signal: late.signal }),
    ]);
  } catch {
    return null;
  } finally {
    late.abort();
  }
}

async function readLeases(redis: Redis, pid: number): Promise<string[]> {
  const lists = await Promise.all(
    KINDS.flatMap((kind) => {
      const lane = `${lanePrefix(APP_ID)}:${laneName(APP_ID, kind)}`;
      // A process that was frozen may be sending what BullMQ has already put back, and what
      // another one took up and put off because of the lease.
      return [
        redis.lrange(`${lane}:active`, 0, -1),
        redis.lrange(`${lane}:wait`, -NEXT, -1),
        redis.zrange(`${lane}:delayed`, 0, String(NEXT)),
      ];
    }),
  );
  const messageKeys = lists.flat();
  const { ledger } = accountKeys(APP_ID);
  const records = await Promise.all(
    messageKeys.map((messageKey) => redis.hmget(ledger(messageKey), 'st', 'own')),
  );
  return messageKeys.filter((_, index) => {
    const [state, owner] = records[index] ?? [];
    return state === 'sending' && owner?.includes(`:${pid}:`) === true;
  });
}
