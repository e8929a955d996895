import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';

const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1000;

/** Which failures are worth another try; default all of them. */
type Again = (error: unknown) => boolean;

/**
 * Repeats a call until it succeeds, with growing pauses up to a second. For calls to Redis whose
 * result a run cannot do without: a thrown error would make BullMQ run the job again.
 *
 * @throws whatever `again` refuses
 */
export async function insist<Result>(
  logger: Logger,
  what: { readonly step: string; readonly messageKey: string },
  call: () => Promise<Result>,
  again: Again = () => true,
): Promise<Result> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!again(error)) throw error;
      logger.warn({ ...what, detail: messageOf(error) }, `${what.step} again`);
      await delay(pause);
    }
  }
}
