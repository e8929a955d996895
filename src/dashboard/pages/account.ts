import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { MOST_PER_SECOND } from '../../shared/account-control.ts';
import type { LaneOverview } from '../../shared/lane-overview.ts';
import type { Kind } from '../../shared/outcome.ts';
import { QUOTA_LOW_SHARE, type Quota, type Quotas } from '../../shared/quota.ts';
import { FORCED_PER_DAY } from '../../shared/token-health.ts';
import { html, type Html } from '../html.ts';
import { fields, page, type Reader, shownAge, shownTime, table } from './layout.ts';
import { accountsTable, type AccountView, linkedCode } from './overview.ts';

/** One account with what only its own page shows. */
export interface AccountDetail extends AccountView {
  /** Times of the forced refreshes of the last 24 hours, epoch ms. */
  readonly forced: readonly number[];
  /** What WeChat said of the daily quota of each kind. */
  readonly quotas: Quotas;
}

/** A rate that nobody can send at, as it was typed. */
export interface RefusedRate {
  readonly kind?: Kind;
  readonly value: string;
}

export function accountPage(
  reader: Reader,
  account: AccountDetail & { readonly refusedRate?: RefusedRate },
  now: number,
): Html {
  const { say, isOperator } = reader;
  return page(
    reader,
    `${say('account')} ${account.appId}`,
    html`${accountsTable(say, [account], now)} ${isOperator && pauseForm(reader, account)}
      ${isOperator && rateForms(reader, account)}
      <p><a href="/dead-letters?appId=${account.appId}">${say('deadLetters')}</a></p>
      <h2>${say('token')}</h2>
      ${tokenFields(reader, account, now)}
      <h2>${say('quota')}</h2>
      ${fields(account.lanes.map((lane) => [lane.kind, quotaOf(reader, lane, account.quotas)]))}
      <h2>${say('lastHour')}</h2>
      ${codesTable(reader, account)}`,
  );
}

function pauseForm({ say }: Reader, { appId, pause, lanes }: AccountDetail): Html {
  const isPaused = pause !== undefined || lanes.some(({ paused }) => paused);
  const action = isPaused ? 'resume' : 'pause';
  return html`<p>
    <form class="inline" method="post" action="/accounts/${appId}/${action}">
      <button>${say(action)}</button>
    </form>
  </p>`;
}

function tokenFields({ say }: Reader, { token, forced }: AccountDetail, now: number): Html {
  const latest = forced.at(-1);
  const isSpent = forced.length >= FORCED_PER_DAY;
  const used = html`<span class="${isSpent ? 'bad' : ''}"
      >${forced.length} ${say('of')} ${FORCED_PER_DAY}</span
    >${latest !== undefined && ` (${shownTime(latest)})`}`;
  const budget = [say('forced'), used] as const;
  if (token.state !== 'valid') return fields([[say('state'), say(token.state)], budget]);
  return fields([
    [say('generation'), String(token.generation)],
    token.source === undefined ? null : [say('source'), token.source],
    [say('fetched'), shownTime(token.fetchedAt)],
    [
      say('expires'),
      `${shownTime(token.expiresAt)} (${say('timeLeft')}: ${shownAge(token.expiresAt - now)})`,
    ],
    budget,
  ]);
}

/** A refusal says more than a count: that is off by up to 1 %, and some minutes old. */
function quotaOf(reader: Reader, { kind, sleep }: LaneOverview, quotas: Quotas): Html | string {
  const { say } = reader;
  const quota = quotas[kind];
  if (sleep?.cause !== 'quota') return quota ? toldQuota(reader, quota) : say('notTold');
  return html`<span class="warn">${say('spentUntil')} ${shownTime(sleep.until)}</span>
    ${quota && toldQuota(reader, quota)}`;
}

function toldQuota({ say, language }: Reader, quota: Quota): Html {
  const at = html`(${say('asOf')} ${shownTime(quota.readAt)})`;
  if (quota.kind === 'untold') {
    const { meaning } = explainErrcode(quota.errcode, language);
    return html`${say('notTold')}: ${quota.errcode} ${meaning} ${at}`;
  }
  const { dailyLimit, used, remain, rate } = quota;
  const isLow = used >= dailyLimit * QUOTA_LOW_SHARE;
  return html`<span class="${isLow ? 'warn' : ''}"
      >${used} ${say('of')} ${dailyLimit}, ${say('timeLeft')}: ${remain}</span
    >
    ${at}
    ${rate && html`<span class="line">${say('atMost')} ${rate.calls} / ${rate.seconds} s</span>`}`;
}

function codesTable({ say, language }: Reader, { appId, lanes, tally }: AccountDetail): Html {
  const rows = lanes.flatMap(({ kind }) => {
    const { taken, refusals } = tally[kind];
    return [...(taken > 0 ? [{ errcode: 0, count: taken }] : []), ...refusals].map(
      ({ errcode, count }) =>
        html`<tr>
          <td>${kind}</td>
          <td>${linkedCode(say, appId, errcode)}</td>
          <td class="number">${count}</td>
          <td>
            ${typeof errcode === 'number' ? explainErrcode(errcode, language).meaning : say(errcode === null ? 'noAnswerMeans' : 'otherMeans')}
          </td>
        </tr>`,
    );
  });
  if (rows.length === 0) return html`<p>${say('nothing')}</p>`;
  const heads = (['kind', 'errcode', 'count', 'meaning'] as const).map(
    (word) => html`<th>${say(word)}</th>`,
  );
  return table(heads, rows);
}

function rateForms(
  { say }: Reader,
  { appId, lanes, refusedRate }: Parameters<typeof accountPage>[1],
): Html {
  return html`<p>${say('rateHint')}</p>
    ${
      refusedRate &&
      html`<p class="bad" role="alert">
        ${say('rateWanted')} ${MOST_PER_SECOND}, ${say('got')} "${refusedRate.value}"
      </p>`
    }
    ${lanes.map(
      ({ kind, setPerSecond, filePerSecond }) =>
        html`<form class="filter" method="post" action="/accounts/${appId}/rate">
          <input type="hidden" name="kind" value="${kind}" />
          <label
            >${kind}: ${say('rate')}<input
              name="perSecond"
              inputmode="decimal"
              size="8"
              required
              value="${refusedRate?.kind === kind ? refusedRate.value : (setPerSecond ?? filePerSecond)}"
          /></label>
          <button>${say('setRate')}</button>
          ${
            setPerSecond !== undefined &&
            html`<button name="reset" value="yes">${say('resetRate')}</button>`
          }
        </form>`,
    )}`;
}
