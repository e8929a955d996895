import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isOrphaned, isOver, isUnheardOf, untilOver } from './ending.ts';
import { doubtOf, violationsOf } from './invariants.ts';
import { type Books, type Observation, readBooks, readWechatSide } from './observation.ts';
import type { CrashPoint } from './point.ts';
import type { Scenario } from './scenario.ts';
import type { Site } from './site.ts';
import type { Stage } from './stage.ts';
import { startVictim, type Victim } from './victim.ts';

/** One story, told once. */
export interface TrialResult {
  readonly scenario: string;
  /** Where processes were to die, one after the other. */
  readonly crashes: readonly CrashPoint[];
  /** How many of them did. The second may never come to the point at which the first died. */
  readonly deaths: number;
  /**
   * `orphaned`: accepted, never sent and known as queued, since its caller died and did not come
   * back. `not-reached`: not even the first process came to its point, so nothing was tried.
   */
  readonly verdict: 'ok' | 'violated' | 'orphaned' | 'not-reached';
  readonly violations: readonly string[];
  readonly state: string;
  /** From the last death to the end. */
  readonly recoveryMs: number;
  readonly seen: Observation;
  /** Points of the process that lived to the end (of the caller, where callers die). */
  readonly trace: readonly CrashPoint[];
  /** What the processes printed, for a trial that went wrong. */
  readonly output: string;
}

/** A minute for WeChat's gap between two forced refreshes, half of one for each death. */
const PATIENCE_MS = 100_000;
const PATIENCE_PER_DEATH_MS = 30_000;
const LAST_POINTS_MS = 500;

export async function runTrial(
  stage: Stage,
  scenario: Scenario,
  crashes: readonly CrashPoint[],
): Promise<TrialResult> {
  const site = await stage.open();
  const cast: Victim[] = [];
  try {
    await scenario.prepare(site);
    const { diedBefore, victim } = scenario;
    const ofWorkers = victim === 'worker' ? crashes : [];
    const callers = victim === 'worker' ? [] : await runCallers(site, scenario, crashes, cast);
    const before = diedBefore === undefined ? [] : [diedBefore];
    const workers = await runWorkers(site, [...before, ...ofWorkers], scenario, cast);
    const protagonists = victim === 'worker' ? workers.victims : callers;
    const dead = await deadAmong(cast);
    const deaths = dead.length - (diedBefore !== undefined && dead.length > 0 ? 1 : 0);
    const seen = { ...workers.books, ...readWechatSide(site) };
    const traces = await Promise.all(dead.map((one) => one.trace()));
    const missed = deaths < Math.min(1, crashes.length) || dead.length < before.length;
    const loose = looseEnd(scenario, seen);
    const found =
      loose === null
        ? violationsOf({ ...scenario, deaths: dead.length, doubt: doubtOf(traces) }, seen)
        : [];
    const verdict = missed ? 'not-reached' : (loose ?? endOf(found));
    return {
      scenario: scenario.name,
      crashes,
      deaths,
      verdict,
      violations: found,
      state: seen.record['st'] ?? 'nothing',
      recoveryMs: workers.tookMs,
      seen,
      trace: (await protagonists.at(-1)?.trace()) ?? [],
      output: verdict === 'ok' ? '' : await outputOf(cast),
    };
  } finally {
    await Promise.all(cast.map((one) => one.kill()));
    await site.close();
  }
}

/**
 * How a message may be left by a caller that died before it was told anything and did not come
 * back: unheard of, which is well, or an orphan, which is counted. Null if it was left in neither.
 */
function looseEnd({ repeats = true }: Scenario, books: Books): 'ok' | 'orphaned' | null {
  if (repeats) return null;
  if (isUnheardOf(books)) return 'ok';
  return isOrphaned(books) ? 'orphaned' : null;
}

function endOf(violations: readonly string[]): 'ok' | 'violated' {
  return violations.length === 0 ? 'ok' : 'violated';
}

/** Callers ask until one of them has lived to say so. */
async function runCallers(
  site: Site,
  { kind, victim, repeats = true }: Scenario,
  crashes: readonly CrashPoint[],
  cast: Victim[],
): Promise<Victim[]> {
  const args =
    victim === 'redrive'
      ? ['redrive', site.messageId]
      : ['enqueue', JSON.stringify(site.envelope(kind))];
  const callers: Victim[] = [];
  const plan = repeats || crashes.length === 0 ? [...crashes, undefined] : crashes;
  for (const [index, crashAt] of plan.entries()) {
    const file = path.join(site.dir, `caller-${index}`);
    const entry = 'test/crash/caller.mjs';
    const caller = startVictim({ entry, args, env: site.env, crashAt, file });
    cast.push(caller);
    callers.push(caller);
    const end = await caller.ended;
    if (end.kind === 'died') continue;
    if (end.code !== 0) throw new Error(`a caller failed:\n${await caller.output()}`);
    break;
  }
  return callers;
}

interface Work {
  readonly victims: Victim[];
  readonly books: Books;
  readonly tookMs: number;
}

/** Workers follow each other until one lives to the end of the message. */
async function runWorkers(
  site: Site,
  crashes: readonly CrashPoint[],
  scenario: Scenario,
  cast: Victim[],
): Promise<Work> {
  const victims: Victim[] = [];
  const patience = PATIENCE_MS + crashes.length * PATIENCE_PER_DEATH_MS;
  let startedAt = performance.now();
  for (const [index, crashAt] of [...crashes, undefined].entries()) {
    const file = path.join(site.dir, `worker-${index}`);
    const worker = startVictim({ entry: 'dist/worker/main.js', env: site.env, crashAt, file });
    cast.push(worker);
    victims.push(worker);
    // Workers that look for orphans would need a wait here, and make `looseEnd` ask for less.
    if (looseEnd(scenario, await readBooks(site)) !== null) break;
    const death = new AbortController();
    void worker.ended.then(() => death.abort());
    await untilOver(site, patience, death.signal);
    const tookMs = performance.now() - startedAt;
    // Redis shows the end before the process has heard of it, and has come to its last points.
    await Promise.race([worker.ended, delay(LAST_POINTS_MS)]);
    const books = await readBooks(site);
    if (!death.signal.aborted || isOver(books)) return { victims, books, tookMs };
    const end = await worker.ended;
    if (end.kind === 'exited') throw new Error(`a worker ended:\n${await worker.output()}`);
    startedAt = performance.now();
  }
  return { victims, books: await readBooks(site), tookMs: performance.now() - startedAt };
}

async function deadAmong(cast: readonly Victim[]): Promise<Victim[]> {
  const dead: Victim[] = [];
  for (const one of cast) {
    const end = await Promise.race([one.ended, Promise.resolve(null)]);
    if (end?.kind === 'died') dead.push(one);
  }
  return dead;
}

async function outputOf(cast: readonly Victim[]): Promise<string> {
  const parts = cast.map(async (one, index) => {
    const trace = (await one.trace()).slice(-12).join(' ');
    const lines = (await one.output()).split('\n').slice(-12).join('\n');
    return `process ${index} (to die at ${one.crashAt ?? 'no point'}) … ${trace}\n${lines}`;
  });
  return (await Promise.all(parts)).join('\n');
}
