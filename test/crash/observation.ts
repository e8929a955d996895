import {
  DEAD_LETTER_PREFIX,
  DEAD_LETTER_QUEUE,
  laneName,
  lanePrefix,
} from '../../src/shared/keys.ts';
import { KINDS } from '../../src/shared/outcome.ts';
import type { Site } from './site.ts';

/** How many jobs of a queue are where, read from BullMQ's own keys. */
export interface QueueCounts {
  /** In wait, paused, prioritized or delayed. */
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
}

/** What Redis knows of a site's message. */
export interface Books {
  /** The ledger record as stored; empty if there is none. */
  readonly record: Readonly<Record<string, string>>;
  /** Of both lanes together. */
  readonly lanes: QueueCounts;
  readonly deadLetters: QueueCounts;
  /** Dead in the ledger, not yet confirmed as listed. */
  readonly deadPending: number;
  readonly listedAsUnknown: boolean;
}

/** What WeChat knows of it. */
export interface WechatSide {
  readonly shown: number;
  /** Repeats that WeChat's own deduplication took out. */
  readonly absorbed: number;
  /** WeChat's message ids, as text. */
  readonly msgids: readonly string[];
  readonly tokenFetches: number;
  readonly forcedFetches: number;
}

export type Observation = Books & WechatSide;

export async function readBooks(site: Site): Promise<Books> {
  const { redis, keys, appId, messageKey } = site;
  const [record, pending, unknown, ...counts] = await Promise.all([
    redis.hgetall(keys.ledger(messageKey)),
    redis.zcard(keys.deadPending),
    redis.zscore(keys.unknown, messageKey),
    countQueue(site, `${DEAD_LETTER_PREFIX}:${DEAD_LETTER_QUEUE}`),
    ...KINDS.map((kind) => countQueue(site, `${lanePrefix(appId)}:${laneName(appId, kind)}`)),
  ]);
  const [deadLetters, ...lanes] = counts;
  if (!deadLetters) throw new Error('the dead-letter queue was not counted');
  return {
    record,
    lanes: lanes.reduce(added),
    deadLetters,
    deadPending: pending,
    listedAsUnknown: unknown !== null,
  };
}

async function countQueue({ redis }: Site, queue: string): Promise<QueueCounts> {
  const [wait, paused, prioritized, delayed, active, failed] = await Promise.all([
    redis.llen(`${queue}:wait`),
    redis.llen(`${queue}:paused`),
    redis.zcard(`${queue}:prioritized`),
    redis.zcard(`${queue}:delayed`),
    redis.llen(`${queue}:active`),
    redis.zcard(`${queue}:failed`),
  ]);
  return { waiting: wait + paused + prioritized + delayed, active, failed };
}

function added(left: QueueCounts, right: QueueCounts): QueueCounts {
  return {
    waiting: left.waiting + right.waiting,
    active: left.active + right.active,
    failed: left.failed + right.failed,
  };
}

interface Entry {
  readonly appId: string;
  readonly state: string;
  readonly msgid?: string;
}

interface Tokens {
  readonly fetches: { readonly stableNormal: number; readonly stableForced: number };
}

const PAGE = 10_000;

export function readWechatSide(site: Site): WechatSide {
  const entries = takenOf(site);
  const { fetches } = site.control<Tokens>('GET', `tokens?appId=${site.appId}`);
  return {
    shown: entries.filter(({ state }) => state === 'shown').length,
    absorbed: entries.filter(({ state }) => state === 'absorbed').length,
    msgids: [...new Set(entries.flatMap(({ msgid }) => msgid ?? []))],
    tokenFetches: fetches.stableNormal + fetches.stableForced,
    forcedFetches: fetches.stableForced,
  };
}

function takenOf(site: Site): Entry[] {
  const taken: Entry[] = [];
  for (let since = 0; ;) {
    const page = site.control<{ entries: Entry[]; next: number }>(
      'GET',
      `record?since=${since}&limit=${PAGE}`,
    );
    taken.push(...page.entries.filter(({ appId }) => appId === site.appId));
    if (page.entries.length < PAGE) return taken;
    since = page.next;
  }
}
