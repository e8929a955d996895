import Table from 'cli-table3';
import type { Outcome, Task } from './enumeration.ts';

/** What came of one scenario with one number of deaths in a row. */
export interface Row {
  readonly scenario: string;
  /** Deaths in a row. */
  readonly crashes: number;
  readonly points: number;
  readonly ok: number;
  /** Accepted by the ledger, never in a lane, and the caller did not come back. */
  readonly orphaned: number;
  readonly failed: number;
  /** Of those that are ok: parked, since nobody knows whether WeChat took the message. */
  readonly unknown: number;
  /** Of those with two: the second process never came to the point. */
  readonly diedOnce: number;
  /** From the last death to the end of the message, the slowest. */
  readonly recoveryMs: number;
}

export function rowsOf(outcomes: readonly Outcome[]): Row[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const { scenario, crashes } = outcome.task;
    const key = `${scenario.name} ${crashes.length}`;
    groups.set(key, [...(groups.get(key) ?? []), outcome]);
  }
  return [...groups.values()].map(rowOf);
}

function rowOf(group: readonly Outcome[]): Row {
  const task = group[0]?.task;
  if (!task) throw new Error('a group of outcomes is never empty');
  const results = group.flatMap((outcome) => (outcome.kind === 'made' ? [outcome.result] : []));
  const ok = results.filter(({ verdict }) => verdict === 'ok');
  return {
    scenario: task.scenario.name,
    crashes: task.crashes.length,
    points: group.length,
    ok: ok.length,
    orphaned: results.filter(({ verdict }) => verdict === 'orphaned').length,
    failed: group.filter(isFailure).length,
    unknown: ok.filter(({ state }) => state === 'unknown').length,
    diedOnce: ok.filter(({ deaths }) => deaths < task.crashes.length).length,
    recoveryMs: Math.round(Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs))),
  };
}

/** An orphan is known and counted; everything else that is not well is a failure. */
export function isFailure(outcome: Outcome): boolean {
  if (outcome.kind === 'broken') return true;
  switch (outcome.result.verdict) {
    case 'ok':
    case 'orphaned':
      return false;
    case 'violated':
    case 'not-reached':
      return true;
  }
}

/** The rows as a person reads them. */
export function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ['scenario', 'deaths', 'points', 'ok', 'failed', 'unknown', 'orphaned', 'slowest'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const { scenario, crashes, points, ok, failed, unknown, orphaned, recoveryMs } = row;
    const slowest = `${(recoveryMs / 1000).toFixed(1)} s`;
    table.push([scenario, crashes, points, ok, failed, unknown, orphaned, slowest]);
  }
  return table.toString();
}

/** What went wrong in one trial, and how to see it again. */
export function failureText(outcome: Outcome): string {
  const again = `again: ${commandOf(outcome.task)}`;
  if (outcome.kind === 'broken') return `${titleOf(outcome.task)}: ${outcome.why}\n  ${again}`;
  const { verdict, violations, seen, output } = outcome.result;
  return [
    `${titleOf(outcome.task)}: ${verdict}`,
    ...violations.map((violation) => `  ${violation}`),
    `  seen: ${JSON.stringify(seen)}`,
    ...output.split('\n').map((line) => `  | ${line.slice(0, 400)}`),
    `  ${again}`,
  ].join('\n');
}

/** The same for machines, on one line. */
export function jsonLine(rows: readonly Row[], outcomes: readonly Outcome[], ms: number): string {
  const failures = outcomes.filter(isFailure).map((outcome) => ({
    scenario: outcome.task.scenario.name,
    crashes: outcome.task.crashes,
    why: outcome.kind === 'broken' ? [outcome.why] : outcome.result.violations,
  }));
  return JSON.stringify({
    ok: failures.length === 0,
    trials: outcomes.length,
    failed: failures.length,
    orphaned: rows.reduce((sum, { orphaned }) => sum + orphaned, 0),
    seconds: Math.round(ms / 1000),
    rows,
    failures,
  });
}

function titleOf({ scenario, crashes }: Task): string {
  return `${scenario.name}, dies at ${crashes.join(' and again at ')}`;
}

function commandOf({ scenario, crashes }: Task): string {
  const [at] = crashes;
  return `npm run crash-points -- --scenario ${scenario.name} --at ${at} --crashes ${crashes.length}`;
}
