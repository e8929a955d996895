import type { Job } from 'bullmq';
import type { LaneJob, LaneQueue, LaneResult } from '../../shared/lane.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import { every } from '../../shared/every.ts';
import type { Turns } from '../turns.ts';
import { PARKED_REASON } from './lane-process.ts';

const INTERVAL_MS = 15_000;
const PAGE = 100;
const CLOCK_MARGIN_MS = 10_000;

/**
 * Runs jobs again that BullMQ gave up on by itself: their worker died too often, or their
 * completion could not be written. Only the ledger ends messages, and it may know this one as
 * waiting. Parked messages fail on purpose and stay as they are.
 */
export function createGivenUpJobs(deps: {
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
  readonly turns: Turns;
  readonly logger: Logger;
}): Service {
  const { lanes, turns, logger } = deps;
  const lookers = Object.values(lanes).map((lane) => createLooker(lane, logger));
  const chore = turns.taking('given-up-jobs', INTERVAL_MS, async () => {
    for (const look of lookers) await look();
  });
  return every('given-up-jobs', INTERVAL_MS, logger, chore);
}

/** Looks at all failed jobs of a lane once, then only at those that came since. */
function createLooker(lane: LaneQueue, logger: Logger): () => Promise<void> {
  let seenUntil = 0;
  return async () => {
    let newest = seenUntil;
    const givenUp: Job<LaneJob, LaneResult>[] = [];
    for (let start = 0; ; start += PAGE) {
      const page = await lane.getFailed(start, start + PAGE - 1);
      const fresh = page.filter((job) => (job.finishedOn ?? 0) >= seenUntil);
      for (const job of fresh) newest = Math.max(newest, job.finishedOn ?? 0);
      givenUp.push(...fresh.filter((job) => !job.failedReason.startsWith(PARKED_REASON)));
      if (fresh.length < PAGE) break;
    }
    // Afterwards: each retry takes one out of the list that the pages count through.
    for (const job of givenUp) {
      logger.warn({ lane: lane.name, jobId: job.id, why: job.failedReason }, 'running again');
      await retry(job);
    }
    // The workers' clocks may differ a little.
    seenUntil = Math.max(0, newest - CLOCK_MARGIN_MS);
  };
}

/** Another process may have been quicker. */
async function retry(job: Job<LaneJob, LaneResult>): Promise<void> {
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    if (await job.isFailed()) throw error;
  }
}
