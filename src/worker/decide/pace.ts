/** Why a whole lane waits. No attempt of any message is spent meanwhile. */
export type SleepCause = 'rate-limit' | 'quota' | 'token' | 'permission' | 'outage';

/** With which share of its rate a lane wakes from a sleep of this cause, and when it has all. */
const RAMPS: Readonly<Partial<Record<SleepCause, { from: number; ms: number }>>> = {
  // All accounts of the world come back at the same minute.
  quota: { from: 0.1, ms: 300_000 },
  // What is sent while nobody knows whether WeChat is back may end as unknown.
  outage: { from: 0.02, ms: 10_000 },
};

/** The longest a past sleep matters, in ms. */
export const LONGEST_RAMP_MS = Math.max(...Object.values(RAMPS).map(({ ms }) => ms));

/**
 * The share of its rate that a lane may use, from little when it wakes to all of it when its
 * ramp is over.
 *
 * @param sinceWakingMs negative while it still sleeps
 */
export function paceShare(cause: SleepCause, sinceWakingMs: number): number {
  const ramp = RAMPS[cause];
  if (!ramp || sinceWakingMs >= ramp.ms) return 1;
  return ramp.from + (1 - ramp.from) * (Math.max(0, sinceWakingMs) / ramp.ms);
}
