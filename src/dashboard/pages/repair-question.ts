import type { DeadLetterFilter } from '../../producer/index.ts';
import { maskOpenids } from '../../shared/openid.ts';
import { html, type Html } from '../html.ts';
import { type Asked, queryOf } from '../letter-filter.ts';
import type { RepairAction } from '../repairs.ts';
import { fields, hidden, page, type Reader, shownTime } from './layout.ts';

/** Many letters that somebody wants to repair, before it is done. */
export interface Question {
  readonly action: RepairAction;
  /** As it was chosen. */
  readonly chosen: DeadLetterFilter;
  /** The same, without those that die after the question. */
  readonly filter: DeadLetterFilter;
  readonly count: number;
  /** There are more than were counted. */
  readonly isMore: boolean;
  /** When the first and last of those counted died, epoch milliseconds. */
  readonly newest: number | undefined;
  readonly oldest: number | undefined;
}

const TITLES = { redrive: 'confirmRedrive', purge: 'confirmPurge' } as const;
const BUTTONS = { redrive: 'redriveAll', purge: 'purgeAll' } as const;

/** Asks with the number: a filter may match far more than one page shows. */
export function repairQuestion(reader: Reader, question: Question): Html {
  const { say } = reader;
  const { action, chosen, filter, count, isMore, newest, oldest } = question;
  const number = isMore ? `${say('atLeast')} ${count}` : String(count);
  const back = html`<a href="/dead-letters?${queryOf(chosen).toString()}">${say('back')}</a>`;
  if (count === 0 && !isMore) {
    return page(
      reader,
      say(TITLES[action]),
      html`<p>${say('nothing')}</p>
        <p>${back}</p>`,
    );
  }
  return page(
    reader,
    say(TITLES[action]),
    html`${fields([
        [say('deadLetters'), number],
        [say('filter'), filterText(reader, chosen)],
        oldest === undefined || newest === undefined
          ? null
          : [say('died'), `${isMore ? '…' : shownTime(oldest)} – ${shownTime(newest)}`],
      ])}
      <p>${say(action === 'redrive' ? 'redriveMeans' : 'purgeMeans')} ${say('onlyUntilNow')}</p>
      <form method="post" action="/dead-letters/${action}">
        ${hidden(queryOf(filter))}<input type="hidden" name="confirmed" value="yes" />
        <button>${say(BUTTONS[action])} (${number})</button> ${back}
      </form>`,
  );
}

/** Asks before one is deleted: there is no way back. */
export function purgeOnePage(reader: Reader, { filter }: Asked, messageId: string): Html {
  const { say } = reader;
  const query = queryOf(filter);
  return page(
    reader,
    say('confirmPurge'),
    html`<p><code>${maskOpenids(messageId)}</code></p>
      <p>${say('purgeMeans')}</p>
      <form method="post" action="/dead-letters/purge">
        ${hidden(query)}<input type="hidden" name="messageId" value="${messageId}" />
        <input type="hidden" name="confirmed" value="yes" />
        <button>${say('purge')}</button>
        <a href="/dead-letters?${query.toString()}">${say('back')}</a>
      </form>`,
  );
}

/** A filter as text: each field and its value. */
export function filterText({ say }: Reader, filter: DeadLetterFilter): Html {
  const chosen = [...queryOf(filter)];
  if (chosen.length === 0) return html`${say('everything')}`;
  return html`${chosen.map(([name, value]) => html`${name}: <code>${maskOpenids(value)}</code> `)}`;
}
