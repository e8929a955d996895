import type { Account } from '../../shared/accounts.ts';
import type { Config } from '../../shared/config.ts';
import type { DeadLetter, DeadLetterQueue } from '../../shared/dead-letter.ts';
import { accountKeys } from '../../shared/keys.ts';
import { type LaneQueue, openLane } from '../../shared/lane.ts';
import { createRedisLedger } from '../../shared/ledger/redis-ledger.ts';
import { createSearchIndex } from '../../shared/ledger/search-index.ts';
import { closing, parallel, type Service, serviceStack } from '../../shared/lifecycle.ts';
import type { Logger } from '../../shared/logger.ts';
import { KINDS, type Kind } from '../../shared/outcome.ts';
import type { RedisClient } from '../../shared/redis.ts';
import type { Tracing } from '../../shared/tracing/span.ts';
import { messageOf } from '../../shared/errors.ts';
import { createTally, type Tally } from '../../shared/tally.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { createDeadLetterReconciler } from '../dead-letter/dead-letter-reconciler.ts';
import { createOutageWatch } from '../decide/outage.ts';
import { redrive, type Redriven } from '../dead-letter/redrive.ts';
import { createGivenUpJobs } from '../lane/given-up-jobs.ts';
import { createLane } from '../lane/lane.ts';
import { createLanePace } from '../lane/lane-pace.ts';
import { createLaneProcess } from '../lane/lane-process.ts';
import { createLaneSleep } from '../lane/lane-sleep.ts';
import { createOrphans } from '../lane/orphans.ts';
import { createParkedJobs } from '../lane/parked-jobs.ts';
import type { LaneMetrics } from '../metrics/lane-counters.ts';
import type { WorkerMetrics } from '../metrics/worker-metrics.ts';
import { createWechatClient } from '../send/wechat-client.ts';
import { createFirstToken } from '../token/first-token.ts';
import { createTokenSeal } from '../token/seal.ts';
import { createTokenSource } from '../token/token-source.ts';
import { createTokenStore } from '../token/token-store.ts';
import { createTokens } from '../token/tokens.ts';
import { createTurns } from '../turns.ts';
import { createAccountPause } from './account-pause.ts';
import { createAccountProbe } from './account-probe.ts';
import { createQuotaReader } from './quota-reader.ts';

/** What all accounts of a process share. */
export interface AccountDeps {
  readonly redis: RedisClient;
  readonly deadLetters: DeadLetterQueue;
  readonly config: Pick<
    Config,
    'concurrency' | 'ledgerTtlHours' | 'quotaMinutes' | 'searchIndex' | 'shutdownGraceMs'
  >;
  readonly metrics: WorkerMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly logger: Logger;
  readonly tracing: Tracing;
  /** Names this process in locks and, with a number, each run of it in leases. */
  readonly owner: string;
  readonly stopping: () => boolean;
}

/** One account at work in this process: its two lanes and everything they need. */
export interface RunningAccount extends Service {
  redrive(letter: DeadLetter): Promise<Redriven>;
}

