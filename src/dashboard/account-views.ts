import { type AccountControl, openAccountControl } from '../shared/account-control.ts';
import type { Clock } from '../shared/clock.ts';
import type { DeadLetterQueue } from '../shared/dead-letter.ts';
import { type LaneQueue, openLane } from '../shared/lane.ts';
import { type Kind, KINDS } from '../shared/outcome.ts';
import type { RedisClient } from '../shared/redis.ts';
import { tokenHealth } from '../shared/token-health.ts';
import type { BoardLane } from './board.ts';
import type { AccountView } from './pages/overview.ts';

/** The accounts of the file as pages show them, and the switch of each. */
export interface AccountViews {
  appIds(): readonly string[];
  all(): Promise<readonly AccountView[]>;
  one(appId: string): Promise<AccountView | null>;
  /** False for an account that is not in the file. */
  pause(appId: string): Promise<boolean>;
  resume(appId: string): Promise<boolean>;
  countDeadLetters(): Promise<number>;
  lanes(): readonly BoardLane[];
  close(): Promise<void>;
}

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

  async function view(appId: string): Promise<AccountView> {
    const { control, lanes } = open(appId);
    const [overview, token, ...oldest] = await Promise.all([
      control.overview(),
      tokenHealth(redis, appId, clock.now()),
      ...KINDS.map((kind) => oldestAt(lanes[kind])),
    ]);
    return {
      ...overview,
      token,
      oldestAt: Object.fromEntries(oldest.map((at, i) => [KINDS[i], at])),
    };
  }

  async function act(appId: string, action: 'pause' | 'resume'): Promise<boolean> {
    if (!appIds().includes(appId)) return false;
    await call(() => open(appId).control[action]());
    return true;
  }

  return {
    appIds,
    all: () => call(() => Promise.all(appIds().map(view))),
    one: async (appId) => (appIds().includes(appId) ? await call(() => view(appId)) : null),
    pause: (appId) => act(appId, 'pause'),
    resume: (appId) => act(appId, 'resume'),
    countDeadLetters: () => call(() => deps.deadLetters.getFailedCount()),
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

/** When the job at the head of a lane was added, epoch ms; null for an empty lane. */
async function oldestAt(lane: LaneQueue): Promise<number | null> {
  const [oldest] = await lane.getWaiting(0, 0);
  return oldest?.timestamp ?? null;
}
