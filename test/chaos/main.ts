import { describeMachine } from '../../bench/machine.ts';
import { commandOf, parseArguments, type RunOptions, USAGE, type Arguments } from './options.ts';
import { planRun } from './plan.ts';
import { jsonLine, printTable } from './report.ts';
import { readRunLog } from './run-log.ts';
import { runChaos } from './run.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const chosen = readArguments();
process.exitCode = chosen ? await main(chosen) : 2;

function readArguments(): Arguments | null {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`);
    return null;
  }
}

async function main({ run: asked, replay, keep }: Arguments): Promise<number> {
  const chosenRun = runOf(asked, replay);
  if (!chosenRun) return 2;
  const { run, plan } = chosenRun;
  const command = replay ? `npm run chaos -- --replay ${replay}` : commandOf(run);
  const machine = await describeMachine();
  console.log(
    `${machine.cpus} × ${machine.cpu}, Node ${machine.node}, Redis ${machine.redis}, ` +
      `${machine.date}; seed ${run.seed}, ${run.messages.toLocaleString('en')} messages, ` +
      `${plan.length} actions in ${run.seconds} s`,
  );
  const result = await runChaos(run, plan, keep);
  printTable(run, result);
  if (result.dir) console.log(`logs: ${result.dir}`);
  if (!result.ok) {
    console.log(`again: ${commandOf(run)}`);
    console.log(`the very same: npm run chaos -- --replay ${result.dir}/run.jsonl`);
  }
  console.log(jsonLine(machine, run, command, result));
  return result.ok ? 0 : 1;
}

/** Null, with a line that says why, for a log that cannot be replayed. */
function runOf(asked: RunOptions, replay: string | null) {
  if (replay === null) return { run: asked, plan: planRun(asked) };
  try {
    return readRunLog(replay);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return null;
  }
}
