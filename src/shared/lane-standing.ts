import type { LaneOverview, PauseOverview, SleepOverview } from './lane-overview.ts';
import type { LaneWorkers } from './workers.ts';

/** Whether the messages of a lane are sent, and if not, why. */
export type LaneStanding =
  /** Somebody wanted it, or WeChat refuses the account. Without `pause`: only this lane, by BullMQ or Bull Board. */
  | { readonly kind: 'paused'; readonly pause?: PauseOverview }
  /** The account is paused, yet this lane is not: pausing or resuming was interrupted. */
  | { readonly kind: 'half-paused' }
  | { readonly kind: 'no-worker' }
  | { readonly kind: 'asleep'; readonly sleep: SleepOverview }
  /** Something is due and could be sent for more than {@link OVERDUE_MS}, and no worker has sent anything. */
  | { readonly kind: 'stuck'; readonly since: number }
  | { readonly kind: 'running' };

/** So long a message may wait in a lane that could send and does not. */
export const OVERDUE_MS = 60_000;

export interface LaneSeen {
  readonly lane: LaneOverview;
  readonly pause?: PauseOverview | undefined;
  /** Null: not known. */
  readonly workers: LaneWorkers | null;
  /** Requests to WeChat in the last full minute and the one that runs. */
  readonly lately: number;
}

/** @param now epoch milliseconds */
export function standingOf({ lane, pause, workers, lately }: LaneSeen, now: number): LaneStanding {
  if (lane.paused) return { kind: 'paused', ...(pause && { pause }) };
  if (pause) return { kind: 'half-paused' };
  if (workers?.count === 0) return { kind: 'no-worker' };
  if (lane.sleep) return { kind: 'asleep', sleep: lane.sleep };
  const { oldestAt = now, freeSince = 0, perSecond = 1 } = lane;
  const firstWorkerAt = workers ? now - workers.forMs : 0;
  const isOverdue = now - Math.max(oldestAt, freeSince, firstWorkerAt) > OVERDUE_MS;
  // A lane of one message in ten minutes is slow on purpose.
  const isSlow = perSecond * OVERDUE_MS < 1000;
  return isOverdue && lately === 0 && !isSlow
    ? { kind: 'stuck', since: oldestAt }
    : { kind: 'running' };
}
