import { html, type Html } from '../html.ts';
import { queryOf } from '../letter-filter.ts';
import type { Repair } from '../repairs.ts';
import type { Say } from '../words.ts';
import { fields, page, type Reader, shownAge, shownTime } from './layout.ts';

const REFRESH_SECONDS = 2;

/** How far a repair is; it moves by itself until it has ended. */
export function repairPage(reader: Reader, repair: Repair, now: number): Html {
  const { say, isOperator } = reader;
  const { id, action, filter, user, startedAt, endedAt, total, looked, done, left } = repair;
  const isRunning = repair.state === 'running';
  const chosen = [...queryOf(filter)].map(([name, value]) => html`${name}: <code>${value}</code> `);
  const query = queryOf(filter).toString();
  return page(
    reader,
    `${say('repair')}: ${say(action)}`,
    html`<progress
        max="${Math.max(total, looked, 1)}"
        value="${isRunning ? looked : Math.max(total, looked, 1)}"
      ></progress>
      ${fields([
        [say('filter'), chosen.length > 0 ? html`${chosen}` : say('everything')],
        [say('state'), shownState(say, repair)],
        [say('done'), String(done)],
        [say('left'), String(left)],
        [say('looked'), `${looked} ${say('of')} ${total}`],
        [say('by'), user],
        [say('started'), shownTime(startedAt)],
        [say('took'), shownAge((endedAt ?? now) - startedAt)],
      ])}
      ${isRunning && isOperator && stopForm(say, id)}
      <p><a href="/dead-letters?${query}">${say('deadLetters')}</a></p>`,
    isRunning ? { refreshSeconds: REFRESH_SECONDS } : {},
  );
}

/** One line for each of the latest. */
export function repairList({ say }: Reader, repairs: readonly Repair[]): Html | false {
  if (repairs.length === 0) return false;
  return html`<ul>
    ${repairs.map(
      (repair) =>
        html`<li>
          <a href="/repairs/${repair.id}">${shownTime(repair.startedAt)} ${say(repair.action)}</a>
          ${repair.user}: ${shownState(say, repair)}, ${repair.done} ${say('done')}
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
