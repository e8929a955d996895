import type { DeadLetter, DeadLetterFilter } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { DEAD_REASONS } from '../../shared/outcome.ts';
import { html, type Html } from '../html.ts';
import { queryOf } from '../letter-filter.ts';
import type { Repair } from '../repairs.ts';
import { page, type Reader, shownTime, table } from './layout.ts';
import { actions } from './message.ts';
import { repairList } from './repair.ts';

export interface LettersView {
  readonly letters: readonly DeadLetter[];
  readonly cursor?: string;
  readonly filter: DeadLetterFilter;
  /** The accounts there are to choose from. */
  readonly appIds: readonly string[];
  /** Of this process, the latest first. */
  readonly repairs: readonly Repair[];
  /** What the last action did. */
  readonly notice?: string;
}

export function deadLettersPage(reader: Reader, view: LettersView): Html {
  const { say, isOperator } = reader;
  const { letters, cursor, filter, notice } = view;
  const query = queryOf(filter);
  const next = new URLSearchParams([...query, ['cursor', cursor ?? '']]).toString();
  return page(
    reader,
    say('deadLetters'),
    html`${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
    ${filterForm(reader, view)} ${letters.length > 0 && lettersTable(reader, letters)}
    ${letters.length === 0 && html`<p>${say(cursor === undefined ? 'nothing' : 'lookFurther')}</p>`}
    ${cursor !== undefined && html`<p><a href="/dead-letters?${next}">${say('more')}</a></p>`}
    ${isOperator && (letters.length > 0 || cursor !== undefined) && bulkActions(reader, query)}
    ${repairList(reader, view.repairs)}`,
  );
}

function filterForm({ say }: Reader, { filter, appIds }: LettersView): Html {
  const options = (values: readonly string[], chosen: string | undefined) =>
    values.map(
      (value) =>
        html`<option ${value === chosen && html`selected`} value="${value}">${value}</option>`,
    );
  const texts = [
    ['template', 'template', filter.templateId],
    ['since', 'since', filter.since && shownTime(filter.since)],
    ['until', 'until', filter.until && shownTime(filter.until)],
  ] as const;
  return html`<form class="filter" action="/dead-letters">
    <label
      >${say('account')}<select name="appId">
        <option value="">${say('any')}</option>
        ${options(appIds, filter.appId)}
      </select></label
    >
    <label
      >${say('reason')}<select name="reason">
        <option value="">${say('any')}</option>
        ${options(DEAD_REASONS, filter.reason)}
      </select></label
    >
    <label
      >${say('errcode')}<input
        name="errcode"
        inputmode="numeric"
        size="6"
        value="${filter.errcode}"
    /></label>
    ${texts.map(
      ([name, label, value]) =>
        html`<label
          >${say(label)}<input
            name="${name}"
            size="20"
            title="${name === 'template' ? '' : say('timeHint')}"
            value="${value}"
        /></label>`,
    )}
    <button>${say('filter')}</button>
  </form>`;
}

function lettersTable({ say, language, isOperator }: Reader, letters: readonly DeadLetter[]): Html {
  const heads = (['message', 'id', 'kind', 'died', 'reason', 'errcode', 'meaning'] as const).map(
    (word) => html`<th>${say(word)}</th>`,
  );
  const rows = letters.map(
    (letter) =>
      html`<tr>
        <td>
          <a href="/message?q=${letter.messageId}"><code>${letter.messageId}</code></a>
        </td>
        <td>${letter.id}</td>
        <td>${letter.kind}</td>
        <td>${shownTime(letter.deadAt)}</td>
        <td>${letter.reason}</td>
        <td>${letter.errcode}</td>
        <td>${letter.errcode !== undefined && explainErrcode(letter.errcode, language).meaning}</td>
        ${isOperator && html`<td class="actions">${actions(say, letter.messageId)}</td>`}
      </tr>`,
  );
  return table([...heads, isOperator && html`<th></th>`], rows);
}

/** The whole filtered set, not only the page. */
function bulkActions({ say }: Reader, query: URLSearchParams): Html {
  const fields = [...query].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return html`<p>
    ${(['redriveAll', 'purgeAll'] as const).map(
      (word) =>
        html`<form
          class="inline"
          method="post"
          action="/dead-letters/${word === 'redriveAll' ? 'redrive' : 'purge'}"
        >
          ${fields}<button>${say(word)}</button>
        </form> `,
    )}
  </p>`;
}

/** Asks before anything is deleted: there is no way back. */
export function purgePage(reader: Reader, filter: DeadLetterFilter, messageId?: string): Html {
  const { say } = reader;
  const chosen = [
    ...queryOf(filter),
    ...(messageId === undefined ? [] : [['messageId', messageId]]),
  ];
  const shown = chosen.map(([name, value]) => html`<li>${name}: <code>${value}</code></li>`);
  const fields = [...chosen, ['confirmed', 'yes']].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return page(
    reader,
    say('confirmPurge'),
    html`<ul>
        ${shown.length > 0 ? shown : html`<li>${say('everything')}</li>`}
      </ul>
      <form method="post" action="/dead-letters/purge">
        ${fields}<button>${say('purge')}</button> <a href="/dead-letters">${say('back')}</a>
      </form>`,
  );
}
