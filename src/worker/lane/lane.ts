import { setTimeout as delay } from 'node:timers/promises';
import { DelayedError, type Job, RateLimitError, UnrecoverableError } from 'bullmq';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import { laneName, lanePrefix } from '../../shared/keys.ts';
import type { LaneJob, LaneResult } from '../../shared/lane.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { isRedisTrouble } from '../../shared/redis-trouble.ts';
import { TIMINGS } from '../../shared/timings.ts';
import { closeWorker } from '../close-worker.ts';
import { Interruption } from '../interruption.ts';
import type { LanePace } from './lane-pace.ts';
import { LaneWorker } from './lane-worker.ts';

export interface LaneDeps {
  readonly redis: RedisClient;
  readonly appId: string;
  readonly kind: Kind;
  readonly pace: LanePace;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly process: (
    job: Job<LaneJob, LaneResult>,
    interruption: Interruption,
  ) => Promise<JobEnding>;
}

/** What BullMQ is to do with a job after a run. */
export type JobEnding =
  | { readonly kind: 'complete'; readonly result: LaneResult; readonly keep: boolean }
  | { readonly kind: 'later'; readonly delayMs: number }
  /** Back to the head of the lane, which sleeps, is paused, or belongs to other workers now. */
  | { readonly kind: 'back' }
  /** Listed as failed in its lane until a person decides: nobody knows whether it was sent. */
  | { readonly kind: 'park'; readonly why: string };

const TROUBLE_PAUSE_MS = 500;

/** Finished jobs are for looking at; whether a message was sent is the ledger's business. */
const KEEP_COMPLETED = { age: 3600, count: 10_000 };

/** One lane as this process works on it: a BullMQ worker that starts and stops cleanly. */
export function createLane(deps: LaneDeps): Service {
  const { redis, appId, kind, logger } = deps;
  let worker: LaneWorker | undefined;
  /** The runs of this process, by the lock they hold: a job may be here twice once it lost one. */
  const running = new Map<
    string,
    { readonly jobId: string; readonly interruption: Interruption }
  >();

  // Two parameters: with a third BullMQ makes an AbortController for each job.
  async function processJob(
    job: Job<LaneJob, LaneResult>,
    token: string | undefined,
  ): Promise<LaneResult> {
    const lock = token ?? '';
    const interruption = new Interruption();
    running.set(lock, { jobId: job.id ?? '', interruption });
    try {
      return await runJob(job, token, interruption);
    } catch (error) {
      if (!isRedisTrouble(error)) throw error;
      // Not the message's fault, so no failure of the job: back to its lane, and not at once.
      logger.warn({ jobId: job.id, detail: messageOf(error) }, 'Redis trouble, going back');
      await delay(TROUBLE_PAUSE_MS);
      throw new RateLimitError();
    } finally {
      running.delete(lock);
    }
  }

  async function runJob(
    job: Job<LaneJob, LaneResult>,
    token: string | undefined,
    interruption: Interruption,
  ): Promise<LaneResult> {
    const ending = await deps.process(job, interruption);
    switch (ending.kind) {
      case 'complete':
        if (!ending.keep) job.opts.removeOnComplete = true;
        return ending.result;
      case 'later':
        await job.moveToDelayed(deps.clock.now() + ending.delayMs, token);
        throw new DelayedError();
      case 'back':
        throw new RateLimitError();
      case 'park':
        throw new UnrecoverableError(ending.why);
    }
  }

  return {
    name: laneName(appId, kind),
    async start() {
      await deps.pace.apply();
      await deps.pace.start();
      const started = new LaneWorker(laneName(appId, kind), processJob, {
        connection: redis,
        prefix: lanePrefix(appId),
        concurrency: deps.concurrency,
        lockDuration: TIMINGS.lockDurationMs,
        stalledInterval: TIMINGS.stalledIntervalMs,
        maxStalledCount: TIMINGS.maxStalledCount,
        runRetryDelay: TIMINGS.redisRetryMs,
        removeOnComplete: KEEP_COMPLETED,
        // A sleeping lane that a person wakes should notice soon.
        maximumRateLimitDelay: 5000,
        skipVersionCheck: true,
      });
      started.on('error', (error) => {
        logger.warn({ lane: laneName(appId, kind), detail: messageOf(error) }, 'lane trouble');
      });
      started.on('lockRenewalFailed', (jobIds: string[]) => {
        for (const { jobId, interruption } of running.values()) {
          if (jobIds.includes(jobId)) interruption.raise();
        }
      });
      worker = started;
      await started.waitUntilReady();
    },
    async stop() {
      await deps.pace.stop();
      if (worker) await closeWorker(worker, () => running.size, logger);
      worker = undefined;
    },
  };
}
