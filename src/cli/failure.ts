import { CommanderError } from 'commander';
import { isCourierError, messageOf } from '../shared/errors.ts';
import { EXIT_CONFIG } from '../shared/run-process.ts';
import { printable } from './table.ts';
import { UsageError } from './usage-error.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * Tells of what a command threw: one line on stderr, with `--json` one document on stdout too.
 *
 * @returns the exit code: 1 failed, 2 wrong usage, 78 bad configuration
 */
export function reportFailure(error: unknown, asJson: boolean): number {
  // Commander has printed help, version or its complaint by itself.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (asJson) printError('ERR_USAGE', error.message.replace(/^error: /, ''), []);
    return EXIT_USAGE;
  }
  const message = messageOf(error);
  const code = isCourierError(error) || error instanceof UsageError ? error.code : 'ERR_INTERNAL';
  const issues = isCourierError(error) ? error.issues : [];
  process.stderr.write(`${code}: ${printable(message)}\n`);
  if (asJson) printError(code, message, issues);
  switch (code) {
    case 'ERR_USAGE':
      return EXIT_USAGE;
    case 'ERR_CONFIG':
      return EXIT_CONFIG;
    default:
      return EXIT_FAILED;
  }
}

function printError(code: string, message: string, issues: readonly unknown[]): void {
  process.stdout.write(`${JSON.stringify({ error: { code, message, issues } })}\n`);
}
