import { accountKeys } from './keys.ts';
import type { LaneQueue } from './lane.ts';
import { type Kind, KINDS } from './outcome.ts';
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
  /** Sends a second; absent until a worker has served the lane. */
  readonly perSecond?: number;
  /** What an operator set it to; absent while the accounts file decides. */
  readonly setPerSecond?: number;
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

/**
 * Reads all lanes of an account in at most three round trips. Of BullMQ's own methods each would be a script
 * and some commands, and there may be a hundred lanes on one page.
 */
export async function laneOverviews(
  redis: RedisClient,
  appId: string,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  now: number,
): Promise<LaneOverview[]> {
  const keys = accountKeys(appId);
  const pipeline = redis.pipeline().hmget(keys.rates, ...KINDS);
  for (const kind of KINDS) {
    const lane = lanes[kind];
    pipeline.llen(lane.toKey('wait')).zcard(lane.toKey('prioritized')).zcard(lane.toKey('delayed'));
    pipeline.llen(lane.toKey('active')).zcard(lane.toKey('failed'));
    pipeline.zcard(lane.toKey('completed'));
    pipeline.hmget(lane.toKey('meta'), 'paused', 'max', 'duration');
    pipeline.hmget(keys.sleep(kind), 'cause', 'until');
  }
  const [rates, ...replies] = await repliesOf(pipeline);
  const overviews = KINDS.map((kind, place) => {
    const from = place * REPLIES_OF_A_LANE;
    const ofLane = replies.slice(from, from + REPLIES_OF_A_LANE) as unknown as LaneReplies;
    return overviewOf(kind, ofLane, (rates as Texts)[place], now);
  });
  return await withOldest(redis, lanes, overviews, now);
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
    [paused, max, duration],
    sleep,
  ]: LaneReplies,
  set: string | null | undefined,
  now: number,
): LaneOverview {
  const [cause, until] = sleep;
  return {
    kind,
    waiting: wait + prioritized,
    prioritized,
    delayed,
    active,
    parked: failed,
    completed,
    paused: paused === '1',
    ...(max && duration && { perSecond: rounded((Number(max) * 1000) / Number(duration)) }),
    ...(set && { setPerSecond: Number(set) }),
    ...(Number(until) > now && { sleep: { cause: cause ?? 'unknown', until: Number(until) } }),
  };
}

/** So many at the head of a lane are looked at one by one. */
const HEAD = 16;

/**
 * Since when the job that has waited longest has waited; of an empty lane nothing is read. Messages of priority
 * `high` stand before it, the latest first, so the head of the list is not enough: behind it, in steps that double,
 * one is found that is about as old.
 */
async function withOldest(
  redis: RedisClient,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  overviews: LaneOverview[],
  now: number,
): Promise<LaneOverview[]> {
  if (overviews.every(({ waiting }) => waiting === 0)) return overviews;
  const places = redis.pipeline();
  const kinds: Kind[] = [];
  for (const { kind, waiting, prioritized } of overviews) {
    if (waiting === 0) continue;
    const list = lanes[kind].toKey('wait');
    places.zrange(lanes[kind].toKey('prioritized'), '0', '0').lrange(list, -HEAD, -1);
    kinds.push(kind, kind);
    for (let place = 2 * HEAD; place < 2 * (waiting - prioritized); place *= 2) {
      places.lindex(list, Math.max(-place, prioritized - waiting));
      kinds.push(kind);
    }
  }
  const found = (await repliesOf(places)) as (string | null | string[])[];
  const jobs = found.flatMap((ids, place) => {
    const kind = kinds[place];
    return kind === undefined ? [] : [ids ?? []].flat().map((id) => ({ kind, id }));
  });
  const stamps = redis.pipeline();
  for (const { kind, id } of jobs) stamps.hmget(lanes[kind].toKey(id), 'timestamp', 'opts');
  const since = ((await repliesOf(stamps)) as Texts[]).map(waitingSince);
  return overviews.map((overview) => {
    const own = since.filter((at, place) => at !== null && jobs[place]?.kind === overview.kind);
    // One that was sent off before its time has not waited at all.
    return own.length === 0
      ? overview
      : { ...overview, oldestAt: Math.min(now, ...own.map(Number)) };
  });
}

/** Null for a job that has gone meanwhile. */
function waitingSince([timestamp, opts]: Texts): number | null {
  if (!timestamp) return null;
  // What BullMQ keeps beside it is 0 once the job waits.
  const { delay } = JSON.parse(opts ?? '{}') as { delay?: number };
  return Number(timestamp) + (delay ?? 0);
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
