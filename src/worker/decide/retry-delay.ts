import type { Random } from '../../shared/clock.ts';
import { TIMINGS } from '../../shared/timings.ts';

/**
 * Waiting times after attempt 1, 2, …; their sum keeps a template message inside the ten
 * minutes in which WeChat drops repeats of its `client_msg_id` (WeChat facts §2.3).
 */
export const RETRY_LADDER_MS: readonly number[] = TIMINGS.templateRetryDelaysMs;

/** Recipients that WeChat wants left alone (43117): minutes to hours, thresholds unknown. */
export const RECIPIENT_LADDER_MS: readonly number[] = [60_000, 300_000, 900_000, 3_600_000];

/**
 * The wait after attempt number `attempt`, shortened by up to a quarter so that messages that
 * failed together do not come back together. Null when the ladder is used up.
 */
export function delayAfter(
  attempt: number,
  ladder: readonly number[],
  random: Random,
): number | null {
  const step = ladder[attempt - 1];
  return step === undefined ? null : Math.round(step * (1 - random() / 4));
}

/** The wait after `tries` tries that never reached WeChat: the ladder, then a minute for ever. */
export function delayWhileUnreachable(tries: number, random: Random): number {
  const step = RETRY_LADDER_MS[Math.max(0, tries - 1)] ?? 60_000;
  return Math.round(Math.min(step, 60_000) * (1 - random() / 4));
}
