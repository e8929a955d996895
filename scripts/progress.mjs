/**
 * What the scripts say while they work, on stderr, so that stdout stays the command's own.
 */
const live = process.stderr.isTTY && !process.env.CI;

/** A failure that people can act on: printed without a stack, with its exit code. */
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs `work` and leaves one line about it; shows the time while it is under way. */
export async function announce(doing, done, work) {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  if (!live) process.stderr.write(`${doing} …\n`);
  const ticker = setInterval(
    () => process.stderr.write(live ? `\r${doing} … ${seconds()} s` : `  … ${seconds()} s\n`),
    live ? 200 : 15_000,
  );
  try {
    await work();
  } finally {
    clearInterval(ticker);
    if (live) process.stderr.write('\r\x1b[K');
  }
  process.stderr.write(`✓ ${done} (${seconds()} s)\n`);
}

/** The end of every script: a Failure in one piece, anything else with its stack. */
export function exitWith(error) {
  process.stderr.write(`\n${error instanceof Failure ? error.message : error.stack}\n`);
  process.exit(error.exitCode ?? 1);
}
