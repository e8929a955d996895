import Table from 'cli-table3';
import type { Machine } from '../../bench/machine.ts';
import type { Measured } from './measured.ts';

/** A result, and how busy the machine was around it: latencies mean nothing without that. */
export interface Reported extends Measured {
  readonly loadAverage: { readonly before: number | undefined; readonly after: number | undefined };
}

/** The results as a person reads them. */
export function printTable(results: readonly Measured[]): void {
  const table = new Table({
    head: ['measure', 'promise', 'target', 'measured', ''],
    style: { head: [], border: [] },
  });
  for (const { name, promise, target, measured, held } of results) {
    table.push([name, promise, target, measured, held ? 'held' : 'missed']);
  }
  console.log(table.toString());
}

/** The same for machines, on one line. */
export function jsonLine(report: {
  readonly machine: Machine;
  readonly command: string;
  readonly seed: number;
  readonly results: readonly Reported[];
  /** Names of measures that did not come to a result. */
  readonly broken: readonly string[];
}): string {
  const ok = report.broken.length === 0 && report.results.every(({ held }) => held);
  return JSON.stringify({ ok, ...report });
}
