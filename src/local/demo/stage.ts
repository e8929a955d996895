import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Child, startChild } from '../child.ts';
import { startPrivateRedis } from '../private-redis.ts';
import type { DemoAccount } from './wechat-side.ts';

/** Everything the demo runs, all of it private to this run. */
export interface Stage {
  readonly dir: string;
  readonly shop: DemoAccount;
  readonly sister: DemoAccount;
  readonly redisUrl: string;
  readonly accountsFile: string;
  /** Who may log in to the dashboard; nobody yet. */
  readonly usersFile: string;
  /** A shell file that points `courier` here. */
  readonly envFile: string;
  readonly simulatorUrl: string;
  /** Of the workers. */
  readonly metrics: readonly Metrics[];
  /** By name, for people. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  /** Rejects if one of the processes ends before its time. */
  readonly broken: Promise<never>;
}

/** Where a process tells Prometheus of itself. */
export interface Metrics {
  readonly name: string;
  readonly url: string;
}

/** What has to be undone, last thing first. Safe to call twice. */
export interface Backstage {
  add(undo: () => Promise<void>): void;
  clear(): Promise<void>;
}

const WORKERS = 2;
const DIST = path.resolve(import.meta.dirname, '../..');

/** WeChat's answers take some 40 ms, and it knows exactly the people and templates it was told. */
const SIMULATOR_SETTINGS = {
  latency: { medianMs: 30, p99Ms: 120 },
  unknownRecipients: '40003',
  unknownTemplates: '40037',
};
/** Low enough that there is something to watch. */
const RATE = { template: { perSecond: 60 }, custom: { perSecond: 30 } };

/** Starts Redis, the simulator and the workers; what was started is in `backstage` at once. */
export async function setStage(backstage: Backstage): Promise<Stage> {
  const dir = await temporaryFolder(backstage);
  const redis = await startPrivateRedis({ dir: path.join(dir, 'redis') });
  backstage.add(() => redis.stop());

  const shop = { appId: 'wx5d0c2f8a91b3e746', secret: randomBytes(16).toString('hex') };
  const sister = { appId: 'wx8e17b94c3a6f2d05', secret: randomBytes(16).toString('hex') };
  const simulator = await startSimulator(dir, backstage);
  const simulatorUrl = String((await simulator.ready)['url']);

  const accountsFile = await writePrivate(
    path.join(dir, 'accounts.json'),
    JSON.stringify({ accounts: [{ ...shop, apiBase: simulatorUrl, rate: RATE }] }),
  );
  const usersFile = path.join(dir, 'dashboard-users.json');
  const envFile = await writePrivate(
    path.join(dir, 'env.sh'),
    `export REDIS_URL='${redis.url}' COURIER_ACCOUNTS_FILE='${accountsFile}'\n` +
      `export COURIER_DASHBOARD_USERS_FILE='${usersFile}'\n`,
  );
  const workers = startWorkers(dir, redis.url, accountsFile, backstage);
  const metrics = await Promise.all(
    workers.map(async ({ name, ready }) => metricsAt(name, (await ready)['port'])),
  );
  const children = [simulator, ...workers];
  const broken = Promise.race([
    ...children.map(({ name, exited }) => exited.then((end) => fail(name, end))),
    redis.exited.then((end) => fail('Redis', end)),
  ]);
  broken.catch(() => undefined);
  return {
    dir,
    shop,
    sister,
    redisUrl: redis.url,
    accountsFile,
    usersFile,
    envFile,
    simulatorUrl,
    metrics,
    broken,
    processes: [{ name: 'Redis', pid: redis.pid }, ...children],
  };
}

async function temporaryFolder(backstage: Backstage): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-demo-'));
  const removeAtExit = () => rmSync(dir, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  backstage.add(async () => {
    await rm(dir, { recursive: true, force: true });
    process.off('exit', removeAtExit);
  });
  return dir;
}

async function startSimulator(dir: string, backstage: Backstage): Promise<Child> {
  const configFile = path.join(dir, 'simulator.json');
  await writeFile(configFile, JSON.stringify({ port: 0, settings: SIMULATOR_SETTINGS }));
  return start(backstage, {
    name: 'simulator',
    script: 'simulator/main.js',
    env: { COURIER_SIMULATOR_CONFIG: configFile },
    logFile: path.join(dir, 'simulator.log'),
  });
}

function startWorkers(
  dir: string,
  redisUrl: string,
  accountsFile: string,
  backstage: Backstage,
): Child[] {
  return Array.from({ length: WORKERS }, (_, index) =>
    start(backstage, {
      name: `worker ${index + 1}`,
      script: 'worker/main.js',
      env: {
        REDIS_URL: redisUrl,
        COURIER_ACCOUNTS_FILE: accountsFile,
        COURIER_METRICS_PORT: '0',
      },
      logFile: path.join(dir, `worker-${index + 1}.log`),
    }),
  );
}

/** Starts a built entry, for example `worker/main.js`, until the end of the demo. */
export function start(
  backstage: Backstage,
  { script, ...options }: Parameters<typeof startChild>[0],
): Child {
  const child = startChild({ ...options, script: path.join(DIST, script) });
  backstage.add(() => child.stop());
  return child;
}

/** For the owner only: it holds a secret. */
async function writePrivate(file: string, text: string): Promise<string> {
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

export function metricsAt(name: string, port: unknown): Metrics {
  return { name, url: `http://127.0.0.1:${String(port)}/metrics` };
}

export function fail(name: string, end: string): never {
  throw new Error(`${name} ${end}`);
}

export function createBackstage(): Backstage {
  const undos: (() => Promise<void>)[] = [];
  let isCleared = false;
  return {
    add(undo) {
      // Started while we were already clearing up, after Ctrl-C say.
      if (isCleared) void undo();
      else undos.push(undo);
    },
    async clear() {
      isCleared = true;
      for (let undo = undos.pop(); undo; undo = undos.pop()) await undo();
    },
  };
}
