import { isRate } from '../../shared/account-control.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import { accountKeys, fileRate } from '../../shared/keys.ts';
import type { LaneQueue } from '../../shared/lane.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import { isSameSlice, rateSlice } from '../../shared/rate-slice.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { isRedisTrouble } from '../../shared/redis-trouble.ts';
import { paceShare, type SleepCause } from '../decide/pace.ts';
import { every } from '../../shared/every.ts';
import type { Turns } from '../turns.ts';

const INTERVAL_MS = 5000;

/** The rate of one lane, over all processes: the account's, or less while it comes back. */
export interface LanePace extends Service {
  /** Sets the limit that is right now. A lane must not work before it has one. */
  apply(): Promise<void>;
}

export interface LanePaceDeps {
  readonly redis: RedisClient;
  readonly queue: LaneQueue;
  readonly appId: string;
  readonly kind: Kind;
  readonly perSecond: number;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createLanePace(deps: LanePaceDeps): LanePace {
  const { redis, queue, appId, kind, perSecond, turns, clock, logger } = deps;
  const keys = accountKeys(appId);

  async function share(): Promise<number> {
    const [cause, until] = await redis.hmget(keys.sleep(kind), 'cause', 'until');
    return until ? paceShare(cause as SleepCause, clock.now() - Number(until)) : 1;
  }

  /** What an operator set, else what the accounts file says; and whether people see what that is. */
  async function wanted(): Promise<{ readonly rate: number; readonly isTold: boolean }> {
    const [byHand, told] = await redis.hmget(keys.rates, kind, fileRate(kind));
    const set = Number(byHand ?? perSecond);
    return { rate: isRate(set) ? set : perSecond, isTold: told === String(perSecond) };
  }

  async function apply(): Promise<void> {
    const { rate, isTold } = await wanted();
    const slice = rateSlice(rate * (await share()));
    const set = await queue.getGlobalRateLimit();
    try {
      if (!set || !isSameSlice({ max: set.max, durationMs: set.duration }, slice)) {
        await queue.setGlobalRateLimit(slice.max, slice.durationMs);
      }
      // A slice does not say which rate it was cut from.
      if (!isTold) await redis.hset(keys.rates, fileRate(kind), perSecond);
    } catch (error) {
      // A Redis that is full still gets its messages sent: at the rate they had.
      if (!set || !isRedisTrouble(error)) throw error;
      logger.warn({ appId, kind, detail: messageOf(error) }, 'rate limit stays as it was');
    }
  }

  const chore = turns.taking(`pace-${kind}`, INTERVAL_MS, apply);
  return { ...every(`${kind} pace`, INTERVAL_MS, logger, chore), apply };
}
