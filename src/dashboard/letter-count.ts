import type { DeadLetterFilter, DeadLetters } from '../producer/index.ts';
import { isDoubtful } from '../shared/dead-letter.ts';

/** How many letters match, as far as somebody looked who must not keep a person waiting. */
export interface LetterCount {
  readonly count: number;
  /** Of these, those that go to nobody together with others: {@link isDoubtful}. */
  readonly doubtful: number;
  /** When the latest and the first of these died, epoch milliseconds. */
  readonly newest?: number;
  readonly oldest?: number;
  readonly looked: number;
  /** Older ones were not looked at. */
  readonly isMore: boolean;
}

const PAGE = 500;
const MOST_COUNTED = 10_000;
const LONGEST_MS = 700;

/** The latest first, a page in memory at a time: letters may be large. */
export async function countLetters(
  deadLetters: Pick<DeadLetters, 'page'>,
  filter: DeadLetterFilter,
  monotonic: () => number,
): Promise<LetterCount> {
  const giveUpAt = monotonic() + LONGEST_MS;
  let counted: LetterCount = { count: 0, doubtful: 0, looked: 0, isMore: false };
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const { letters, looked, ...next } = await deadLetters.page({
      ...filter,
      ...from,
      limit: PAGE,
    });
    const [newest, oldest] = [counted.newest ?? letters.at(0)?.deadAt, letters.at(-1)?.deadAt];
    counted = {
      count: counted.count + letters.length,
      doubtful: counted.doubtful + letters.filter(isDoubtful).length,
      ...(newest !== undefined && { newest, oldest: oldest ?? counted.oldest ?? newest }),
      looked: counted.looked + looked,
      isMore: next.cursor !== undefined,
    };
    cursor = next.cursor;
  } while (cursor !== undefined && counted.count < MOST_COUNTED && monotonic() < giveUpAt);
  return counted;
}
