import { type RedisClient, repliesOf } from '../redis.ts';
import type { IdPattern } from './id-pattern.ts';

/** The patterns of an account's ids, of one sort, by when they were last used. */
export interface PatternMemory {
  /** Remembers the patterns of new messages. Costs Redis nothing for those it has seen. */
  learn(ids: readonly string[]): Promise<void>;
  /** The latest first. */
  all(): Promise<IdPattern[]>;
}

export interface PatternMemoryOptions {
  readonly redis: RedisClient;
  readonly key: string;
  readonly patternOf: (id: string) => IdPattern | null;
  /** How long the record of an ended message is kept. */
  readonly ttlMs: number;
  readonly now: () => number;
  /** New ones that Redis is told of within an hour; callers may have another one in each id. */
  readonly mostAnHour: number;
}

/** Callers whose ids have no pattern fill it up; a search must stay cheap for them, too. */
export const MOST_PATTERNS = 64;
/** What is in use is told to Redis again, so that what is not can go. */
const SEEN_AGAIN_MS = 3_600_000;

export function createPatternMemory(options: PatternMemoryOptions): PatternMemory {
  const { redis, key, patternOf, ttlMs, now, mostAnHour } = options;
  const seen = new Map<string, number>();

  /** Those that Redis is to be told of, and no more than it may be told of. */
  function chosen(ids: readonly string[], at: number): string[] {
    const isDue = (text: string) => at - (seen.get(text) ?? -Infinity) > SEEN_AGAIN_MS;
    const due = [...new Set(ids.flatMap((id) => stored(patternOf(id))))].filter(isDue);
    if (due.length === 0) return due;
    if (seen.size > MOST_PATTERNS * 4) seen.clear();
    if (seen.size >= mostAnHour)
      for (const text of [...seen.keys()].filter(isDue)) seen.delete(text);
    return due.slice(0, mostAnHour - seen.size);
  }

  return {
    async learn(ids) {
      const at = now();
      const fresh = chosen(ids, at);
      if (fresh.length === 0) return;
      for (const text of fresh) seen.set(text, at);
      const kept = redis
        .multi()
        .zadd(key, ...fresh.flatMap((text) => [at, text]))
        .zremrangebyrank(key, 0, -MOST_PATTERNS - 1)
        .pexpire(key, ttlMs + 2 * SEEN_AGAIN_MS);
      await repliesOf(kept).catch((error: unknown) => {
        for (const text of fresh) seen.delete(text);
        throw error;
      });
    },
    async all() {
      return (await redis.zrevrange(key, 0, -1)).map(parsed);
    },
  };
}

/** Ids have no line breaks. */
function stored(pattern: IdPattern | null): string[] {
  return pattern ? [`${pattern.before}\n${pattern.behind}`] : [];
}

function parsed(text: string): IdPattern {
  const [before = '', behind = ''] = text.split('\n');
  return { before, behind };
}