/** Wires one account. The only place that knows all of its parts. */
export function createAccount(deps: AccountDeps, account: Account): RunningAccount {
  const { redis, clock, random, logger, owner, metrics, deadLetters } = deps;
  const { appId } = account;
  let runs = 0;
  const lanes = openBothLanes(redis, appId, logger);
  const ttlMs = deps.config.ledgerTtlHours * 3_600_000;
  const index = deps.config.searchIndex
    ? createSearchIndex({ redis, appId, ttlMs, now: clock.now })
    : undefined;
  const ledger = createRedisLedger({ redis, appId, ttlMs, process: owner, index });
  const store = createTokenStore(
    redis,
    appId,
    createTokenSeal(account, deps.randomBytes),
    account.tokenSource.kind,
  );
  const tokens = createTokens({
    store,
    source: createTokenSource(account, clock),
    clock,
    random,
    logger: logger.child({ appId }),
    tracing: deps.tracing,
    appId,
    owner,
    onRefresh: (cause) => metrics.tokenRefreshed(appId, cause),
    onConflict: () => metrics.tokenConflicted(appId),
  });
  const client = createWechatClient({
    apiBase: account.apiBase,
    connections: deps.config.concurrency * KINDS.length,
    secret: account.secret,
  });
  const tally = createTally({ redis, appId, now: clock.now, logger });
  const laneMetrics = {
    template: tallied(metrics.lane(appId, 'template'), tally, 'template'),
    custom: tallied(metrics.lane(appId, 'custom'), tally, 'custom'),
  };
  metrics.observe(appId, { lanes, tokenFetchedAt: tokens.fetchedAt });
  const turns = createTurns({ redis, keyOf: accountKeys(appId).turn, owner });
  const graveyard = { appId, ledger, deadLetters, lanes };
  const pause = createAccountPause({ redis, appId, lanes: Object.values(lanes), clock, logger });

  function lane(kind: Kind): Service {
    const queue = lanes[kind];
    const { perSecond } = account.rate[kind];
    const pace = createLanePace({ redis, queue, appId, kind, perSecond, turns, clock, logger });
    const process = createLaneProcess({
      ...deps,
      nextOwner: () => `${owner}:${(runs += 1)}`,
      appId,
      kind,
      ledger,
      tokens,
      client,
      deadLetters,
      pause,
      sleep: createLaneSleep({ redis, queue, pace, appId, kind, clock, random, logger }),
      outage: createOutageWatch(clock.monotonic),
      metrics: laneMetrics[kind],
    });
    const { concurrency } = deps.config;
    return createLane({ redis, appId, kind, pace, concurrency, clock, logger, process });
  }

  const services = serviceStack([
    closing('client', () => client.close()),
    ...KINDS.map((kind) => closing(`${kind} queue`, () => lanes[kind].close())),
    createAccountProbe({
      pause,
      tokens,
      generation: async () => (await store.read()).generation,
      logger,
    }),
    tally,
    createQuotaReader({
      redis,
      account,
      store,
      hasToken: () => tokens.fetchedAt() !== null,
      turns,
      minutes: deps.config.quotaMinutes,
      clock,
      logger: logger.child({ appId }),
    }),
    createGivenUpJobs({ lanes, turns, logger }),
    createOrphans({ appId, ledger, lanes, turns, logger }),
    createParkedJobs({ ...graveyard, metrics: laneMetrics, turns, logger }),
    createDeadLetterReconciler({ ...graveyard, turns, logger }),
    createFirstToken(tokens, Object.values(lanes)),
    parallel('lanes', KINDS.map(lane)),
  ]);
  return {
    name: appId,
    start: () => services.start(),
    async stop() {
      metrics.forget(appId);
      const { shutdownGraceMs } = deps.config;
      const abort = setTimeout(() => void client.abort(), abortAfter(shutdownGraceMs));
      await services.stop().finally(() => clearTimeout(abort));
    },
    redrive: (letter) => redrive({ ledger, lane: lanes[letter.kind], logger }, letter),
  };
}

/** Counted in this process for Prometheus, and in Redis for people. */
function tallied(metrics: LaneMetrics, tally: Tally, kind: Kind): LaneMetrics {
  return {
    ...metrics,
    answered(errcode, durationSeconds) {
      metrics.answered(errcode, durationSeconds);
      tally.answered(kind, errcode);
    },
  };
}

/**
 * When a stopping process breaks off the requests it still waits for, so that it can write down
 * that their outcome is unknown and exit in time. With the default grace none is left by then.
 */
function abortAfter(graceMs: number): number {
  return Math.max(graceMs - 3000, graceMs / 2);
}

function openBothLanes(
  redis: RedisClient,
  appId: string,
  logger: Logger,
): Readonly<Record<Kind, LaneQueue>> {
  const onError = (error: Error) => logger.warn({ appId, detail: messageOf(error) }, 'lane queue');
  return {
    template: openLane(redis, appId, 'template', onError),
    custom: openLane(redis, appId, 'custom', onError),
  };
}
