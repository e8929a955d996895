/** A straight line through samples. */
export interface Slope {
  readonly perUnit: number;
  /** Half the width of the 95 % interval, if the samples' errors were independent. */
  readonly uncertainty: number;
}

/** Least squares. NaN for fewer than three points. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perUnit = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const errors = points.reduce((sum, [x, y]) => sum + (y - meanY - perUnit * (x - meanX)) ** 2, 0);
  return { perUnit, uncertainty: 1.96 * Math.sqrt(errors / (count - 2) / spread) };
}
