import Table from 'cli-table3';
import type { Machine } from '../../bench/machine.ts';
import type { RunOptions } from './options.ts';
import { RECOVERY_MS, RESUMPTION_MS, type Spread } from './recovery.ts';
import type { RunResult } from './run.ts';

/** So many findings are shown in full; the rest is in the JSON line's counts. */
const SHOWN = 20;

/** The result as a person reads it. */
export function printTable({ profile }: RunOptions, result: RunResult): void {
  const { verdict, manifest, fleet, wechat, recovery, resumption } = result;
  const table = new Table({
    colAligns: ['left', 'right', 'left'],
    style: { head: [], border: [] },
  });
  const bad = (count: number): string => (count === 0 ? 'ok' : 'FAILED');
  table.push(
    ['acknowledged', n(verdict.acknowledged), `${n(manifest.doubts)} times in doubt, repeated`],
    ['sent', n(verdict.sent), `${n(verdict.absorbedRepeats)} repeats dropped by WeChat`],
    ['dead letters', n(verdict.deadLettered), `${n(verdict.poison)} of them poison`],
    ['unknown', n(verdict.unknown.length), reasonsOf(result)],
    ['unknown, unexplained', n(verdict.unexplainedUnknown), bad(verdict.unexplainedUnknown)],
    ['lost', n(verdict.lost.length), bad(verdict.lost.length)],
    ['templates doubled', n(verdict.duplicatedTemplates), bad(verdict.duplicatedTemplates)],
    ['customer messages doubled', n(verdict.duplicatedCustoms), bad(verdict.duplicatedCustoms)],
    ['books that disagree', n(verdict.disagreements.length), bad(verdict.disagreements.length)],
    ['kills and stops', n(hurtOf(result)), departuresOf(result)],
    ['worker crashes', n(fleet.crashes.length), fleet.crashes.map(exitText).join(', ')],
    ['replies lost', n(sum(wechat.faults)), ''],
    [
      'taken up after a kill',
      spreadText(recovery.undisturbed),
      // Elsewhere the worker that takes a message up may be killed in turn.
      profile === 'recovery' ? within(recovery.undisturbed, RECOVERY_MS) : '',
    ],
    ['  with other trouble', spreadText(recovery.all), ''],
    [
      'sending after an outage',
      spreadText(resumption),
      // Elsewhere there may be no worker just then.
      profile === 'redis' ? within(resumption, RESUMPTION_MS) : '',
    ],
  );
  console.log(table.toString());
  for (const complaint of result.complaints) console.log(`complaint: ${complaint}`);
  for (const { messageId, openid, what } of findingsOf(result).slice(0, SHOWN)) {
    console.log(`finding: ${messageId || openid}: ${what}`);
  }
}

/** The same for machines, on one line. */
export function jsonLine(
  machine: Machine,
  options: RunOptions,
  command: string,
  result: RunResult,
): string {
  const { verdict, fleet } = result;
  const { unknown, lost, duplicates: _, disagreements, ...counts } = verdict;
  return JSON.stringify({
    ok: result.ok,
    command,
    ...options,
    machine,
    tookSeconds: result.seconds,
    verdict: {
      ...counts,
      unknown: unknown.length,
      unknownTaken: unknown.filter(({ taken }) => taken).length,
      lost: lost.length,
      disagreements: disagreements.length,
    },
    unknownBecause: tally(unknown.map(({ because }) => because ?? 'unexplained')),
    findings: findingsOf(result).slice(0, SHOWN),
    complaints: result.complaints,
    killsAndStops: hurtOf(result),
    actions: result.actions,
    departures: {
      count: fleet.departures.length,
      ends: tally(fleet.departures.map(exitText)),
      maxMs: Math.max(0, ...fleet.departures.map(({ ms }) => ms)),
    },
    crashes: tally(fleet.crashes.map(exitText)),
    producer: result.manifest,
    lostReplies: result.wechat.faults,
    tokenFetches: result.wechat.tokenFetches,
    recoveryMs: result.recovery,
    resumptionMs: result.resumption,
  });
}

function findingsOf({ verdict }: RunResult) {
  const unexplained = verdict.unknown
    .filter(({ because }) => because === null)
    .map((message) => ({ ...message, what: 'unknown, and nothing that was done explains it' }));
  return [...verdict.lost, ...verdict.duplicates, ...unexplained, ...verdict.disagreements];
}

/** Kills, freezes and polite stops alike. */
function hurtOf({ actions }: RunResult): number {
  return ['kill', 'freeze', 'terminate', 'reload'].reduce(
    (total, kind) => total + (actions[kind] ?? 0),
    0,
  );
}

function reasonsOf({ verdict }: RunResult): string {
  const reasons = tally(verdict.unknown.map(({ because }) => because ?? 'unexplained'));
  return Object.entries(reasons)
    .map(([reason, count]) => `${count} ${reason}`)
    .join('\n');
}

function departuresOf({ fleet }: RunResult): string {
  const { departures } = fleet;
  if (departures.length === 0) return '';
  const slowest = Math.max(...departures.map(({ ms }) => ms));
  return `${departures.length} asked to leave, at most ${n(slowest)} ms`;
}

function exitText({ code, signal }: { code: number | null; signal: string | null }): string {
  return signal ?? `exit ${code}`;
}

function spreadText({ count, p50, max }: Spread): string {
  return count === 0 ? '–' : `${n(p50 ?? 0)} ms, at most ${n(max ?? 0)} ms`;
}

function within({ count, max }: Spread, limit: number): string {
  if (count === 0) return '';
  const verdict = (max ?? 0) <= limit ? 'ok' : 'MISSED';
  return `${n(count)} times, target ${n(limit)} ms: ${verdict}`;
}

function tally(items: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function n(count: number): string {
  return count.toLocaleString('en');
}
