import { openDeadLetters } from '../../src/shared/dead-letter.ts';
import { accountKeys } from '../../src/shared/keys.ts';
import { openLane } from '../../src/shared/lane.ts';
import { KINDS } from '../../src/shared/outcome.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { APP_ID, type Stage } from './stage.ts';

/** The last steps between two attempts are minutes long. */
const PATIENCE_MS = 900_000;
const LOOK_MS = 500;

/**
 * Waits until no message is on its way. One that never comes to rest does not stop the verdict:
 * it says which.
 */
export async function comeToRest(
  { admin }: Stage,
  onLeft: (left: number) => void,
): Promise<boolean> {
  const lanes = KINDS.map((kind) => openLane(admin, APP_ID, kind, () => undefined));
  const letters = openDeadLetters(admin, () => undefined);
  try {
    await waitFor(
      async () => {
        const queues = [...lanes, letters].map((queue) =>
          queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized'),
        );
        const pending = admin.zcard(accountKeys(APP_ID).deadPending);
        const counts = await Promise.all([...queues, pending]);
        const left = counts.reduce((sum, count) => sum + count, 0);
        onLeft(left);
        return left === 0;
      },
      { timeoutMs: PATIENCE_MS, intervalMs: LOOK_MS, what: 'all messages to come to rest' },
    );
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all([...lanes, letters].map((queue) => queue.close()));
  }
}
