import type { Random } from '../../shared/clock.ts';
import type { Kind, Outcome } from '../../shared/outcome.ts';
import {
  delayAfter,
  delayWhileUnreachable,
  RECIPIENT_LADDER_MS,
  RETRY_LADDER_MS,
} from './retry-delay.ts';
import type { Verdict } from './verdict.ts';

/** All that a decision depends on. */
export interface DecisionInput {
  readonly verdict: Verdict;
  readonly kind: Kind;
  /** Attempts spent of the budget before this one. */
  readonly spent: number;
  /** Attempts recorded before this one, whether they spent budget or not. */
  readonly attempts: number;
  /** An earlier attempt may have gone out. */
  readonly ambiguousBefore: boolean;
  readonly resendAmbiguous: boolean;
  readonly random: Random;
}

export interface Decision {
  readonly outcome: Outcome;
  /** Whether this counts against the retry budget. */
  readonly spends: boolean;
  /** Whether this attempt may have gone out. */
  readonly ambiguous: boolean;
}

/** A suppressed duplicate that was never ambiguous: WeChat forgets after 60 s (40241). */
const DUPLICATE_LADDER_MS = [65_000, 70_000];
/** Codes nobody knows and proxies that refuse: two more tries, then a person must look. */
const SHORT_LADDER_MS = RETRY_LADDER_MS.slice(0, 2);

/**
 * What to do about a verdict (state table: docs/decisions/0001-ledger.md). Pure; the clock
 * plays no part, `begin` guards the dedupe window and the expiry on Redis' clock.
 */
export function decide(input: DecisionInput): Decision {
  const { verdict } = input;
  switch (verdict.class) {
    case 'ok':
      return final(sent(verdict));
    case 'held-review':
      return final({ kind: 'held' });
    case 'dup-suppressed':
      return input.ambiguousBefore ? final(sent(verdict)) : retryOn(DUPLICATE_LADDER_MS, input);
    case 'refresh-token':
      return snooze(0, 'token');
    case 'rate-minute':
      return snooze(0, 'rate-limit');
    case 'quota-day':
      return snooze(0, 'quota');
    case 'account-config':
      return snooze(60_000, 'permission');
    case 'rate-recipient':
      return retryOn(verdict.errcode === 43108 ? RETRY_LADDER_MS : RECIPIENT_LADDER_MS, input);
    case 'transient':
      return retryOn(RETRY_LADDER_MS, input);
    case 'refused-http':
      return retryOn(SHORT_LADDER_MS, input);
    case 'unknown-code':
      return input.kind === 'custom' ? exhausted(input) : retryOn(SHORT_LADDER_MS, input);
    case 'not-sent':
      return unreachable(input);
    case 'ambiguous':
      return ambiguous(input);
    case 'permanent-recipient':
    case 'permanent-payload':
    case 'template-config':
    case 'window-expired':
    case 'window-quota':
      return final({ kind: 'dead', reason: verdict.class });
  }
}

function sent(verdict: Verdict): Outcome {
  return { kind: 'sent', wechatMsgId: verdict.wechatMsgId };
}

function final(outcome: Outcome): Decision {
  return { outcome, spends: true, ambiguous: false };
}

function snooze(delayMs: number, cause: 'token' | 'rate-limit' | 'quota' | 'permission'): Decision {
  return { outcome: { kind: 'snooze', delayMs, cause }, spends: false, ambiguous: false };
}

function retryOn(ladder: readonly number[], input: DecisionInput): Decision {
  const delayMs = delayAfter(input.spent + 1, ladder, input.random);
  if (delayMs === null) return exhausted(input);
  return { outcome: { kind: 'retry', delayMs }, spends: true, ambiguous: false };
}

/**
 * The budget is used up. If an attempt may have gone out, "it was not sent" would be a guess,
 * so nobody knows.
 */
function exhausted(input: DecisionInput): Decision {
  return final(input.ambiguousBefore ? { kind: 'unknown' } : { kind: 'dead', reason: 'exhausted' });
}

/** WeChat was not reached: costs no budget, so that an outage kills no messages. */
function unreachable(input: DecisionInput): Decision {
  const delayMs = delayWhileUnreachable(input.attempts + 1, input.random);
  return { outcome: { kind: 'retry', delayMs }, spends: false, ambiguous: false };
}

/**
 * Templates go again with the same `client_msg_id`. Customer-service messages have no
 * deduplication at WeChat's side, so they are parked unless the caller prefers two to none.
 */
function ambiguous(input: DecisionInput): Decision {
  const again = input.kind === 'template' || input.resendAmbiguous;
  const delayMs = again ? delayAfter(input.spent + 1, RETRY_LADDER_MS, input.random) : null;
  return {
    outcome: delayMs === null ? { kind: 'unknown' } : { kind: 'retry', delayMs },
    spends: true,
    ambiguous: true,
  };
}
