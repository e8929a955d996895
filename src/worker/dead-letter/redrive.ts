import type { DeadLetter } from '../../shared/dead-letter.ts';
import { type LaneQueue, laneJobOptions } from '../../shared/lane.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Logger } from '../../shared/logger.ts';
import { parseMessageId } from '../../shared/message/message-id.ts';

export interface RedriveTarget {
  readonly ledger: Ledger;
  readonly lane: LaneQueue;
  readonly logger: Logger;
}

/**
 * `later`: the run that booked the death still has the job, and would take a new one with it;
 * or the account is just being started again. `no-account`: nobody serves it any more.
 */
export type Redriven = 'done' | 'later' | 'no-account';

/**
 * Puts a dead message back into its lane with a fresh attempt budget and the same id. One that
 * the ledger knows as sent is not sent again: only its dead letter goes away. The expiry it
 * had is dropped, since a person wants it sent now.
 */
export async function redrive(target: RedriveTarget, letter: DeadLetter): Promise<Redriven> {
  const { ledger, lane, logger } = target;
  const key = parseMessageId(letter.messageId)?.key;
  if (key === undefined || !letter.job) throw new Error('the dead letter has no message');
  const old = await lane.getJob(key);
  const oldState = await old?.getState();
  if (oldState === 'active') return 'later';
  if (oldState === 'completed' || oldState === 'failed') await old?.remove();
  const state = await ledger.redrive(key, letter.kind, letter.redrives);
  logger.info({ messageId: letter.messageId, kind: letter.kind, state }, 'redriven');
  // `queued` also after a crash between the two steps: adding the job is idempotent.
  if (state === 'queued') {
    const { expiresAt: _expired, ...job } = letter.job;
    await lane.add(letter.kind, job, laneJobOptions(key));
  }
  return 'done';
}
