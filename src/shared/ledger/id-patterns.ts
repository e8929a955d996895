import { accountKeys } from '../keys.ts';
import { type RedisClient, repliesOf } from '../redis.ts';

/**
 * A caller's id without its number: of `order-1002-paid` what stands before and behind `1002`.
 * An account has a handful of them, however many messages it sends.
 */
export interface IdPattern {
  readonly before: string;
  readonly behind: string;
}

/**
 * Finds a message by a part of its caller's id, as an order number alone: the ledger knows ids
 * by their digest only, so the part is completed to the ids that it may belong to
 * (docs/decisions/0013-part-of-an-id.md).
 */
export interface IdPatterns {
  /** Remembers the patterns of new messages. Costs Redis nothing for those it has seen. */
  learn(ids: readonly string[]): Promise<void>;
  /** The ids that `part` may be a part of, the likeliest first. */
  complete(part: string): Promise<string[]>;
}

export interface IdPatternsOptions {
  readonly redis: RedisClient;
  readonly appId: string;
  /** How long the record of an ended message is kept. */
  readonly ttlMs: number;
  readonly now: () => number;
  /** Whether those of new messages are remembered. */
  readonly isIndexed: boolean;
}

/** Callers whose ids have no pattern fill it up; a search must stay cheap for them, too. */
const MOST_PATTERNS = 64;
/** What is in use is told to Redis again, so that what is not can go. */
const SEEN_AGAIN_MS = 3_600_000;
const LONGEST = 32;

export function createIdPatterns(options: IdPatternsOptions): IdPatterns {
  const { redis, appId, ttlMs, now, isIndexed } = options;
  const key = accountKeys(appId).idPatterns;
  const seen = new Map<string, number>();
  return {
    async learn(ids) {
      if (!isIndexed) return;
      const at = now();
      const fresh = new Set(
        ids.flatMap((id) => stored(patternOf(id))).filter((text) => isDue(seen.get(text), at)),
      );
      if (fresh.size === 0) return;
      if (seen.size > MOST_PATTERNS * 4) seen.clear();
      for (const text of fresh) seen.set(text, at);
      const entries = [...fresh].flatMap((text) => [at, text]);
      const kept = redis
        .multi()
        .zadd(key, ...entries)
        .zremrangebyrank(key, 0, -MOST_PATTERNS - 1)
        .pexpire(key, ttlMs + 2 * SEEN_AGAIN_MS);
      await repliesOf(kept).catch((error: unknown) => {
        for (const text of fresh) seen.delete(text);
        throw error;
      });
    },
    async complete(part) {
      const texts = await redis.zrevrange(key, 0, -1);
      return completed(
        part,
        texts.map((text) => parsed(text)),
      );
    },
  };
}

/** Null for an id of which nothing is left without its number, or too much. */
export function patternOf(id: string): IdPattern | null {
  const first = id.search(/\d/);
  if (first === -1) return null;
  const before = id.slice(0, first).replace(/[A-Za-z]+$/, '');
  const behind = /[^A-Za-z0-9]\D*$|$/.exec(id)?.[0] ?? '';
  if (before === '' && behind === '') return null;
  if (before.length > LONGEST || behind.length > LONGEST) return null;
  return { before, behind };
}

/** Whole ids that a part may belong to, whichever end of it is missing. */
export function completed(part: string, patterns: readonly IdPattern[]): string[] {
  const ids = patterns.flatMap(({ before, behind }) => [
    ...(part.startsWith(before) ? [part + behind] : []),
    ...(part.endsWith(behind) ? [before + part] : []),
    before + part + behind,
  ]);
  return [...new Set(ids)].filter((id) => id !== part);
}

function isDue(seenAt: number | undefined, at: number): boolean {
  return seenAt === undefined || at - seenAt > SEEN_AGAIN_MS;
}

/** Ids have no line breaks. */
function stored(pattern: IdPattern | null): string[] {
  return pattern ? [`${pattern.before}\n${pattern.behind}`] : [];
}

function parsed(text: string): IdPattern {
  const [before = '', behind = ''] = text.split('\n');
  return { before, behind };
}
