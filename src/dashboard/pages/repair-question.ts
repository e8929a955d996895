import type { DeadLetter, DeadLetterFilter } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { maskOpenid, maskOpenids } from '../../shared/openid.ts';
import type { DeadReason } from '../../shared/outcome.ts';
import { html, type Html } from '../html.ts';
import type { LetterCount } from '../letter-count.ts';
import { type Asked, queryOf } from '../letter-filter.ts';
import type { RepairAction } from '../repairs.ts';
import type { Say } from '../words.ts';
import { fields, hidden, page, type Reader, shownTime } from './layout.ts';

/** Many letters that somebody wants to repair, before it is done. */
export interface Question extends LetterCount {
  readonly action: RepairAction;
  /** As it was chosen. */
  readonly chosen: DeadLetterFilter;
  /** The same, without those that die after the question. */
  readonly filter: DeadLetterFilter;
  /** Letters there are, whether they match or not. */
  readonly total: number;
}

const TITLES = { redrive: 'confirmRedrive', purge: 'confirmPurge' } as const;
const BUTTONS = { redrive: 'redriveAll', purge: 'purgeAll' } as const;
const MEANINGS = { redrive: 'redriveMeans', purge: 'purgeMeans' } as const;

/** Asks with the number: a filter may match far more than one page shows. */
export function repairQuestion(reader: Reader, question: Question): Html {
  const { say } = reader;
  const { action, chosen, filter, count, doubtful, looked, total, isMore } = question;
  // What was named by its reason is meant.
  const leftOut = action === 'redrive' && filter.reason === undefined ? doubtful : 0;
  const number = numberOf(say, count - leftOut, isMore);
  const back = html`<a href="/dead-letters?${queryOf(chosen).toString()}">${say('back')}</a>`;
  const told = html`${fields([
    [say('deadLetters'), number],
    leftOut === 0
      ? null
      : [
          say('leftOut'),
          html`${leftOut} <a href="/dead-letters?reason=ambiguous">ambiguous</a>,
            <a href="/dead-letters?reason=poison">poison</a>`,
        ],
    [say('filter'), filterText(reader, chosen)],
    ...explained(reader, chosen.errcode),
    diedOf(say, question),
    isMore ? [say('looked'), `${looked} ${say('of')} ${total}`] : null,
  ])}
  ${leftOut > 0 && html`<p class="warn">${say('doubtfulLeft')}</p>`}`;
  if (count === leftOut && !isMore) {
    return page(
      reader,
      say(TITLES[action]),
      html`${told}
        <p>${say('nothing')}</p>
        <p>${back}</p>`,
    );
  }
  return page(
    reader,
    say(TITLES[action]),
    html`${told}
      <p>${say(MEANINGS[action])} ${say('onlyUntilNow')}</p>
      ${action === 'redrive' && warning(say, filter.reason)}
      <form method="post" action="/dead-letters/${action}">
        ${hidden(queryOf(filter))}<input type="hidden" name="confirmed" value="yes" />
        <button>${say(BUTTONS[action])} (${number})</button> ${back}
      </form>`,
  );
}

function numberOf(say: Say, count: number, isMore: boolean): string {
  if (!isMore) return String(count);
  return count === 0 ? say('notCounted') : `${say('atLeast')} ${count}`;
}

function diedOf(say: Say, { oldest, newest, isMore }: Question): readonly [string, string] | null {
  if (oldest === undefined || newest === undefined) return null;
  return [say('died'), `${isMore ? '…' : shownTime(oldest)} – ${shownTime(newest)}`];
}

function warning(say: Say, reason: DeadReason | undefined): Html | false {
  if (reason === 'ambiguous') return html`<p class="bad">${say('ambiguousAgain')}</p>`;
  return reason === 'poison' && html`<p class="bad">${say('poisonAgain')}</p>`;
}

/** What a code means and what helps: sending again may be pointless. */
function explained({ say, language }: Reader, errcode: number | undefined): [string, string][] {
  if (errcode === undefined) return [];
  const { meaning, advice } = explainErrcode(errcode, language);
  return [
    [say('errcode'), `${errcode} ${meaning}`],
    [say('advice'), advice],
  ];
}

/**
 * Asks before one is deleted, or sent to somebody who may have it.
 *
 * @param letter null for one that is gone meanwhile
 */
export function repairOnePage(
  reader: Reader,
  action: RepairAction,
  { filter, messageId = '' }: Asked,
  letter: DeadLetter | null,
): Html {
  const { say } = reader;
  const query = queryOf(filter);
  return page(
    reader,
    say(action === 'purge' ? 'confirmPurge' : 'confirmRedriveOne'),
    html`${fields([
        [say('message'), html`<code>${maskOpenids(messageId)}</code>`],
        ...(letter ? aboutLetter(reader, letter) : []),
      ])}
      ${action === 'purge' ? html`<p>${say('purgeMeans')}</p>` : warning(say, letter?.reason)}
      <form method="post" action="/dead-letters/${action}">
        ${hidden(query)}<input type="hidden" name="messageId" value="${messageId}" />
        <input type="hidden" name="confirmed" value="yes" />
        <button>${say(action)}</button>
        <a href="/dead-letters?${query.toString()}">${say('back')}</a>
      </form>`,
  );
}

function aboutLetter(reader: Reader, letter: DeadLetter): ([string, string] | null)[] {
  const { say } = reader;
  const { id, job, kind, deadAt, reason, errcode } = letter;
  const to = job?.message['touser'];
  return [
    id === undefined ? null : [say('id'), maskOpenids(id)],
    [say('kind'), kind],
    typeof to === 'string' ? [say('to'), maskOpenid(to)] : null,
    [say('died'), shownTime(deadAt)],
    [say('reason'), reason],
    ...explained(reader, errcode),
  ];
}

/** A filter as text: each field and its value, times as all others of a page. */
export function filterText({ say }: Reader, filter: DeadLetterFilter): Html {
  const chosen = [...queryOf(filter)];
  if (chosen.length === 0) return html`${say('everything')}`;
  return html`${chosen.map(([name, value]) => {
    const isTime = name === 'since' || name === 'until';
    const text = isTime ? shownTime(Date.parse(value)) : maskOpenids(value);
    return html`${name}: <code>${text}</code> `;
  })}`;
}
