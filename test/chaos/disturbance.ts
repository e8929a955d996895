/** Something that was done to the system, and whom it may have hit. */
export interface Disturbance {
  readonly what: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** The recipients of the messages it hit; `any` when nobody could look. */
  readonly hit: ReadonlySet<string> | 'any';
}

/** When an attempt got its lease, and how long its request then took; milliseconds. */
export interface AttemptSpan {
  readonly at: number;
  readonly durationMs: number;
  readonly verdict: string;
}

/** Between lease and request lies at most the wait for a token. */
const TOKEN_WAIT_MS = 3000;
/** A lock that could not be renewed meanwhile is missed at the next renewal: half its 15 s. */
const AFTERMATH_MS = 7500;
/**
 * In the ledger an interrupted attempt lasts until somebody takes the message up. Its own process
 * could send only as long as its lease.
 */
const LEASE_MS = 12_000;

/**
 * Why nobody knows whether a message was sent: the disturbance that hit it while an attempt
 * without an answer was under way. Null if there is none.
 */
export function explain(
  disturbances: readonly Disturbance[],
  openid: string,
  attempts: readonly AttemptSpan[],
): string | null {
  const doubtful = attempts.filter(({ verdict }) => verdict === 'ambiguous');
  const cause = disturbances.find(
    ({ from, to, hit }) =>
      (hit === 'any' || hit.has(openid)) &&
      doubtful.some(
        ({ at, durationMs }) =>
          at <= (hit === 'any' ? to + AFTERMATH_MS : to) &&
          from <= at + Math.min(TOKEN_WAIT_MS + durationMs, LEASE_MS),
      ),
  );
  return cause?.what ?? null;
}
