import type { SimulatorClock } from './clock.ts';
import type { Random } from './random.ts';

/** What `openapi/rid/get` tells about one refused request. */
export interface RidEntry {
  readonly appId: string | undefined;
  readonly at: number;
  /** Path and query, the token blanked: the real one shows it, we never keep it. */
  readonly url: string;
  readonly requestBody: string;
  readonly responseBody: string;
  readonly clientIp: string;
}

const KEPT = 10_000;
const KEPT_BODY = 2_048;
/** WeChat answers about a request for seven days. */
export const RID_LIFE_MS = 7 * 86_400_000;
export const RID_SHAPE = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/;

/** The request ids WeChat puts into `errmsg`, with what is needed to explain them later. */
export class Rids {
  readonly #clock: SimulatorClock;
  readonly #random: Random;
  readonly #entries = new Map<string, RidEntry>();

  constructor(deps: { clock: SimulatorClock; random: Random }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** Three groups of eight hex digits; the first is the Unix time. */
  next(): string {
    const seconds = Math.floor(this.#clock.now() / 1_000);
    return `${hex8(seconds)}-${this.#word()}-${this.#word()}`;
  }

  keep(rid: string, entry: RidEntry): void {
    this.#entries.set(rid, {
      ...entry,
      requestBody: entry.requestBody.slice(0, KEPT_BODY),
      responseBody: entry.responseBody.slice(0, KEPT_BODY),
    });
    if (this.#entries.size <= KEPT) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  find(rid: string): RidEntry | undefined {
    return this.#entries.get(rid);
  }

  #word(): string {
    return hex8(Math.floor(this.#random() * 0x1_0000_0000));
  }
}

function hex8(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
