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
