/** Why a whole lane waits. No attempt of any message is spent meanwhile. */
export type SleepCause = 'rate-limit' | 'quota' | 'token' | 'permission' | 'outage';

/** How long a lane takes to come back to its full rate after a sleep of this cause, in ms. */
const RAMP_MS: Readonly<Partial<Record<SleepCause, number>>> = {
  // All accounts of the world come back at the same minute.
  quota: 300_000,
  // A service that has just come back is not helped by all that waited for it.
  outage: 10_000,
};
const FIRST_SHARE = 0.1;

/** The longest a past sleep matters, in ms. */
export const LONGEST_RAMP_MS = Math.max(...Object.values(RAMP_MS));

/**
 * The share of its rate that a lane may use, from a tenth when it wakes to all of it when its
 * ramp is over.
 *
 * @param sinceWakingMs negative while it still sleeps
 */
export function paceShare(cause: SleepCause, sinceWakingMs: number): number {
  const ramp = RAMP_MS[cause];
  if (ramp === undefined || sinceWakingMs >= ramp) return 1;
  return FIRST_SHARE + (1 - FIRST_SHARE) * (Math.max(0, sinceWakingMs) / ramp);
}
