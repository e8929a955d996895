import type { Worker } from 'bullmq';
import type { Logger } from '../shared/logger.ts';
import { TIMINGS } from '../shared/timings.ts';

/** How long BullMQ may take to close once none of our runs is left. */
const PATIENCE_MS = 2000;
const LOOK_MS = 100;
/** No run outlasts its lease; one that does hangs on a Redis that is away. */
const LONGEST_RUN_MS = TIMINGS.leaseMs;

/**
 * Closes a BullMQ worker: no more jobs are fetched, what runs is awaited. BullMQ may wait for
 * ever for a connection that broke while it closes; once nothing of ours runs there is nothing
 * to wait for, and a job whose end it could not write is run again and found settled.
 */
export async function closeWorker(
  worker: Pick<Worker, 'close' | 'name'>,
  running: () => number,
  logger: Logger,
): Promise<void> {
  const closed = worker.close().then(() => 'closed' as const);
  if ((await Promise.race([closed, idle(running)])) === 'closed') return;
  logger.warn({ queue: worker.name }, 'BullMQ did not close its connection; going on without it');
}

async function idle(running: () => number): Promise<'idle'> {
  let quietMs = 0;
  for (let waitedMs = 0; quietMs < PATIENCE_MS && waitedMs < LONGEST_RUN_MS; waitedMs += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    quietMs = running() > 0 ? 0 : quietMs + LOOK_MS;
  }
  return 'idle';
}
