/** One line of the outcome: ours beside the baseline, measured in the same run. */
export interface Result {
  readonly scenario: string;
  readonly unit: 'messages/s' | 'bytes/message' | 'ms';
  readonly ours: number;
  readonly bare: number;
  /** ours / bare */
  readonly ratio: number;
  readonly target: Target;
  readonly ok: boolean;
  readonly rounds: Samples;
}

/**
 * The bound that the ratio must keep: at least (speed) or at most (memory); or the bound of our
 * own number, whatever the baseline's.
 */
export type Target =
  | { readonly atLeast: number }
  | { readonly atMost: number }
  | { readonly oursAtMost: number };

export interface Samples {
  readonly ours: readonly number[];
  readonly bare: readonly number[];
}

/** Compares the medians, which one disturbed round does not move. */
export function resultOf(
  scenario: string,
  unit: Result['unit'],
  target: Target,
  rounds: Samples,
): Result {
  const ours = median(rounds.ours);
  const bare = median(rounds.bare);
  const ratio = ours / bare;
  return { scenario, unit, ours, bare, ratio, target, ok: isKept(target, ours, ratio), rounds };
}

function isKept(target: Target, ours: number, ratio: number): boolean {
  if ('oursAtMost' in target) return ours <= target.oursAtMost;
  return 'atLeast' in target ? ratio >= target.atLeast : ratio <= target.atMost;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? Number.NaN;
  const high = sorted[Math.ceil(middle)] ?? Number.NaN;
  return (low + high) / 2;
}
