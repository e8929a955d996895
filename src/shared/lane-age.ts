import type { LaneQueue } from './lane.ts';
import type { Kind } from './outcome.ts';
import { type RedisClient, repliesOf } from './redis.ts';

/** How long the lists of a lane are. */
export interface LaneLengths {
  readonly kind: Kind;
  /** Those with a priority included. */
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
}

type Texts = readonly (string | null)[];

/**
 * Since when the message that has waited longest has waited; of an empty lane nothing is read. The head of a lane is
 * its oldest, unless it is of priority `high`: those stand before the others, the latest first. One whose time has
 * come and that no worker has fetched waits, too.
 */
export async function oldestOf(
  redis: RedisClient,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  lengths: readonly LaneLengths[],
  now: number,
): Promise<ReadonlyMap<Kind, number>> {
  const heads = await headsOf(redis, lanes, lengths);
  const stamps = await stampsOf(redis, lanes, heads.jobs);
  const urgent = lengths.filter(({ kind }) =>
    stamps.some((stamp) => stamp.kind === kind && stamp.isHigh),
  );
  const behind = await stampsOf(redis, lanes, await behindHigh(redis, lanes, urgent));
  const oldest = new Map<Kind, number>();
  const due = heads.due.filter(({ since }) => since <= now);
  for (const { kind, since } of [...stamps, ...behind, ...due]) {
    // One that was sent off before its time has not waited at all.
    const known = oldest.get(kind);
    if (known === undefined || since < known) oldest.set(kind, Math.min(now, since));
  }
  return oldest;
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
  lengths: readonly LaneLengths[],
): Promise<{ jobs: JobOfLane[]; due: Stamp[] }> {
  const pipeline = redis.pipeline();
  const asked: { readonly kind: Kind; readonly isDelayed: boolean }[] = [];
  for (const { kind, waiting, prioritized, delayed } of lengths) {
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

/**
 * How far behind a head that is `high` is looked for one that is not: it is about as old as the oldest. Few are `high`
 * as a rule, and a lane of a hundred is read by each page that is watched.
 */
const BEHIND_HIGH = [8, 512];

async function behindHigh(
  redis: RedisClient,
  lanes: Readonly<Record<Kind, LaneQueue>>,
  lengths: readonly LaneLengths[],
): Promise<JobOfLane[]> {
  const pipeline = redis.pipeline();
  const kinds: Kind[] = [];
  for (const { kind, waiting, prioritized } of lengths) {
    const length = waiting - prioritized;
    for (const place of new Set(BEHIND_HIGH.map((far) => Math.min(far, length)))) {
      if (place <= 1) continue;
      pipeline.lindex(lanes[kind].toKey('wait'), -place);
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
