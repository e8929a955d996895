import type { Clock } from '../../shared/clock.ts';
import type { Ledger, Settled, Settlement, SettleRequest } from '../../shared/ledger/ledger.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { Decision } from '../decide/decide.ts';
import type { Verdict } from '../decide/verdict.ts';
import { insist } from '../insist.ts';

/** The lease a run holds. */
export interface Lease {
  readonly messageKey: string;
  readonly owner: string;
  readonly fence: string;
}

export interface SettleDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Writes a decision into the ledger. Does not give up while the process lives: a thrown error
 * would make BullMQ run the job again, although WeChat may have taken the message already.
 */
export async function settle(
  deps: SettleDeps,
  lease: Lease,
  decision: Decision,
  verdict: Verdict | null,
  durationMs: number,
): Promise<Settled> {
  const request = settleRequest(lease, decision, verdict, durationMs);
  const what = { step: 'settling', messageKey: lease.messageKey };
  return await insist(deps.logger, what, () => deps.ledger.settle(request));
}

function settleRequest(
  lease: Lease,
  { outcome, spends, ambiguous }: Decision,
  verdict: Verdict | null,
  durationMs: number,
): SettleRequest {
  const attempted = verdict !== null && outcome.kind !== 'snooze';
  return {
    messageKey: lease.messageKey,
    owner: lease.owner,
    fence: lease.fence,
    to: settlementOf(outcome, verdict),
    spends: attempted && spends,
    ambiguous,
    attempt: attempted
      ? { durationMs, verdict: verdict.class, errcode: verdict.errcode }
      : undefined,
  };
}

function settlementOf(outcome: Outcome, verdict: Verdict | null): Settlement {
  switch (outcome.kind) {
    case 'sent':
      return { state: 'sent', wechatMsgId: outcome.wechatMsgId };
    case 'dead':
      return { state: 'dead', reason: outcome.reason, errcode: verdict?.errcode };
    case 'held':
    case 'retry':
    case 'snooze':
    case 'unknown':
      return { state: outcome.kind };
  }
}
