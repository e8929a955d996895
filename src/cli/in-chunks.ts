import { showProgress } from '../local/progress.ts';

const CHUNK = 50;

/**
 * Does something with each of many messages, in order of their results: some at a time, so that
 * Redis stays responsive, and with a bar, so that a person sees how far it is.
 */
export async function inChunks<Item, Result>(
  items: readonly Item[],
  what: string,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const progress = showProgress({ total: items.length, what });
  const results: Result[] = [];
  try {
    for (let start = 0; start < items.length; start += CHUNK) {
      results.push(...(await Promise.all(items.slice(start, start + CHUNK).map(act))));
      progress.update(results.length);
    }
  } finally {
    progress.stop();
  }
  return results;
}
