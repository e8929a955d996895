import type { RedisClient } from '../shared/redis.ts';

/** Lets one process of all do a chore in each period. */
export interface Turns {
  /** The chore, done only when it is this process' turn. */
  taking(name: string, periodMs: number, chore: () => Promise<void>): () => Promise<void>;
}

/** Shorter than the period, so that the next tick of whoever took the last turn may take this one. */
const SHARE_OF_PERIOD = 0.8;

/**
 * A turn is a lease that nobody renews: whoever comes first in a period has it, and a process
 * that dies with it leaves the next one free. Chores are idempotent, so the clock edge at which
 * two processes have a turn in one period is harmless.
 */
export function createTurns(deps: {
  readonly redis: RedisClient;
  readonly keyOf: (name: string) => string;
  readonly owner: string;
}): Turns {
  const { redis, keyOf, owner } = deps;
  return {
    taking: (name, periodMs, chore) => async () => {
      const leaseMs = Math.round(periodMs * SHARE_OF_PERIOD);
      if ((await redis.set(keyOf(name), owner, 'PX', leaseMs, 'NX')) === 'OK') await chore();
    },
  };
}
