import { setTimeout as delay } from 'node:timers/promises';
import { type Books, readBooks } from './observation.ts';
import type { Site } from './site.ts';

const LOOK_MS = 250;
const ENDS = ['sent', 'dead', 'unknown'];

/** Nothing more will happen to the message: it has ended, and no queue has work left with it. */
export function isOver({ record, lanes, deadLetters, deadPending }: Books): boolean {
  const state = record['st'];
  return (
    state !== undefined &&
    ENDS.includes(state) &&
    isIdle(lanes) &&
    isIdle(deadLetters) &&
    // A job that failed without being parked is run again by a chore of the worker.
    (lanes.failed === 0 || state === 'unknown') &&
    deadPending === 0
  );
}

/** Accepted, and no job anywhere that would send it. */
export function isOrphaned({ record, lanes }: Books): boolean {
  return record['st'] === 'queued' && isIdle(lanes) && lanes.failed === 0;
}

/** Nobody ever heard of it, so nobody can have promised anything. */
export function isUnheardOf({ record, lanes }: Books): boolean {
  return record['st'] === undefined && isIdle(lanes) && lanes.failed === 0;
}

function isIdle({ waiting, active }: { waiting: number; active: number }): boolean {
  return waiting === 0 && active === 0;
}

/** Looks until it is over, or time is; returns what it saw last. */
export async function untilOver(
  site: Site,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Books> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const books = await readBooks(site);
    if (isOver(books) || performance.now() > deadline || signal?.aborted) return books;
    await delay(LOOK_MS);
  }
}
