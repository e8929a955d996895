import type { Account } from '../../shared/accounts.ts';
import type { Clock } from '../../shared/clock.ts';
import { every } from '../../shared/every.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import { KINDS } from '../../shared/outcome.ts';
import { storeQuota } from '../../shared/quota.ts';
import type { RedisClient } from '../../shared/redis.ts';
import type { TokenStore } from '../token/token-store.ts';
import type { Turns } from '../turns.ts';
import { askQuota } from '../send/quota-call.ts';

const MINUTE_MS = 60_000;
const LOOK_INTERVAL_MS = 1000;
/** Asking whose turn it is costs Redis a command. */
const TURN_INTERVAL_MS = 30_000;
/** A reading outlives the next one and the one behind it, should they fail. */
const KEPT_PERIODS = 3;

export interface QuotaReaderDeps {
  readonly redis: RedisClient;
  readonly account: Account;
  readonly store: Pick<TokenStore, 'read'>;
  /** This process has a token, so that something was sent. */
  readonly hasToken: () => boolean;
  readonly turns: Turns;
  /** 0: never. */
  readonly minutes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Asks WeChat now and then what is left of the daily quotas, for people and alarms: one process of
 * all does, for accounts that send. It never has a token renewed.
 */
export function createQuotaReader(deps: QuotaReaderDeps): Service {
  const { redis, account, store, clock } = deps;
  const { appId, apiBase } = account;
  const periodMs = deps.minutes * MINUTE_MS;

  async function read(): Promise<void> {
    const { current } = await store.read();
    if (!current || current.expiresAt <= clock.now()) return;
    for (const kind of KINDS) {
      const quota = await askQuota({ apiBase, kind, token: current.token }, clock.now);
      if (quota) await storeQuota(redis, { appId, kind, keepMs: KEPT_PERIODS * periodMs }, quota);
    }
  }
  const inTurn = deps.turns.taking('quota', periodMs, read);
  let nextTurnAt = 0;
  return every('quota', LOOK_INTERVAL_MS, deps.logger, async () => {
    if (deps.minutes === 0 || !deps.hasToken() || clock.monotonic() < nextTurnAt) return;
    nextTurnAt = clock.monotonic() + TURN_INTERVAL_MS;
    await inTurn();
  });
}
