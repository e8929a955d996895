import { showProgress } from '../local/progress.ts';

const CHUNK = 50;

/**
 * Does something with each of many messages, in order of their results: some at a time, so that
 * Redis stays responsive, and with a bar, so that a person sees how far it is.
 */
export async function inChunks<Result>(
  messageIds: readonly string[],
  what: string,
  act: (messageId: string) => Promise<Result>,
): Promise<Result[]> {
  const progress = showProgress({ total: messageIds.length, what });
  const results: Result[] = [];
  try {
    for (let start = 0; start < messageIds.length; start += CHUNK) {
      results.push(...(await Promise.all(messageIds.slice(start, start + CHUNK).map(act))));
      progress.update(results.length);
    }
  } finally {
    progress.stop();
  }
  return results;
}
