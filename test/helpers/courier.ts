import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Queue, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { createProducer, type MessageStatus, type Producer } from '../../src/producer/index.ts';
import { loadConfig } from '../../src/shared/config.ts';
import { type DeadLetter, openDeadLetters } from '../../src/shared/dead-letter.ts';
import { accountKeys, lanePrefix } from '../../src/shared/keys.ts';
import { type LaneQueue, openLane } from '../../src/shared/lane.ts';
import { scrub } from '../../src/shared/logger.ts';
import type { Kind } from '../../src/shared/outcome.ts';
import { openTracing } from '../../src/shared/tracing/open-tracing.ts';
import {
  createSimulator,
  type Judgement,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/build.ts';
import { buildWorker } from '../../src/worker/build.ts';
import { useRedis } from './redis.ts';
import { waitFor, type WaitOptions } from './wait-for.ts';

export const TEMPLATE_SEND = '/cgi-bin/message/template/send';
export const CUSTOM_SEND = '/cgi-bin/message/custom/send';
export const STABLE_TOKEN = '/cgi-bin/stable_token';
const PATHS: Record<Kind, string> = { template: TEMPLATE_SEND, custom: CUSTOM_SEND };

/** One line of a worker's log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A worker inside the test's process, built as its `main.ts` builds it. */
export interface TestWorker {
  readonly port: number;
  readonly log: readonly LogLine[];
  stop(): Promise<void>;
  reload(): Promise<void>;
}

/** What the simulator took and whether anybody saw it. */
export interface Taken {
  readonly seq: number;
  readonly kind: Kind;
  readonly at: number;
  readonly openid: string;
  readonly clientMsgId?: string;
  readonly msgid?: string;
  readonly state: 'shown' | 'absorbed' | 'held' | 'rejected';
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ShopOptions {
  /** In-process workers; default 1. */
  readonly workers?: number;
  /** More fields of the account in the accounts file. */
  readonly account?: Readonly<Record<string, unknown>>;
  /** The secret the accounts file has; default the right one. */
  readonly secret?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A simulator of its own with these settings; default the file's. */
  readonly settings?: NonNullable<SimulatorOptions['settings']>;
}

/** One account with everything around it: who enqueues, who sends, and WeChat. */
export interface Shop {
  readonly appId: string;
  readonly secret: string;
  readonly redisUrl: string;
  readonly redis: Redis;
  readonly producer: Producer;
  readonly workers: readonly TestWorker[];
  /** The workers' log lines, all of them. */
  readonly log: () => LogLine[];
  readonly accountsFile: string;
  readonly simulator: Simulator;
  readonly apiBase: string;
  readonly keys: ReturnType<typeof accountKeys>;
  startWorker(): Promise<TestWorker>;
  /** The accounts file with other fields of this account, and perhaps others beside it. */
  writeAccounts(
    fields: Readonly<Record<string, unknown>>,
    others?: readonly object[],
  ): Promise<void>;
  template(fields?: object, data?: object): { appId: string; kind: 'template'; message: object };
  custom(fields?: object): { appId: string; kind: 'custom'; message: object };
  lane(kind: Kind): LaneQueue;
  /** The status once its state is one of these. */
  reached(messageId: string, states: string, waiting?: WaitOptions): Promise<MessageStatus>;
  deadLetter(messageId: string, waiting?: WaitOptions): Promise<Job<DeadLetter>>;
  /** Arms a fault for this account and kind. */
  fault(kind: Kind | 'token', spec: Readonly<Record<string, unknown>>): void;
  control<T = Record<string, unknown>>(method: string, route: string, body?: unknown): T;
  /** What WeChat took of this account. */
  taken(kind?: Kind): Taken[];
  judge(): Judgement;
  tokenFetches(): { stableNormal: number; stableForced: number; classic: number };
}

export interface Courier {
  readonly url: string;
  readonly redis: Redis;
  readonly simulator: Simulator;
  readonly apiBase: string;
  /** Opens a shop; its workers stop after the test. */
  open(options?: ShopOptions): Promise<Shop>;
}

/** Redis and simulator for a file, and shops in them for its tests. */
export function useCourier({
  closeAfter = 'test',
  ...options
}: {
  readonly persistent?: boolean;
  /** When shops are closed. Default after each test. */
  readonly closeAfter?: 'test' | 'file';
} = {}): Courier {
  const file = useRedis({ persistent: false, ...options });
  const cleanups: (() => Promise<unknown>)[] = [];
  let simulator: Simulator | undefined;
  let apiBase = '';
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'courier-shop-'));
    simulator = quietSimulator();
    apiBase = (await simulator.start()).url;
  });
  const closeShops = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  if (closeAfter === 'test') afterEach(closeShops);
  afterAll(async () => {
    await closeShops();
    await simulator?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const running = (): Simulator => {
    if (!simulator) throw new Error('useCourier(): ask for it inside a test or a hook');
    return simulator;
  };
  return {
    get url() {
      return file.url;
    },
    get redis() {
      return file.client;
    },
    get simulator() {
      return running();
    },
    get apiBase() {
      return apiBase;
    },
    async open(shopOptions = {}) {
      const own = shopOptions.settings && quietSimulator({ settings: shopOptions.settings });
      if (own) cleanups.push(() => own.stop());
      const shop = await openShop(shopOptions, {
        redisUrl: file.url,
        redis: file.client,
        dir,
        simulator: own ?? running(),
        apiBase: own ? (await own.start()).url : apiBase,
        cleanups,
      });
      return shop;
    },
  };
}

/** A simulator whose replies always claim to be JSON and whose texts have the modern form. */
export function quietSimulator(options: SimulatorOptions = {}): Simulator {
  return createSimulator({
    ...options,
    settings: { textPlainRate: 0, legacyHintRate: 0, ...options.settings },
  });
}

let shops = 0;

/** An appId nobody else uses. */
export function freshAppId(): string {
  shops += 1;
  return `wx${randomBytes(5).toString('hex')}${String(shops).padStart(6, '0')}`;
}

interface World {
  readonly redisUrl: string;
  readonly redis: Redis;
  readonly dir: string;
  readonly simulator: Simulator;
  readonly apiBase: string;
  readonly cleanups: (() => Promise<unknown>)[];
}

async function openShop(options: ShopOptions, world: World): Promise<Shop> {
  const { redis, redisUrl, simulator, apiBase, cleanups } = world;
  const appId = freshAppId();
  const secret = `canary-${randomBytes(12).toString('hex')}`;
  const accountsFile = path.join(world.dir, `${appId}.json`);
  const producer = createProducer({ redisUrl, accounts: [{ appId }] });
  const workers: TestWorker[] = [];
  const lanes = {
    template: openLane(redis, appId, 'template', () => undefined),
    custom: openLane(redis, appId, 'custom', () => undefined),
  };
  const deadLetters = openDeadLetters(redis, () => undefined);
  cleanups.push(
    () => deadLetters.close(),
    ...Object.values(lanes).map((lane: Queue) => () => lane.close()),
    () => producer.close(),
  );
  const control = <T>(method: string, route: string, body?: unknown): T => {
    const { status, json } = simulator.control(method, `/_control/${route}`, body);
    if (status !== 200) throw new Error(`control ${route}: ${JSON.stringify(json)}`);
    return json as T;
  };
  control('POST', 'accounts', { appId, secret });

  const shop: Shop = {
    appId,
    secret,
    redisUrl,
    redis,
    producer,
    workers,
    accountsFile,
    simulator,
    apiBase,
    keys: accountKeys(appId),
    log: () => workers.flatMap((worker) => worker.log),
    async startWorker() {
      const worker = await startTestWorker(redisUrl, accountsFile, options.env ?? {});
      workers.push(worker);
      cleanups.push(() => worker.stop());
      return worker;
    },
    async writeAccounts(fields, others = []) {
      const account = { appId, secret, apiBase, ...fields };
      await writeFile(accountsFile, JSON.stringify({ accounts: [account, ...others] }));
    },
    template: (fields = {}, data = {}) => ({
      appId,
      kind: 'template',
      message: {
        touser: 'oAnn-0123456789abcdefghij',
        template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
        data: { thing1: { value: '巧克力' }, ...data },
      },
      ...fields,
    }),
    custom: (fields = {}) => ({
      appId,
      kind: 'custom',
      message: {
        touser: 'oAnn-0123456789abcdefghij',
        msgtype: 'text',
        text: { content: `hello ${randomBytes(6).toString('hex')}` },
      },
      ...fields,
    }),
    lane: (kind) => lanes[kind],
    reached: (messageId, states, waiting) =>
      reached(producer, messageId, states.split(' '), waiting),
    deadLetter: (messageId, waiting) =>
      waitFor(
        async () => {
          const failed = await deadLetters.getFailed(0, 1000);
          return failed.find((job) => job.data.messageId === messageId);
        },
        { what: `a dead letter of ${messageId}`, ...waiting },
      ),
    fault(kind, spec) {
      const at = kind === 'token' ? STABLE_TOKEN : PATHS[kind];
      control('POST', 'faults', { appId, path: at, ...spec });
    },
    control,
    taken(kind) {
      const { entries } = control<{ entries: (Taken & { appId: string })[] }>(
        'GET',
        'record?limit=10000',
      );
      return entries.filter(
        (entry) => entry.appId === appId && (kind === undefined || entry.kind === kind),
      );
    },
    judge: () => simulator.judge(),
    tokenFetches: () =>
      simulator.judge().tokens[appId] ?? { stableNormal: 0, stableForced: 0, classic: 0 },
  };
  await shop.writeAccounts({
    ...(options.secret !== undefined && { secret: options.secret }),
    ...options.account,
  });
  for (let count = 0; count < (options.workers ?? 1); count += 1) await shop.startWorker();
  return shop;
}

async function startTestWorker(
  redisUrl: string,
  accountsFile: string,
  env: Readonly<Record<string, string>>,
): Promise<TestWorker> {
  const config = loadConfig({
    REDIS_URL: redisUrl,
    COURIER_ACCOUNTS_FILE: accountsFile,
    COURIER_METRICS_PORT: '0',
    ...env,
  });
  const log: LogLine[] = [];
  const sink = { write: (line: string) => void log.push(JSON.parse(line) as LogLine) };
  const logger = pino(
    {
      level: 'debug',
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: scrub },
    },
    sink,
  );
  const tracing = await openTracing(env, 'worker', { logger, monotonic: () => Date.now() });
  const worker = buildWorker(config, env, logger, tracing);
  const { port } = await worker.start();
  let stopped: Promise<void> | undefined;
  return {
    port,
    log,
    reload: () => worker.reloadAccounts(),
    stop: () => (stopped ??= worker.stop().then(() => tracing.stop(2000))),
  };
}

/** The status once the message is in one of these states. */
export async function reached(
  producer: Producer,
  messageId: string,
  states: readonly string[],
  waiting: WaitOptions = {},
): Promise<MessageStatus> {
  let seen = 'nothing';
  try {
    return await waitFor(
      async () => {
        const status = await producer.status(messageId);
        seen = JSON.stringify(status);
        return status && states.includes(status.state) ? status : null;
      },
      { timeoutMs: 10_000, what: `${messageId} to be ${states.join(' or ')}`, ...waiting },
    );
  } catch (error) {
    throw new Error(`${String(error)}; it is ${seen}`, { cause: error });
  }
}

/** Every key of a Redis with all that it holds, as text. */
export async function dumpRedis(redis: Redis): Promise<{ key: string; text: string }[]> {
  const keys = await redis.keys('*');
  return Promise.all(
    keys.map(async (key) => {
      const text = (await readKey(redis, key)) ?? '';
      return { key, text: JSON.stringify(text) };
    }),
  );
}

async function readKey(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return null;
  }
}

/** Names of BullMQ's own keys of a lane, for looking at what no API shows. */
export function laneKey(appId: string, kind: Kind, name: string): string {
  return `${lanePrefix(appId)}:${appId}.${kind}:${name}`;
}
