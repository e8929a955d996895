import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/local/free-port.ts';
import type { PrivateRedis } from '../../src/local/private-redis.ts';
import { createProducer } from '../../src/producer/index.ts';
import { createSimulator } from '../../src/simulator/build.ts';
import { useProcesses } from '../helpers/processes.ts';
import { startTestRedis } from '../helpers/redis.ts';
import { waitFor } from '../helpers/wait-for.ts';

const APP_ID = 'wx0000000000topology';
const MESSAGES = 40;
const processes = useProcesses();

/** `redis://:password@host:port/0` in the form another topology wants. */
function as(kind: 'cluster' | 'sentinel', url: string, rest = ''): string {
  return url.replace(/^redis:/, `redis+${kind}:`).replace(/\/0$/, rest);
}

interface Sentinel {
  readonly port: number;
  stop(): Promise<void>;
}

/** A Sentinel of the machine's own redis-server, in the folder of the primary it watches. */
async function startSentinel(primary: PrivateRedis, name: string): Promise<Sentinel> {
  const port = await freePort();
  const { password } = new URL(primary.url);
  const config = path.join(primary.dir, 'sentinel.conf');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${JSON.stringify(primary.dir)}`,
    `sentinel monitor ${name} 127.0.0.1 ${primary.port} 1`,
    `sentinel auth-pass ${name} ${password}`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const binary = process.env['REDIS_SERVER_BIN'] ?? 'redis-server';
  const child = spawn(binary, [config, '--sentinel'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const client = new Redis(port, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
  return {
    port,
    async stop() {
      child.kill();
      await exited;
    },
  };
}

/** Sends messages of both kinds through a real worker process and counts them at WeChat. */
async function sendThrough(redisUrl: string, dir: string): Promise<{ taken: number }> {
  const simulator = createSimulator({ accounts: [{ appId: APP_ID, secret: 'topology' }] });
  const { url: apiBase } = await simulator.start();
  const accountsFile = path.join(dir, 'accounts.json');
  const account = { appId: APP_ID, secret: 'topology', apiBase };
  await writeFile(accountsFile, JSON.stringify({ accounts: [account] }));
  const worker = processes.start('dist/worker/main.js', {
    env: {
      REDIS_URL: redisUrl,
      COURIER_ACCOUNTS_FILE: accountsFile,
      COURIER_METRICS_PORT: '0',
    },
  });
  const producer = createProducer({ redisUrl, accountsFile });
  try {
    await worker.ready();
    const results = await producer.enqueueMany(
      Array.from({ length: MESSAGES }, (_, index) => envelope(index)),
    );
    expect(results.map((result) => result.status)).toEqual(Array(MESSAGES).fill('queued'));
    const taken = () => simulator.judge().template.visible + simulator.judge().custom.visible;
    await waitFor(() => taken() === MESSAGES || undefined, {
      timeoutMs: 20_000,
      what: `WeChat to have taken ${MESSAGES} messages`,
    });
    expect(simulator.judge().duplicates).toBe(0);
    return { taken: taken() };
  } finally {
    await producer.close();
    await worker.stop();
    await simulator.stop();
  }
}

function envelope(index: number) {
  const touser = `oTopology0000000000000${String(index).padStart(6, '0')}`;
  return index % 2 === 0
    ? {
        appId: APP_ID,
        kind: 'custom' as const,
        id: `order-${index}`,
        message: { touser, msgtype: 'text', text: { content: `您的订单 ${index} 已发货` } },
      }
    : {
        appId: APP_ID,
        kind: 'template' as const,
        id: `order-${index}`,
        message: {
          touser,
          template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
          data: { thing1: { value: '巧克力' } },
        },
      };
}

describe('a Redis Cluster', () => {
  let server: PrivateRedis;
  beforeAll(async () => {
    server = await startTestRedis({
      directives: {
        'cluster-enabled': 'yes',
        'cluster-config-file': 'nodes.conf',
        'cluster-announce-ip': '127.0.0.1',
      },
    });
    const client = new Redis(server.url);
    // One node with all slots refuses scripts across slots just as many nodes would.
    const slots = Array.from({ length: 16_384 }, (_, slot) => slot);
    await client.cluster('ADDSLOTS', ...slots);
    await waitFor(
      async () => (await client.cluster('INFO')).includes('cluster_state:ok') || undefined,
      { timeoutMs: 10_000, what: 'the cluster to be up' },
    );
    client.disconnect();
  });
  afterAll(() => server.stop());

  it('carries messages of both kinds, no script touching two slots', async () => {
    const { taken } = await sendThrough(as('cluster', server.url), server.dir);
    expect(taken).toBe(MESSAGES);
  });
});

describe('a Redis watched by Sentinel', () => {
  const name = 'courier-primary';
  let primary: PrivateRedis;
  let sentinel: Sentinel;
  beforeAll(async () => {
    primary = await startTestRedis();
    sentinel = await startSentinel(primary, name);
  });
  afterAll(async () => {
    await sentinel.stop();
    await primary.stop();
  });

  it('is found by the name of its primary', async () => {
    const url = new URL(primary.url);
    url.port = String(sentinel.port);
    const { taken } = await sendThrough(as('sentinel', url.href, `/${name}`), primary.dir);
    expect(taken).toBe(MESSAGES);
  });
});
