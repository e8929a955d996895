import type { DeadLetter, FoundMessage, LaneJob, MessageStatus } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { maskOpenid, maskOpenids } from '../../shared/openid.ts';
import { html, type Html } from '../html.ts';
import type { Say } from '../words.ts';
import { fields, hidden, page, type Reader, shownTime } from './layout.ts';
import { shownState } from './state.ts';
import { timeline } from './timeline.ts';
import { resolveForms } from './unknown.ts';
import { refreshSecondsOf, waitingFor, type WaitingView } from './waiting.ts';

/** A redrive takes effect any moment. */
const ASKED_REFRESH_SECONDS = 2;

/** A message with all that is known of it. */
export interface MessageView {
  readonly status: FoundMessage;
  /** While it is kept. */
  readonly content: LaneJob | null;
  /** Of one that is dead. */
  readonly letter: DeadLetter | null;
  /** Of one that has not been sent yet; null for an account that is not in the accounts file. */
  readonly waiting?: WaitingView | null;
  /** Epoch milliseconds. */
  readonly now: number;
  /** When an unknown one becomes a dead letter, epoch milliseconds. */
  readonly diesAt?: number;
  /** A redrive was asked for a moment ago. */
  readonly asked: boolean;
}

/** What is known of one message: what it is, its state, what happened to it and what can be done. */
export function messagePage(reader: Reader, view: MessageView): Html {
  const { say, isOperator } = reader;
  const { status, asked, waiting = null, now } = view;
  const { messageId, state } = status;
  const refreshSeconds = asked ? ASKED_REFRESH_SECONDS : refreshSecondsOf(status, waiting, now);
  return page(
    reader,
    `${say('message')} ${messageId}`,
    html`${asked && html`<p class="notice" role="status">${say('redriveAsked')}</p>`}
      ${fields([...subject(reader, view), ...ending(reader, view)])}
      ${state === 'dead' && isOperator && actions(say, messageId)}
      ${state === 'unknown' && doubt(reader, view)}
      <h2>${say('timeline')}</h2>
      ${timeline(reader, status)}`,
    refreshSeconds === undefined ? {} : { refreshSeconds },
  );
}

const RECENT_MS = 60_000;

/** A letter that is dead and no letter any more is on its way back; until it ends anew, that is news for a minute. */
export function isBeingRedriven({ status, letter, now }: Omit<MessageView, 'asked'>): boolean {
  if (status.state === 'dead' && letter === null) return true;
  const latest = status.redriven?.at(-1)?.at;
  return latest !== undefined && now - latest < RECENT_MS && (status.endedAt ?? 0) <= latest;
}

/** @param query the filter to come back to */
export function actions(say: Say, messageId: string, query = new URLSearchParams()): Html {
  return html`${(['redrive', 'purge'] as const).map(
    (action) =>
      html`<form class="inline" method="post" action="/dead-letters/${action}">
        ${hidden(query)}<input type="hidden" name="messageId" value="${messageId}" />
        <button>${say(action)}</button>
      </form> `,
  )}`;
}

type Line = readonly [string, Html | string] | null;

/** What it is about, as far as that is still kept. */
function subject({ say }: Reader, { status, content }: MessageView): Line[] {
  const { appId, kind, id, messageId } = status;
  const message = content?.message ?? {};
  const { template_id: template, msgtype } = message;
  const to = message['touser'];
  const others = html`<a href="/message?to=${messageId}">${say('othersTo')}</a>`;
  const expiresAt = content?.expiresAt;
  return [
    [say('account'), html`<a href="/accounts/${appId}">${appId}</a>`],
    id === undefined ? null : [say('id'), html`<code>${maskOpenids(id)}</code>`],
    [say('kind'), kind],
    typeof template === 'string' ? [say('template'), html`<code>${template}</code>`] : null,
    typeof msgtype === 'string' ? ['msgtype', html`<code>${msgtype}</code>`] : null,
    typeof to === 'string' ? [say('to'), html`<code>${maskOpenid(to)}</code> ${others}`] : null,
    expiresAt === undefined ? null : [say('expires'), shownTime(expiresAt)],
  ];
}

/** Its state, and what WeChat and the table of codes say to it. */
function ending(reader: Reader, view: MessageView): Line[] {
  const { say } = reader;
  const { status, letter, diesAt, waiting, now } = view;
  const waits = waiting === undefined ? null : waitingFor(say, status, waiting, now);
  const { state, reason, settledBy, wechatMsgId } = status;
  return [
    [say('state'), shownState(reader, state)],
    waits && [say('waitsFor'), waits],
    reason === undefined ? null : [say('reason'), reason],
    diesAt === undefined ? null : [say('unknownDies'), shownTime(diesAt)],
    settledBy === undefined ? null : [say('state'), say('byPerson')],
    wechatMsgId === undefined ? null : ['msgid', wechatMsgId],
    ...explanation(reader, status),
    letter?.detail === undefined
      ? null
      : [say('wechatText'), html`<code>${maskOpenids(letter.detail)}</code>`],
    letter?.rid === undefined ? null : ['rid', html`<code>${letter.rid}</code>`],
    state === 'sent' ? [say('receipts'), say('noReceipts')] : null,
  ];
}

function explanation({ say, language }: Reader, { errcode }: MessageStatus): Line[] {
  if (errcode === undefined || errcode === 0) return [];
  const known = explainErrcode(errcode, language);
  return [
    [say('errcode'), `${errcode} ${known.meaning}`],
    [say('advice'), known.advice],
  ];
}

/** What nobody knows, and how to say it. */
function doubt({ say, isOperator }: Reader, { status }: MessageView): Html {
  const command = `courier unknown resolve ${status.messageId} --as sent|resend`;
  return html`<div class="notice doubt" role="note">
    <p>${say('unknownMeaning')}</p>
    ${isOperator && resolveForms(say, status.messageId)}
    <p>${say('inTerminal')} <code>${command}</code></p>
  </div>`;
}
