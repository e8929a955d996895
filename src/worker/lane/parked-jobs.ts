import type { Job } from 'bullmq';
import type { DeadLetterQueue } from '../../shared/dead-letter.ts';
import { messageOf } from '../../shared/errors.ts';
import type { LaneJob, LaneQueue, LaneResult } from '../../shared/lane.ts';
import type { Ledger, StoredState } from '../../shared/ledger/ledger.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import { TIMINGS } from '../../shared/timings.ts';
import { buryFromLane } from '../dead-letter/bury.ts';
import { every } from '../../shared/every.ts';
import type { LaneMetrics } from '../metrics/lane-counters.ts';
import type { Turns } from '../turns.ts';

const INTERVAL_MS = 30_000;
const PAGE = 100;
/** How doubt ends without a worker that looks after the job. */
const SENT: readonly StoredState[] = ['sent', 'delivered', 'undelivered'];

/**
 * Ends the doubt about messages that nobody resolved for a day: they become dead letters with
 * the reason `ambiguous`. And takes away parked jobs whose doubt has ended in another way, by a
 * late answer or by a person.
 */
export function createParkedJobs(deps: {
  readonly appId: string;
  readonly ledger: Ledger;
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
  readonly deadLetters: DeadLetterQueue;
  readonly metrics: Readonly<Record<Kind, LaneMetrics>>;
  readonly turns: Turns;
  readonly logger: Logger;
}): Service {
  const { appId, ledger, lanes, deadLetters, metrics, turns, logger } = deps;

  async function expire(messageKey: string): Promise<void> {
    const { now } = await ledger.resolve(messageKey, 'dead', TIMINGS.unknownMs);
    const record = await ledger.read(messageKey);
    if (!now || !record) return;
    const { kind } = record;
    logger.warn({ messageId: `${appId}.${messageKey}`, appId, kind }, 'nobody resolved it: dead');
    metrics[kind].died('ambiguous');
    await buryFromLane({ appId, ledger, deadLetters, lanes }, messageKey);
  }

  async function sweep(): Promise<void> {
    const counts = await Promise.all(Object.values(lanes).map((lane) => lane.getFailedCount()));
    const parked = counts.reduce((sum, count) => sum + count, 0);
    // Every unknown message has a parked job; only when there are more is one left over.
    if (parked <= (await ledger.countUnknown())) return;
    for (const lane of Object.values(lanes)) await sweepLane(ledger, lane);
  }

  const chore = turns.taking('parked-jobs', INTERVAL_MS, async () => {
    const old = await ledger.unknown(TIMINGS.unknownMs, 0, PAGE);
    for (const messageKey of old) await expire(messageKey);
    await sweep();
  });
  return every('parked-jobs', INTERVAL_MS, logger, chore);
}

async function sweepLane(ledger: Ledger, lane: LaneQueue): Promise<void> {
  for (let start = 0; ; start += PAGE) {
    const page = await lane.getFailed(start, start + PAGE - 1);
    for (const job of page) {
      const record = await ledger.read(job.id ?? '');
      if (record && SENT.includes(record.state)) await removeQuietly(job);
    }
    if (page.length < PAGE) return;
  }
}

/** Another process, or a person, may have been quicker. */
async function removeQuietly(job: Job<LaneJob, LaneResult>): Promise<void> {
  try {
    await job.remove();
  } catch (error) {
    if (await job.isFailed())
      throw new Error(`job ${job.id}: ${messageOf(error)}`, { cause: error });
  }
}
