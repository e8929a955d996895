import type { FoundMessage, UnknownMessage } from '../../producer/index.ts';
import { maskOpenid, maskOpenids } from '../../shared/openid.ts';
import { KINDS, type Kind } from '../../shared/outcome.ts';
import { html, type Html } from '../html.ts';
import type { Say, Word } from '../words.ts';
import { page, type Reader, shownTime, table } from './layout.ts';
import { shownState } from './state.ts';

/** What a person may say of an unknown message: `sent` it arrived, `resend` send it again. */
export const RESOLUTIONS = ['sent', 'resend'] as const;
export type ResolveAs = (typeof RESOLUTIONS)[number];

/** What was just said, of how many, and of how many it could not be. */
export interface Said {
  readonly as: ResolveAs;
  readonly count: number;
  /** Not unknown any more, or unknown anew. */
  readonly left: number;
  /** Their content is gone. */
  readonly gone: number;
  /** In their lane, where a worker has to look at them first. */
  readonly inLane: number;
}

export interface UnknownView {
  /** Those that die next first. */
  readonly messages: readonly UnknownMessage[];
  /** There are more than these. */
  readonly more: boolean;
  readonly appIds: readonly string[];
  readonly filter: { readonly appId?: string | undefined; readonly kind?: Kind | undefined };
  /** Every one is chosen. */
  readonly all: boolean;
  readonly said?: Said;
}

const WORDS: Readonly<Record<ResolveAs, Word>> = { sent: 'itArrived', resend: 'sendAgain' };
const QUESTIONS: Readonly<Record<ResolveAs, Word>> = {
  sent: 'confirmArrived',
  resend: 'confirmResend',
};

export function unknownPage(reader: Reader, view: UnknownView): Html {
  const { say, isOperator } = reader;
  const { messages, more, said, filter } = view;
  return page(
    reader,
    say('unknownMessages'),
    html`${said && notice(say, said)}
      <p>${say('unknownMeaning')}</p>
      ${filterForm(say, view)} ${messages.length === 0 && html`<p>${say('nothing')}</p>`}
      ${
        messages.length > 0 &&
        html`<form method="post" action="/unknown">
          ${isOperator && choosing(say, filter)} ${messagesTable(reader, view)}
        </form>`
      }
      ${more && html`<p>${say('unknownMore')}</p>`}`,
  );
}

/** The two things that can be said of one message. */
export function resolveForms(say: Say, messageId: string): Html {
  return html`<form class="inline" method="post" action="/unknown">
    <input type="hidden" name="messageId" value="${messageId}" />${buttons(say)}
  </form>`;
}

/** Asks before it is said: neither can be taken back. */
export function confirmPage(reader: Reader, found: readonly FoundMessage[], as: ResolveAs): Html {
  const { say } = reader;
  const shown = found.map(
    (status) =>
      html`<li>
        <input type="hidden" name="messageId" value="${status.messageId}" />
        <input type="hidden" name="redrives" value="${status.redrives ?? 0}" />
        <a href="/message?q=${status.messageId}"><code>${status.messageId}</code></a>
        ${status.id !== undefined && maskOpenids(status.id)} · ${status.kind} ·
        ${shownTime(status.acceptedAt)} · ${shownState(reader, status.state)}
      </li>`,
  );
  return page(
    reader,
    `${say(WORDS[as])}: ${found.length}`,
    html`<form method="post" action="/unknown">
      <p>${say(QUESTIONS[as])}</p>
      <ul>
        ${shown}
      </ul>
      <input type="hidden" name="as" value="${as}" />
      <input type="hidden" name="confirmed" value="yes" />
      <button>${say(WORDS[as])} (${found.length})</button> <a href="/unknown">${say('back')}</a>
    </form>`,
  );
}

function notice(say: Say, { as, count, left, gone, inLane }: Said): Html {
  const done = say(as === 'sent' ? 'saidArrived' : 'saidResend');
  const others = [
    [left, 'unknownLeft'],
    [gone, 'goneLeft'],
    [inLane, 'inLaneLeft'],
  ] as const;
  const rest = others.filter(([number]) => number > 0);
  return html`<p class="notice" role="status">
    ${count} ${done}${rest.map(([number, word]) => html`${say('and')}${number} ${say(word)}`)}
  </p>`;
}

function buttons(say: Say): Html {
  return html`${RESOLUTIONS.map(
    (as) => html`<button name="as" value="${as}">${say(WORDS[as])}</button> `,
  )}`;
}

/** Without a script only the server can choose them all. */
function choosing(say: Say, { appId, kind }: UnknownView['filter']): Html {
  const query = new URLSearchParams({ all: 'yes' });
  if (appId !== undefined) query.set('appId', appId);
  if (kind !== undefined) query.set('kind', kind);
  return html`<p>
    ${say('chosen')}: ${buttons(say)} <a href="/unknown?${query.toString()}">${say('chooseAll')}</a>
  </p>`;
}

function filterForm(say: Say, { filter, appIds }: UnknownView): Html {
  const options = (values: readonly string[], chosen: string | undefined) =>
    values.map(
      (value) =>
        html`<option ${value === chosen && html`selected`} value="${value}">${value}</option>`,
    );
  return html`<form class="filter" action="/unknown">
    <label
      >${say('account')}<select name="appId">
        <option value="">${say('any')}</option>
        ${options(appIds, filter.appId)}
      </select></label
    >
    <label
      >${say('kind')}<select name="kind">
        <option value="">${say('any')}</option>
        ${options(KINDS, filter.kind)}
      </select></label
    >
    <button>${say('filter')}</button>
  </form>`;
}

function messagesTable({ say, isOperator }: Reader, { messages, all }: UnknownView): Html {
  const words = ['message', 'id', 'kind', 'to', 'unknownSince', 'unknownDies', 'attempts'] as const;
  const rows = messages.map(
    ({ messageId, id, kind, job, since, diesAt, attempts }) =>
      html`<tr>
        ${
          isOperator &&
          html`<td>
            <input
              type="checkbox"
              name="messageId"
              value="${messageId}"
              aria-label="${messageId}"
              ${all && html`checked`}
            />
          </td>`
        }
        <td>
          <a href="/message?q=${messageId}"><code>${messageId}</code></a>
        </td>
        <td>${id !== undefined && maskOpenids(id)}</td>
        <td>${kind}</td>
        <td>${job ? maskOpenid(String(job.message['touser'])) : say('contentGone')}</td>
        <td>${shownTime(since)}</td>
        <td>${shownTime(diesAt)}</td>
        <td class="number">${attempts.length}</td>
      </tr>`,
  );
  return table(
    [isOperator && html`<th></th>`, ...words.map((word) => html`<th>${say(word)}</th>`)],
    rows,
  );
}
