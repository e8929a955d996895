import type { MessageState } from '../../producer/index.ts';
import { html, type Html } from '../html.ts';
import { queryOf } from '../letter-filter.ts';
import type { Repair } from '../repairs.ts';
import type { Say } from '../words.ts';
import { fields, page, type Reader, shownAge, shownTime } from './layout.ts';
import { filterText } from './repair-question.ts';

const REFRESH_SECONDS = 2;
/** Once all are put back, and some still wait to be sent. */
const FOLLOW_SECONDS = 5;

/** What became of messages that were put back. */
export interface Fates {
  readonly followed: number;
  readonly sent: number;
  readonly dead: number;
  readonly unknown: number;
  readonly waiting: number;
}

/** @param states null for a message that nobody knows any more */
export function countFates(states: readonly (MessageState | null)[]): Fates {
  const count = (...of: readonly (MessageState | null)[]) =>
    states.filter((state) => of.includes(state)).length;
  return {
    followed: states.length,
    sent: count('sent', 'held', 'delivered', 'undelivered'),
    dead: count('dead'),
    unknown: count('unknown'),
    waiting: count('scheduled', 'queued', 'sending', 'retrying'),
  };
}

/** How far a repair is, and what came of it; it moves by itself until nothing changes any more. */
export function repairPage(reader: Reader, repair: Repair, fates: Fates | null, now: number): Html {
  const { say, isOperator } = reader;
  const { id, action, filter, user, startedAt, endedAt, total, looked, done, left } = repair;
  const isRunning = repair.state === 'running';
  const most = Math.max(total, looked, 1);
  const refresh = isRunning ? REFRESH_SECONDS : FOLLOW_SECONDS;
  return page(
    reader,
    `${say('repair')}: ${say(action)}`,
    html`<progress max="${most}" value="${isRunning ? looked : most}"></progress>
      ${fields([
        [say('filter'), filterText(reader, filter)],
        [say('state'), shownState(say, repair)],
        [say(action === 'redrive' ? 'wasPutBack' : 'wasPurged'), String(done)],
        fates && done > 0 ? [say('sinceThen'), sinceThen(reader, repair, fates)] : null,
        left === 0 ? null : [say('left'), String(left)],
        [say('looked'), `${looked} ${say('of')} ${most}`],
        [say('by'), user],
        [say('started'), shownTime(startedAt)],
        [say('took'), shownAge((endedAt ?? now) - startedAt)],
      ])}
      ${isRunning && isOperator && stopForm(say, id)}
      <p><a href="/dead-letters?${queryOf(filter).toString()}">${say('deadLetters')}</a></p>`,
    isRunning || (fates?.waiting ?? 0) > 0 ? { refreshSeconds: refresh } : {},
  );
}

function sinceThen({ say }: Reader, { done, filter }: Repair, fates: Fates): Html {
  const { appId } = filter;
  const letters = `/dead-letters${appId === undefined ? '' : `?appId=${appId}`}`;
  const parts: readonly (Html | false)[] = [
    html`<span class="${fates.sent > 0 ? 'good' : ''}">${say('fateSent')}: ${fates.sent}</span>`,
    fates.dead > 0 && html`<a class="bad" href="${letters}">${say('fateDead')}: ${fates.dead}</a>`,
    fates.unknown > 0 &&
      html`<a class="bad" href="/unknown">${say('fateUnknown')}: ${fates.unknown}</a>`,
    html`${say('fateWaiting')}: ${fates.waiting}`,
  ];
  const shown = parts.filter((part) => part !== false).map((part) => html`${part} `);
  return html`${shown}${done > fates.followed && html`(${say('ofTheFirst')} ${fates.followed})`}`;
}

/** One line for each of the latest. */
export function repairList({ say }: Reader, repairs: readonly Repair[]): Html | false {
  if (repairs.length === 0) return false;
  return html`<ul>
    ${repairs.map(
      (repair) =>
        html`<li>
          <a href="/repairs/${repair.id}">${shownTime(repair.startedAt)} ${say(repair.action)}</a>
          ${repair.user}:
          ${shownState(say, repair)}${say('and')}${say(repair.action === 'redrive' ? 'wasPutBack' : 'wasPurged')}:
          ${repair.done}
        </li>`,
    )}
  </ul>`;
}

function shownState(say: Say, { state, problem }: Repair): Html {
  switch (state) {
    case 'running':
      return html`${say('running')}`;
    case 'finished':
      return html`<span class="good">${say('finished')}</span>`;
    case 'stopped':
      return html`<span class="warn">${say('stopped')}</span>`;
    case 'failed':
      return html`<span class="bad">${say('failed')}: ${problem}</span>`;
  }
}

function stopForm(say: Say, id: string): Html {
  return html`<form class="inline" method="post" action="/repairs/${id}/stop">
    <button>${say('stop')}</button>
  </form>`;
}
