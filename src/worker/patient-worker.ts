import { setTimeout as delay } from 'node:timers/promises';
import { type Job, Worker } from 'bullmq';

/** After a fetch that Redis refused (full, read-only, loading), before the next. */
const PAUSE_MS = 1000;

/**
 * A BullMQ worker that does not hammer a Redis in trouble: BullMQ fetches again at once, some
 * thousand times a second.
 */
export class PatientWorker<Data, Result = unknown> extends Worker<Data, Result> {
  protected override async moveToActive(
    token: string,
    name?: string,
  ): Promise<Job<Data, Result, string>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      if (!this.closing) await delay(PAUSE_MS);
      throw error;
    }
  }
}
