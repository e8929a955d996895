import type { LaneOverview, PauseOverview, SleepOverview } from './lane-overview.ts';

/** Whether the messages of a lane are sent, and if not, why. */
export type LaneStanding =
  /** Somebody wanted it, or WeChat refuses the account. Without `pause`: only this lane, by BullMQ or Bull Board. */
  | { readonly kind: 'paused'; readonly pause?: PauseOverview }
  /** The account is paused, yet this lane is not: pausing or resuming was interrupted. */
  | { readonly kind: 'half-paused' }
  | { readonly kind: 'no-worker' }
  | { readonly kind: 'asleep'; readonly sleep: SleepOverview }
  /** Something is due for more than {@link OVERDUE_MS}, workers are there, and none has sent anything. */
  | { readonly kind: 'stuck'; readonly since: number }
  | { readonly kind: 'running' };

/** So long a message may wait in a lane that sends nothing. */
export const OVERDUE_MS = 60_000;

export interface LaneSeen {
  readonly lane: LaneOverview;
  readonly pause?: PauseOverview | undefined;
  /** Null: not known. */
  readonly workers: number | null;
  /** Requests to WeChat a second, in the last full minute. */
  readonly sending: number;
}

/** @param now epoch milliseconds */
export function standingOf({ lane, pause, workers, sending }: LaneSeen, now: number): LaneStanding {
  if (lane.paused) return { kind: 'paused', ...(pause && { pause }) };
  if (pause) return { kind: 'half-paused' };
  if (workers === 0) return { kind: 'no-worker' };
  if (lane.sleep) return { kind: 'asleep', sleep: lane.sleep };
  const { oldestAt = now, perSecond = 1 } = lane;
  const isOverdue = now - oldestAt > OVERDUE_MS;
  // A lane of one message in ten minutes is slow on purpose.
  const isSlow = perSecond * OVERDUE_MS < 1000;
  return isOverdue && sending === 0 && !isSlow
    ? { kind: 'stuck', since: oldestAt }
    : { kind: 'running' };
}
