import type { MessageStatus } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import type { Attempt } from '../../shared/outcome.ts';
import { html, type Html } from '../html.ts';
import type { Language, Say } from '../words.ts';
import { fields, page, type Reader, shownTime, table } from './layout.ts';

const REFRESH_SECONDS = 5;
const ON_ITS_WAY: readonly string[] = ['queued', 'sending', 'retrying'];

/**
 * What is known of one message: its state, and what happened to it, with what each code means.
 *
 * @param asked a redrive was asked for a moment ago
 */
export function messagePage(reader: Reader, status: MessageStatus, asked: boolean): Html {
  const { say, isOperator } = reader;
  const { messageId, state, reason, wechatMsgId, settledBy } = status;
  const moves = asked || ON_ITS_WAY.includes(state);
  return page(
    reader,
    `${say('message')} ${messageId}`,
    html`${asked && html`<p class="notice" role="status">${say('redriveAsked')}</p>`}
      ${fields([
        [say('account'), html`<a href="/accounts/${status.appId}">${status.appId}</a>`],
        [say('kind'), status.kind],
        [say('state'), shownState(status)],
        reason === undefined ? null : [say('reason'), reason],
        settledBy === undefined ? null : [say('state'), say('byPerson')],
        wechatMsgId === undefined ? null : ['msgid', wechatMsgId],
        ...explanation(reader, status),
        state === 'sent' ? [say('receipts'), say('noReceipts')] : null,
      ])}
      ${state === 'dead' && isOperator && actions(say, messageId)}
      <h2>${say('timeline')}</h2>
      ${timeline(reader, status)}`,
    moves ? { refreshSeconds: REFRESH_SECONDS } : {},
  );
}

/** Several messages, as of one recipient. */
export function foundPage(reader: Reader, found: readonly MessageStatus[]): Html {
  const { say } = reader;
  const heads = (['message', 'kind', 'accepted', 'state', 'reason'] as const).map(
    (word) => html`<th>${say(word)}</th>`,
  );
  const rows = found.map(
    (status) =>
      html`<tr>
        <td>
          <a href="/message?q=${status.messageId}"><code>${status.messageId}</code></a>
        </td>
        <td>${status.kind}</td>
        <td>${shownTime(status.acceptedAt)}</td>
        <td>${shownState(status)}</td>
        <td>${status.reason}</td>
      </tr>`,
  );
  return page(reader, say('found'), table(heads, rows));
}

/** Without the text that was searched for: it may be an openid. */
export function noMessagePage(reader: Reader): Html {
  const { say } = reader;
  return page(reader, say('message'), html`<p>${say('notFound')}</p>`);
}

export function actions(say: Say, messageId: string): Html {
  return html`${(['redrive', 'purge'] as const).map(
    (action) =>
      html`<form class="inline" method="post" action="/dead-letters/${action}">
        <input type="hidden" name="messageId" value="${messageId}" />
        <button>${say(action)}</button>
      </form> `,
  )}`;
}

function shownState({ state }: MessageStatus): Html {
  return html`<span class="${STATE_CLASS[state] ?? ''}">${state}</span>`;
}

function explanation({ say, language }: Reader, { errcode }: MessageStatus) {
  if (errcode === undefined || errcode === 0) return [];
  const known = explainErrcode(errcode, language);
  return [
    [say('errcode'), `${errcode} ${known.meaning}`] as const,
    [say('advice'), known.advice] as const,
  ];
}

/** From accepting it to its end. When it was redriven is not kept, only how often. */
function timeline({ say, language }: Reader, status: MessageStatus): Html {
  const { acceptedAt, sendAt, attempts, redrives, endedAt, state } = status;
  const heads = (['at', 'event', 'took', 'errcode', 'verdict', 'meaning'] as const).map(
    (word) => html`<th>${say(word)}</th>`,
  );
  return table(heads, [
    plainRow(shownTime(acceptedAt), say('accepted')),
    ...(sendAt === undefined ? [] : [plainRow(shownTime(sendAt), say('sendAt'))]),
    ...attempts.map((attempt) => attemptRow(language, say, attempt)),
    ...(redrives === undefined ? [] : [plainRow('', `${say('wasRedriven')}: ${redrives}`)]),
    ...(endedAt === undefined ? [] : [plainRow(shownTime(endedAt), `${say('ended')}: ${state}`)]),
  ]);
}

function plainRow(at: string, event: string): Html {
  return html`<tr>
    <td>${at}</td>
    <td>${event}</td>
    <td></td>
    <td></td>
    <td></td>
    <td></td>
  </tr>`;
}

function attemptRow(
  language: Language,
  say: Say,
  { number, at, durationMs, errcode, verdict }: Attempt,
): Html {
  return html`<tr>
    <td>${shownTime(at)}</td>
    <td>${say('attempt')} ${number}</td>
    <td class="number">${durationMs} ms</td>
    <td>${errcode}</td>
    <td>${verdict}</td>
    <td>${errcode !== undefined && errcode !== 0 && explainErrcode(errcode, language).meaning}</td>
  </tr>`;
}

const STATE_CLASS: Readonly<Record<string, string>> = {
  sent: 'good',
  delivered: 'good',
  retrying: 'warn',
  held: 'warn',
  unknown: 'bad',
  dead: 'bad',
  undelivered: 'bad',
};
