import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { laneName, lanePrefix } from '../src/shared/keys.ts';
import { alternate } from './alternate.ts';
import { BARE_QUEUE, openBareQueue } from './bare-queue.ts';
import { startChild, stopChild } from './child.ts';
import { onFreshRedis } from './fresh-redis.ts';
import { APP_ID, orderEnvelopes, orderMessages } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { enqueueAll, openProducer } from './producer.ts';
import { sampleLine } from './progress.ts';
import { type Result, resultOf } from './result.ts';
import { startStub, type Stub } from './stub-process.ts';

const SCENARIOS = [
  { latencyMs: 0, concurrency: 100 },
  { latencyMs: 0, concurrency: 300 },
  { latencyMs: 60, concurrency: 100 },
  { latencyMs: 60, concurrency: 300 },
] as const;
const BARE_WORKER = new URL('./bare-worker.ts', import.meta.url).pathname;
const TARGET = { atLeast: 0.8 };
const ROUND_DEADLINE_MS = 120_000;
/** Far above what one process can do: the limiter works, and never has to hold back. */
const RATE = 1_000_000;

export interface Load {
  readonly stub: Stub;
  readonly messages: number;
  readonly latencyMs: number;
  readonly concurrency: number;
}

/**
 * One worker process drains a queue that was filled before. The stub keeps the time, from the
 * first request to arrive to the last, so that nobody's own bookkeeping is believed.
 */
export async function benchSending({ messages, rounds, quick }: BenchOptions): Promise<Result[]> {
  const scenarios = SCENARIOS.filter(({ concurrency }) => !quick || concurrency === 100);
  const stub = await startStub();
  try {
    const results: Result[] = [];
    for (const scenario of scenarios) {
      const name = `send, ${scenario.latencyMs} ms, concurrency ${scenario.concurrency}`;
      const load: Load = { stub, messages, ...scenario };
      const samples = await alternate(
        rounds.sending,
        { ours: () => sendOurs(load), bare: () => sendBare(load) },
        sampleLine(name, 'messages/s'),
      );
      results.push(resultOf(name, 'messages/s', TARGET, samples));
    }
    return results;
  } finally {
    await stub.stop();
  }
}

/** Messages per second of our worker, with `more` in its environment. */
export function sendOurs(load: Load, more: Readonly<Record<string, string>> = {}): Promise<number> {
  return onFreshRedis(async (redisUrl, dir) => {
    const producer = await openProducer(redisUrl);
    await enqueueAll(producer, orderEnvelopes(load.messages), load.messages);
    await producer.close();
    const accountsFile = path.join(dir, 'accounts.json');
    await writeFile(accountsFile, accountsJson(load.stub.url));
    const logFile = path.join(dir, 'worker.log');
    const lane = { name: laneName(APP_ID, 'template'), prefix: lanePrefix(APP_ID) };
    return await drain(load, { redisUrl, logFile, ...lane }, () =>
      startChild('dist/worker/main.js', {
        logFile,
        env: {
          REDIS_URL: redisUrl,
          COURIER_ACCOUNTS_FILE: accountsFile,
          COURIER_CONCURRENCY: String(load.concurrency),
          COURIER_METRICS_PORT: '0',
          LOG_LEVEL: 'info',
          ...more,
        },
      }),
    );
  });
}

function sendBare(load: Load): Promise<number> {
  return onFreshRedis(async (redisUrl, dir) => {
    const queue = openBareQueue(redisUrl);
    await queue.add(orderMessages(load.messages), 1000);
    await queue.close();
    const logFile = path.join(dir, 'worker.log');
    return await drain(load, { redisUrl, logFile, name: BARE_QUEUE, prefix: 'bull' }, () =>
      startChild(BARE_WORKER, {
        logFile,
        args: [redisUrl, load.stub.url, String(load.concurrency)],
      }),
    );
  });
}

interface Drained {
  readonly redisUrl: string;
  readonly name: string;
  readonly prefix: string;
  readonly logFile: string;
}

/**
 * Messages per second of the worker that `start` starts.
 * @throws Error if the worker ends early, is too slow, or leaves anything in its queue
 */
async function drain(load: Load, drained: Drained, start: () => ChildProcess): Promise<number> {
  const { stub, messages, latencyMs } = load;
  await stub.arm({ sends: messages, latencyMs });
  const worker = start();
  try {
    const milliseconds = await Promise.race([
      stub.done(ROUND_DEADLINE_MS),
      once(worker, 'exit').then(([code]) => Promise.reject(new Error(`worker exit ${code}`))),
    ]);
    await stopChild(worker);
    await assertEmpty(drained);
    return (messages * 1000) / milliseconds;
  } catch (error) {
    const log = await readFile(drained.logFile, 'utf8');
    throw new Error(`The worker failed; its last lines:\n${log.slice(-2000)}`, { cause: error });
  } finally {
    await stopChild(worker);
  }
}

/** A message that was not sent at its first attempt would have been counted more than once. */
async function assertEmpty({ redisUrl, name, prefix }: Drained): Promise<void> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue(name, { connection: redis, prefix, skipVersionCheck: true });
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
  await queue.close();
  redis.disconnect();
  if (Object.values(counts).every((count) => count === 0)) return;
  throw new Error(`Expected an empty queue, got ${JSON.stringify(counts)}`);
}

function accountsJson(apiBase: string): string {
  const rate = { template: { perSecond: RATE }, custom: { perSecond: RATE } };
  const account = { appId: APP_ID, secret: 'bench-secret-0123456789abcdef0123', apiBase, rate };
  return JSON.stringify({ accounts: [account] });
}
