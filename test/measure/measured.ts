/** The outcome of one measure: a promise, and what the other side's books say of it. */
export interface Measured {
  readonly name: MeasureName;
  /** The number of the promise in the table of the reliability page. */
  readonly promise: string;
  readonly target: string;
  /** The same, as it came out. */
  readonly measured: string;
  readonly held: boolean;
  /** Everything that was counted, for machines. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface MeasureOptions {
  /** Reduced sizes, as in the tests. */
  readonly short: boolean;
  /** Of everything that is random here. */
  readonly seed: number;
  /** How long those run that have no natural end. */
  readonly minutes: number;
  /** Where files go that are worth keeping. */
  readonly outDir: string;
  /** One line for whoever waits. */
  readonly say: (line: string) => void;
}

export type Measure = (options: MeasureOptions) => Promise<Measured>;

/** In the order in which `all` runs them: short ones first. */
export const MEASURE_NAMES = [
  'token-storm',
  'token-holder-killed',
  'producer-away',
  'rate',
  'quota',
  'canary',
  'redrive',
  'recovery',
  'stop',
  'redis-kills',
  'failover',
  'neighbours',
  'dashboard',
  'soak',
] as const;
export type MeasureName = (typeof MEASURE_NAMES)[number];

/**
 * A limit of time. The short forms run among other tests on machines of all kinds, so theirs is
 * five times as long: there they look for what hangs or is lost. Counts are never relaxed.
 */
export function timeLimit({ short }: Pick<MeasureOptions, 'short'>, ms: number): number {
  return short ? ms * 5 : ms;
}
