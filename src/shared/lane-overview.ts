import { accountKeys, fileRate } from './keys.ts';
import { oldestOf } from './lane-age.ts';
import type { LaneQueue } from './lane.ts';
import { type Kind, KINDS } from './outcome.ts';
import { rateOf } from './rate-slice.ts';
import { type RedisClient, repliesOf } from './redis.ts';

/** How much is in one lane, and whether it moves. */
export interface LaneOverview {
  readonly kind: Kind;
  /** Ready to be sent, whatever their priority. */
  readonly waiting: number;
  /** Of them, those with a priority. */
  readonly prioritized: number;
  /**
   * Since when the message that has waited longest has waited, epoch ms: since it was enqueued, or since its `sendAt`.
   * Absent when none waits.
   */
  readonly oldestAt?: number;
  /** Scheduled, or waiting for their next attempt. */
  readonly delayed: number;
  /** Being sent. */
  readonly active: number;
  /** `unknown`: nobody knows whether WeChat has them, a person must decide. */
  readonly parked: number;
  /** The latest that have ended; BullMQ keeps some for people to look at. */
  readonly completed: number;
  readonly paused: boolean;
  /**
   * Sends a second: what was asked for once it holds, else what the lane may send meanwhile. Absent until a worker
   * has served the lane.
   */
  readonly perSecond?: number;
  /** What an operator set it to; absent while the accounts file decides. */
  readonly setPerSecond?: number;
  /** What the accounts file of the worker says that looked last; absent until one did. */
  readonly filePerSecond?: number;
  /** Absent while the lane is awake. */
  readonly sleep?: SleepOverview;
  /** When it was resumed or woke last, as long as Redis remembers, epoch ms: nothing was sent before. */
  readonly freeSince?: number;
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
  /** Which user of the dashboard, where it was one. */
  readonly by?: string;
  readonly since: number;
  readonly errcode?: number;
  /** When the worker asks WeChat again by itself. */
  readonly probeAt?: number;
}

/**
 * Reads all lanes of an account in at most five round trips. Of BullMQ's own methods each would be a script
 * and some commands, and there may be a hundred lanes on one page.
 */
export async function laneOverviews(
  redis: RedisClient,
  appId: string,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  now: number,
): Promise<LaneOverview[]> {
  const keys = accountKeys(appId);
  const pipeline = redis.pipeline().hmget(keys.rates, ...KINDS, ...KINDS.map(fileRate));
  for (const kind of KINDS) {
    const lane = lanes[kind];
    pipeline.llen(lane.toKey('wait')).zcard(lane.toKey('prioritized')).zcard(lane.toKey('delayed'));
    pipeline.llen(lane.toKey('active')).zcard(lane.toKey('failed'));
    pipeline.zcard(lane.toKey('completed'));
    pipeline.hmget(lane.toKey('meta'), 'paused', 'max', 'duration', 'resumedAt');
    pipeline.hmget(keys.sleep(kind), 'cause', 'until');
  }
  const [rates, ...replies] = await repliesOf(pipeline);
  const overviews = KINDS.map((kind, place) => {
    const from = place * REPLIES_OF_A_LANE;
    const ofLane = replies.slice(from, from + REPLIES_OF_A_LANE) as unknown as LaneReplies;
    const [set, file] = [place, KINDS.length + place].map((field) => (rates as Texts)[field]);
    return overviewOf(kind, ofLane, { set, file }, now);
  });
  const oldest = await oldestOf(redis, lanes, overviews, now);
  return overviews.map((overview) => {
    const oldestAt = oldest.get(overview.kind);
    return oldestAt === undefined ? overview : { ...overview, oldestAt };
  });
}

type Texts = readonly (string | null)[];
type LaneReplies = readonly [number, number, number, number, number, number, Texts, Texts];
const REPLIES_OF_A_LANE = 8;

function overviewOf(
  kind: Kind,
  [
    wait,
    prioritized,
    delayed,
    active,
    failed,
    completed,
    [paused, max, duration, resumedAt],
    sleep,
  ]: LaneReplies,
  rates: { readonly set: string | null | undefined; readonly file: string | null | undefined },
  now: number,
): LaneOverview {
  const [cause, until] = sleep;
  const set = rates.set ? Number(rates.set) : undefined;
  const file = rates.file ? Number(rates.file) : undefined;
  const woke = Number(until) > now ? 0 : Number(until);
  const freeSince = Math.max(Number(resumedAt), woke);
  const slice = max && duration && { max: Number(max), durationMs: Number(duration) };
  return {
    kind,
    waiting: wait + prioritized,
    prioritized,
    delayed,
    active,
    parked: failed,
    completed,
    paused: paused === '1',
    ...(slice && { perSecond: rateOf(slice, [set, file]) }),
    ...(set !== undefined && { setPerSecond: set }),
    ...(file !== undefined && { filePerSecond: file }),
    ...(Number(until) > now && { sleep: { cause: cause ?? 'unknown', until: Number(until) } }),
    ...(freeSince > 0 && { freeSince }),
  };
}

/** Null while the account is at work. */
export async function pauseOverview(
  redis: RedisClient,
  appId: string,
): Promise<PauseOverview | null> {
  const fields = await redis.hgetall(accountKeys(appId).pause);
  const { since, cause, by, errcode, probeAt } = fields;
  // A resumed account is remembered for a while without `since`.
  if (!since) return null;
  return {
    cause: cause ?? 'unknown',
    since: Number(since),
    ...(by && { by }),
    ...(errcode && { errcode: Number(errcode) }),
    ...(probeAt && { probeAt: Number(probeAt) }),
  };
}
