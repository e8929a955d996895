import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { boundToUs } from '../../src/local/private-redis.ts';
import { bareEnvironment, type ProcessExit, ROOT } from '../helpers/process.ts';

/** Worker processes by number; a worker that ends is started again, until the fleet stops. */
export interface Fleet {
  readonly size: number;
  /** Resolves once every worker is ready. */
  start(): Promise<void>;
  /** The numbers of those that work: started, neither frozen nor on their way out. */
  working(): number[];
  /** Null while the worker is not there. */
  pid(number: number): number | null;
  /** SIGKILL. Resolves once it is gone. */
  kill(number: number): Promise<ProcessExit>;
  /** SIGSTOP; it counts as working again after {@link thaw}. */
  freeze(number: number): void;
  thaw(number: number): void;
  /** SIGTERM or SIGINT, and SIGKILL if it is still there after `killAfterMs`. */
  leave(number: number, signal: 'SIGTERM' | 'SIGINT', killAfterMs: number): Promise<Departure>;
  readonly counts: FleetCounts;
  /** Ends all with SIGTERM, for good. */
  stop(): Promise<void>;
}

export interface Departure extends ProcessExit {
  readonly ms: number;
}

/** What happened to the workers so far. */
export interface FleetCounts {
  starts: number;
  kills: number;
  freezes: number;
  /** How those that were asked to leave left. */
  readonly departures: Departure[];
  /** Ends that nobody asked for: a fault of the worker. */
  readonly crashes: ProcessExit[];
}

export interface FleetOptions {
  readonly size: number;
  /** Gets `worker-<number>.log`. */
  readonly dir: string;
  readonly env: (number: number) => Readonly<Record<string, string>>;
}

interface Worker {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  state: 'starting' | 'working' | 'frozen' | 'leaving';
}

const WORKER = path.join(ROOT, 'dist/worker/main.js');
const START_MS = 30_000;
/** Of the last stop; more than a worker's own grace period. */
const STOP_MS = 20_000;

export function createFleet(options: FleetOptions): Fleet {
  const workers = new Map<number, Worker>();
  const counts: FleetCounts = { starts: 0, kills: 0, freezes: 0, departures: [], crashes: [] };
  let stopping = false;
  const killAtExit = (): void => {
    for (const { child } of workers.values()) child.kill('SIGKILL');
  };
  process.once('exit', killAtExit);

  function launch(number: number): Promise<void> {
    counts.starts += 1;
    const child = spawnWorker(options, number);
    const exited = exitOf(child);
    const worker: Worker = { child, pid: child.pid ?? 0, exited, state: 'starting' };
    workers.set(number, worker);
    void exited.then((exit) => {
      workers.delete(number);
      if (worker.state !== 'leaving') counts.crashes.push(exit);
      if (!stopping) launch(number).catch(() => undefined);
    });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(notReady(options, number, START_MS)), START_MS).unref();
      child.once('message', () => {
        clearTimeout(late);
        if (worker.state === 'starting') worker.state = 'working';
        resolve();
      });
      void exited.then(() => reject(notReady(options, number, 0)));
    });
  }

  function there(number: number): Worker {
    const worker = workers.get(number);
    if (worker) return worker;
    throw new Error(`Worker ${number}: expected a running process, got none`);
  }

  async function depart(worker: Worker, signal: NodeJS.Signals, ms: number): Promise<Departure> {
    const asked = performance.now();
    worker.state = 'leaving';
    worker.child.kill(signal);
    const force = setTimeout(() => {
      counts.kills += 1;
      worker.child.kill('SIGKILL');
    }, ms);
    const exit = await worker.exited;
    clearTimeout(force);
    const departure = { ...exit, ms: Math.round(performance.now() - asked) };
    counts.departures.push(departure);
    return departure;
  }

  return {
    size: options.size,
    counts,
    async start() {
      await Promise.all(Array.from({ length: options.size }, (_, number) => launch(number)));
    },
    working: () =>
      [...workers]
        .filter(([, { state }]) => state === 'working')
        .map(([number]) => number)
        .toSorted((left, right) => left - right),
    pid: (number) => workers.get(number)?.pid ?? null,
    async kill(number) {
      const worker = there(number);
      worker.state = 'leaving';
      counts.kills += 1;
      worker.child.kill('SIGKILL');
      return await worker.exited;
    },
    freeze(number) {
      const worker = there(number);
      worker.state = 'frozen';
      counts.freezes += 1;
      worker.child.kill('SIGSTOP');
    },
    thaw(number) {
      const worker = workers.get(number);
      worker?.child.kill('SIGCONT');
      if (worker?.state === 'frozen') worker.state = 'working';
    },
    leave: (number, signal, killAfterMs) => depart(there(number), signal, killAfterMs),
    async stop() {
      stopping = true;
      await Promise.all(
        [...workers.values()].map(async (worker) => {
          worker.child.kill('SIGCONT');
          await depart(worker, 'SIGTERM', STOP_MS);
        }),
      );
      process.off('exit', killAtExit);
    },
  };
}

/** Its `ready` comes over the channel that pm2 uses too; what it prints goes into a file. */
function spawnWorker({ dir, env }: FleetOptions, number: number): ChildProcess {
  const log = openSync(path.join(dir, `worker-${number}.log`), 'a');
  const [command, args] = boundToUs(process.execPath, [WORKER]);
  const child = spawn(command, args, {
    cwd: dir,
    env: { ...bareEnvironment(), ...env(number) },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return child;
}

function exitOf(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

function notReady({ dir }: FleetOptions, number: number, ms: number): Error {
  const what = ms > 0 ? `was not ready within ${ms} ms` : 'ended before it was ready';
  return new Error(`Worker ${number} ${what}; see ${path.join(dir, `worker-${number}.log`)}`);
}
