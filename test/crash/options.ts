import { parseArgs } from 'node:util';
import { nearestName } from '../../src/shared/nearest-name.ts';
import { type CrashPoint, parsePoint } from './point.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

export interface CrashOptions {
  readonly scenarios: readonly Scenario[];
  /** Only this point, instead of all that are recorded. */
  readonly at: CrashPoint | undefined;
  /** Numbers of deaths in a row that are tried. */
  readonly deaths: readonly number[];
  /** Trials at a time: they wait more than they compute. */
  readonly parallel: number;
  /** Only say which points there are. */
  readonly list: boolean;
  /** Measures a power cut of Redis instead. */
  readonly powerCut: boolean;
}

export const USAGE =
  'npm run crash-points -- [--scenario NAME]… [--at LABEL:MOMENT:OCCURRENCE] [--crashes 1|2|both] ' +
  '[--parallel N] [--list] | --power-cut';

/** @throws Error that says what was expected */
export function parseOptions(args: readonly string[]): CrashOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true },
      at: { type: 'string' },
      crashes: { type: 'string', default: 'both' },
      parallel: { type: 'string', default: '12' },
      list: { type: 'boolean', default: false },
      'power-cut': { type: 'boolean', default: false },
    },
  });
  return {
    scenarios: values.scenario?.map(scenarioNamed) ?? SCENARIOS,
    at: values.at === undefined ? undefined : parsePoint(values.at),
    deaths: deathsOf(values.crashes),
    parallel: widthOf(values.parallel),
    list: values.list,
    powerCut: values['power-cut'],
  };
}

export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found) return found;
  const names = SCENARIOS.map((scenario) => scenario.name);
  const nearest = nearestName(name, names);
  throw new Error(
    `--scenario: expected one of ${names.join(', ')}, got "${name}"` +
      (nearest ? `; did you mean ${nearest}?` : ''),
  );
}

function deathsOf(text: string): number[] {
  if (text === 'both') return [1, 2];
  if (text === '1' || text === '2') return [Number(text)];
  throw new Error(`--crashes: expected 1, 2 or both, got "${text}"`);
}

function widthOf(text: string): number {
  const width = Number(text);
  if (Number.isInteger(width) && width >= 1 && width <= 64) return width;
  throw new Error(`--parallel: expected a number from 1 to 64, got "${text}"`);
}
