import type { LaneOverview } from '../../shared/lane-overview.ts';
import type { Answered, LaneTally } from '../../shared/tally.ts';
import type { TokenHealth } from '../../shared/token-health.ts';
import { html, type Html } from '../html.ts';
import type { Say } from '../words.ts';
import { page, type Reader, shownAge, shownTime, table } from './layout.ts';
import { shownStanding, type StandingAccount, standingIn } from './standing.ts';

/** One account as Overview and Account show it. */
export interface AccountView extends StandingAccount {
  readonly token: TokenHealth;
}

export interface OverviewView {
  readonly accounts: readonly AccountView[];
  readonly deadLetters: number;
  readonly redrivesPaused: boolean;
  /** Worker processes; null where Redis does not say. */
  readonly workers: number | null;
  /** When the accounts were read, epoch ms. */
  readonly at: number;
  /** It reloads itself, for a screen on the wall. */
  readonly isWatched: boolean;
}

export const REFRESH_SECONDS = 30;
const MOST_CODES = 3;

export function overviewPage(reader: Reader, view: OverviewView): Html {
  const { say } = reader;
  const { accounts, at } = view;
  const troubled = accounts.filter((account) => needsAttention(account, at));
  const sorted = [...troubled, ...accounts.filter((account) => !troubled.includes(account))];
  return page(
    reader,
    say('overview'),
    html`${summary(say, view, troubled.length)} ${accountsTable(say, sorted, at)}`,
    view.isWatched ? { refreshSeconds: REFRESH_SECONDS } : {},
  );
}

function summary(say: Say, view: OverviewView, troubled: number): Html {
  const { accounts, deadLetters, redrivesPaused, workers, at, isWatched } = view;
  return html`<p>
    ${say('accounts')}: ${accounts.length} ·
    <span class="${troubled > 0 ? 'bad' : 'good'}">${say('attention')}: ${troubled}</span> ·
    ${
      workers !== null &&
      html`<span class="${workers === 0 ? 'bad' : ''}">${say('workers')}: ${workers}</span> · `
    }<a href="/dead-letters">${say('deadLetters')}: ${deadLetters}</a>
    ${redrivesPaused && html`<span class="bad">(${say('redrivesPaused')})</span>`} · ${say('asOf')}
    ${shownTime(at)} ·
    <a href="${isWatched ? '/' : '/?watch=yes'}">${say(isWatched ? 'unwatch' : 'watch')}</a>
  </p>`;
}

/** A lane that does not run, or messages of which nobody knows whether they were sent. */
function needsAttention(account: AccountView, now: number): boolean {
  return account.lanes.some(
    ({ kind, parked }) => parked > 0 || standingIn(account, kind, now).kind !== 'running',
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
    lane.parked > 0 ? parkedLink(appId, lane) : 0,
    requests === 0 ? '' : shownShare(taken, requests),
  ];
  return html`<tr>
    <td><a href="/accounts/${appId}">${appId}</a></td>
    <td>${lane.kind}</td>
    <td>${shownStanding(say, standingIn(account, lane.kind, now))}</td>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
    <td>${topCodes(say, appId, tally[lane.kind])}</td>
    <td>${tokenState(say, token, now)}</td>
  </tr>`;
}

function parkedLink(appId: string, { kind, parked }: LaneOverview): Html {
  return html`<a class="bad" href="/unknown?appId=${appId}&amp;kind=${kind}">${parked}</a>`;
}

/** Workers take a rate that somebody sets within 5 seconds. */
function limitOf(say: Say, { perSecond, setPerSecond, filePerSecond }: LaneOverview): Html {
  if (perSecond === undefined) return html``;
  const wanted = setPerSecond ?? filePerSecond ?? perSecond;
  const shown = perSecond === wanted ? `${perSecond}/s` : `${perSecond}/s → ${wanted}/s`;
  const isByHand = setPerSecond !== undefined;
  return html`${shown} ${isByHand && html`<span class="line">${say('byHand')}</span>`}`;
}

function topCodes(say: Say, appId: string, { refusals }: LaneTally): Html[] {
  return refusals
    .slice(0, MOST_CODES)
    .map(
      ({ errcode, count }) =>
        html`<span class="line">${linkedCode(say, appId, errcode)} × ${count}</span>`,
    );
}

/** To the letters that died of it. */
export function linkedCode(say: Say, appId: string, errcode: Answered): Html {
  if (errcode === null) return html`${say('noAnswer')}`;
  if (errcode === 'other') return html`${say('otherCodes')}`;
  if (errcode === 0) return html`0`;
  return html`<a href="/dead-letters?appId=${appId}&amp;errcode=${errcode}">${errcode}</a>`;
}

function tokenState(say: Say, token: TokenHealth, now: number): Html {
  switch (token.state) {
    case 'none':
      return html`${say('none')}`;
    case 'expired':
      return html`<span class="warn">${say('expired')}</span>`;
    case 'valid':
      return html`<span class="line">${shownAge(now - token.fetchedAt)} ${say('old')}</span
        >${token.source !== undefined && html`<span class="line">${token.source}</span>`}`;
  }
}

function shownRate(perSecond: number): string {
  return perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** Rounded down, so that 100 % means all. */
function shownShare(part: number, whole: number): string {
  return `${Math.floor((part * 1000) / whole) / 10} %`;
}
