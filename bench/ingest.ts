import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { alternate } from './alternate.ts';
import { startChild, stopChild } from './child.ts';
import { onFreshRedis } from './fresh-redis.ts';
import { pace, type Paced, saturate } from './http-load.ts';
import { APP_ID } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { sampleLine } from './progress.ts';
import { type Result, resultOf } from './result.ts';
import { startStub } from './stub-process.ts';

/** Requests a second that are offered, and what a hundredth of them may take longer than. */
const PER_SECOND = 1000;
const P99_MS = 50;
/** Not a promise, a look: what checks, ledger and keys cost beside a route that does nothing else. */
const TARGET = { atLeast: 0.3 };
const READY_MS = 20_000;
const BARE_ROUTE = fileURLToPath(new URL('./bare-route.ts', import.meta.url));
const BARE_WORKER = fileURLToPath(new URL('./bare-worker.ts', import.meta.url));
/** As many as ours sends at a time by default. */
const BARE_CONCURRENCY = '50';

type Side = 'ours' | 'bare';

/**
 * The HTTP API beside a running worker, and a bare route that only calls `addBulk` beside a
 * worker that only posts.
 */
export async function benchIngest({ rounds, quick }: BenchOptions): Promise<Result[]> {
  const seconds = quick ? 3 : 20;
  const paced = await sides(rounds.ingest, 'ingest, 1,000/s: p99', 'ms', async (target) => {
    const { p99Ms, failed } = await pace(target, { perSecond: PER_SECOND, seconds });
    if (failed > 0) throw new Error(`Expected every request to be accepted, ${failed} were not`);
    return p99Ms;
  });
  const most = await sides(rounds.ingest, 'ingest, 64 callers', 'messages/s', (target) =>
    saturate(target, { callers: 64, seconds: quick ? 2 : 10 }),
  );
  return [
    resultOf('ingest, 1,000/s: p99', 'ms', { oursAtMost: P99_MS }, paced),
    resultOf('ingest, 64 callers', 'messages/s', TARGET, most),
  ];
}

async function sides(
  rounds: number,
  name: string,
  unit: Result['unit'],
  measure: (target: Paced) => Promise<number>,
) {
  return await alternate(
    rounds,
    { ours: () => served('ours', measure), bare: () => served('bare', measure) },
    sampleLine(name, unit),
  );
}

/** Runs one measure against one side, with a worker that sends what comes in. */
function served(side: Side, measure: (target: Paced) => Promise<number>): Promise<number> {
  return onFreshRedis(async (redisUrl, dir) => {
    const stub = await startStub();
    await stub.arm({ sends: Number.MAX_SAFE_INTEGER, latencyMs: 60 });
    const accountsFile = path.join(dir, 'accounts.json');
    const keysFile = path.join(dir, 'api-keys.json');
    const rate = { template: { perSecond: 100_000 } };
    const account = {
      appId: APP_ID,
      secret: 'bench-secret-0123456789abcdef0123',
      apiBase: stub.url,
      rate,
    };
    await writeFile(accountsFile, JSON.stringify({ accounts: [account] }));
    const env = {
      REDIS_URL: redisUrl,
      COURIER_ACCOUNTS_FILE: accountsFile,
      COURIER_API_KEYS_FILE: keysFile,
      COURIER_METRICS_PORT: '0',
      COURIER_INGEST_PORT: '0',
      COURIER_INGEST_RATE: '1000000',
    };
    const logFile = path.join(dir, `${side}.log`);
    const key = await newKey(env, path.join(dir, 'key.json'));
    const workerLog = path.join(dir, 'worker.log');
    const ours = () => ({
      server: startChild('dist/ingest/main.js', { logFile, env }),
      worker: startChild('dist/worker/main.js', { logFile: workerLog, env }),
    });
    const bare = () => ({
      server: startChild(BARE_ROUTE, { logFile, args: [redisUrl] }),
      worker: startChild(BARE_WORKER, {
        logFile: workerLog,
        args: [redisUrl, stub.url, BARE_CONCURRENCY],
      }),
    });
    const { server, worker } = side === 'ours' ? ours() : bare();
    try {
      const url = `http://127.0.0.1:${await portOf(logFile)}`;
      return await measure({ url, key });
    } finally {
      await Promise.all([stopChild(server), stopChild(worker)]);
      await stub.stop();
    }
  });
}

async function newKey(env: Readonly<Record<string, string>>, logFile: string): Promise<string> {
  const args = ['keys', 'create', '--name', 'bench', '--json'];
  const child = startChild('dist/cli/main.js', { logFile, args, env });
  await once(child, 'exit');
  const { key } = JSON.parse(await readFile(logFile, 'utf8')) as { key: string };
  return key;
}

/** From its `ready` line. */
async function portOf(logFile: string): Promise<number> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const log = await readFile(logFile, 'utf8').catch(() => '');
    const line = log.split('\n').find((one) => one.includes('"msg":"ready"'));
    if (line) return (JSON.parse(line) as { port: number }).port;
    await delay(50);
  }
  throw new Error(`Expected a ready line in ${logFile} within ${READY_MS} ms, got none`);
}
