import { expect, test } from 'vitest';
import { countLetters } from '../../src/dashboard/letter-count.ts';
import type { DeadLetter, DeadLetterFilter, LetterPage } from '../../src/producer/index.ts';

/** Pages of so many letters, each of which takes so long. */
function pagesOf(sizes: readonly number[], reason: DeadLetter['reason'] = 'exhausted', tookMs = 0) {
  let time = 0;
  let deadAt = 1_000_000;
  const asked: DeadLetterFilter[] = [];
  const page = (filter: DeadLetterFilter = {}): Promise<LetterPage> => {
    asked.push(filter);
    time += tookMs;
    const place = Number(filter.cursor ?? 0);
    const letters = Array.from({ length: sizes[place] ?? 0 }, () => ({ reason, deadAt: --deadAt }));
    const next = place + 1 < sizes.length ? { cursor: String(place + 1) } : {};
    return Promise.resolve({ letters: letters as unknown as DeadLetter[], looked: 1000, ...next });
  };
  return { deadLetters: { page }, asked, monotonic: () => time };
}

test('all that match are counted, with those of doubt, and when the first and last died', async () => {
  const { deadLetters, monotonic } = pagesOf([3, 0, 2], 'ambiguous');
  expect(await countLetters(deadLetters, { appId: 'wx1' }, monotonic)).toEqual({
    count: 5,
    doubtful: 5,
    newest: 999_999,
    oldest: 999_995,
    looked: 3000,
    isMore: false,
  });
});

test('none is none, with no times', async () => {
  const { deadLetters, monotonic } = pagesOf([0]);
  const none = { count: 0, doubtful: 0, looked: 1000, isMore: false };
  expect(await countLetters(deadLetters, {}, monotonic)).toEqual(none);
});

test('a person is not kept waiting: what was not looked at is said to be more', async () => {
  const { deadLetters, asked, monotonic } = pagesOf([0, 0, 0, 0, 5], 'exhausted', 300);
  expect(await countLetters(deadLetters, {}, monotonic)).toMatchObject({
    count: 0,
    looked: 3000,
    isMore: true,
  });
  expect(asked.map(({ cursor }) => cursor)).toEqual([undefined, '1', '2']);
});

test('ten thousand are enough', async () => {
  const { deadLetters, monotonic } = pagesOf(Array.from({ length: 30 }, () => 500));
  const counted = await countLetters(deadLetters, {}, monotonic);
  expect(counted).toMatchObject({ count: 10_000, isMore: true });
});
