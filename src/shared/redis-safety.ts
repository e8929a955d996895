import { CourierError } from './errors.ts';
import type { RedisClient } from './redis.ts';

export interface SafetyOptions {
  /** `COURIER_ALLOW_VOLATILE_REDIS=1`: run on a Redis that forgets everything on restart. */
  readonly allowVolatile: boolean;
  /** Epoch ms of this machine. */
  readonly now: () => number;
}

/** Larger differences break delays and expiry, which BullMQ counts on the worker's clock. */
const MAX_CLOCK_SKEW_MS = 2000;

/**
 * Refuses a Redis that would lose messages: one that evicts keys, or one without an
 * append-only file. Also a machine whose clock disagrees with Redis' clock.
 * @throws CourierError `ERR_CONFIG`, one line with the remedy
 */
export async function assertSafeRedis(redis: RedisClient, options: SafetyOptions): Promise<void> {
  const info = await readInfo(redis);
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    throw new CourierError(
      'ERR_CONFIG',
      `Redis maxmemory-policy: expected noeviction, got ${policy}, which deletes waiting messages ` +
        'when memory is full. Set "maxmemory-policy noeviction" in redis.conf, or run ' +
        '"redis-cli config set maxmemory-policy noeviction".',
    );
  }
  if (info.get('aof_enabled') !== '1' && !options.allowVolatile) {
    throw new CourierError(
      'ERR_CONFIG',
      'Redis persistence: expected an append-only file, got appendonly no, which loses accepted ' +
        'messages on a restart. Set "appendonly yes" in redis.conf, or run "redis-cli config set ' +
        'appendonly yes"; COURIER_ALLOW_VOLATILE_REDIS=1 accepts the loss.',
    );
  }
  await assertClock(redis, options.now);
}

async function assertClock(redis: RedisClient, now: () => number): Promise<void> {
  const before = now();
  const [seconds, micros] = await redis.time();
  const after = now();
  const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
  const skew = theirs < before ? before - theirs : Math.max(0, theirs - after);
  if (skew <= MAX_CLOCK_SKEW_MS) return;
  throw new CourierError(
    'ERR_CONFIG',
    `Clock: expected at most ${MAX_CLOCK_SKEW_MS} ms between this machine and Redis, got ` +
      `${Math.round(skew)} ms. Synchronise both with NTP.`,
  );
}

async function readInfo(redis: RedisClient): Promise<Map<string, string>> {
  const text = `${await redis.info('memory')}\n${await redis.info('persistence')}`;
  return new Map(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1)] as const;
      }),
  );
}
