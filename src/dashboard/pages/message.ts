import type { MessageStatus } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import type { Attempt } from '../../shared/outcome.ts';
import { html, type Html } from '../html.ts';
import type { Language, Say } from '../words.ts';
import { page, type Reader, shownTime, table } from './layout.ts';

/** What is known of one message: its state, and every attempt with what its code means. */
export function messagePage(reader: Reader, status: MessageStatus): Html {
  const { say, isOperator } = reader;
  const fields: (readonly [string, Html | string])[] = [
    [say('account'), html`<a href="/accounts/${status.appId}">${status.appId}</a>`],
    [say('kind'), status.kind],
    [say('state'), html`<span class="${STATE_CLASS[status.state] ?? ''}">${status.state}</span>`],
    ...(status.reason === undefined ? [] : [[say('reason'), status.reason] as const]),
    ...(status.wechatMsgId === undefined ? [] : [['msgid', status.wechatMsgId] as const]),
    [say('accepted'), shownTime(status.acceptedAt)],
    ...explanation(reader, status),
  ];
  return page(
    reader,
    `${say('message')} ${status.messageId}`,
    html`<dl>
        ${fields.map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
      ${status.state === 'dead' && isOperator && actions(say, status.messageId)}
      <h2>${say('attempt')}</h2>
      ${attemptsTable(reader.language, say, status.attempts)}`,
  );
}

export function noMessagePage(reader: Reader, query: string): Html {
  const { say } = reader;
  return page(reader, say('message'), html`<p>${say('notFound')} <code>${query}</code></p>`);
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

function explanation({ say, language }: Reader, { errcode }: MessageStatus) {
  if (errcode === undefined || errcode === 0) return [];
  const known = explainErrcode(errcode, language);
  return [
    [say('errcode'), `${errcode} ${known.meaning}`] as const,
    [say('advice'), known.advice] as const,
  ];
}

function attemptsTable(language: Language, say: Say, attempts: readonly Attempt[]): Html {
  if (attempts.length === 0) return html`<p>${say('nothing')}</p>`;
  const rows = attempts.map(
    ({ number, at, durationMs, errcode, verdict }) =>
      html`<tr>
        <td class="number">${number}</td>
        <td>${shownTime(at)}</td>
        <td class="number">${durationMs} ms</td>
        <td>${errcode}</td>
        <td>${verdict}</td>
        <td>
          ${errcode !== undefined && errcode !== 0 && explainErrcode(errcode, language).meaning}
        </td>
      </tr>`,
  );
  const heads = (['attempt', 'at', 'took', 'errcode', 'verdict', 'meaning'] as const).map(
    (word) => html`<th>${say(word)}</th>`,
  );
  return table(heads, rows);
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
