import {
  type DeadLetter,
  type DeadLetterQueue,
  deadLetterJobId,
} from '../../shared/dead-letter.ts';
import type { LaneJob, LaneQueue } from '../../shared/lane.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Kind } from '../../shared/outcome.ts';

/** What the ledger does not know of a message that died. */
export interface Deceased {
  readonly appId: string;
  readonly messageKey: string;
  readonly job: LaneJob | null;
  readonly detail?: string;
  readonly rid?: string;
}

/**
 * Lists a message that is dead in the ledger among the dead letters. Idempotent: the job's id
 * is derived, so a repetition after a crash adds nothing.
 */
export async function bury(
  ledger: Ledger,
  deadLetters: DeadLetterQueue,
  deceased: Deceased,
): Promise<void> {
  const { appId, messageKey } = deceased;
  const record = await ledger.read(messageKey);
  if (record?.state === 'dead') {
    const messageId = `${appId}.${messageKey}`;
    const letter: DeadLetter = {
      messageId,
      appId,
      kind: record.kind,
      ...(typeof deceased.job?.id === 'string' && { id: deceased.job.id }),
      reason: record.reason ?? 'exhausted',
      ...(record.errcode !== undefined && { errcode: record.errcode }),
      ...(deceased.detail && { detail: deceased.detail }),
      ...(deceased.rid && { rid: deceased.rid }),
      acceptedAt: record.acceptedAt,
      deadAt: record.endedAt ?? record.acceptedAt,
      redrives: record.redrives,
      attempts: record.attempts,
      job: deceased.job,
    };
    const jobId = deadLetterJobId(messageId, record.redrives);
    // It fails with its reason; a stack of our own code says no more, and takes 1.5 KB of each.
    await deadLetters.add('dead-letter', letter, { jobId, stackTraceLimit: 0 });
  }
  await ledger.confirmDeadLetter(messageKey);
}

/** Where the content of a message that died without a run of ours may still be. */
export interface Graveyard {
  readonly appId: string;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetterQueue;
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
}

/** Buries with what its job in the lane still says, and takes away a job that was parked there. */
export async function buryFromLane(graveyard: Graveyard, messageKey: string): Promise<void> {
  const { appId, ledger, deadLetters, lanes } = graveyard;
  const record = await ledger.read(messageKey);
  const job = record && (await lanes[record.kind].getJob(messageKey));
  await bury(ledger, deadLetters, { appId, messageKey, job: job?.data ?? null });
  if (record?.state === 'dead' && job && (await job.isFailed())) await job.remove();
}
