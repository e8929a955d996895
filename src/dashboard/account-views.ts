import { type AccountControl, openAccountControl } from '../shared/account-control.ts';
import type { Clock } from '../shared/clock.ts';
import type { DeadLetterQueue } from '../shared/dead-letter.ts';
import { dueTime } from '../shared/lane-age.ts';
import { type LaneQueue, openLane } from '../shared/lane.ts';
import { type Kind, KINDS } from '../shared/outcome.ts';
import { readQuotas } from '../shared/quota.ts';
import type { RedisClient } from '../shared/redis.ts';
import { readTally } from '../shared/tally.ts';
import { forcedRefreshes, tokenHealth } from '../shared/token-health.ts';
import { type WorkerCounts, workerCounts } from '../shared/workers.ts';
import type { BoardLane } from './board-queue.ts';
import type { AccountDetail } from './pages/account.ts';
import type { AccountView } from './pages/overview.ts';
import type { WaitingView } from './pages/waiting.ts';
import { createSnapshot } from './snapshot.ts';

/** The accounts of the file as pages show them, and the switch of each. */
export interface AccountViews {
  appIds(): readonly string[];
  /** As they were at most {@link FRESH_MS} ago. */
  all(): Promise<AllAccounts>;
  /** As it is now. */
  one(appId: string): Promise<AccountDetail | null>;
  /** What a message that has not been sent waits for; null for an account that is not in the file. */
  waiting(appId: string, kind: Kind, messageKey: string): Promise<WaitingView | null>;
  /** False for an account that is not in the file. */
  pause(appId: string, by: string): Promise<boolean>;
  resume(appId: string): Promise<boolean>;
  /** Null gives the rate back to the accounts file. */
  setRate(appId: string, kind: Kind, perSecond: number | null): Promise<boolean>;
  /** Something was changed: what `all` has read is old. */
  changed(): void;
  countDeadLetters(): Promise<number>;
  /** Paused in Bull Board: nothing is redriven. */
  areRedrivesPaused(): Promise<boolean>;
  lanes(): readonly BoardLane[];
  close(): Promise<void>;
}

export interface AllAccounts {
  /** When they were read, epoch ms. */
  readonly at: number;
  readonly accounts: readonly AccountView[];
  /** Worker processes; null where Redis does not say. */
  readonly workers: number | null;
}

/** Many may look at once, and Redis has other things to do. */
export const FRESH_MS = 30_000;

interface Opened {
  readonly control: AccountControl;
  readonly lanes: Readonly<Record<Kind, LaneQueue>>;
}

export function openAccountViews(deps: {
  readonly redis: RedisClient;
  readonly clock: Clock;
  readonly appIds: () => readonly string[];
  readonly deadLetters: DeadLetterQueue;
  /** Runs a piece of work against Redis within the deadline of a call. */
  readonly call: <Result>(work: () => Promise<Result>) => Promise<Result>;
}): AccountViews {
  const { redis, clock, appIds, call } = deps;
  const opened = new Map<string, Opened>();

  function open(appId: string): Opened {
    const known = opened.get(appId);
    if (known) return known;
    const lane = (kind: Kind) => openLane(redis, appId, kind, () => undefined);
    const made = {
      control: openAccountControl(redis, appId, clock),
      lanes: { template: lane('template'), custom: lane('custom') },
    };
    opened.set(appId, made);
    return made;
  }

  async function view(appId: string, counts: WorkerCounts | null): Promise<AccountView> {
    const now = clock.now();
    const workers = counts && {
      template: counts.of(appId, 'template'),
      custom: counts.of(appId, 'custom'),
    };
    const [overview, token, tally] = await Promise.all([
      open(appId).control.overview(),
      tokenHealth(redis, appId, now),
      readTally(redis, appId, now),
    ]);
    return { ...overview, token, tally, workers };
  }

  async function detail(appId: string): Promise<AccountDetail> {
    const [seen, forced, quotas] = await Promise.all([
      workerCounts(redis).then((counts) => view(appId, counts)),
      forcedRefreshes(redis, appId, clock.now()),
      readQuotas(redis, appId),
    ]);
    return { ...seen, forced, quotas };
  }

  async function readAll(): Promise<AllAccounts> {
    const at = clock.now();
    const counts = await workerCounts(redis);
    const accounts = await Promise.all(appIds().map((appId) => view(appId, counts)));
    return { at, accounts, workers: counts && counts.most };
  }
  const snapshot = createSnapshot(FRESH_MS, clock.monotonic, () => call(readAll));

  async function act(
    appId: string,
    action: (control: AccountControl) => Promise<void>,
  ): Promise<boolean> {
    if (!appIds().includes(appId)) return false;
    await call(() => action(open(appId).control));
    snapshot.forget();
    return true;
  }

  return {
    appIds,
    all: () => snapshot.read(),
    one: async (appId) => (appIds().includes(appId) ? await call(() => detail(appId)) : null),
    waiting: async (appId, kind, messageKey) => {
      if (!appIds().includes(appId)) return null;
      return await call(async () => {
        const counts = await workerCounts(redis);
        const [account, dueAt] = await Promise.all([
          view(appId, counts),
          dueTime(redis, open(appId).lanes[kind], messageKey),
        ]);
        return { account, ...(dueAt !== null && { dueAt }) };
      });
    },
    pause: (appId, by) => act(appId, (control) => control.pause(by)),
    resume: (appId) => act(appId, (control) => control.resume()),
    setRate: (appId, kind, perSecond) => act(appId, (control) => control.setRate(kind, perSecond)),
    changed: () => snapshot.forget(),
    countDeadLetters: () => call(() => deps.deadLetters.getFailedCount()),
    areRedrivesPaused: () => call(() => deps.deadLetters.isPaused()),
    lanes: () =>
      appIds().flatMap((appId) =>
        KINDS.map((kind) => ({ appId, kind, queue: open(appId).lanes[kind] })),
      ),
    async close() {
      for (const { control, lanes } of opened.values()) {
        await control.close();
        await Promise.all(KINDS.map((kind) => lanes[kind].close()));
      }
    },
  };
}
