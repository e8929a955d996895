import type { SimulatorClock } from './clock.ts';

/** Where the clock inside real ids starts, about 2017-11-02T03:11:10Z (fits six known ids). */
const MSGID_EPOCH_MS = 1_509_592_270_000;
const SEQUENCE_BITS = 24n;
const SEQUENCE_SIZE = 1 << 24;

/**
 * Message ids as WeChat issues them: a millisecond clock above 24 bits of sequence. Every one
 * is far beyond 2^53, which is the point: a client that reads it as a JavaScript number stores
 * a different id.
 */
export class Msgids {
  readonly #clock: SimulatorClock;
  #sequence: number;

  constructor(deps: { clock: SimulatorClock; random: () => number }) {
    this.#clock = deps.clock;
    this.#sequence = Math.floor(deps.random() * SEQUENCE_SIZE);
  }

  /** The decimal text; it goes into replies as a bare JSON number. */
  next(): string {
    this.#sequence = (this.#sequence + 1) % SEQUENCE_SIZE;
    const milliseconds = BigInt(Math.max(0, Math.floor(this.#clock.now() - MSGID_EPOCH_MS)));
    return ((milliseconds << SEQUENCE_BITS) | BigInt(this.#sequence)).toString();
  }
}
