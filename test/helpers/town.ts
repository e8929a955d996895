import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { createProducer, type Producer } from '../../src/producer/index.ts';
import type { Simulator } from '../../src/simulator/build.ts';
import { freshAppId, quietSimulator, reached } from './courier.ts';
import { type Processes, type RunningProcess, useProcesses } from './processes.ts';
import { createRestartableRedis, type RestartableRedis } from './restartable-redis.ts';

export const WORKER = 'dist/worker/main.js';

/** An account, its WeChat, its Redis and its producer; the workers are the test's. */
export interface Town {
  readonly appId: string;
  readonly secret: string;
  /** Its WeChat. */
  readonly apiBase: string;
  readonly redis: RestartableRedis;
  readonly simulator: Simulator;
  readonly producer: Producer;
  readonly accountsFile: string;
  readonly env: Readonly<Record<string, string>>;
  worker(env?: Readonly<Record<string, string>>): RunningProcess;
  enqueue(kind: 'template' | 'custom', count: number, fields?: object): Promise<string[]>;
  control<T = Record<string, unknown>>(method: string, route: string, body?: unknown): T;
  writeAccounts(accounts: readonly object[]): Promise<void>;
}

export interface TownOptions {
  /** Of WeChat's answers, in milliseconds; default 0. */
  readonly latency?: number;
  /** Default 500. */
  readonly perSecond?: number;
}

/** Towns for the tests of a file, and what they are made of. */
export interface Towns {
  readonly processes: Processes;
  /** Done after each test, the last first. */
  readonly cleanups: (() => Promise<unknown>)[];
  readonly dir: string;
  open(options?: TownOptions): Promise<Town>;
}

export function useTowns(): Towns {
  const processes = useProcesses();
  const cleanups: (() => Promise<unknown>)[] = [];
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'courier-town-'));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  return {
    processes,
    cleanups,
    get dir() {
      return dir;
    },
    open: (options = {}) => openTown(options, { processes, cleanups, dir }),
  };
}

async function openTown(
  options: TownOptions,
  { processes, cleanups, dir }: Pick<Towns, 'processes' | 'cleanups' | 'dir'>,
): Promise<Town> {
  const { latency = 0, perSecond = 500 } = options;
  const redis = await createRestartableRedis();
  cleanups.push(() => redis.remove());
  await redis.start();
  const appId = freshAppId();
  const secret = `canary-secret-${appId}`;
  const settings = { latency };
  const simulator = quietSimulator({ accounts: [{ appId, secret }], settings });
  cleanups.push(() => simulator.stop());
  const { url: apiBase } = await simulator.start();
  const accountsFile = path.join(dir, `${appId}.json`);
  const writeAccounts = (accounts: readonly object[]): Promise<void> =>
    writeFile(accountsFile, JSON.stringify({ accounts }));
  const rate = { template: { perSecond }, custom: { perSecond } };
  await writeAccounts([{ appId, secret: '${WX_SECRET}', apiBase, rate }]);
  const producer = createProducer({ redisUrl: redis.url, accounts: [{ appId }] });
  cleanups.push(() => producer.close());
  const env = {
    REDIS_URL: redis.url,
    COURIER_ACCOUNTS_FILE: accountsFile,
    COURIER_METRICS_PORT: '0',
    WX_SECRET: secret,
  };
  let number = 0;
  return {
    appId,
    secret,
    apiBase,
    redis,
    simulator,
    producer,
    accountsFile,
    env,
    writeAccounts,
    worker(more = {}) {
      const worker = processes.start(WORKER, { env: { ...env, ...more } });
      cleanups.push(() => worker.stop('SIGKILL'));
      return worker;
    },
    async enqueue(kind, count, fields = {}) {
      const results = await producer.enqueueMany(
        Array.from({ length: count }, () => ({
          ...(kind === 'template' ? template(appId) : custom(appId, `text ${(number += 1)}`)),
          ...fields,
        })),
      );
      return results.map((result) => ('messageId' in result ? result.messageId : result.code));
    },
    control<T>(method: string, route: string, body?: unknown): T {
      const { status, json } = simulator.control(method, `/_control/${route}`, body);
      if (status !== 200) throw new Error(`control ${route}: ${JSON.stringify(json)}`);
      return json as T;
    },
  };
}

export function template(appId: string) {
  const message = {
    touser: 'oAnn-0123456789abcdefghij',
    template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    data: { thing1: { value: '巧克力' } },
  };
  return { appId, kind: 'template' as const, message };
}

export function custom(appId: string, content: string) {
  const message = { touser: 'oAnn-0123456789abcdefghij', msgtype: 'text', text: { content } };
  return { appId, kind: 'custom' as const, message };
}

/** How many of these messages are in each state, once none is on its way any more. */
export async function ended(
  { producer }: Town,
  ids: readonly string[],
  timeoutMs = 60_000,
): Promise<Record<string, number>> {
  const states: Record<string, number> = {};
  for (const id of ids) {
    const { state } = await reached(producer, id, ['sent', 'unknown', 'dead', 'held'], {
      timeoutMs,
      intervalMs: 100,
    });
    states[state] = (states[state] ?? 0) + 1;
  }
  return states;
}
