const WINDOW_MS = 1_000;
const SWEEP = 4_096;

/**
 * The most events in any second that slides over time: what a rate limit is judged by. Real
 * time, not the simulator's clock, which may be moved.
 */
export class Peak {
  readonly #monotonic: () => number;
  #times: number[] = [];
  #oldest = 0;
  #most = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  hit(): void {
    const now = this.#monotonic();
    this.#times.push(now);
    while (now - (this.#times[this.#oldest] ?? now) >= WINDOW_MS) this.#oldest += 1;
    this.#most = Math.max(this.#most, this.#times.length - this.#oldest);
    if (this.#oldest < SWEEP) return;
    this.#times = this.#times.slice(this.#oldest);
    this.#oldest = 0;
  }

  get most(): number {
    return this.#most;
  }
}
