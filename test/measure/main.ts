import { loadavg } from 'node:os';
import { describeMachine } from '../../bench/machine.ts';
import { canary } from './canary.ts';
import { failover } from './failover.ts';
import type { Measure, MeasureName } from './measured.ts';
import { neighbours } from './neighbours.ts';
import { type Choice, parseChoice, USAGE } from './choice.ts';
import { producerAway } from './producer-away.ts';
import { quota } from './quota.ts';
import { rate } from './rate.ts';
import { recovery } from './recovery.ts';
import { redisKills } from './redis-kills.ts';
import { redrive } from './redrive.ts';
import { jsonLine, printTable, type Reported } from './report.ts';
import { dashboard } from './dashboard.ts';
import { soak } from './soak.ts';
import { stop } from './stop.ts';
import { tokenHolderKilled } from './token-holder-killed.ts';
import { tokenStorm } from './token-storm.ts';

const MEASURES: Readonly<Record<MeasureName, Measure>> = {
  'token-storm': tokenStorm,
  'token-holder-killed': tokenHolderKilled,
  'producer-away': producerAway,
  rate,
  quota,
  canary,
  redrive,
  recovery,
  stop,
  'redis-kills': redisKills,
  failover,
  neighbours,
  dashboard,
  soak,
};

const choice = readChoice();
if (choice) process.exitCode = await run(choice);
else process.exitCode = 2;
// A measure that broke off may have left a connection behind that keeps the process up.
process.exit();

function readChoice(): Choice | null {
  try {
    return parseChoice(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`);
    return null;
  }
}

async function run({ names, ...options }: Choice): Promise<number> {
  const machine = await describeMachine();
  console.log(
    `${machine.cpus} × ${machine.cpu}, Node ${machine.node}, Redis ${machine.redis}, ` +
      `${machine.date}, seed ${options.seed}${options.short ? ', short' : ''}`,
  );
  const results: Reported[] = [];
  const broken: string[] = [];
  for (const name of names) {
    const say = (line: string) => void process.stderr.write(`  ${name}: ${line}\n`);
    try {
      const before = loadavg()[0];
      const result = await MEASURES[name]({ ...options, say });
      results.push({ ...result, loadAverage: { before, after: loadavg()[0] } });
      say(`${result.held ? 'held' : 'missed'}: ${result.measured}`);
    } catch (error) {
      broken.push(name);
      console.error(`${name} broke off: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  printTable(results);
  const command = `npm run measure -- ${process.argv.slice(2).join(' ')}`;
  console.log(jsonLine({ machine, command, seed: options.seed, results, broken }));
  return broken.length === 0 && results.every(({ held }) => held) ? 0 : 1;
}
