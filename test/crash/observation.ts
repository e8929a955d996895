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

/** In one transaction: a job on its way from one list to another would be seen in neither. */
export async function readBooks(site: Site): Promise<Books> {
  const { redis, keys, appId, messageKey } = site;
  const queues = [
    `${DEAD_LETTER_PREFIX}:${DEAD_LETTER_QUEUE}`,
    ...KINDS.map((kind) => `${lanePrefix(appId)}:${laneName(appId, kind)}`),
  ];
  const look = redis
    .multi()
    .hgetall(keys.ledger(messageKey))
    .zscore(keys.unknown, messageKey)
    .zcard(keys.deadPending);
  for (const queue of queues) {
    for (const list of LISTS) look.llen(`${queue}:${list}`);
    for (const set of SETS) look.zcard(`${queue}:${set}`);
  }
  const replies = ((await look.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  const [record, unknown, pending, ...lengths] = replies;
  const [deadLetters, ...lanes] = queues.map((_, index) => countsOf(lengths, index));
  if (!deadLetters) throw new Error('the dead-letter queue was not counted');
  return {
    record: record as Record<string, string>,
    lanes: lanes.reduce(added),
    deadLetters,
    deadPending: Number(pending),
    listedAsUnknown: unknown !== null,
  };
}

const LISTS = ['wait', 'paused', 'active'] as const;
const SETS = ['prioritized', 'delayed', 'failed'] as const;

function countsOf(lengths: readonly unknown[], queue: number): QueueCounts {
  const size = LISTS.length + SETS.length;
  const own = lengths.slice(queue * size, (queue + 1) * size).map(Number);
  const [wait = 0, paused = 0, active = 0, prioritized = 0, delayed = 0, failed = 0] = own;
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
