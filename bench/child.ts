import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const STOP_DEADLINE_MS = 20_000;

/** Whatever ends this run ends its children. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where stdout goes; errors go where ours go. */
  readonly logFile: string;
}

/** Runs a file of the project with this Node; a `.ts` file through tsx. */
export function startChild(entry: string, options: ChildOptions): ChildProcess {
  const log = openSync(options.logFile, 'a');
  const child = spawn(
    process.execPath,
    [...loaderOf(entry), path.resolve(ROOT, entry), ...(options.args ?? [])],
    {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], ...options.env },
      stdio: ['ignore', log, 'inherit'],
    },
  );
  closeSync(log);
  return kept(child);
}

/** Like {@link startChild}, with a channel for messages instead of a log. */
export function forkChild(entry: string): ChildProcess {
  return kept(fork(path.resolve(ROOT, entry), { cwd: ROOT, execArgv: loaderOf(entry) }));
}

/** Asks it to stop, waits for its end, and does not wait for ever. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exit;
  clearTimeout(force);
}

function loaderOf(entry: string): string[] {
  return entry.endsWith('.ts') ? ['--import', 'tsx'] : [];
}

function kept(child: ChildProcess): ChildProcess {
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  return child;
}
