import type { MessageStatus } from '../../producer/index.ts';
import { html, type Html } from '../html.ts';
import { queryOf } from '../letter-filter.ts';
import type { Followed, Repair } from '../repairs.ts';
import type { Say } from '../words.ts';
import { fields, page, type Reader, shownAge, shownTime } from './layout.ts';
import { filterText } from './repair-question.ts';

const REFRESH_SECONDS = 2;
/** Once all are put back, and some still wait to be sent. */
const FOLLOW_SECONDS = 5;

/** What became of messages whose redrive was asked for. */
export interface Fates {
  readonly followed: number;
  /** No worker has put them back yet. */
  readonly asked: number;
  readonly waiting: number;
  readonly sent: number;
  readonly dead: number;
  readonly unknown: number;
}

/** Why nothing may move. */
export interface Standstill {
  /** The queue of dead letters, in Bull Board. */
  readonly isPaused: boolean;
  /** There is no worker. */
  readonly isDeserted: boolean;
}

/** @param statuses in the order of those followed; null for a message that nobody knows any more */
export function countFates(
  followed: readonly Followed[],
  statuses: readonly (MessageStatus | null)[],
): Fates {
  const seen = statuses.map((status, place) => fateOf(status, followed[place]?.redrives ?? 0));
  const count = (fate: ReturnType<typeof fateOf>) => seen.filter((one) => one === fate).length;
  return {
    followed: followed.length,
    asked: count('asked'),
    waiting: count('waiting'),
    sent: count('sent'),
    dead: count('dead'),
    unknown: count('unknown'),
  };
}

function fateOf(status: MessageStatus | null, redrives: number) {
  switch (status?.state) {
    case undefined:
    case 'cancelled':
      return 'gone';
    case 'sent':
    case 'held':
    case 'delivered':
    case 'undelivered':
      return 'sent';
    case 'dead':
      return (status?.redrives ?? 0) > redrives ? 'dead' : 'asked';
    case 'unknown':
      return 'unknown';
    case 'scheduled':
    case 'queued':
    case 'sending':
    case 'retrying':
      return 'waiting';
  }
}

export interface RepairView {
  readonly repair: Repair;
  /** Null of a purge. */
  readonly fates: Fates | null;
  readonly standstill: Standstill;
}

/** How far a repair is, and what came of it; it moves by itself until nothing changes any more. */
export function repairPage(
  reader: Reader,
  { repair, fates, standstill }: RepairView,
  now: number,
): Html {
  const { say, isOperator } = reader;
  const { id, action, filter, user, startedAt, endedAt, total, looked, done } = repair;
  const isRunning = repair.state === 'running';
  const most = Math.max(total, looked, 1);
  const isMoving = isRunning || (fates !== null && fates.waiting + fates.asked > 0);
  return page(
    reader,
    `${say('repair')}: ${say(action)}`,
    html`<progress max="${most}" value="${isRunning ? looked : most}"></progress>
      ${fates !== null && fates.asked > 0 && standing(say, standstill)}
      ${fields([
        [say('filter'), filterText(reader, filter)],
        [say('state'), shownState(say, repair)],
        [say(DONE[action]), String(done)],
        fates && done > 0 ? [say('sinceThen'), sinceThen(reader, repair, fates)] : null,
        repair.doubtful === 0 ? null : [say('leftOut'), `${repair.doubtful} (ambiguous, poison)`],
        repair.left === 0 ? null : [say('left'), String(repair.left)],
        [say('looked'), `${looked} ${say('of')} ${most}`],
        [say('by'), user],
        [say('started'), shownTime(startedAt)],
        [say('took'), shownAge((endedAt ?? now) - startedAt)],
      ])}
      ${isRunning && isOperator && stopForm(say, id)}
      <p><a href="/dead-letters?${queryOf(filter).toString()}">${say('deadLetters')}</a></p>`,
    isMoving ? { refreshSeconds: isRunning ? REFRESH_SECONDS : FOLLOW_SECONDS } : {},
  );
}

const DONE = { redrive: 'wasAskedFor', purge: 'wasPurged' } as const;

function standing(say: Say, { isPaused, isDeserted }: Standstill): Html | false {
  if (isPaused) return html`<p class="bad">${say('redrivesPaused')}</p>`;
  return isDeserted && html`<p class="bad">${say('noWorker')}</p>`;
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
    fates.asked > 0 && html`<span class="warn">${say('fateAsked')}: ${fates.asked}</span>`,
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
          ${repair.user}: ${shownState(say, repair)}${say('and')}${say(DONE[repair.action])}:
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
