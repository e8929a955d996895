import { networkOf } from './network.ts';

/** Who tries to log in. */
export interface Attempt {
  readonly address: string;
  readonly name: string;
}

/** Slows guessing down: after some failures one has to wait, longer each time. */
export interface Lockout {
  /** Milliseconds until this one may try again; 0 for now. */
  waitMs(who: Attempt): number;
  failed(who: Attempt): void;
  succeeded(who: Attempt): void;
  /**
   * One attempt of an address after the other: as long as it takes to check a password, many at
   * once would all be free.
   */
  inTurn<Result>(address: string, attempt: () => Promise<Result>): Promise<Result>;
}

/**
 * So many wrong passwords are free: people mistype. A name is only locked for the address that
 * guesses, or strangers could lock people out; an address for all names, but later, since an
 * office may have only one. An address stands for its network.
 */
const FREE = { nameAtAddress: 5, address: 25 };
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** Failures older than this are forgotten. */
const MEMORY_MS = 60 * 60_000;
/** A guesser with many addresses must not fill the memory. */
const MOST = 10_000;

interface Failures {
  readonly count: number;
  readonly until: number;
  readonly last: number;
}

export function createLockout(now: () => number): Lockout {
  const failures = new Map<string, Failures>();
  /** The end of the latest attempt of each address. */
  const latest = new Map<string, Promise<unknown>>();

  function of(key: string): Failures | undefined {
    const known = failures.get(key);
    if (known && now() - known.last > MEMORY_MS) failures.delete(key);
    return failures.get(key);
  }

  function count(key: string, free: number): void {
    const times = (of(key)?.count ?? 0) + 1;
    const wait = times < free ? 0 : FIRST_WAIT_MS * 2 ** Math.min(10, times - free);
    const until = now() + Math.min(LONGEST_WAIT_MS, wait);
    // The latest goes to the end, so that the oldest is the first to go.
    failures.delete(key);
    failures.set(key, { count: times, until, last: now() });
    for (const oldest of failures.keys()) {
      if (failures.size <= MOST) break;
      failures.delete(oldest);
    }
  }

  return {
    waitMs: (who) => Math.max(0, ...keysOf(who).map((key) => (of(key)?.until ?? 0) - now())),
    failed(who) {
      const [nameAtAddress, address] = keysOf(who);
      count(nameAtAddress, FREE.nameAtAddress);
      count(address, FREE.address);
    },
    succeeded: (who) => void failures.delete(keysOf(who)[0]),
    async inTurn(address, attempt) {
      const network = networkOf(address);
      const made = Promise.resolve(latest.get(network)).then(attempt);
      const end = made.catch(() => undefined);
      latest.set(network, end);
      try {
        return await made;
      } finally {
        if (latest.get(network) === end) latest.delete(network);
      }
    },
  };
}

function keysOf({ address, name }: Attempt): readonly [string, string] {
  const network = networkOf(address);
  return [`${network} ${name}`, network];
}
