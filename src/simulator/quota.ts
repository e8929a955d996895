import { beijingDay, beijingMonth, type SimulatorClock } from './clock.ts';

/** The limits of one API path of one account. */
export interface QuotaLimits {
  readonly daily: number;
  /** Calls per clock minute; 0 means no such limit. */
  readonly perMinute: number;
}

/**
 * Defaults of a new account, from WeChat's pages on call limits and on template messages. No
 * minute limit is published for the send calls.
 */
export const DEFAULT_QUOTAS: Readonly<Record<string, QuotaLimits>> = {
  '/cgi-bin/token': { daily: 2_000, perMinute: 0 },
  '/cgi-bin/stable_token': { daily: 500_000, perMinute: 10_000 },
  '/cgi-bin/message/template/send': { daily: 100_000, perMinute: 0 },
  '/cgi-bin/message/custom/send': { daily: 500_000, perMinute: 0 },
};

/** A change of limits or of the count; absent parts stay as they are. */
export interface QuotaChange {
  readonly daily?: number | undefined;
  readonly perMinute?: number | undefined;
  readonly used?: number | undefined;
}

const CLEARS_PER_MONTH = { all: 10, one: 50 } as const;
const MINUTE_MS = 60_000;

interface Counter {
  limits: QuotaLimits;
  day: number;
  used: number;
  minute: number;
  usedInMinute: number;
}

/** One account's call counters; days and months are Beijing's, by the simulator's clock. */
export class Quotas {
  readonly #clock: SimulatorClock;
  readonly #counters = new Map<string, Counter>();
  #clears = { month: '', all: 0, one: 0 };

  constructor(deps: { clock: SimulatorClock }) {
    this.#clock = deps.clock;
    for (const [path, limits] of Object.entries(DEFAULT_QUOTAS)) this.set(path, limits);
  }

  /** Counts one call; the errcode when it is one too many. Refused calls are not counted. */
  take(path: string): 0 | 45009 | 45011 {
    const counter = this.#current(path);
    if (counter === undefined) return 0;
    const { daily, perMinute } = counter.limits;
    if (counter.used >= daily) return 45009;
    if (perMinute > 0 && counter.usedInMinute >= perMinute) return 45011;
    counter.used += 1;
    counter.usedInMinute += 1;
    return 0;
  }

  /** Changes limits, and the count so far when `used` is given. */
  set(path: string, change: QuotaChange): void {
    const old = this.#current(path) ?? {
      limits: { daily: Number.MAX_SAFE_INTEGER, perMinute: 0 },
      day: beijingDay(this.#clock.now()),
      used: 0,
      minute: Math.floor(this.#clock.now() / MINUTE_MS),
      usedInMinute: 0,
    };
    const limits = {
      daily: change.daily ?? old.limits.daily,
      perMinute: change.perMinute ?? old.limits.perMinute,
    };
    this.#counters.set(path, { ...old, limits, used: change.used ?? old.used });
  }

  /** What `openapi/quota/get` shows; undefined for a path nobody counts. */
  read(path: string): (QuotaLimits & { readonly used: number }) | undefined {
    const counter = this.#current(path);
    return counter && { ...counter.limits, used: counter.used };
  }

  paths(): string[] {
    return [...this.#counters.keys()];
  }

  /**
   * Sets the daily count of one path, or of all of them, back to zero.
   *
   * @returns false when this month's chances (10 for all, 50 for one) are used up: 48006
   */
  clear(path?: string): boolean {
    const month = beijingMonth(this.#clock.now());
    if (this.#clears.month !== month) this.#clears = { month, all: 0, one: 0 };
    const budget = path === undefined ? 'all' : 'one';
    if (this.#clears[budget] >= CLEARS_PER_MONTH[budget]) return false;
    this.#clears[budget] += 1;
    for (const each of path === undefined ? this.paths() : [path]) {
      const counter = this.#current(each);
      if (counter !== undefined) counter.used = 0;
    }
    return true;
  }

  #current(path: string): Counter | undefined {
    const counter = this.#counters.get(path);
    if (counter === undefined) return undefined;
    const now = this.#clock.now();
    const day = beijingDay(now);
    if (counter.day !== day) Object.assign(counter, { day, used: 0 });
    const minute = Math.floor(now / MINUTE_MS);
    if (counter.minute !== minute) Object.assign(counter, { minute, usedInMinute: 0 });
    return counter;
  }
}
