import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../producer/index.ts';
import { openDeadLetters } from '../shared/dead-letter.ts';
import type { RedisClient } from '../shared/redis.ts';

/** As many dead letters as fit, the newest first. */
export interface FirstLetters {
  readonly letters: readonly DeadLetter[];
  /** Others match, too, or there are so many others that not all were looked at. */
  readonly isMore: boolean;
}

/** Reads the first letters that match; what is behind them costs one page more. */
export async function firstLetters(
  deadLetters: Pick<DeadLetters, 'page'>,
  filter: DeadLetterFilter,
  limit: number,
): Promise<FirstLetters> {
  const letters: DeadLetter[] = [];
  let cursor: string | undefined;
  const page = async (count: number) => {
    const from = cursor === undefined ? {} : { cursor };
    const found = await deadLetters.page({ ...filter, ...from, limit: count });
    cursor = found.cursor;
    return found.letters;
  };
  do letters.push(...(await page(limit - letters.length)));
  while (cursor !== undefined && letters.length < limit);
  if (cursor === undefined) return { letters, isMore: false };
  const behind = await page(1);
  return { letters, isMore: behind.length > 0 || cursor !== undefined };
}

/** How many dead letters there are, of all accounts. */
export async function countDeadLetters(redis: RedisClient): Promise<number> {
  const queue = openDeadLetters(redis, () => undefined);
  try {
    return await queue.getFailedCount();
  } finally {
    await queue.close();
  }
}
