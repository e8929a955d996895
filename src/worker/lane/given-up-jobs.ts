import type { Job } from 'bullmq';
import type { LaneJob, LaneQueue, LaneResult } from '../../shared/lane.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import { every } from '../every.ts';
import { PARKED_REASON } from './lane-process.ts';

const INTERVAL_MS = 15_000;
const PAGE = 100;

/**
 * Runs jobs again that BullMQ gave up on by itself: their worker died too often, or their
 * completion could not be written. Only the ledger ends messages, and it may know this one as
 * waiting. Parked messages fail on purpose and stay as they are.
 */
export function createGivenUpJobs(deps: {
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
  readonly logger: Logger;
}): Service {
  return every('given-up-jobs', INTERVAL_MS, deps.logger, async () => {
    for (const lane of Object.values(deps.lanes)) {
      for (const job of await lane.getFailed(0, PAGE - 1)) {
        if (job.failedReason.startsWith(PARKED_REASON)) continue;
        deps.logger.warn(
          { lane: lane.name, jobId: job.id, why: job.failedReason },
          'running again',
        );
        await retry(job);
      }
    }
  });
}

/** Another process may have been quicker. */
async function retry(job: Job<LaneJob, LaneResult>): Promise<void> {
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    if (await job.isFailed()) throw error;
  }
}
