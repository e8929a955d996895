import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../shared/clock.ts';
import type { DeadLetterQueue } from '../../shared/dead-letter.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { RedisClient } from '../../shared/redis.ts';
import type { RenewalCause } from '../token/renewal.ts';
import { registerAccountGauges } from './account-gauges.ts';
import { type ObservedAccount, readAccounts } from './account-reading.ts';
import { createLaneCounters, type LaneMetrics } from './lane-counters.ts';
import { registerRedisGauges } from './redis-gauges.ts';

/** The worker's Prometheus metrics (docs/metrics.md). Labels are bounded: never a recipient or a message. */
export interface WorkerMetrics {
  lane(appId: string, kind: Kind): LaneMetrics;
  tokenRefreshed(appId: string, cause: RenewalCause): void;
  /** WeChat refused a token that was valid by our record. */
  tokenConflicted(appId: string): void;
  /** Gauges show this account from now on, until it is forgotten. */
  observe(appId: string, account: ObservedAccount): void;
  forget(appId: string): void;
}

export function createWorkerMetrics(
  registry: Registry,
  deps: {
    readonly redis: RedisClient;
    readonly deadLetters: Pick<DeadLetterQueue, 'toKey'>;
    readonly clock: Clock;
  },
): WorkerMetrics {
  const { redis, deadLetters, clock } = deps;
  const registers = [registry];
  const accounts = new Map<string, ObservedAccount>();
  const refreshes = new Counter({
    name: 'courier_token_refreshes_total',
    help: 'Requests of this process to the token endpoint',
    labelNames: ['account', 'cause'],
    registers,
  });
  const conflicts = new Counter({
    name: 'courier_token_conflicts_total',
    help: 'Tokens that WeChat rejected before their time: somebody else got one',
    labelNames: ['account'],
    registers,
  });
  const lane = createLaneCounters(registry);
  const states = readAccounts(redis, accounts, clock);
  registerAccountGauges({ registry, accounts, states, now: clock.now });
  const appIds = () => [...accounts.keys()];
  registerRedisGauges({ registry, redis, deadLetters, appIds, monotonic: clock.monotonic });
  return {
    lane,
    tokenRefreshed: (account, cause) => refreshes.inc({ account, cause }),
    tokenConflicted: (account) => conflicts.inc({ account }),
    observe(appId, account) {
      accounts.set(appId, account);
      conflicts.inc({ account: appId }, 0);
    },
    forget: (appId) => accounts.delete(appId),
  };
}
