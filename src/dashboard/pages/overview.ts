import type { AccountOverview } from '../../shared/account-control.ts';
import type { LaneOverview } from '../../shared/lane-overview.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { LaneTally } from '../../shared/tally.ts';
import type { TokenHealth } from '../../shared/token-health.ts';
import { html, type Html } from '../html.ts';
import type { Say } from '../words.ts';
import { page, type Reader, shownAge, shownTime, table } from './layout.ts';

/** One account as Overview and Account show it. */
export interface AccountView extends AccountOverview {
  readonly token: TokenHealth;
  readonly tally: Readonly<Record<Kind, LaneTally>>;
}

export interface OverviewView {
  readonly accounts: readonly AccountView[];
  readonly deadLetters: number;
  /** When the accounts were read, epoch ms. */
  readonly at: number;
}

/** A page that is left open stays true. */
export const REFRESH_SECONDS = 30;
const MOST_CODES = 3;

export function overviewPage(reader: Reader, { accounts, deadLetters, at }: OverviewView): Html {
  const { say } = reader;
  const troubled = accounts.filter(needsAttention);
  const sorted = [...troubled, ...accounts.filter((account) => !troubled.includes(account))];
  const style = troubled.length > 0 ? 'bad' : 'good';
  return page(
    reader,
    say('overview'),
    html`<p>
        ${accounts.length} ${say('accounts')},
        <span class="${style}">${troubled.length} ${say('attention')}</span> ·
        <a href="/dead-letters">${deadLetters} ${say('deadLetters')}</a> · ${say('asOf')}
        ${shownTime(at)}
      </p>
      ${accountsTable(say, sorted, at)}`,
    { refreshSeconds: REFRESH_SECONDS },
  );
}

/** Paused, asleep, or with messages of which nobody knows whether they were sent. */
function needsAttention({ pause, lanes }: AccountView): boolean {
  return (
    pause !== undefined || lanes.some(({ paused, sleep, parked }) => paused || sleep || parked)
  );
}

export function accountsTable(say: Say, accounts: readonly AccountView[], now: number): Html {
  const word = (name: Parameters<Say>[0]) => html`<th>${say(name)}</th>`;
  const number = (name: Parameters<Say>[0]) => html`<th class="number">${say(name)}</th>`;
  const heads = [
    ...(['account', 'kind', 'state'] as const).map(word),
    ...(['sending', 'limit', 'waiting', 'oldest', 'delayed', 'active'] as const).map(number),
    ...(['parked', 'taken'] as const).map(number),
    ...(['codes', 'token'] as const).map(word),
  ];
  return table(
    heads,
    accounts.map((account) => account.lanes.map((lane) => laneRow(say, account, lane, now))),
  );
}

function laneRow(say: Say, account: AccountView, lane: LaneOverview, now: number): Html {
  const { appId, token, tally } = account;
  const { perSecond, requests, taken } = tally[lane.kind];
  const cells = [
    `${shownRate(perSecond)}/s`,
    limitOf(say, lane),
    lane.waiting,
    lane.oldestAt === undefined ? '' : shownAge(now - lane.oldestAt),
    lane.delayed,
    lane.active,
    lane.parked > 0 ? html`<span class="bad">${lane.parked}</span>` : lane.parked,
    requests === 0 ? '' : shownShare(taken, requests),
  ];
  return html`<tr>
    <td><a href="/accounts/${appId}">${appId}</a></td>
    <td>${lane.kind}</td>
    <td>${laneState(say, account, lane)}</td>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
    <td>${topCodes(say, appId, tally[lane.kind])}</td>
    <td>${tokenState(say, token, now)}</td>
  </tr>`;
}

function limitOf(say: Say, { perSecond, setPerSecond }: LaneOverview): string {
  const limit = perSecond === undefined ? '' : `${shownLimit(perSecond)}/s`;
  return setPerSecond === undefined ? limit : `${limit} (${say('byHand')}: ${setPerSecond}/s)`;
}

function topCodes(say: Say, appId: string, { refusals }: LaneTally): Html[] {
  return refusals
    .slice(0, MOST_CODES)
    .map(({ errcode, count }) =>
      errcode === null
        ? html`<span class="line">${say('noAnswer')} × ${count}</span>`
        : html`<span class="line"
            ><a href="/dead-letters?appId=${appId}&amp;errcode=${errcode}">${errcode}</a> ×
            ${count}</span
          >`,
    );
}

function laneState(say: Say, { pause }: AccountView, lane: LaneOverview): Html {
  if (lane.paused && pause) {
    const code = pause.errcode === undefined ? '' : ` ${pause.errcode}`;
    return html`<span class="bad line">${say('paused')}: ${pause.cause}${code}</span
      ><span class="bad line">${say('since')} ${shownTime(pause.since)}</span>`;
  }
  if (lane.paused) return html`<span class="bad">${say('paused')}</span>`;
  if (lane.sleep) {
    return html`<span class="warn line">${say('asleep')}: ${lane.sleep.cause}</span
      ><span class="warn line">${say('until')} ${shownTime(lane.sleep.until)}</span>`;
  }
  return html`<span class="good">${say('running')}</span>`;
}

function tokenState(say: Say, token: TokenHealth, now: number): Html {
  switch (token.state) {
    case 'none':
      return html`${say('none')}`;
    case 'expired':
      return html`<span class="warn">${say('expired')}</span>`;
    case 'valid':
      return html`<span class="line">${shownAge(now - token.fetchedAt)}, #${token.generation}</span
        >${token.source !== undefined && html`<span class="line">${token.source}</span>`}`;
  }
}

function shownRate(perSecond: number): string {
  return perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** Workers count in slices of a second, so that a rate of 7 comes out as 6.99. */
function shownLimit(perSecond: number): number {
  return perSecond < 1 ? Number(perSecond.toPrecision(2)) : Math.round(perSecond * 10) / 10;
}

/** Rounded down, so that 100 % means all. */
function shownShare(part: number, whole: number): string {
  return `${Math.floor((part * 1000) / whole) / 10} %`;
}
