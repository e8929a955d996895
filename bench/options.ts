import { parseArgs } from 'node:util';

export const PARTS = ['sending', 'enqueue', 'memory', 'ingest', 'tracing'] as const;
export type Part = (typeof PARTS)[number];

/** What to run, and how much of it. */
export interface BenchOptions {
  readonly parts: readonly Part[];
  /** Messages of one round. */
  readonly messages: number;
  /** Rounds of each side. */
  readonly rounds: Readonly<Record<'sending' | 'enqueue' | 'ingest', number>>;
  /** A look whether everything still runs: few messages, one concurrency. */
  readonly quick: boolean;
}

export const USAGE = `npm run bench -- [--only ${PARTS.join('|')}] [--rounds N] [--quick]`;

/** @throws Error with one line for arguments that make no sense */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
    },
  });
  const { quick, only } = values;
  const part = PARTS.find((known) => known === only);
  if (only !== undefined && !part) throw new Error(`--only: expected one of ${PARTS.join(', ')}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= 50)) {
    throw new Error('--rounds: expected an integer from 1 to 50');
  }
  return {
    // What traces cost compares us with ourselves: only when asked for.
    parts: part ? [part] : PARTS.filter((one) => one !== 'tracing'),
    messages: quick ? 2000 : 20_000,
    rounds: {
      sending: rounds ?? (quick ? 1 : 4),
      enqueue: rounds ?? (quick ? 1 : 6),
      ingest: rounds ?? (quick ? 1 : 2),
    },
    quick,
  };
}
