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

const SOON_MS = 2 * 60_000;
const REFRESH_SECONDS = { soon: 5, stopped: 30 };

/**
 * How often to look for news of a message: often while it may be sent any moment, now and then
 * while its lane sends nothing. Undefined for one that has ended or waits for a time far ahead.
 *
 * @param now epoch milliseconds
 */
export function refreshSecondsOf(
  status: MessageStatus,
  waiting: WaitingView | null,
  now: number,
): number | undefined {
  if (!isOnItsWay(status)) return undefined;
  if (status.state === 'sending') return REFRESH_SECONDS.soon;
  if (!waiting) return REFRESH_SECONDS.stopped;
  const { account, dueAt = now } = waiting;
  if (dueAt - now > SOON_MS) return undefined;
  const { kind } = standingIn(account, status.kind, now);
  return kind === 'running' ? REFRESH_SECONDS.soon : REFRESH_SECONDS.stopped;
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
