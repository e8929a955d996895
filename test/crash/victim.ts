import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CrashPoint } from './point.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PRELOAD = path.join(import.meta.dirname, 'preload.mjs');

/** Whatever ends this run ends its processes. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface VictimOptions {
  /** Relative to the project: a built entry or a script of this folder. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Without it the process lives on. */
  readonly crashAt?: CrashPoint | undefined;
  /** Gets its output (`.log`) and the points it passes (`.trace`). */
  readonly file: string;
}

/** `died`: it killed itself at its point. */
export type VictimEnd =
  | { readonly kind: 'died' }
  | { readonly kind: 'exited'; code: number | null };

/** A process that runs as it is built, and dies where it is told to. */
export interface Victim {
  readonly crashAt: CrashPoint | undefined;
  readonly ended: Promise<VictimEnd>;
  /** The points it has passed. */
  trace(): Promise<CrashPoint[]>;
  /** All that it printed. */
  output(): Promise<string>;
  /** Ends it, whatever it does. */
  kill(): Promise<void>;
}

export function startVictim({ entry, args = [], env, crashAt, file }: VictimOptions): Victim {
  const log = openSync(`${file}.log`, 'a');
  const child = spawn(process.execPath, ['--import', PRELOAD, path.join(ROOT, entry), ...args], {
    cwd: path.dirname(file),
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'],
      ...env,
      COURIER_TEST_CRASH_TRACE: `${file}.trace`,
      ...(crashAt !== undefined && { COURIER_TEST_CRASH_AT: crashAt }),
    },
  });
  closeSync(log);
  let killed = false;
  alive.add(child);
  const ended = new Promise<VictimEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      alive.delete(child);
      const died = signal === 'SIGKILL' && !killed;
      resolve(died ? { kind: 'died' } : { kind: 'exited', code });
    });
  });
  return {
    crashAt,
    ended,
    async trace() {
      const text = await readFile(`${file}.trace`, 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    },
    output: () => readFile(`${file}.log`, 'utf8'),
    async kill() {
      killed = true;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
