/** `max` sends in every `durationMs`, the shape BullMQ's limiter takes. */
export interface RateSlice {
  readonly max: number;
  readonly durationMs: number;
}

/** A twentieth of a second: any sliding second then holds at most 1.05 times the rate. */
const SLICE_SECONDS = 0.05;

/**
 * Cuts a rate into short slices. BullMQ's limiter is a fixed window: one of a whole second
 * would let through twice the rate around its edge (measured: docs/decisions/0003).
 *
 * @param perSecond any positive number, fractions included
 */
export function rateSlice(perSecond: number): RateSlice {
  const max = Math.max(1, Math.floor(perSecond * SLICE_SECONDS));
  return { max, durationMs: Math.max(1, Math.ceil((max * 1000) / perSecond)) };
}

/**
 * The rate that a slice was cut from: the first wanted one that has it, else what it lets
 * through. A slice has whole milliseconds: of 30 a second it lets 29.4 through.
 */
export function rateOf(slice: RateSlice, wanted: readonly (number | undefined)[]): number {
  const found = wanted.find((rate) => rate !== undefined && isSameSlice(rateSlice(rate), slice));
  return found ?? Number(((slice.max * 1000) / slice.durationMs).toPrecision(3));
}

export function isSameSlice(one: RateSlice, other: RateSlice): boolean {
  return one.max === other.max && one.durationMs === other.durationMs;
}
