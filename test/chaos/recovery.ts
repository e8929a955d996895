import type { Disturbance } from './disturbance.ts';
import type { Evidence } from './verdict.ts';

/** Within which another worker takes up what a killed one had in flight: a lock and two looks. */
export const RECOVERY_MS = 25_000;
/** Within which half as much is sent as before Redis was away. */
export const RESUMPTION_MS = 5000;

/** How a set of times is spread, milliseconds; null without any. */
export interface Spread {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/**
 * How long each message that a killed worker had in flight waited until another worker took it
 * up. `undisturbed` leaves out those whose waiting overlapped other trouble than worker deaths.
 */
export function recoveryTimes(evidence: Evidence): { all: Spread; undisturbed: Spread } {
  const messageIds = new Map(evidence.owed.map(({ openid, messageId }) => [openid, messageId]));
  const trouble = evidence.disturbances.filter(({ hit, what }) => hit === 'any' && what !== 'kill');
  const all: number[] = [];
  const undisturbed: number[] = [];
  for (const { what, hit, to: killedAt } of evidence.disturbances) {
    if (what !== 'kill' || hit === 'any') continue;
    for (const openid of hit) {
      const { attempts = [] } = evidence.said.get(messageIds.get(openid) ?? '') ?? {};
      // The interrupted attempt lasts, in the ledger, until somebody takes the message up.
      const ends = attempts
        .filter(({ at, durationMs }) => at <= killedAt && at + durationMs >= killedAt)
        .map(({ at, durationMs }) => at + durationMs);
      if (ends.length === 0) continue;
      const end = Math.min(...ends);
      all.push(end - killedAt);
      if (!trouble.some(({ from, to }) => from <= end && to >= killedAt)) {
        undisturbed.push(end - killedAt);
      }
    }
  }
  return { all: spread(all), undisturbed: spread(undisturbed) };
}

const BEFORE_MS = 5000;
const WINDOW_MS = 1000;
const STEP_MS = 100;
const LONGEST_MS = 60_000;

/**
 * After each outage of Redis: how long until, over a second, at least half as much was sent as
 * in the five seconds before it.
 */
export function resumptionTimes(
  takenAt: readonly number[],
  outages: readonly Disturbance[],
): Spread {
  const times = takenAt.toSorted((left, right) => left - right);
  const within = (from: number, ms: number): number =>
    countBefore(times, from + ms) - countBefore(times, from);
  const found: number[] = [];
  for (const { from, to } of outages) {
    const usual = (within(from - BEFORE_MS, BEFORE_MS) / BEFORE_MS) * WINDOW_MS;
    if (usual < 10) continue;
    let waited = 0;
    while (waited < LONGEST_MS && within(to + waited, WINDOW_MS) < usual / 2) waited += STEP_MS;
    found.push(waited);
  }
  return spread(found);
}

/** How many of the sorted times are before this one. */
function countBefore(times: readonly number[], limit: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): number | null =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? null };
}
