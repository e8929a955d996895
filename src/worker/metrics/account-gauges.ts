import { Gauge, type Registry } from 'prom-client';
import type { LaneOverview } from '../../shared/lane-overview.ts';
import type { Reading } from '../../shared/metrics/reading.ts';
import { KINDS } from '../../shared/outcome.ts';
import type { Quota } from '../../shared/quota.ts';
import { FORCED_PER_DAY } from '../../shared/token-health.ts';
import type { AccountState, ObservedAccount } from './account-reading.ts';
import { LANE_LABELS } from './lane-counters.ts';

export interface AccountGaugesDeps {
  readonly registry: Registry;
  readonly accounts: ReadonlyMap<string, ObservedAccount>;
  /** Shared by all gauges of a scrape. */
  readonly states: Reading<readonly AccountState[]>;
  readonly now: () => number;
}

type Labels = Readonly<Record<string, string>>;
/** One time series of a gauge at this scrape. */
type Sample = readonly [Labels, number];

/** Gauges that are read at each scrape: what Redis says of the accounts that are at work here. */
export function registerAccountGauges(deps: AccountGaugesDeps): void {
  const { registry, accounts, states, now } = deps;

  function gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    samples: () => Promise<readonly Sample[]> | readonly Sample[],
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const found = await samples();
        this.reset();
        for (const [labels, value] of found) this.set(labels, value);
      },
    });
  }
  const ofAccounts = (sample: (state: AccountState) => readonly Sample[]) => async () =>
    ((await states()) ?? []).flatMap(sample);
  const ofLanes = (sample: (lane: LaneOverview, labels: Labels) => readonly Sample[]) =>
    ofAccounts(({ appId, lanes }) =>
      lanes.flatMap((lane) => sample(lane, { account: appId, kind: lane.kind })),
    );

  gauge(
    'courier_queue_depth',
    'Jobs of a lane by state',
    [...LANE_LABELS, 'state'],
    ofLanes(depths),
  );
  gauge(
    'courier_queue_oldest_age_seconds',
    'How long the message that has waited longest has waited; 0 when none waits',
    LANE_LABELS,
    ofLanes(({ oldestAt = now() }, labels) => [[labels, Math.max(0, now() - oldestAt) / 1000]]),
  );
  gauge(
    'courier_parked_messages',
    'Unknown messages that wait for a person',
    LANE_LABELS,
    ofLanes(({ parked }, labels) => [[labels, parked]]),
  );
  gauge(
    'courier_parked_oldest_age_seconds',
    'How long the oldest unknown message has been unknown; 0 when there is none',
    ['account'],
    ofAccounts(({ appId, unknownSince = now() }) => [
      [{ account: appId }, Math.max(0, now() - unknownSince) / 1000],
    ]),
  );
  gauge(
    'courier_lane_asleep',
    '1 while the lane sleeps, by cause; absent while it is awake',
    [...LANE_LABELS, 'cause'],
    ofLanes(({ sleep }, labels) => (sleep ? [[{ ...labels, cause: sleep.cause }, 1]] : [])),
  );
  gauge(
    'courier_rate_limit_per_second',
    'Sends a second that the lane may make, over all workers',
    LANE_LABELS,
    ofLanes(({ perSecond }, labels) => (perSecond === undefined ? [] : [[labels, perSecond]])),
  );
  gauge(
    'courier_account_paused',
    '1 while the account is paused, by cause; absent while it is at work',
    ['account', 'cause'],
    ofAccounts(({ appId, pause }) => (pause ? [[{ account: appId, cause: pause.cause }, 1]] : [])),
  );
  gauge(
    'courier_token_remaining_seconds',
    'So long the shared token is still valid; 0 when there is none',
    ['account'],
    ofAccounts(({ appId, token }) => {
      const ms = token.state === 'valid' ? Math.max(0, token.expiresAt - now()) : 0;
      return [[{ account: appId }, ms / 1000]];
    }),
  );
  gauge(
    'courier_token_forced_left',
    'Forced refreshes of the token that are left of 24 hours',
    ['account'],
    ofAccounts(({ appId, forced }) => [[{ account: appId }, Math.max(0, FORCED_PER_DAY - forced)]]),
  );
  gauge(
    'courier_quota_limit',
    'Calls a day that WeChat allows; absent while it did not say',
    LANE_LABELS,
    ofAccounts((state) => quotaSamples(state, ({ dailyLimit }) => dailyLimit)),
  );
  gauge(
    'courier_quota_used',
    'Calls of today by WeChat’s count, some minutes old; absent while it did not say',
    LANE_LABELS,
    ofAccounts((state) => quotaSamples(state, ({ used }) => used)),
  );
  gauge('courier_token_age_seconds', 'Age of the token this process sends with', ['account'], () =>
    [...accounts].flatMap(([account, { tokenFetchedAt }]) => {
      const at = tokenFetchedAt();
      return at === null ? [] : [[{ account }, Math.max(0, now() - at) / 1000] as const];
    }),
  );
}

function quotaSamples(
  { appId, quotas }: AccountState,
  value: (quota: Extract<Quota, { kind: 'told' }>) => number,
): Sample[] {
  return KINDS.flatMap((kind) => {
    const quota = quotas[kind];
    return quota?.kind === 'told' ? [[{ account: appId, kind }, value(quota)] as const] : [];
  });
}

/** *Failed* are the messages of unknown outcome. */
function depths(lane: LaneOverview, labels: Labels): Sample[] {
  const counts = {
    waiting: lane.waiting - lane.prioritized,
    prioritized: lane.prioritized,
    delayed: lane.delayed,
    active: lane.active,
    failed: lane.parked,
  };
  return Object.entries(counts).map(([state, count]) => [{ ...labels, state }, count]);
}
