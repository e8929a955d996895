import type { Service } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import { every } from '../../shared/every.ts';
import type { Turns } from '../turns.ts';
import { buryFromLane, type Graveyard } from './bury.ts';

const INTERVAL_MS = 10_000;
const BATCH = 100;

/** Finishes what a crash interrupted between "dead in the ledger" and "listed as a dead letter". */
export function createDeadLetterReconciler(
  deps: Graveyard & { readonly turns: Turns; readonly logger: Logger },
): Service {
  const chore = deps.turns.taking('dead-letters', INTERVAL_MS, async () => {
    for (const messageKey of await deps.ledger.pendingDeadLetters(BATCH)) {
      await buryFromLane(deps, messageKey);
    }
  });
  return every('dead-letter-reconciler', INTERVAL_MS, deps.logger, chore);
}
