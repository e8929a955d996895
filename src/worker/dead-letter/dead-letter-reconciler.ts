import type { DeadLetterQueue } from '../../shared/dead-letter.ts';
import type { LaneQueue } from '../../shared/lane.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import { every } from '../every.ts';
import { bury } from './bury.ts';

const INTERVAL_MS = 10_000;
const BATCH = 100;

/**
 * Finishes what a crash interrupted between "dead in the ledger" and "listed as a dead letter".
 * Harmless when several processes do it at once: burying is idempotent.
 */
export function createDeadLetterReconciler(deps: {
  readonly appId: string;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetterQueue;
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
  readonly logger: Logger;
}): Service {
  const { appId, ledger, deadLetters, lanes, logger } = deps;
  return every('dead-letter-reconciler', INTERVAL_MS, logger, async () => {
    for (const messageKey of await ledger.pendingDeadLetters(BATCH)) {
      const record = await ledger.read(messageKey);
      const job = record && (await lanes[record.kind].getJob(messageKey));
      await bury(ledger, deadLetters, { appId, messageKey, job: job?.data ?? null });
    }
  });
}
