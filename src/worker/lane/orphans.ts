import type { LaneQueue } from '../../shared/lane.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import { every } from '../../shared/every.ts';
import type { Turns } from '../turns.ts';

const INTERVAL_MS = 15_000;
const BATCH = 200;
/** No call of a producer lasts longer than 2.5 s, and no command waits longer in a socket than this. */
const MIN_AGE_MS = 60_000;

/**
 * Looks at messages whose way from the ledger into their lane was never confirmed. Most are in
 * the lane: only the confirmation got lost. One that is not was never accepted (its caller was
 * told so, or died), and is forgotten, so that its id is free for the repetition.
 */
export function createOrphans(deps: {
  readonly appId: string;
  readonly ledger: Ledger;
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
  readonly turns: Turns;
  readonly logger: Logger;
}): Service {
  const { appId, ledger, lanes, turns, logger } = deps;

  async function look(messageKey: string): Promise<void> {
    const record = await ledger.read(messageKey);
    if (record?.state !== 'queued') return await ledger.confirmHandover([messageKey]);
    const job = await lanes[record.kind].getJob(messageKey);
    if (!job) {
      if (!(await ledger.dropOrphan(messageKey, MIN_AGE_MS))) return;
      logger.warn(
        { appId, messageId: `${appId}.${messageKey}` },
        'never reached its lane, forgotten',
      );
      return;
    }
    // Somebody wanted it sent again and died on the way.
    if (await job.isFailed()) await job.retry('failed', { resetAttemptsMade: true });
    await ledger.confirmHandover([messageKey]);
  }

  const chore = turns.taking('orphans', INTERVAL_MS, async () => {
    for (const messageKey of await ledger.openHandovers(MIN_AGE_MS, BATCH)) await look(messageKey);
  });
  return every('orphans', INTERVAL_MS, logger, chore);
}
