import type { MessageStatus } from '../../producer/index.ts';
import { html, type Html } from '../html.ts';
import type { Say } from '../words.ts';
import { shownTime } from './layout.ts';
import type { AccountView } from './overview.ts';
import { shownStanding, standingIn } from './standing.ts';

/** The account of a message that has not been sent yet. */
export interface WaitingView {
  readonly account: AccountView;
  /** When it comes to its turn, epoch milliseconds; absent for one that waits for nothing else. */
  readonly dueAt?: number;
}

const ON_ITS_WAY: readonly string[] = ['scheduled', 'queued', 'sending', 'retrying'];

export function isOnItsWay({ state }: MessageStatus): boolean {
  return ON_ITS_WAY.includes(state);
}

/**
 * What a message waits for: its time, its lane, or those before it.
 *
 * @param waiting null for an account that is not in the accounts file
 * @param now epoch milliseconds
 */
export function waitingFor(
  say: Say,
  { kind, state }: MessageStatus,
  waiting: WaitingView | null,
  now: number,
): Html | null {
  if (state === 'sending') return null;
  if (!waiting) return html`<span class="bad">${say('accountGone')}</span>`;
  const { account, dueAt } = waiting;
  const standing = standingIn(account, kind, now);
  const lane = standing.kind === 'running' ? null : shownStanding(say, standing);
  if (dueAt !== undefined && dueAt > now) {
    const word = state === 'retrying' ? 'nextAttempt' : 'sendAt';
    return html`${say(word)} ${shownTime(dueAt)} ${lane}`;
  }
  if (lane) return lane;
  const { waiting: count, perSecond } = account.lanes.find((one) => one.kind === kind) ?? {};
  const limit = perSecond === undefined ? '' : ` · ${say('limit')}: ${perSecond}/s`;
  return html`${say('itsTurn')} · ${say('inLane')}: ${count}${limit}`;
}
