import { showProgress } from '../../src/local/progress.ts';
import {
  inParallel,
  recordPoints,
  runTask,
  type Outcome,
  type Task,
  tasksOf,
} from './enumeration.ts';
import { type CrashOptions, parseOptions, USAGE } from './options.ts';
import { failureText, isFailure, jsonLine, rowsOf, tableOf } from './report.ts';
import { cutPower, FSYNCS, type PowerCut } from './power-cut.ts';
import { isWithinPromise, powerCutTable } from './power-cut-report.ts';
import { openStage, type Stage } from './stage.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const options = readOptions();
if (!options) process.exitCode = 2;
else process.exitCode = options.powerCut ? await runPowerCuts() : await run(options);

function readOptions(): CrashOptions | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`);
    return null;
  }
}

async function run(chosen: CrashOptions): Promise<number> {
  const began = performance.now();
  const stage = await openStage();
  try {
    const tasks = await planTasks(stage, chosen);
    if (chosen.list) {
      for (const { scenario, crashes } of tasks) console.log(`${scenario.name}  ${crashes[0]}`);
      return 0;
    }
    const outcomes = await runTasks(stage, chosen, tasks);
    const rows = rowsOf(outcomes);
    console.log(tableOf(rows));
    console.log(jsonLine(rows, outcomes, performance.now() - began));
    return outcomes.some(isFailure) ? 1 : 0;
  } finally {
    await stage.close();
  }
}

async function runPowerCuts(): Promise<number> {
  const cuts: PowerCut[] = [];
  for (const fsync of FSYNCS) {
    process.stderr.write(`cutting the power of a Redis with appendfsync ${fsync}\n`);
    cuts.push(await cutPower(fsync));
  }
  const ok = cuts.every(isWithinPromise);
  console.log(powerCutTable(cuts));
  console.log(JSON.stringify({ ok, cuts }));
  return ok ? 0 : 1;
}

/** Where processes are to die: at the given point, or wherever a recorded run passed. */
async function planTasks(stage: Stage, chosen: CrashOptions): Promise<Task[]> {
  const { scenarios, at, parallel } = chosen;
  const deaths = chosen.list ? [1] : chosen.deaths;
  if (at !== undefined) return scenarios.flatMap((scenario) => tasksOf(scenario, [at], deaths));
  process.stderr.write(`recording the points of ${scenarios.length} scenarios\n`);
  const points = await inParallel(scenarios, parallel, (one) => recordPoints(stage, one));
  return scenarios.flatMap((scenario, index) => tasksOf(scenario, points[index] ?? [], deaths));
}

async function runTasks(
  stage: Stage,
  { parallel }: CrashOptions,
  tasks: readonly Task[],
): Promise<Outcome[]> {
  const progress = showProgress({
    total: tasks.length,
    what: 'trials',
    withoutTerminal: 'plain',
  });
  let done = 0;
  const outcomes = await inParallel(tasks, parallel, async (task) => {
    const outcome = await runTask(stage, task);
    done += 1;
    progress.update(done);
    if (isFailure(outcome)) process.stderr.write(`${failureText(outcome)}\n`);
    return outcome;
  });
  progress.stop();
  return outcomes;
}
