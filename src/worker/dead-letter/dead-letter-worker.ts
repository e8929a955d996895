import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { type DeadLetter, deadLetterTitle } from '../../shared/dead-letter.ts';
import { messageOf } from '../../shared/errors.ts';
import { DEAD_LETTER_PREFIX, DEAD_LETTER_QUEUE } from '../../shared/keys.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import { parseMessageId } from '../../shared/message/message-id.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { TIMINGS } from '../../shared/timings.ts';

export interface DeadLetterWorkerDeps {
  readonly redis: RedisClient;
  readonly logger: Logger;
  readonly redrive: (letter: DeadLetter) => Promise<void>;
}

/**
 * Gives dead letters their place among the failed jobs of one queue. The first run of a dead
 * letter fails at once with our reason; any later run is somebody's *Retry*, in Bull Board or
 * from the CLI, and redrives the message.
 */
export function createDeadLetterWorker(deps: DeadLetterWorkerDeps): Service {
  const { redis, logger } = deps;
  let worker: Worker<DeadLetter> | undefined;
  return {
    name: 'dead-letters',
    async start() {
      worker ??= new Worker<DeadLetter>(DEAD_LETTER_QUEUE, (job) => processLetter(deps, job), {
        connection: redis,
        prefix: DEAD_LETTER_PREFIX,
        concurrency: 10,
        lockDuration: TIMINGS.lockDurationMs,
        stalledInterval: TIMINGS.stalledIntervalMs,
        maxStalledCount: TIMINGS.maxStalledCount,
        removeOnComplete: { count: 0 },
        skipVersionCheck: true,
      });
      worker.on('error', (error) => logger.warn({ detail: messageOf(error) }, 'dead letters'));
      await worker.waitUntilReady();
    },
    async stop() {
      await worker?.close();
      worker = undefined;
    },
  };
}

async function processLetter(deps: DeadLetterWorkerDeps, job: Job<DeadLetter>): Promise<unknown> {
  const letter = job.data;
  const title = deadLetterTitle(letter);
  if (job.attemptsMade === 0) throw new UnrecoverableError(title);
  if (!letter.job || !parseMessageId(letter.messageId)) {
    throw new UnrecoverableError(`${title} (cannot be redriven: its content is gone)`);
  }
  try {
    await deps.redrive(letter);
  } catch (error) {
    // The letter must stay listed, or the message would be nowhere.
    deps.logger.warn({ messageId: letter.messageId, detail: messageOf(error) }, 'redrive failed');
    throw new UnrecoverableError(title);
  }
  return { redriven: true };
}
