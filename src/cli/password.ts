import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { PASSWORD_LENGTH } from '../dashboard/users/user.ts';
import { UsageError } from './usage-error.ts';

/**
 * A new password: on a terminal asked for twice, without showing it; else the first line of stdin.
 *
 * @throws UsageError; the password is never quoted
 */
export async function readPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  const lines = isTerminal ? hiddenLines() : createInterface({ input: process.stdin });
  const answers = lines[Symbol.asyncIterator]();
  async function answer(prompt: string): Promise<string> {
    if (!isTerminal) return (await answers.next()).value ?? '';
    process.stderr.write(prompt);
    const { value = '' } = await answers.next();
    process.stderr.write('\n');
    return value;
  }
  try {
    const password = checked(await answer('Password: '));
    if (isTerminal && (await answer('The same again: ')) !== password) {
      throw new UsageError('Expected the same password twice, got two that differ. Try again.');
    }
    return password;
  } finally {
    lines.close();
  }
}

/** The terminal echoes nothing while readline reads it, and readline writes into nothing. */
function hiddenLines() {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: true,
    historySize: 0,
  });
  // It has taken Ctrl-C from the terminal, which is for the whole process.
  return lines.once('SIGINT', () => {
    lines.close();
    process.kill(process.pid, 'SIGINT');
  });
}

function checked(password: string): string {
  const { least, most } = PASSWORD_LENGTH;
  if (password.length >= least && password.length <= most) return password;
  throw new UsageError(
    `Expected a password of ${least} to ${most} characters, got ${password.length}.`,
  );
}
