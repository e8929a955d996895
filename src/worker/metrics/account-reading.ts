import type { Clock } from '../../shared/clock.ts';
import { accountKeys } from '../../shared/keys.ts';
import {
  type LaneOverview,
  laneOverviews,
  type PauseOverview,
  pauseOverview,
} from '../../shared/lane-overview.ts';
import type { LaneQueue } from '../../shared/lane.ts';
import { createReading, type Reading } from '../../shared/metrics/reading.ts';
import type { Kind } from '../../shared/outcome.ts';
import { type Quotas, readQuotas } from '../../shared/quota.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { forcedRefreshes, type TokenHealth, tokenHealth } from '../../shared/token-health.ts';

/** An account at work in this process. */
export interface ObservedAccount {
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
  /** Epoch ms at which this process' token was fetched, null before. */
  readonly tokenFetchedAt: () => number | null;
}

/** How an account stands in Redis. */
export interface AccountState {
  readonly appId: string;
  readonly lanes: readonly LaneOverview[];
  readonly pause: PauseOverview | null;
  readonly token: TokenHealth;
  /** Since when the oldest unknown message has been unknown, epoch ms; absent while there is none. */
  readonly unknownSince?: number;
  /** Forced refreshes of its token in the last 24 hours. */
  readonly forced: number;
  readonly quotas: Quotas;
}

/** Reads all accounts together; one that cannot be read is absent. */
export function readAccounts(
  redis: RedisClient,
  accounts: ReadonlyMap<string, ObservedAccount>,
  clock: Clock,
): Reading<readonly AccountState[]> {
  async function read(appId: string, { lanes }: ObservedAccount): Promise<AccountState> {
    const now = clock.now();
    const [overviews, pause, token, forced, quotas, [, unknownSince]] = await Promise.all([
      laneOverviews(redis, appId, lanes, now),
      pauseOverview(redis, appId),
      tokenHealth(redis, appId, now),
      forcedRefreshes(redis, appId, now),
      readQuotas(redis, appId),
      redis.zrange(accountKeys(appId).unknown, '0', '0', 'WITHSCORES'),
    ]);
    return {
      appId,
      lanes: overviews,
      pause,
      token,
      forced: forced.length,
      quotas,
      ...(unknownSince !== undefined && { unknownSince: Number(unknownSince) }),
    };
  }
  const states = createReading(async () => {
    // Commands would be kept until there is a connection.
    if (redis.status !== 'ready') return [];
    const reads = [...accounts].map(([appId, account]) => read(appId, account).catch(() => null));
    return (await Promise.all(reads)).filter((state) => state !== null);
  }, clock);
  return async () => (await states())?.filter(({ appId }) => accounts.has(appId)) ?? null;
}
