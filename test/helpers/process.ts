import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor, type WaitOptions } from './wait-for.ts';

/** The project's folder. */
export const ROOT = path.resolve(import.meta.dirname, '../..');

/** What a test run that breaks off must not leave behind. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface ProcessOptions {
  readonly args?: readonly string[];
  /** On top of a bare environment (PATH, HOME, TMPDIR): nothing of ours leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the project's folder. */
  readonly cwd?: string;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** Lines so far; they grow while the process runs. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exited: Promise<ProcessExit>;
  /** The `"msg":"ready"` log line, parsed. Throws with the output if the process ends first. */
  ready(options?: WaitOptions): Promise<Record<string, unknown>>;
  /** The first stdout line, past or future, that matches. */
  line(match: RegExp, options?: WaitOptions): Promise<string>;
  /** Sends the signal (default SIGTERM) and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<ProcessExit>;
}

/**
 * Runs one of our entries with this Node: `dist/worker/main.js` as built, or a `.ts` file
 * through tsx. The path is relative to the project.
 */
export function startProcess(entry: string, options: ProcessOptions = {}): RunningProcess {
  const loader = entry.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const child = spawn(
    process.execPath,
    [...loader, path.resolve(ROOT, entry), ...(options.args ?? [])],
    {
      cwd: options.cwd ?? ROOT,
      env: { ...bareEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  alive.add(child);
  const stdout: string[] = [];
  const stderr: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => stdout.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  let exit: ProcessExit | undefined;
  const exited = new Promise<ProcessExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve((exit = { code, signal })));
  }).finally(() => alive.delete(child));

  async function line(match: RegExp, waiting: WaitOptions = {}): Promise<string> {
    const found = await waitFor(
      () => stdout.find((text) => match.test(text)) ?? (exit ? 'ended' : undefined),
      { timeoutMs: 15_000, what: `${entry} to print ${match}`, ...waiting },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${output()}`, { cause: error });
    });
    if (match.test(found)) return found;
    throw new Error(`${entry} ended (${JSON.stringify(exit)}) before ${match}\n${output()}`);
  }
  const output = () => [...stdout, ...stderr].slice(-40).join('\n');

  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    exited,
    line,
    async ready(waiting) {
      return JSON.parse(await line(/"msg":"ready"/, waiting)) as Record<string, unknown>;
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

/** PATH, HOME, TMPDIR, the language and which redis-server to use: what every process needs. */
export function bareEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG', 'REDIS_SERVER_BIN']) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
