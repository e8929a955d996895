import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { boundToUs } from './private-redis.ts';

/** A process of ours that ends when we do, however we end. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Its `ready` line. Rejects with its last words if it ends before. */
  readonly ready: Promise<Record<string, unknown>>;
  /** Resolves when it is gone, with how it ended. */
  readonly exited: Promise<string>;
  /** Asks it to stop, insists after a while, and waits until it is gone. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  /** A built entry. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Gets all it prints. */
  readonly logFile: string;
}

/** More than a role's own grace period. */
const STOP_DEADLINE_MS = 20_000;
const LAST_WORDS = 5;

/**
 * Starts a built entry with a bare environment and in a process group of its own: Ctrl-C must
 * reach us alone, so that we can stop the parts in order.
 */
export function startChild({ name, script, env, logFile }: ChildOptions): Child {
  const [command, args] = boundToUs(process.execPath, [script]);
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], ...env },
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const words: string[] = [];
  const exited = endOf(child, words).finally(() => process.off('exit', killAtExit));
  const ready = readyOf(name, child, words, logFile, exited);
  ready.catch(() => undefined);
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    exited,
    async stop() {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await exited;
      clearTimeout(force);
    },
  };
}

function endOf(child: ChildProcess, words: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve([`ended with ${signal ?? code}`, ...words].join('\n')),
    );
  });
}

/** Copies what the child prints into its log, and finds the `ready` line in it. */
function readyOf(
  name: string,
  child: ChildProcess,
  words: string[],
  logFile: string,
  exited: Promise<string>,
): Promise<Record<string, unknown>> {
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  log.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        words.push(line);
        if (words.length > LAST_WORDS) words.shift();
        if (line.includes('"msg":"ready"')) {
          resolve(JSON.parse(line) as Record<string, unknown>);
        }
      });
    }
    void exited.then((end) => {
      log.end();
      reject(new Error(`${name} ${end}`));
    });
  });
}
