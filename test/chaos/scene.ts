import type { Disturbance } from './disturbance.ts';
import type { Fleet } from './fleet.ts';
import type { Stage } from './stage.ts';

/** All that an action may touch. */
export interface Scene {
  readonly stage: Stage;
  readonly fleet: Fleet;
  /** The recipient of a message, by the second part of its messageId. */
  readonly openidOf: (messageKey: string) => string | undefined;
}

/** What came of an action. */
export interface Performed {
  /** For the log; begins with `not done` when there was nothing to do it to. */
  readonly outcome: string;
  /** The worker it hit in the end, if that is not the one that was planned. */
  readonly worker?: number;
  readonly disturbances: readonly Disturbance[];
  /** The product did not behave: the run has failed, whatever became of the messages. */
  readonly misbehaved?: string;
}

export function performed(outcome: string, ...disturbances: readonly Disturbance[]): Performed {
  return { outcome, disturbances };
}
