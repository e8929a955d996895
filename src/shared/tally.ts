import { setTimeout as delay } from 'node:timers/promises';
import { lookupErrcode } from './errcodes/errcode.ts';
import { every } from './every.ts';
import { accountKeys } from './keys.ts';
import type { Service } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { type Kind, KINDS } from './outcome.ts';
import { type RedisClient, repliesOf } from './redis.ts';

/** Counts what WeChat answers to an account's messages, over all processes, for people who look. */
export interface Tally extends Service {
  /** A request ended; without an errcode when no answer of WeChat's came. */
  answered(kind: Kind, errcode: number | undefined): void;
}

/** An errcode; null: no answer came; `other`: codes in no table that came after too many others. */
export type Answered = number | null | typeof OTHER;

/** What came of one lane's requests lately. */
export interface LaneTally {
  /** Requests a second, of the last full minute. */
  readonly perSecond: number;
  /** Requests of that minute and of the one that runs. */
  readonly lately: number;
  /** Requests of the last 60 to 90 minutes. */
  readonly requests: number;
  /** Of them, those that WeChat took. */
  readonly taken: number;
  /** The others by errcode, most frequent first. */
  readonly refusals: readonly { readonly errcode: Answered; readonly count: number }[];
}

const MINUTE_MS = 60_000;
const SLICE_MS = 30 * MINUTE_MS;
const SLICES = 3;
const KEPT_MS = SLICE_MS * (SLICES + 1);
const FLUSH_MS = 5000;
/** How long `stop` waits for the last counts to be written: Redis may be away. */
const PATIENCE_MS = 1000;
/** Codes of no table that half an hour keeps apart; whatever else comes is not worth Redis' memory. */
const MOST_STRANGERS = 50;
const NO_ANSWER = 'none';
const OTHER = 'other';

export interface TallyDeps {
  readonly redis: RedisClient;
  readonly appId: string;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Counts in memory and writes every 5 seconds: a process that is killed takes those with it. */
export function createTally({ redis, appId, now, logger }: TallyDeps): Tally {
  let counts = new Map<string, number>();
  const strangers = { slice: 0, codes: new Set<number>() };

  function count(field: string): void {
    counts.set(field, (counts.get(field) ?? 0) + 1);
  }
  function nameOf(errcode: number): string {
    if (lookupErrcode(errcode)) return String(errcode);
    const slice = sliceOf(now());
    if (strangers.slice !== slice) strangers.codes.clear();
    strangers.slice = slice;
    if (strangers.codes.size < MOST_STRANGERS) strangers.codes.add(errcode);
    return strangers.codes.has(errcode) ? String(errcode) : OTHER;
  }
  async function flush(): Promise<void> {
    if (counts.size === 0) return;
    const key = accountKeys(appId).tally(sliceOf(now()));
    const pipeline = redis.pipeline();
    for (const [field, by] of counts) pipeline.hincrby(key, field, by);
    counts = new Map();
    await repliesOf(pipeline.pexpire(key, KEPT_MS));
  }
  const chore = every('tally', FLUSH_MS, logger, flush);
  return {
    ...chore,
    answered(kind, errcode) {
      count(`${kind}:${errcode === undefined ? NO_ANSWER : nameOf(errcode)}`);
      count(`${kind}@${minuteOf(now())}`);
    },
    async stop() {
      await chore.stop();
      await Promise.race([flush().catch(() => undefined), delay(PATIENCE_MS)]);
    },
  };
}

export async function readTally(
  redis: RedisClient,
  appId: string,
  now: number,
): Promise<Readonly<Record<Kind, LaneTally>>> {
  const keys = accountKeys(appId);
  const pipeline = redis.pipeline();
  for (let back = 0; back < SLICES; back += 1) pipeline.hgetall(keys.tally(sliceOf(now) - back));
  const slices = (await repliesOf(pipeline)) as Readonly<Record<string, string>>[];
  return tallyOf(slices, now);
}

/** Adds up what {@link createTally} wrote. */
export function tallyOf(
  slices: readonly Readonly<Record<string, string>>[],
  now: number,
): Readonly<Record<Kind, LaneTally>> {
  const fields = slices.flatMap((slice) => Object.entries(slice));
  const [template, custom] = KINDS.map((kind) => laneTally(kind, fields, now));
  if (!template || !custom) throw new Error('unreachable: there are two kinds');
  return { template, custom };
}

function laneTally(kind: Kind, fields: readonly [string, string][], now: number): LaneTally {
  const thisMinute = `${kind}@${minuteOf(now)}`;
  const lastMinute = `${kind}@${minuteOf(now) - 1}`;
  const byErrcode = new Map<string, number>();
  let inThisMinute = 0;
  let inLastMinute = 0;
  for (const [field, value] of fields) {
    if (field === thisMinute) inThisMinute += Number(value);
    if (field === lastMinute) inLastMinute += Number(value);
    if (!field.startsWith(`${kind}:`)) continue;
    const errcode = field.slice(kind.length + 1);
    byErrcode.set(errcode, (byErrcode.get(errcode) ?? 0) + Number(value));
  }
  const all = [...byErrcode];
  return {
    perSecond: inLastMinute / 60,
    lately: inLastMinute + inThisMinute,
    requests: all.reduce((sum, [, count]) => sum + count, 0),
    taken: byErrcode.get('0') ?? 0,
    refusals: all
      .filter(([errcode]) => errcode !== '0')
      .map(([name, count]) => ({ errcode: answeredOf(name), count }))
      .toSorted((left, right) => right.count - left.count),
  };
}

function answeredOf(name: string): Answered {
  if (name === OTHER) return OTHER;
  return name === NO_ANSWER ? null : Number(name);
}

function sliceOf(ms: number): number {
  return Math.floor(ms / SLICE_MS);
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}
