import { z } from 'zod';

/** Smaller numbers are epoch seconds (or a mistake): as milliseconds they lie before 1973. */
const EARLIEST = 100_000_000_000;
/** The last moment a Date can hold. */
const LATEST = 8_640_000_000_000_000;

const MOMENT =
  'a time as ISO 8601 with an offset (2026-12-01T09:00:00+08:00) or epoch milliseconds';

/** A point in time as callers write it: ISO 8601 with an offset, or epoch milliseconds. */
export const momentSchema = z.union(
  [
    z.iso.datetime({ offset: true, error: MOMENT }),
    z.int(MOMENT).min(EARLIEST, MOMENT).max(LATEST, MOMENT),
  ],
  MOMENT,
);

/** The epoch milliseconds of a valid moment. */
export function epochOf(moment: z.infer<typeof momentSchema>): number {
  return typeof moment === 'number' ? moment : Date.parse(moment);
}
