import type { Clock } from './clock.ts';
import { accountKeys } from './keys.ts';
import {
  type LaneOverview,
  laneOverviews,
  type PauseOverview,
  pauseOverview,
} from './lane-overview.ts';
import { type LaneQueue, openLane } from './lane.ts';
import { KINDS, type Kind } from './outcome.ts';
import { type RedisClient, repliesOf } from './redis.ts';

/** How one account stands. */
export interface AccountOverview {
  readonly appId: string;
  /** Absent while the account is at work. */
  readonly pause?: PauseOverview;
  readonly lanes: readonly LaneOverview[];
}

/** One account in the hands of an operator: looked at, paused, resumed. */
export interface AccountControl {
  overview(): Promise<AccountOverview>;
  /**
   * No message of the account is sent from now on, in all processes; those whose request is on
   * its way end as usual. It lasts until somebody resumes: nothing probes a pause of ours.
   *
   * @param by the user of the dashboard who wants it
   */
  pause(by?: string): Promise<void>;
  /**
   * Ends any pause, WeChat's trouble included, and wakes lanes that sleep; workers that already
   * sleep notice within 5 seconds. If the trouble is still there it comes back by itself.
   */
  resume(): Promise<void>;
  /**
   * Sends a second of one lane, over all processes, from within 5 seconds on and until it is set
   * anew; null gives it back to the accounts file.
   *
   * @throws RangeError for a rate that is not above 0 and at most {@link MOST_PER_SECOND}
   */
  setRate(kind: Kind, perSecond: number | null): Promise<void>;
  close(): Promise<void>;
}

export function openAccountControl(
  redis: RedisClient,
  appId: string,
  clock: Clock,
): AccountControl {
  const keys = accountKeys(appId);
  const lanes: Readonly<Record<Kind, LaneQueue>> = {
    template: openLane(redis, appId, 'template', ignore),
    custom: openLane(redis, appId, 'custom', ignore),
  };
  return {
    async overview() {
      const [pause, overviews] = await Promise.all([
        pauseOverview(redis, appId),
        laneOverviews(redis, appId, lanes, clock.now()),
      ]);
      return { appId, ...(pause && { pause }), lanes: overviews };
    },
    async pause(by) {
      // The reason first and at once: lanes that nobody can say of why they are paused are worse
      // than an account that says it is and still sends, which pausing again mends.
      const reason = redis
        .multi()
        .hsetnx(keys.pause, 'since', clock.now())
        .hdel(keys.pause, 'by', 'errcode', 'errmsg', 'probeAt', 'probes')
        .hset(keys.pause, 'cause', 'operator', ...(by === undefined ? [] : ['by', by]))
        .persist(keys.pause);
      await repliesOf(reason);
      await Promise.all(KINDS.map((kind) => lanes[kind].pause()));
    },
    async resume() {
      await redis.del(keys.pause, ...KINDS.map(keys.sleep));
      await Promise.all(
        KINDS.map(async (kind) => {
          await lanes[kind].removeRateLimitKey();
          await lanes[kind].resume();
        }),
      );
    },
    async setRate(kind, perSecond) {
      if (perSecond === null) return void (await redis.hdel(keys.rates, kind));
      if (!isRate(perSecond)) {
        throw new RangeError(
          `Expected a rate above 0 and at most ${MOST_PER_SECOND}, got ${perSecond}`,
        );
      }
      await redis.hset(keys.rates, kind, perSecond);
    },
    async close() {
      await Promise.all(KINDS.map((kind) => lanes[kind].close()));
    },
  };
}

/** More than a lane has ever sent. */
export const MOST_PER_SECOND = 10_000;

export function isRate(perSecond: number): boolean {
  return perSecond > 0 && perSecond <= MOST_PER_SECOND;
}

/** Trouble with Redis reaches the caller as the rejection of its call. */
function ignore(): void {
  return;
}
