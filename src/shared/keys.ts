import type { Kind } from './outcome.ts';

/**
 * Every Redis key and queue name in one place (the outside relies on the queue names).
 * All keys of an account carry the hash tag `{appId}`, so that one script may touch several
 * of them on a Redis Cluster.
 */

/** The queue that lists dead letters of all accounts, as failed jobs. */
export const DEAD_LETTER_QUEUE = 'dead-letter';
export const DEAD_LETTER_PREFIX = 'courier:{dead-letter}';

/** A text that is there for as long as Redis has lost nothing. Of a cluster only one node has it. */
export const INSTALLATION_KEY = 'courier:installation';

/** BullMQ prefix of an account's lanes. */
export function lanePrefix(appId: string): string {
  return `courier:{${appId}}`;
}

/** Queue name of a lane: `<appId>.<kind>`. */
export function laneName(appId: string, kind: Kind): string {
  return `${appId}.${kind}`;
}

/** Field of an account's rates. */
export function fileRate(kind: Kind): string {
  return `${kind}:file`;
}

/** The keys of one account beside its lanes. */
export function accountKeys(appId: string) {
  const prefix = lanePrefix(appId);
  return {
    /** Hash per message: the ledger record. Short on purpose, it is paid per message. */
    ledger: (messageKey: string) => `${prefix}:m:${messageKey}`,
    /** List: messages of one day whose recipient or msgid has the same first bits (search-index.ts). */
    index: (day: number, list: number) => `${prefix}:i:${day}:${list.toString(36)}`,
    /** Sorted set by time of use: the callers' ids without their numbers (id-patterns.ts). */
    idPatterns: `${prefix}:id-patterns`,
    /** The same without the digits only, where letters touch them. */
    digitPatterns: `${prefix}:digit-patterns`,
    /** Sorted set by time: dead in the ledger, dead-letter job not yet confirmed. */
    deadPending: `${prefix}:dead-pending`,
    /** Sorted set by time: messages whose outcome nobody knows. */
    unknown: `${prefix}:unknown`,
    /** Sorted set by time: recorded in the ledger, job not yet confirmed in the lane. */
    handovers: `${prefix}:handovers`,
    /** Text that expires: the message key of the suspect of poison that this process tries. */
    suspect: (process: string) => `${prefix}:suspect:${process}`,
    /** Text that expires: which process does this chore in this period. */
    turn: (chore: string) => `${prefix}:turn:${chore}`,
    /** Hash: the sealed access token and its generation. The only key that holds one. */
    token: `${prefix}:token`,
    tokenLock: `${prefix}:token-lock`,
    /** Text that expires: WeChat refuses the token of this generation and hands it out again. */
    tokenDoubt: (generation: string) => `${prefix}:token-doubt:${generation}`,
    /** Text that expires: some process has counted the conflict of this generation. */
    tokenConflict: (generation: string) => `${prefix}:token-conflict:${generation}`,
    /** Count that expires: tokens that WeChat refused before their time. */
    tokenRefusals: `${prefix}:token-refusals`,
    /** Sorted set by time of the forced refreshes of the last 24 hours. */
    tokenForced: `${prefix}:token-forced`,
    /** Text that expires: the last of them is booked, and maybe not made yet. */
    tokenForcing: `${prefix}:token-forcing`,
    /** Hash: by kind, the rate that an operator set; by {@link fileRate}, that of the accounts file. */
    rates: `${prefix}:rates`,
    /** Hash of half an hour: requests by kind and errcode, and by kind and minute (tally.ts). */
    tally: (slice: number) => `${prefix}:tally:${slice}`,
    /** Text that expires: what WeChat said of the daily quota of a kind (quota.ts). */
    quota: (kind: Kind) => `${prefix}:quota:${kind}`,
    /** Hash: why and since when the account is paused. */
    pause: `${prefix}:pause`,
    /** Hash per kind: until when the lane sleeps and how long the last sleep was. */
    sleep: (kind: Kind) => `${prefix}:sleep:${kind}`,
  } as const;
}
