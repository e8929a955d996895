/** The smallest value that so many of a hundred do not exceed; NaN for no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const index = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  return sorted[index] ?? Number.NaN;
}

/** The largest value; NaN for no values. */
export function most(values: readonly number[]): number {
  return percentile(values, 100);
}

/** The middle value; NaN for no values. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}
