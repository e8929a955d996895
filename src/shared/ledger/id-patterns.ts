import { accountKeys } from '../keys.ts';
import type { RedisClient } from '../redis.ts';
import { completed, digitPattern, wordPattern } from './id-pattern.ts';
import { createPatternMemory, MOST_PATTERNS } from './pattern-memory.ts';

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

export function createIdPatterns(options: IdPatternsOptions): IdPatterns {
  const { redis, appId, ttlMs, now, isIndexed } = options;
  const keys = accountKeys(appId);
  const memory = { redis, ttlMs, now };
  const words = createPatternMemory({
    ...memory,
    key: keys.idPatterns,
    patternOf: wordPattern,
    mostAnHour: Infinity,
  });
  // Apart, so that letters which change with each number do not push out what finds by words.
  const digits = createPatternMemory({
    ...memory,
    key: keys.digitPatterns,
    patternOf: digitPattern,
    mostAnHour: MOST_PATTERNS,
  });
  return {
    async learn(ids) {
      if (isIndexed) await Promise.all([words.learn(ids), digits.learn(ids)]);
    },
    async complete(part) {
      const startsWithDigit = /^\d/.test(part);
      const [ofWords, ofDigits] = await Promise.all([
        words.all(),
        startsWithDigit ? digits.all() : [],
      ]);
      return [...new Set([...completed(part, ofWords), ...completed(part, ofDigits)])];
    },
  };
}
