import { Peak } from './peak.ts';

/** Counts of everything asked, taken or not: the other half of what a client is judged by. */
export class Counters {
  readonly #monotonic: () => number;
  #requests = new Map<string, Map<string, number>>();
  #faults = new Map<string, number>();
  #asked = new Map<string, Peak>();
  #taken = new Map<string, Peak>();

  constructor(deps: { monotonic: () => number }) {
    this.#monotonic = deps.monotonic;
  }

  /** One request was decided; `outcome` is an errcode, or `unprocessed` when a fault ate it. */
  decided(path: string, outcome: string): void {
    let outcomes = this.#requests.get(path);
    if (outcomes === undefined) this.#requests.set(path, (outcomes = new Map()));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }

  fault(kind: string): void {
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
  }

  asked(appId: string, path: string): void {
    peakOf(this.#asked, `${appId} ${path}`, this.#monotonic).hit();
  }

  taken(appId: string, path: string): void {
    peakOf(this.#taken, `${appId} ${path}`, this.#monotonic).hit();
  }

  clear(): void {
    this.#requests = new Map();
    this.#faults = new Map();
    this.#asked = new Map();
    this.#taken = new Map();
  }

  view(): CountersView {
    return {
      requests: Object.fromEntries(
        [...this.#requests].map(([path, outcomes]) => [path, Object.fromEntries(outcomes)]),
      ),
      faults: Object.fromEntries(this.#faults),
      peakPerSecond: {
        asked: mostOf(this.#asked),
        taken: mostOf(this.#taken),
      },
    };
  }
}

export interface CountersView {
  /** By path, then by errcode. */
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By what the fault did to the reply. */
  readonly faults: Readonly<Record<string, number>>;
  /** By `<appId> <path>`: the most in any sliding second. */
  readonly peakPerSecond: {
    readonly asked: Readonly<Record<string, number>>;
    readonly taken: Readonly<Record<string, number>>;
  };
}

function peakOf(peaks: Map<string, Peak>, key: string, monotonic: () => number): Peak {
  let peak = peaks.get(key);
  if (peak === undefined) peaks.set(key, (peak = new Peak(monotonic)));
  return peak;
}

function mostOf(peaks: Map<string, Peak>): Record<string, number> {
  return Object.fromEntries([...peaks].map(([key, peak]) => [key, peak.most]));
}
