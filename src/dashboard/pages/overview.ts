import type { AccountOverview } from '../../shared/account-control.ts';
import type { LaneOverview } from '../../shared/lane-overview.ts';
import type { TokenHealth } from '../../shared/token-health.ts';
import { html, type Html } from '../html.ts';
import type { Say } from '../words.ts';
import { page, type Reader, shownAge, shownTime, table } from './layout.ts';

/** One account as Overview and Account show it. */
export interface AccountView extends AccountOverview {
  readonly token: TokenHealth;
  /** By kind: when the message that waits longest was enqueued, epoch ms. */
  readonly oldestAt: Readonly<Record<string, number | null>>;
}

export function overviewPage(
  reader: Reader,
  accounts: readonly AccountView[],
  deadLetters: number,
  now: number,
): Html {
  const { say } = reader;
  const letters = html`<p>
    <a href="/dead-letters">${deadLetters} ${say('deadLetters')}</a>
  </p>`;
  return page(reader, say('overview'), html`${letters}${accountsTable(say, accounts, now)}`);
}

export function accountsTable(say: Say, accounts: readonly AccountView[], now: number): Html {
  const numbers = (['waiting', 'oldest', 'delayed', 'active', 'parked', 'limit'] as const).map(
    (word) => html`<th class="number">${say(word)}</th>`,
  );
  const heads = [
    html`<th>${say('account')}</th>`,
    html`<th>${say('kind')}</th>`,
    ...numbers,
    html`<th>${say('state')}</th>`,
    html`<th>${say('token')}</th>`,
  ];
  return table(
    heads,
    accounts.map((account) => account.lanes.map((lane) => laneRow(say, account, lane, now))),
  );
}

function laneRow(say: Say, account: AccountView, lane: LaneOverview, now: number): Html {
  const oldestAt = account.oldestAt[lane.kind];
  const cells = [
    lane.waiting,
    oldestAt ? shownAge(now - oldestAt) : '',
    lane.delayed,
    lane.active,
    lane.parked,
    lane.perSecond === undefined ? '' : `${lane.perSecond}/s`,
  ];
  return html`<tr>
    <td><a href="/accounts/${account.appId}">${account.appId}</a></td>
    <td>${lane.kind}</td>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
    <td>${laneState(say, account, lane)}</td>
    <td>${tokenState(say, account.token, now)}</td>
  </tr>`;
}

function laneState(say: Say, { pause }: AccountView, lane: LaneOverview): Html {
  if (lane.paused && pause) {
    const text = `${say('paused')}: ${pause.cause} ${pause.errcode ?? ''}, ${shownTime(pause.since)}`;
    return html`<span class="bad">${text}</span>`;
  }
  if (lane.paused) return html`<span class="bad">${say('paused')}</span>`;
  if (lane.sleep) {
    const text = `${say('asleep')} ${shownTime(lane.sleep.until)} (${lane.sleep.cause})`;
    return html`<span class="warn">${text}</span>`;
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
      return html`${shownAge(now - token.fetchedAt)}, #${token.generation}`;
  }
}
