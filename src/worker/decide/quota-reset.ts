import type { Random } from '../../shared/clock.ts';

const DAY_MS = 24 * 3_600_000;
/** China has one time zone and no daylight saving time. */
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;
const MARGIN_MS = 5 * 60_000;
const JITTER_MS = 60_000;
/** So long after midnight the quota may simply not have been reset yet. */
const LATE_MS = 90 * 60_000;
const LATE_STEP_MS = 10 * 60_000;

/**
 * How long until a spent daily quota is worth another try: 00:05 in Shanghai plus up to a
 * minute, and in the first hour and a half after midnight every ten minutes. Midnight there is
 * universally assumed, not documented (WeChat facts §6.1).
 */
export function untilQuotaReset(now: number, random: Random): number {
  const sinceMidnight = (now + SHANGHAI_OFFSET_MS) % DAY_MS;
  return Math.round(waitAt(sinceMidnight) + random() * JITTER_MS);
}

function waitAt(sinceMidnight: number): number {
  if (sinceMidnight < MARGIN_MS) return MARGIN_MS - sinceMidnight;
  if (sinceMidnight < LATE_MS) return LATE_STEP_MS;
  return DAY_MS - sinceMidnight + MARGIN_MS;
}
