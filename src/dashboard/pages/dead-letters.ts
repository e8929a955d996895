import type { DeadLetter, DeadLetterFilter } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { maskOpenids } from '../../shared/openid.ts';
import { DEAD_REASONS } from '../../shared/outcome.ts';
import { html, type Html } from '../html.ts';
import { asText, type NotUnderstood, queryOf } from '../letter-filter.ts';
import { type Repair, REPAIR_ACTIONS } from '../repairs.ts';
import type { Say, Word } from '../words.ts';
import { hidden, page, type Reader, shownTime, table } from './layout.ts';
import { actions } from './message.ts';
import { repairList } from './repair.ts';

export interface LettersView extends FormChoices {
  readonly letters: readonly DeadLetter[];
  readonly cursor?: string;
  readonly filter: DeadLetterFilter;
  /** A message whose letter was purged just now. */
  readonly purged?: string | undefined;
}

interface FormChoices {
  /** The accounts there are to choose from. */
  readonly appIds: readonly string[];
  /** Of this process, the latest first. */
  readonly repairs: readonly Repair[];
}

export function deadLettersPage(reader: Reader, view: LettersView): Html {
  const { say, isOperator } = reader;
  const { letters, cursor, filter, purged, appIds } = view;
  const query = queryOf(filter);
  const next = new URLSearchParams([...query, ['cursor', cursor ?? '']]).toString();
  return page(
    reader,
    say('deadLetters'),
    html`${purged !== undefined && notice(say, purged)}
    ${filterForm(say, shownFilter(filter), appIds)}
    ${isOperator && (letters.length > 0 || cursor !== undefined) && bulkActions(say, query)}
    ${letters.length > 0 && lettersTable(reader, letters, query)}
    ${letters.length === 0 && html`<p>${say(cursor === undefined ? 'nothing' : 'lookFurther')}</p>`}
    ${cursor !== undefined && html`<p><a href="/dead-letters?${next}">${say('more')}</a></p>`}
    ${repairList(reader, view.repairs)}`,
  );
}

/** The form as it was sent, and what is wrong with it. */
export function refusedFilterPage(
  reader: Reader,
  view: FormChoices & {
    readonly given: Readonly<Record<string, unknown>>;
    readonly refusal: NotUnderstood;
  },
): Html {
  const { say } = reader;
  const { given, refusal, appIds } = view;
  const values = Object.entries(given).map(([name, value]) => [name, maskOpenids(asText(value))]);
  return page(
    reader,
    say('deadLetters'),
    html`<p class="bad" role="alert">${shownRefusal(say, refusal)}</p>
      ${filterForm(say, Object.fromEntries(values) as Values, appIds)}
      ${repairList(reader, view.repairs)}`,
  );
}

function notice(say: Say, messageId: string): Html {
  return html`<p class="notice" role="status">
    ${say('purged')}: <code>${maskOpenids(messageId)}</code>
  </p>`;
}

export function shownRefusal(say: Say, { field, value, expected }: NotUnderstood): string {
  return `${field}: ${say(expected)} ${say('got')} "${value}"`;
}

/** What stands in each field of the form. */
type Values = Readonly<Record<string, string | undefined>>;

function shownFilter({
  appId,
  reason,
  errcode,
  templateId,
  since,
  until,
}: DeadLetterFilter): Values {
  return {
    appId,
    reason,
    errcode: errcode === undefined ? undefined : String(errcode),
    template: templateId,
    since: since === undefined ? undefined : shownTime(since),
    until: until === undefined ? undefined : shownTime(until),
  };
}

function filterForm(say: Say, values: Values, appIds: readonly string[]): Html {
  const choice = (name: string, label: Word, options: readonly string[]) =>
    html`<label
      >${say(label)}<select name="${name}">
        <option value="">${say('any')}</option>
        ${options.map(
          (option) =>
            html`<option ${option === values[name] && html`selected`} value="${option}">
              ${option}
            </option>`,
        )}
      </select></label
    >`;
  const text = (name: 'template' | 'since' | 'until', title: string, example = '') =>
    html`<label
      >${say(name)}<input
        name="${name}"
        size="20"
        title="${title}"
        placeholder="${example}"
        value="${values[name]}"
    /></label>`;
  const { appId = '' } = values;
  // Of one that was removed there may be letters left.
  const accounts = appId === '' || appIds.includes(appId) ? appIds : [...appIds, appId];
  return html`<form class="filter" action="/dead-letters">
    ${choice('appId', 'account', accounts)} ${choice('reason', 'reason', DEAD_REASONS)}
    <label
      >${say('errcode')}<input
        name="errcode"
        inputmode="numeric"
        size="6"
        value="${values['errcode']}"
    /></label>
    ${text('template', '')} ${text('since', say('timeHint'), say('timeExample'))}
    ${text('until', say('timeHint'), say('timeExample'))}
    <button>${say('filter')}</button>
  </form>`;
}

/** A card for each on a phone. */
function lettersTable(
  { say, language, isOperator }: Reader,
  letters: readonly DeadLetter[],
  query: URLSearchParams,
): Html {
  const words = ['message', 'id', 'kind', 'died', 'reason', 'errcode', 'meaning'] as const;
  const heads = words.map((word) => html`<th>${say(word)}</th>`);
  const rows = letters.map((letter) => {
    const { messageId, id, kind, deadAt, reason, errcode } = letter;
    const cells: Readonly<Record<(typeof words)[number], Html | string | number | undefined>> = {
      message: html`<a href="/message?q=${messageId}"><code>${messageId}</code></a>`,
      id: id === undefined ? undefined : maskOpenids(id),
      kind,
      died: shownTime(deadAt),
      reason,
      errcode,
      meaning: errcode === undefined ? undefined : explainErrcode(errcode, language).meaning,
    };
    return html`<tr>
      ${words.map((word) => html`<td data-label="${say(word)}">${cells[word]}</td>`)}
      ${isOperator && html`<td class="actions">${actions(say, messageId, query)}</td>`}
    </tr>`;
  });
  return table([...heads, isOperator && html`<th></th>`], rows, 'cards');
}

/** The whole filtered set, not only the page. */
function bulkActions(say: Say, query: URLSearchParams): Html {
  return html`<p>
    ${REPAIR_ACTIONS.map(
      (action) =>
        html`<form class="inline" method="post" action="/dead-letters/${action}">
          ${hidden(query)}<button>${say(action === 'redrive' ? 'redriveAll' : 'purgeAll')}</button>
        </form> `,
    )}
    ${say(query.size === 0 ? 'allOfThem' : 'allThatMatch')}
  </p>`;
}
