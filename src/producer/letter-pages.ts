import { type DeadLetter, type DeadLetterQueue, readLetter } from '../shared/dead-letter.ts';
import { CourierError } from '../shared/errors.ts';
import { maskOpenids } from '../shared/openid.ts';
import { DEAD_REASONS, type DeadReason } from '../shared/outcome.ts';
import { type RedisClient, repliesOf } from '../shared/redis.ts';

/** Every given field must match. */
export interface DeadLetterFilter {
  readonly appId?: string;
  /** Of any of these accounts. */
  readonly appIds?: readonly string[];
  readonly reason?: DeadReason;
  readonly errcode?: number;
  /** Only template messages of this template. */
  readonly templateId?: string;
  /** Only letters that died at or after this time, epoch milliseconds. */
  readonly since?: number;
  /** Only letters that died before this time, epoch milliseconds. */
  readonly until?: number;
  /** At most this many, newest first. Default 100. */
  readonly limit?: number;
  /** Go on behind the page that gave this. */
  readonly cursor?: string;
}

export interface LetterPage {
  /** Newest first. */
  readonly letters: readonly DeadLetter[];
  /** For the page behind this one; absent when there is none. Letters that come later do not shift it. */
  readonly cursor?: string;
  /** How many letters were looked at. */
  readonly looked: number;
}

/** Where a page ended: the place of its last letter in BullMQ's list of failed jobs. */
interface Place {
  /** When the letter's job failed, epoch milliseconds. */
  readonly failedAt: number;
  readonly jobId: string;
}

/** Where letters are read. */
export interface LetterSource {
  readonly redis: RedisClient;
  readonly queue: () => DeadLetterQueue;
  /** Runs a piece of work against Redis, or says why it cannot. */
  readonly call: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

const DEFAULT_LIMIT = 100;
/** Letters read in one go while filtering. */
const READ_AT_ONCE = 200;
/** More than the clocks of two processes and Redis differ. */
const CLOCKS_MS = 3_600_000;
/** A page looks at no more letters than this, and may be short then; its cursor goes on. */
const MOST_LOOKED_AT = 12_000;

/**
 * One page of the letters that match, newest first.
 *
 * @throws CourierError `ERR_INVALID_FILTER` for a reason that no letter can have, or a cursor
 * that no page gave
 */
export async function letterPage(
  source: LetterSource,
  filter: DeadLetterFilter,
): Promise<LetterPage> {
  checkReason(filter.reason);
  const limit = filter.limit ?? DEFAULT_LIMIT;
  let place = filter.cursor === undefined ? null : parseCursor(filter.cursor);
  let looked = 0;
  const letters: DeadLetter[] = [];
  const page = () => ({ letters, looked, ...(place && { cursor: cursorOf(place) }) });
  while (letters.length < limit && looked < MOST_LOOKED_AT) {
    const entries = await source.call(() => entriesBehind(source, place));
    for (const entry of entries) {
      if (letters.length === limit) return page();
      // A message died before its letter's job failed, by clocks that differ a little.
      if (entry.place.failedAt < (filter.since ?? 0) - CLOCKS_MS) return { letters, looked };
      place = entry.place;
      looked += 1;
      const letter = readLetter(entry.data);
      if (letter && matches(letter, filter)) letters.push(letter);
    }
    if (entries.length === 0) return { letters, looked };
  }
  return page();
}

/** All pages, up to the limit. @throws CourierError as {@link letterPage} */
export async function allLetters(
  source: LetterSource,
  filter: DeadLetterFilter,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  const limit = filter.limit ?? DEFAULT_LIMIT;
  let cursor = filter.cursor;
  do {
    const rest = {
      ...filter,
      limit: limit - letters.length,
      ...(cursor !== undefined && { cursor }),
    };
    const next = await letterPage(source, rest);
    letters.push(...next.letters);
    cursor = next.cursor;
  } while (cursor !== undefined && letters.length < limit);
  return letters;
}

interface Entry {
  readonly place: Place;
  /** As somebody put it there: not always a letter. */
  readonly data: unknown;
}

/** The next jobs in BullMQ's order: latest first, those of the same moment by descending id. */
async function entriesBehind(
  { redis, queue: open }: LetterSource,
  place: Place | null,
): Promise<Entry[]> {
  const queue = open();
  const failed = queue.toKey('failed');
  const from = place ? String(place.failedAt) : '+inf';
  for (let skipped = 0; ; skipped += READ_AT_ONCE) {
    const page = [skipped, READ_AT_ONCE] as const;
    const scored = await redis.zrevrangebyscore(
      failed,
      from,
      '-inf',
      'WITHSCORES',
      'LIMIT',
      ...page,
    );
    const places = scored.flatMap((jobId, index) =>
      index % 2 === 0 && isBehind(scored, index, place)
        ? [{ failedAt: Number(scored[index + 1]), jobId }]
        : [],
    );
    const texts = redis.pipeline();
    for (const { jobId } of places) texts.hget(queue.toKey(jobId), 'data');
    const data = (await repliesOf(texts)) as (string | null)[];
    const found = places.flatMap((one, index) => {
      const text = data[index];
      return typeof text === 'string' ? [{ place: one, data: parsed(text) }] : [];
    });
    // All of one moment and before the place, or gone meanwhile: look further.
    if (found.length > 0 || scored.length < READ_AT_ONCE * 2) return found;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isBehind(entries: readonly string[], index: number, place: Place | null): boolean {
  if (!place || Number(entries[index + 1]) < place.failedAt) return true;
  return Buffer.compare(Buffer.from(entries[index] ?? ''), Buffer.from(place.jobId)) < 0;
}

function cursorOf({ failedAt, jobId }: Place): string {
  return Buffer.from(`${failedAt} ${jobId}`).toString('base64url');
}

function parseCursor(cursor: string): Place {
  const [, failedAt, jobId] =
    /^(\d{1,16}) ([\x21-\x7e]{1,200})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (failedAt !== undefined && jobId !== undefined) return { failedAt: Number(failedAt), jobId };
  throw new CourierError(
    'ERR_INVALID_FILTER',
    `cursor: expected one that an earlier page gave, got "${maskOpenids(cursor).slice(0, 40)}".`,
  );
}

/** Of a caller without types; "none found" would be the wrong answer to a typing error. */
function checkReason(reason: string | undefined): void {
  if (reason === undefined || DEAD_REASONS.some((known) => known === reason)) return;
  throw new CourierError(
    'ERR_INVALID_FILTER',
    `reason: expected one of ${DEAD_REASONS.join(', ')}, got "${maskOpenids(reason).slice(0, 40)}".`,
  );
}

function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  return (
    (filter.appId === undefined || letter.appId === filter.appId) &&
    (filter.appIds === undefined || filter.appIds.includes(letter.appId)) &&
    (filter.reason === undefined || letter.reason === filter.reason) &&
    (filter.errcode === undefined || letter.errcode === filter.errcode) &&
    (filter.templateId === undefined || letter.job?.message['template_id'] === filter.templateId) &&
    (filter.since === undefined || letter.deadAt >= filter.since) &&
    (filter.until === undefined || letter.deadAt < filter.until)
  );
}
