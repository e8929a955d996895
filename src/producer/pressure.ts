import { CourierError } from '../shared/errors.ts';
import type { RedisClient } from '../shared/redis.ts';

/** Keeps a producer from filling Redis up: what waits there must still be sent, and needs room. */
export interface Pressure {
  /** @throws CourierError `ERR_QUEUE_UNAVAILABLE`, with `retryAfterMs`, while Redis is nearly full */
  admit(): Promise<void>;
}

/** Of `maxmemory`; Redis itself refuses at 1. */
const FULL_SHARE = 0.85;
/** A look at Redis' memory is good for so long. */
const FRESH_MS = 1000;
/** Then it is renewed beside the calls, until it is too old to go by. */
const STALE_MS = 5000;
/** Long enough that callers who repeat do not keep Redis busy with refusals. */
const RETRY_AFTER_MS = 5000;

export function createPressure(redis: RedisClient, monotonic: () => number): Pressure {
  let share = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      share = await usedShare(redis);
      lookedAt = monotonic();
    } catch {
      // Away, or not allowed to say: the call itself finds out.
      share = 0;
    } finally {
      looking = undefined;
    }
  }

  return {
    async admit() {
      const age = monotonic() - lookedAt;
      if (age > FRESH_MS) looking ??= look();
      if (age > STALE_MS) await looking;
      if (share >= FULL_SHARE) throw full(share);
    },
  };
}

/** Of the memory it may use; 0 where there is no limit. Of a cluster, the fullest node's. */
async function usedShare(redis: RedisClient): Promise<number> {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
  const texts = await Promise.all(nodes.map((node) => node.info('memory')));
  const shares = texts.map((text) => {
    const most = numberOf(text, 'maxmemory');
    return most > 0 ? numberOf(text, 'used_memory') / most : 0;
  });
  return Math.max(0, ...shares);
}

function numberOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
}

function full(share: number): CourierError {
  const percent = Math.min(100, Math.round(share * 100));
  return new CourierError(
    'ERR_QUEUE_UNAVAILABLE',
    `Redis is ${percent} % full; expected less than ${FULL_SHARE * 100} % of maxmemory, so that ` +
      'what waits can still be sent. Repeat the call later with the same id; give Redis more ' +
      'memory if this lasts.',
    { retryAfterMs: RETRY_AFTER_MS },
  );
}
