/** Of the offered rate; what is measured is whether it flows again, not how evenly. */
const SHARE = 0.8;
const WINDOW_MS = 1000;
const STEP_MS = 100;

/**
 * How long after each of these moments messages were taken at the offered rate again: the end
 * of the first second that holds at least 80 % of it. Infinity where that never came.
 *
 * @param times when messages were taken, in order, epoch ms
 * @param moments epoch ms
 */
export function untilBack(
  times: readonly number[],
  moments: readonly number[],
  perSecond: number,
): number[] {
  const enough = perSecond * SHARE * (WINDOW_MS / 1000);
  const last = times.at(-1) ?? 0;
  return moments.map((moment) => {
    for (let end = moment + STEP_MS; end <= last + WINDOW_MS; end += STEP_MS) {
      const from = Math.max(moment, end - WINDOW_MS);
      if (lowerBound(times, end) - lowerBound(times, from) >= enough) return end - moment;
    }
    return Number.POSITIVE_INFINITY;
  });
}

/** The position of the first value that is not below `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
