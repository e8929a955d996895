import Table from 'cli-table3';
import type { Machine } from './machine.ts';
import type { Result, Target } from './result.ts';

/** The results as a person reads them. */
export function printTable(results: readonly Result[]): void {
  const table = new Table({
    head: ['scenario', 'unit', 'ours', 'bare', 'ratio', 'target', ''],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const { scenario, unit, ours, bare, ratio, target, ok } of results) {
    const numbers = [ours, bare].map((value) => Math.round(value).toLocaleString('en'));
    const verdict = ok ? 'ok' : 'missed';
    table.push([scenario, unit, ...numbers, ratio.toFixed(2), targetText(target), verdict]);
  }
  console.log(table.toString());
}

/** The same for machines, on one line. */
export function jsonLine(machine: Machine, messages: number, results: readonly Result[]): string {
  const rows = results.map((result) => ({
    ...result,
    ours: Math.round(result.ours),
    bare: Math.round(result.bare),
    ratio: Number(result.ratio.toFixed(3)),
    rounds: {
      ours: result.rounds.ours.map(Math.round),
      bare: result.rounds.bare.map(Math.round),
    },
  }));
  const ok = results.every((result) => result.ok);
  return JSON.stringify({ ok, messages, machine, results: rows });
}

export function targetText(target: Target): string {
  if ('oursAtMost' in target) return `ours ≤ ${target.oursAtMost}`;
  return 'atLeast' in target ? `≥ ${target.atLeast.toFixed(2)}` : `≤ ${target.atMost.toFixed(2)}`;
}
