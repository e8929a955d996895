import { messageOf } from '../../src/shared/errors.ts';
import { type CrashPoint, pointsFrom } from './point.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';
import { runTrial, type TrialResult } from './trial.ts';

/** One trial to be made. */
export interface Task {
  readonly scenario: Scenario;
  readonly crashes: readonly CrashPoint[];
}

/** A trial that was made, or that broke off through the harness' own fault. */
export type Outcome =
  | { readonly kind: 'made'; readonly task: Task; readonly result: TrialResult }
  | { readonly kind: 'broken'; readonly task: Task; readonly why: string };

/**
 * The points of a scenario: whatever a process passed while nothing happened to it.
 *
 * @throws Error when already that goes wrong
 */
export async function recordPoints(stage: Stage, scenario: Scenario): Promise<CrashPoint[]> {
  const result = await runTrial(stage, scenario, []);
  if (result.verdict !== 'ok') {
    throw new Error(
      `${scenario.name} fails without a crash: ${result.violations.join('; ')}\n${result.output}`,
    );
  }
  return pointsFrom(result.trace, scenario.from);
}

/** One task for each point and number of deaths in a row. */
export function tasksOf(
  scenario: Scenario,
  points: readonly CrashPoint[],
  deaths: readonly number[],
): Task[] {
  return deaths.flatMap((count) =>
    points.map((point) => ({ scenario, crashes: Array<CrashPoint>(count).fill(point) })),
  );
}

/**
 * Two chores may race in a recovery, and then a process does not pass every point that it passed
 * when the points were recorded. Such a trial has tried nothing, and is made again.
 */
const TRIES = 4;

export async function runTask(stage: Stage, task: Task): Promise<Outcome> {
  try {
    for (let tries = 1; ; tries += 1) {
      const result = await runTrial(stage, task.scenario, task.crashes);
      const vain = result.verdict === 'not-reached' && result.violations.length === 0;
      if (!vain || tries === TRIES) return { kind: 'made', task, result };
    }
  } catch (error) {
    return { kind: 'broken', task, why: messageOf(error) };
  }
}

/** Works on all items, `width` at a time; results keep the order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  async function lane(): Promise<void> {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index]!);
    }
  }
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
