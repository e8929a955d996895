/**
 * The demo: a shop's orders, sent through a private Redis, two workers and a pretended WeChat,
 * while things go wrong. Its last line on stdout is one JSON object; exit code 0 only if nothing
 * was lost or doubled and our books agree with WeChat's.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../shared/errors.ts';
import { openDashboard } from './demo/dashboard.ts';
import { play, say } from './demo/run.ts';
import { createBackstage, setStage } from './demo/stage.ts';
import { tourOf } from './demo/tour.ts';

const USAGE = `npm run demo [-- --keep]

Sends the messages of examples/orders.csv through a private Redis, two workers and a
pretended WeChat, and ends with a table and one line of JSON.

  --keep   leave everything running afterwards, until Ctrl-C, to look at it with courier
           and in the dashboard
`;

const backstage = createBackstage();
const interrupted = untilSignal();

try {
  process.exitCode = await main(readFlags());
} catch (error) {
  process.stderr.write(`demo: ${messageOf(error)}\n`);
  process.exitCode = 1;
} finally {
  await backstage.clear();
}
process.exit();

async function main(flags: { keep: boolean; help: boolean } | null): Promise<number> {
  if (!flags || flags.help) {
    (flags ? process.stdout : process.stderr).write(USAGE);
    return flags ? 0 : 2;
  }
  const stage = await orInterrupted(setStage(backstage));
  say(stage.processes.map(({ name, pid }) => `${name} (process ${pid})`).join(', '));
  const { line, disagreements, sight } = await orInterrupted(
    Promise.race([play(stage), stage.broken]),
  );
  const lastLine = `${JSON.stringify(line)}\n`;
  if (flags.keep) {
    const dashboard = await orInterrupted(openDashboard(stage, backstage));
    say(tourOf(stage, dashboard, sight));
    process.stdout.write(lastLine);
    await Promise.race([interrupted, stage.broken, dashboard.broken]);
  } else {
    await backstage.clear();
    process.stdout.write(lastLine);
  }
  const isWell = line.lost === 0 && line.duplicates === 0 && disagreements.length === 0;
  return isWell ? 0 : 1;
}

function readFlags(): { keep: boolean; help: boolean } | null {
  try {
    const { values } = parseArgs({
      options: {
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch {
    return null;
  }
}

/** Ctrl-C ends the demo in order; a second one at once. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
      if (signals > 1) process.exit(1);
      resolve();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}

async function orInterrupted<Result>(work: Promise<Result>): Promise<Result> {
  const interruption = interrupted.then(() => {
    throw new Error('interrupted, everything it started is stopped');
  });
  return await Promise.race([work, interruption]);
}
