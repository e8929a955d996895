import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { MEASURE_NAMES, type MeasureName, type MeasureOptions } from './measured.ts';

/** What to measure, and how much of it. */
export interface Choice extends Omit<MeasureOptions, 'say'> {
  readonly names: readonly MeasureName[];
}

export const USAGE =
  'npm run measure -- <name>... | all [--short] [--seed N] [--minutes N] [--out FOLDER]\n' +
  `Names: ${MEASURE_NAMES.join(', ')}`;

/** @throws Error with one line for arguments that make no sense */
export function parseChoice(args: readonly string[]): Choice {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      seed: { type: 'string', default: '7' },
      minutes: { type: 'string', default: '10' },
      out: { type: 'string', default: tmpdir() },
    },
  });
  if (positionals.length === 0) throw new Error('Expected at least one name, or all; got none.');
  return {
    names: positionals.includes('all') ? MEASURE_NAMES : positionals.map(nameOf),
    short: values.short,
    seed: wholeNumber('--seed', values.seed, 0xffff_ffff),
    minutes: wholeNumber('--minutes', values.minutes, 10_000),
    outDir: values.out,
  };
}

function nameOf(text: string): MeasureName {
  const name = MEASURE_NAMES.find((known) => known === text);
  if (name) return name;
  throw new Error(`Expected the name of a measure, got "${text}".`);
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${option}: expected a whole number from 1 to ${most}, got "${text}".`);
}
