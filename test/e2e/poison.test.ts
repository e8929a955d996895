import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProducer } from '../../src/producer/index.ts';
import { freshAppId, quietSimulator, reached } from '../helpers/courier.ts';
import { type RunningProcess, useProcesses } from '../helpers/processes.ts';
import { useRedis } from '../helpers/redis.ts';

/* A message that kills every process that tries to send it. */

const redis = useRedis();
const processes = useProcesses();
const POISON = 'poison-0123456789abcdef';
let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'courier-poison-'));
  // Dies while it makes the request of the one message, as a bug in a codec or in Node would.
  await writeFile(
    path.join(dir, 'brittle.mjs'),
    `import { subscribe } from 'node:diagnostics_channel';
     subscribe('undici:request:create', ({ request }) => {
       if (String(request.body).includes('${POISON}')) process.kill(process.pid, 'SIGKILL');
     });`,
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('it kills at most three of them, is then a dead letter, and its neighbours are sent once', async () => {
  const appId = freshAppId();
  const simulator = quietSimulator({
    accounts: [{ appId, secret: 's' }],
    settings: { latency: 300 },
  });
  const { url: apiBase } = await simulator.start();
  const accountsFile = path.join(dir, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify({ accounts: [{ appId, secret: 's', apiBase }] }));
  const producer = createProducer({ redisUrl: redis.url, accounts: [{ appId }] });
  const envelope = (touser: string) => ({
    appId,
    kind: 'template' as const,
    message: {
      touser,
      template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
      data: { thing1: { value: '巧克力' } },
    },
  });
  const neighbours = Array.from({ length: 19 }, (_, at) => envelope(`oNeighbour-${at}-0123456789`));
  const results = await producer.enqueueMany([
    ...neighbours.slice(0, 10),
    envelope(POISON),
    ...neighbours.slice(10),
  ]);
  const ids = results.map((result) => ('messageId' in result ? result.messageId : result.code));
  const poison = ids[10] ?? '';

  let deaths = 0;
  let stopped = false;
  let current: RunningProcess | undefined;
  async function keepOneRunning(): Promise<void> {
    while (!stopped) {
      current = processes.start('dist/worker/main.js', {
        env: {
          REDIS_URL: redis.url,
          COURIER_ACCOUNTS_FILE: accountsFile,
          COURIER_METRICS_PORT: '0',
          NODE_OPTIONS: `--import ${path.join(dir, 'brittle.mjs')}`,
        },
      });
      const { signal } = await current.exited;
      if (signal === 'SIGKILL' && !stopped) deaths += 1;
    }
  }
  const running = keepOneRunning();
  try {
    const status = await reached(producer, poison, ['dead'], { timeoutMs: 110_000 });
    expect(status.reason).toBe('poison');
    expect(deaths).toBe(3);
    for (const id of ids.filter((one) => one !== poison)) {
      await reached(producer, id, ['sent'], { timeoutMs: 60_000 });
    }
    const { template, duplicates } = simulator.judge();
    expect({ visible: template.visible, duplicates }).toEqual({ visible: 19, duplicates: 0 });
    const [letter] = await producer.deadLetters.list({ appId });
    expect(letter).toMatchObject({ messageId: poison, reason: 'poison', job: { message: {} } });
  } finally {
    stopped = true;
    await current?.stop('SIGKILL');
    await running;
    await producer.close();
    await simulator.stop();
  }
}, 180_000);
