import type { BatchResult } from '../producer/index.ts';
import { expectedGot } from '../shared/issue.ts';
import type { OutboxRow, RowFate } from './outbox.ts';

/** When a row that Redis could not take comes again, if the producer does not say. */
const AGAIN_MS = 1000;

/**
 * Rows come again after a crash, so only a message that can be repeated may be handed over: one
 * without an id would be another message each time.
 */
export function refusalOf({ envelope }: OutboxRow): RowFate | null {
  const { id } = Object(envelope) as { id?: unknown };
  if (typeof id === 'string') return null;
  const reason = `/id: ${expectedGot('the id of the message, which the outbox cannot do without', id)}`;
  return { kind: 'rejected', code: 'ERR_INVALID_MESSAGE', reason };
}

/** What becomes of a row by what the producer said of its message. */
export function fateOf(result: BatchResult): RowFate {
  switch (result.status) {
    case 'queued':
    case 'duplicate':
      return { kind: 'handed-over', duplicate: result.status === 'duplicate' };
    case 'rejected':
      return isPassing(result.code)
        ? { kind: 'kept', retryAfterMs: result.retryAfterMs ?? AGAIN_MS }
        : { kind: 'rejected', code: result.code, reason: result.message };
  }
}

/** Trouble of ours and not of the row. */
function isPassing(code: string): boolean {
  return code === 'ERR_QUEUE_UNAVAILABLE' || code === 'ERR_CLOSED';
}

/** How long to rest after a round, in milliseconds: not at all while there may be more. */
export function restAfter(fates: readonly RowFate[], limit: number, pollMs: number): number {
  const waits = fates.flatMap((fate) => (fate.kind === 'kept' ? [fate.retryAfterMs] : []));
  if (waits.length > 0) return Math.max(...waits);
  return fates.length < limit ? pollMs : 0;
}
