import { accountKeys, fileRate } from './keys.ts';
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
    ...(slice && { perSecond: rateOf(slice, set ?? file) }),
    ...(set !== undefined && { setPerSecond: set }),
    ...(file !== undefined && { filePerSecond: file }),
    ...(Number(until) > now && { sleep: { cause: cause ?? 'unknown', until: Number(until) } }),
    ...(freeSince > 0 && { freeSince }),
  };
}

/**
 * Since when the message that has waited longest has waited; of an empty lane nothing is read. The head of a lane is
 * its oldest, unless it is of priority `high`: those stand before the others, the latest first. One whose time has
 * come and that no worker has fetched waits, too.
 */
async function withOldest(
  redis: RedisClient,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  overviews: LaneOverview[],
  now: number,
): Promise<LaneOverview[]> {
  const heads = await headsOf(redis, lanes, overviews);
  const stamps = await stampsOf(redis, lanes, heads.jobs);
  const urgent = overviews.filter(({ kind }) =>
    stamps.some((stamp) => stamp.kind === kind && stamp.isHigh),
  );
  const behind = await stampsOf(redis, lanes, await behindHigh(redis, lanes, urgent));
  const all = [...stamps, ...behind, ...heads.due.filter(({ since }) => since <= now)];
  return overviews.map((overview) => {
    const own = all.filter(({ kind }) => kind === overview.kind);
    // One that was sent off before its time has not waited at all.
    return own.length === 0
      ? overview
      : { ...overview, oldestAt: Math.min(now, ...own.map(({ since }) => since)) };
  });
}

interface JobOfLane {
  readonly kind: Kind;
  readonly id: string;
}
interface Stamp {
  readonly kind: Kind;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly isHigh?: boolean;
}

/** BullMQ keeps the time of a delayed job in the upper bits of its score. */
const SCORE_PER_MS = 0x1000;

/** When a message that is delayed comes to its turn, epoch milliseconds; null for one that is not. */
export async function dueTime(
  redis: RedisClient,
  lane: LaneQueue,
  messageKey: string,
): Promise<number | null> {
  const score = await redis.zscore(lane.toKey('delayed'), messageKey);
  return score === null ? null : Math.floor(Number(score) / SCORE_PER_MS);
}

/** The first of each list that has one, and when the first delayed message is due. */
async function headsOf(
  redis: RedisClient,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  overviews: readonly LaneOverview[],
): Promise<{ jobs: JobOfLane[]; due: Stamp[] }> {
  const pipeline = redis.pipeline();
  const asked: { readonly kind: Kind; readonly isDelayed: boolean }[] = [];
  for (const { kind, waiting, prioritized, delayed } of overviews) {
    const lane = lanes[kind];
    if (waiting > prioritized) pipeline.lrange(lane.toKey('wait'), -1, -1);
    if (waiting > prioritized) asked.push({ kind, isDelayed: false });
    if (prioritized > 0) pipeline.zrange(lane.toKey('prioritized'), '0', '0');
    if (prioritized > 0) asked.push({ kind, isDelayed: false });
    if (delayed > 0) pipeline.zrange(lane.toKey('delayed'), '0', '0', 'WITHSCORES');
    if (delayed > 0) asked.push({ kind, isDelayed: true });
  }
  if (asked.length === 0) return { jobs: [], due: [] };
  const replies = (await repliesOf(pipeline)) as string[][];
  const jobs: JobOfLane[] = [];
  const due: Stamp[] = [];
  replies.forEach(([id, score], place) => {
    const { kind, isDelayed } = asked[place]!;
    if (id === undefined) return;
    if (isDelayed) due.push({ kind, since: Math.floor(Number(score) / SCORE_PER_MS) });
    else jobs.push({ kind, id });
  });
  return { jobs, due };
}

/** Messages ever further behind the head: the first that is not `high` is about as old as the oldest. */
async function behindHigh(
  redis: RedisClient,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  overviews: readonly LaneOverview[],
): Promise<JobOfLane[]> {
  const pipeline = redis.pipeline();
  const kinds: Kind[] = [];
  for (const { kind, waiting, prioritized } of overviews) {
    const length = waiting - prioritized;
    for (let place = 4; place < 4 * length; place *= 4) {
      pipeline.lindex(lanes[kind].toKey('wait'), -Math.min(place, length));
      kinds.push(kind);
    }
  }
  if (kinds.length === 0) return [];
  const ids = (await repliesOf(pipeline)) as (string | null)[];
  return ids.flatMap((id, place) => (id === null ? [] : [{ kind: kinds[place]!, id }]));
}

/** Without those that have gone meanwhile. */
async function stampsOf(
  redis: RedisClient,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  jobs: readonly JobOfLane[],
): Promise<Stamp[]> {
  if (jobs.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const { kind, id } of jobs) pipeline.hmget(lanes[kind].toKey(id), 'timestamp', 'opts');
  const replies = (await repliesOf(pipeline)) as Texts[];
  return replies.flatMap(([timestamp, opts], place) => {
    if (!timestamp) return [];
    const { delay, lifo } = optionsOf(opts);
    return [{ kind: jobs[place]!.kind, since: Number(timestamp) + delay, isHigh: lifo }];
  });
}

/** What BullMQ keeps of `delay` beside them is 0 once the job waits. A job broken by hand has none. */
function optionsOf(text: string | null | undefined): { delay: number; lifo: boolean } {
  try {
    const { delay, lifo } = Object(JSON.parse(text ?? '{}')) as Record<string, unknown>;
    return { delay: Number(delay ?? 0) || 0, lifo: lifo === true };
  } catch {
    return { delay: 0, lifo: false };
  }
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
