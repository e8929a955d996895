import { INSTALLATION_KEY } from '../shared/keys.ts';
import type { Service } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import type { RedisClient } from '../shared/redis.ts';
import { every } from '../shared/every.ts';

const LOOK_INTERVAL_MS = 2000;

/**
 * Notices that Redis has lost everything: flushed, replaced, or failed over to an empty replica.
 * The ledger is gone with it, so whatever is enqueued again would be sent again; only a person
 * can know whether that is wanted.
 */
export interface Installation extends Service {
  /** Whether Redis is still the one this process started with. */
  intact(): boolean;
}

export function createInstallation(deps: {
  readonly redis: RedisClient;
  readonly logger: Logger;
  readonly newId: () => string;
  /** `COURIER_ALLOW_VOLATILE_REDIS=1`: then it is said, and work goes on. */
  readonly mayForget: boolean;
  /** Stops all work. Called once. */
  readonly onLost: () => Promise<void>;
}): Installation {
  const { redis, logger, newId, mayForget, onLost } = deps;
  let ours: string | null = null;
  let lost = false;

  /** The id that is there, or a new one of ours where there is none. */
  async function join(): Promise<string | null> {
    // Looked at first: a Redis that is full refuses a write even where it would change nothing.
    const there = await redis.get(INSTALLATION_KEY);
    if (there !== null) return there;
    await redis.set(INSTALLATION_KEY, newId(), 'NX');
    return await redis.get(INSTALLATION_KEY);
  }

  const watch = every('installation', LOOK_INTERVAL_MS, logger, async () => {
    if (lost || (await redis.get(INSTALLATION_KEY)) === ours) return;
    if (mayForget) {
      ours = await join();
      logger.warn('Redis has lost what it knew, as it may here (COURIER_ALLOW_VOLATILE_REDIS)');
      return;
    }
    lost = true;
    logger.error(
      { code: 'redis-emptied' },
      'Redis has lost what it knew: nothing is sent any more, since what comes in now may have ' +
        'been sent before. Restore Redis, or restart the workers to begin anew.',
    );
    await onLost();
  });

  return {
    name: 'installation',
    intact: () => !lost,
    async start() {
      ours = await join();
      await watch.start();
    },
    stop: () => watch.stop(),
  };
}
