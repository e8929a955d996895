import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import type { Clock } from '../../shared/clock.ts';
import { type DeadLetter, deadLetterTitle, isDeadLetter } from '../../shared/dead-letter.ts';
import { messageOf } from '../../shared/errors.ts';
import { DEAD_LETTER_PREFIX, DEAD_LETTER_QUEUE } from '../../shared/keys.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { TIMINGS } from '../../shared/timings.ts';
import { closeWorker } from '../close-worker.ts';
import { PatientWorker } from '../patient-worker.ts';
import type { Redriven } from './redrive.ts';

export interface DeadLetterWorkerDeps {
  readonly redis: RedisClient;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly redrive: (letter: DeadLetter) => Promise<Redriven>;
}

/** A run that has just booked a death needs some milliseconds to let go of its job. */
const LATER_MS = 500;

/**
 * Gives dead letters their place among the failed jobs of one queue. The first run of a dead
 * letter fails at once with our reason; any later run is somebody's *Retry*, in Bull Board or
 * from the CLI, and redrives the message.
 */
export function createDeadLetterWorker(deps: DeadLetterWorkerDeps): Service {
  const { redis, logger } = deps;
  let worker: PatientWorker<DeadLetter> | undefined;
  return {
    name: 'dead-letters',
    async start() {
      worker ??= new PatientWorker<DeadLetter>(
        DEAD_LETTER_QUEUE,
        (job, token) => processLetter(deps, job, token),
        {
          connection: redis,
          prefix: DEAD_LETTER_PREFIX,
          concurrency: 10,
          lockDuration: TIMINGS.lockDurationMs,
          stalledInterval: TIMINGS.stalledIntervalMs,
          maxStalledCount: TIMINGS.maxStalledCount,
          runRetryDelay: TIMINGS.redisRetryMs,
          removeOnComplete: { count: 0 },
          skipVersionCheck: true,
        },
      );
      worker.on('error', (error) => logger.warn({ detail: messageOf(error) }, 'dead letters'));
      await worker.waitUntilReady();
    },
    async stop() {
      // Its jobs are idempotent: none needs waiting for.
      if (worker) await closeWorker(worker, () => 0, logger);
      worker = undefined;
    },
  };
}

async function processLetter(
  deps: DeadLetterWorkerDeps,
  job: Job<DeadLetter>,
  token: string | undefined,
): Promise<unknown> {
  const letter: unknown = job.data;
  if (!isDeadLetter(letter)) throw new UnrecoverableError('not a dead letter of this system');
  const title = deadLetterTitle(letter);
  if (job.attemptsMade === 0) throw new UnrecoverableError(title);
  if (!letter.job) throw new UnrecoverableError(`${title} (cannot be redriven: content is gone)`);
  switch (await redriven(deps, letter)) {
    case 'done':
      return { redriven: true };
    case 'no-account':
      throw new UnrecoverableError(`${title} (cannot be redriven: account not in accounts file)`);
    case 'later':
      await job.moveToDelayed(deps.clock.now() + LATER_MS, token);
      throw new DelayedError();
  }
}

/** Trouble on the way is no reason to give up: half a redrive would leave the message nowhere. */
async function redriven(deps: DeadLetterWorkerDeps, letter: DeadLetter): Promise<Redriven> {
  try {
    return await deps.redrive(letter);
  } catch (error) {
    deps.logger.warn({ messageId: letter.messageId, detail: messageOf(error) }, 'redrive waits');
    return 'later';
  }
}
