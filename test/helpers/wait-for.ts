import { once, type EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** Default 20. */
  readonly intervalMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
}

/**
 * Repeats `probe` until it returns something truthy without throwing, and returns that. So it
 * takes conditions (`() => list.length === 3`) and assertions that return (`() => expect…`, with
 * `?? true`) alike. Past the deadline it throws with the last reason.
 */
export async function waitFor<T>(
  probe: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 5_000, intervalMs = 20, what = 'the condition' } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let reason: unknown;
    try {
      const value = await probe();
      if (value) return value;
      reason = `last value: ${JSON.stringify(value)}`;
    } catch (error) {
      reason = error;
    }
    if (performance.now() >= deadline) {
      const text = reason instanceof Error ? reason.message : String(reason);
      throw new Error(`Waited ${timeoutMs} ms for ${what}; ${text}`, { cause: reason });
    }
    await delay(intervalMs);
  }
}

/** Repeats an assertion until it holds; past the deadline throws what it threw last. */
export async function eventually(
  assertion: () => void | Promise<void>,
  options: WaitOptions = {},
): Promise<void> {
  await waitFor(async () => {
    await assertion();
    return true;
  }, options);
}

/** The arguments of the next `event`; throws when it does not come in time. */
export async function nextEvent(
  emitter: EventEmitter,
  event: string,
  options: Pick<WaitOptions, 'timeoutMs'> = {},
): Promise<unknown[]> {
  const { timeoutMs = 5_000 } = options;
  try {
    return (await once(emitter, event, { signal: AbortSignal.timeout(timeoutMs) })) as unknown[];
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    throw new Error(`Waited ${timeoutMs} ms for the event '${event}'`, { cause: error });
  }
}
