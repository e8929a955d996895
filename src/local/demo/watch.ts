import { setTimeout as delay } from 'node:timers/promises';
import type { MessageState, MessageStatus, Producer } from '../../producer/index.ts';

const LOOK_INTERVAL_MS = 250;

/** Whether nothing more happens to a message by itself. */
export function hasEnded(state: MessageState): boolean {
  switch (state) {
    case 'scheduled':
    case 'queued':
    case 'sending':
    case 'retrying':
      return false;
    case 'sent':
    case 'held':
    case 'unknown':
    case 'dead':
    case 'cancelled':
    case 'delivered':
    case 'undelivered':
      return true;
  }
}

/**
 * Asks for the state of every message until all have ended or the time is over. What has not
 * ended then is in the result as it is; what nobody knows is not.
 */
export async function watch(
  producer: Producer,
  messageIds: readonly string[],
  options: { readonly deadlineMs: number; readonly onProgress: (ended: number) => void },
): Promise<Map<string, MessageStatus>> {
  const latest = new Map<string, MessageStatus>();
  const waiting = new Set(messageIds);
  const deadline = performance.now() + options.deadlineMs;
  for (;;) {
    await Promise.all(
      [...waiting].map(async (messageId) => {
        const status = await producer.status(messageId);
        if (status) latest.set(messageId, status);
        if (status && hasEnded(status.state)) waiting.delete(messageId);
      }),
    );
    options.onProgress(messageIds.length - waiting.size);
    if (waiting.size === 0 || performance.now() >= deadline) return latest;
    await delay(LOOK_INTERVAL_MS);
  }
}
