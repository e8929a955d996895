/**
 * Time as a dependency: nothing outside this file reads the clock, so that every decision
 * about time can be tested without waiting for it.
 */
export interface Clock {
  /** Wall clock, epoch milliseconds. For what people see and for what travels. */
  now(): number;
  /** Monotonic milliseconds. For measuring and for deadlines inside one process. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Randomness as a dependency: a number in [0, 1). */
export type Random = () => number;
