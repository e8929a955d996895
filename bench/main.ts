import { benchEnqueue } from './enqueue.ts';
import { describeMachine } from './machine.ts';
import { benchIngest } from './ingest.ts';
import { benchMemory } from './memory.ts';
import { type BenchOptions, type Part, parseOptions, USAGE } from './options.ts';
import { jsonLine, printTable, targetText } from './report.ts';
import type { Result } from './result.ts';
import { benchSending } from './sending.ts';
import { benchTracing } from './tracing.ts';

const BENCHES: Readonly<Record<Part, (options: BenchOptions) => Promise<Result[]>>> = {
  sending: benchSending,
  enqueue: benchEnqueue,
  memory: benchMemory,
  ingest: benchIngest,
  tracing: benchTracing,
};

const options = readOptions();
if (options) process.exitCode = await run(options);
else process.exitCode = 2;

function readOptions(): BenchOptions | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`);
    return null;
  }
}

async function run(chosen: BenchOptions): Promise<number> {
  const { parts, messages } = chosen;
  const machine = await describeMachine();
  console.log(
    `${machine.cpus} × ${machine.cpu}, Node ${machine.node}, Redis ${machine.redis}, ` +
      `${machine.date}; ${messages.toLocaleString('en')} messages a round`,
  );
  const results: Result[] = [];
  for (const part of parts) results.push(...(await BENCHES[part](chosen)));
  printTable(results);
  const missed = results.filter((result) => !result.ok);
  for (const { scenario, ratio, target } of missed) {
    console.log(`missed: ${scenario}: ${ratio.toFixed(2)} of bare, target ${targetText(target)}`);
  }
  console.log(jsonLine(machine, messages, results));
  return missed.length === 0 ? 0 : 1;
}
