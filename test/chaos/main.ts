import { describeMachine } from '../../bench/machine.ts';
import { commandOf, parseArguments, USAGE, type Arguments } from './options.ts';
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
  const { run, plan } = replay ? readRunLog(replay) : { run: asked, plan: planRun(asked) };
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
  console.log(jsonLine(machine, run, result));
  return result.ok ? 0 : 1;
}
