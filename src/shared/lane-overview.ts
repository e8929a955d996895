import { accountKeys } from './keys.ts';
import type { LaneQueue } from './lane.ts';
import type { Kind } from './outcome.ts';
import type { RedisClient } from './redis.ts';

/** How much is in one lane, and whether it moves. */
export interface LaneOverview {
  readonly kind: Kind;
  /** Ready to be sent, whatever their priority. */
  readonly waiting: number;
  /** Scheduled, or waiting for their next attempt. */
  readonly delayed: number;
  /** Being sent. */
  readonly active: number;
  /** `unknown`: nobody knows whether WeChat has them, a person must decide. */
  readonly parked: number;
  readonly paused: boolean;
  /** Sends a second; absent until a worker has served the lane. */
  readonly perSecond?: number;
  /** Absent while the lane is awake. */
  readonly sleep?: SleepOverview;
}

/** A limit of WeChat's (or a missing token) lets the whole lane wait. */
export interface SleepOverview {
  readonly cause: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Why an account is paused: WeChat refuses it (`wechat`), or somebody wanted it (`operator`). */
export interface PauseOverview {
  readonly cause: string;
  readonly since: number;
  readonly errcode?: number;
  /** When the worker asks WeChat again by itself. */
  readonly probeAt?: number;
}

export async function laneOverview(
  redis: RedisClient,
  queue: LaneQueue,
  appId: string,
  kind: Kind,
  now: number,
): Promise<LaneOverview> {
  const [counts, paused, limit, [cause, until]] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'),
    queue.isPaused(),
    queue.getGlobalRateLimit(),
    redis.hmget(accountKeys(appId).sleep(kind), 'cause', 'until'),
  ]);
  const count = (state: string) => counts[state] ?? 0;
  return {
    kind,
    waiting: count('waiting') + count('prioritized'),
    delayed: count('delayed'),
    active: count('active'),
    parked: count('failed'),
    paused,
    ...(limit && { perSecond: rounded((limit.max * 1000) / limit.duration) }),
    ...(Number(until) > now && { sleep: { cause: cause ?? 'unknown', until: Number(until) } }),
  };
}

/** The limit is kept in slices of whole milliseconds, so that 30 a second are 29.4. */
function rounded(perSecond: number): number {
  return Number(perSecond.toPrecision(3));
}

/** Null while the account is at work. */
export async function pauseOverview(
  redis: RedisClient,
  appId: string,
): Promise<PauseOverview | null> {
  const fields = await redis.hgetall(accountKeys(appId).pause);
  const { since, cause, errcode, probeAt } = fields;
  // A resumed account is remembered for a while without `since`.
  if (!since) return null;
  return {
    cause: cause ?? 'unknown',
    since: Number(since),
    ...(errcode && { errcode: Number(errcode) }),
    ...(probeAt && { probeAt: Number(probeAt) }),
  };
}
