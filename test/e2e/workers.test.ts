import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { createProducer, isCourierError } from '../../src/producer/index.ts';
import { dumpRedis, freshAppId, reached } from '../helpers/courier.ts';
import type { RunningProcess } from '../helpers/processes.ts';
import { startTestRedis } from '../helpers/redis.ts';
import {
  custom,
  ended,
  template,
  type Town,
  type TownOptions,
  useTowns,
  WORKER,
} from '../helpers/town.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* Worker processes as an operator runs them: killed, stopped, starved of Redis, misconfigured. */

const CUSTOM = '/cgi-bin/message/custom/send';
const towns = useTowns();
const { processes, cleanups } = towns;
const town = (options?: TownOptions): Promise<Town> => towns.open(options);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    (value) => new Error(`it did not fail: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  return isCourierError(error) ? error.code : String(error);
}

const deliveries = ({ stdout }: RunningProcess): number =>
  stdout.filter((line) => line.includes('"msg":"delivery"')).length;

describe('two workers', () => {
  test('share the work and one token; their output shows neither token nor secret', async () => {
    const here = await town({ latency: 30 });
    const workers = [here.worker({ LOG_LEVEL: 'trace' }), here.worker({ LOG_LEVEL: 'trace' })];
    await Promise.all(workers.map((worker) => worker.ready()));
    const ids = [...(await here.enqueue('template', 150)), ...(await here.enqueue('custom', 150))];
    expect(await ended(here, ids)).toEqual({ sent: 300 });
    const {
      tokenFetches,
      duplicates,
      template: templates,
      custom: customs,
    } = here.simulator.judge();
    expect({ tokenFetches, duplicates }).toEqual({ tokenFetches: 1, duplicates: 0 });
    expect([templates.visible, customs.visible]).toEqual([150, 150]);
    await waitFor(() => workers.every((worker) => deliveries(worker) > 20));

    const body = JSON.stringify({
      grant_type: 'client_credential',
      appid: here.appId,
      secret: here.secret,
    });
    const { url } = await here.simulator.start();
    const answer = await fetch(`${url}/cgi-bin/stable_token`, { method: 'POST', body });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const exits = await Promise.all(workers.map((worker) => worker.stop()));
    expect(exits).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    const redis = new Redis(here.redis.url);
    const dump = (await dumpRedis(redis)).map(({ key, text }) => key + text);
    redis.disconnect();
    const printed = workers.flatMap(({ stdout, stderr }) => [...stdout, ...stderr]);
    expect(printed.length).toBeGreaterThan(300);
    for (const canary of [token, here.secret]) {
      expect([...printed, ...dump].filter((text) => text.includes(canary))).toEqual([]);
    }
    for (const line of printed) expect(line).not.toContain('oAnn-0123456789abcdefghij');
  });

  test('SIGTERM while one is sending: it exits 0 in time, nothing is lost or doubled', async () => {
    const here = await town({ latency: 400 });
    const [stopping, staying] = [here.worker(), here.worker()];
    await Promise.all([stopping.ready(), staying.ready()]);
    const ids = [...(await here.enqueue('template', 200)), ...(await here.enqueue('custom', 200))];
    await waitFor(() => here.simulator.judge().custom.accepted > 40);
    const began = performance.now();
    expect(await stopping.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(stopping.stderr).toEqual([]);
    expect(await ended(here, ids)).toEqual({ sent: 400 });
    const { duplicates, template: templates, custom: customs } = here.simulator.judge();
    expect({ duplicates, absorbed: templates.absorbed }).toEqual({ duplicates: 0, absorbed: 0 });
    expect([templates.visible, customs.visible]).toEqual([200, 200]);
  });

  test('SIGKILL of one: templates are seen once each, custom ones sent or unknown', async () => {
    const here = await town({ latency: 400 });
    const [dying, staying] = [here.worker(), here.worker()];
    await Promise.all([dying.ready(), staying.ready()]);
    const templates = await here.enqueue('template', 150);
    const customs = await here.enqueue('custom', 150);
    await waitFor(() => here.simulator.judge().custom.accepted > 30);
    expect(await dying.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await ended(here, templates)).toEqual({ sent: 150 });
    const states = await ended(here, customs);
    expect((states['sent'] ?? 0) + (states['unknown'] ?? 0)).toBe(150);
    const judged = here.simulator.judge();
    expect(judged.duplicates).toBe(0);
    expect(judged.template.visible).toBe(150);
    expect(judged.custom.visible).toBeGreaterThanOrEqual(states['sent'] ?? 0);
    expect(judged.custom.visible).toBeLessThanOrEqual(150);
  });
});

test('a worker that is frozen past its locks and thaws again doubles nothing', async () => {
  const here = await town({ latency: 400, perSecond: 100 });
  const [freezing, staying] = [here.worker(), here.worker()];
  await Promise.all([freezing.ready(), staying.ready()]);
  const templates = await here.enqueue('template', 100);
  const customs = await here.enqueue('custom', 100);
  await waitFor(() => here.simulator.judge().custom.accepted > 20);
  process.kill(freezing.pid, 'SIGSTOP');
  // The other one takes over what the frozen one held; only then it thaws.
  await waitFor(
    () => staying.stdout.some((line) => /"verdict":"ambiguous"|"ended before/.test(line)),
    {
      timeoutMs: 40_000,
      what: 'somebody to take over',
    },
  );
  process.kill(freezing.pid, 'SIGCONT');
  expect(await ended(here, templates)).toEqual({ sent: 100 });
  const states = await ended(here, customs);
  expect((states['sent'] ?? 0) + (states['unknown'] ?? 0)).toBe(100);
  const judged = here.simulator.judge();
  expect(judged.duplicates).toBe(0);
  expect(judged.template.visible).toBe(100);
  expect(judged.custom.visible).toBeGreaterThanOrEqual(states['sent'] ?? 0);
  const exits = await Promise.all([freezing.stop(), staying.stop()]);
  expect(exits.map(({ code }) => code)).toEqual([0, 0]);
});

describe('Redis goes away', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'by %s and comes back: the workers go on by themselves, nothing is lost or doubled',
    async (signal) => {
      const here = await town({ latency: 100, perSecond: 100 });
      const workers = [here.worker(), here.worker()];
      await Promise.all(workers.map((worker) => worker.ready()));
      const ids = [
        ...(await here.enqueue('template', 200)),
        ...(await here.enqueue('custom', 200)),
      ];
      await waitFor(() => here.simulator.judge().custom.accepted > 30);
      await here.redis.end(signal);
      await Promise.all(workers.map((worker) => worker.line(/Redis trouble/)));
      await here.redis.start();
      await eventually(
        async () => expect((await here.producer.status(ids[0] ?? ''))?.state).toBeDefined(),
        { timeoutMs: 10_000 },
      );
      const states = await ended(here, ids);
      expect((states['sent'] ?? 0) + (states['unknown'] ?? 0)).toBe(400);
      const judged = here.simulator.judge();
      expect(judged.duplicates).toBe(0);
      expect(judged.template.visible).toBe(200);
      // Answers were waited for and written down once Redis was back: none is in doubt.
      expect(states['unknown'] ?? 0).toBe(0);
      expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([
        { code: 0, signal: null },
        { code: 0, signal: null },
      ]);
    },
  );

  test('before a worker starts: it waits, and is ready soon after Redis is', async () => {
    const here = await town();
    await here.redis.end();
    const worker = here.worker();
    await worker.line(/waiting for Redis|Redis trouble/);
    await here.redis.start();
    await worker.ready();
    const [id = ''] = await here.enqueue('custom', 1);
    expect(await ended(here, [id])).toEqual({ sent: 1 });
  });

  test('and a worker that is told to stop meanwhile does, within its grace', async () => {
    const here = await town();
    const worker = here.worker({ COURIER_SHUTDOWN_GRACE_MS: '5000' });
    await worker.ready();
    await here.redis.end('SIGKILL');
    await worker.line(/Redis trouble/);
    const began = performance.now();
    expect(await worker.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('and a producer says so in time, for every call; nothing is doubled later', async () => {
    const here = await town();
    const [known = ''] = await here.enqueue('template', 1);
    await here.redis.end('SIGKILL');
    const calls: [string, () => Promise<unknown>][] = [
      ['enqueue', () => here.producer.enqueue({ ...template(here.appId), id: 'order-1' })],
      ['status', () => here.producer.status(known)],
      ['cancel', () => here.producer.cancel(known)],
      ['dead letters', () => here.producer.deadLetters.list()],
    ];
    await inTime(calls);
    const began = performance.now();
    const many = Array.from({ length: 50 }, (_, index) => ({
      ...template(here.appId),
      id: `order-${index}`,
    }));
    const results = await here.producer.enqueueMany(many);
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(new Set(results.map((result) => ('code' in result ? result.code : '')))).toEqual(
      new Set(['ERR_QUEUE_UNAVAILABLE']),
    );

    await here.redis.start();
    await eventually(async () => {
      const again = await here.producer.enqueueMany(many);
      expect(again.every((result) => 'messageId' in result)).toBe(true);
    });
    const worker = here.worker();
    await worker.ready();
    const again = await here.producer.enqueueMany(many);
    const ids = again.map((result) => ('messageId' in result ? result.messageId : ''));
    expect(await ended(here, [known, ...ids])).toEqual({ sent: 51 });
    expect(here.simulator.judge()).toMatchObject({ duplicates: 0, template: { accepted: 51 } });
  });

  test('into a black hole: the producer says so in time, and leaves no ghost behind', async () => {
    const here = await town();
    const [known = ''] = await here.enqueue('custom', 1);
    here.redis.freeze();
    try {
      const kept = { ...custom(here.appId, 'kept'), id: 'kept' };
      await inTime([
        ['enqueue with id', () => here.producer.enqueue(kept)],
        ['enqueue without id', () => here.producer.enqueue(custom(here.appId, 'ghost'))],
        ['status', () => here.producer.status(known)],
        ['cancel', () => here.producer.cancel(known)],
      ]);
      const began = performance.now();
      const many = Array.from({ length: 50 }, (_, at) => custom(here.appId, `ghost ${at}`));
      const results = await here.producer.enqueueMany(many);
      expect(performance.now() - began).toBeLessThan(2_500);
      expect(results.every((result) => result.status === 'rejected')).toBe(true);
    } finally {
      here.redis.thaw();
    }
    const worker = here.worker();
    await worker.ready();
    const { messageId } = await waitFor(() =>
      here.producer.enqueue({ ...custom(here.appId, 'kept'), id: 'kept' }).catch(() => null),
    );
    expect(await ended(here, [messageId])).toEqual({ sent: 1 });
    // Who was told that nothing was enqueued has enqueued nothing.
    const redis = new Redis(here.redis.url);
    cleanups.push(async () => redis.disconnect());
    const lane = `courier:{${here.appId}}:${here.appId}.custom`;
    await waitFor(async () => (await redis.llen(`${lane}:wait`)) === 0);
    await eventually(async () => {
      const records = await redis.keys(`courier:{${here.appId}}:m:*`);
      const states = await Promise.all(records.map((key) => redis.hget(key, 'st')));
      expect(states.filter((state) => state !== 'sent' && state !== 'cancelled')).toEqual([]);
    });
    const { entries } = here.control<{ entries: { body: { text: { content: string } } }[] }>(
      'GET',
      'record',
    );
    const texts = entries.map(({ body }) => body.text.content);
    expect(texts.filter((text) => text.startsWith('ghost'))).toEqual([]);
    expect(texts.filter((text) => text === 'kept')).toHaveLength(1);
  });

  test('for good: a producer can still be closed', async () => {
    const here = await town();
    await here.redis.end('SIGKILL');
    const producer = createProducer({
      redisUrl: here.redis.url,
      accounts: [{ appId: here.appId }],
    });
    expect(await codeOf(producer.enqueue(template(here.appId)))).toBe('ERR_QUEUE_UNAVAILABLE');
    const began = performance.now();
    await producer.close();
    expect(performance.now() - began).toBeLessThan(2_500);
  });

  async function inTime(calls: readonly [string, () => Promise<unknown>][]): Promise<void> {
    const told = await Promise.all(
      calls.map(async ([name, call]) => {
        const began = performance.now();
        const code = await codeOf(call());
        return { name, code, inTime: performance.now() - began < 2_500 };
      }),
    );
    expect(told).toEqual(
      calls.map(([name]) => ({ name, code: 'ERR_QUEUE_UNAVAILABLE', inTime: true })),
    );
  }
});

describe('a worker that cannot work as configured exits 78 with one line', () => {
  test.each([
    [
      'accounts without secret',
      { accounts: [{ appId: 'wx0123456789abcdef' }] },
      '/accounts/0/secret',
    ],
    ['an unknown field', { accounts: [], colour: 'red' }, '/colour'],
    [
      'a secret from an unset variable',
      { accounts: [{ appId: 'wx0123456789abcdef', secret: '${NOT_SET}' }] },
      'NOT_SET',
    ],
  ])('%s', async (_what, file, named) => {
    const accountsFile = path.join(towns.dir, 'broken.json');
    await writeFile(accountsFile, JSON.stringify(file));
    const worker = processes.start(WORKER, { env: { COURIER_ACCOUNTS_FILE: accountsFile } });
    expect(await worker.exited).toEqual({ code: 78, signal: null });
    expect(worker.stderr).toHaveLength(1);
    expect(worker.stderr[0]).toContain(named);
    expect(worker.stderr[0]).toContain(accountsFile);
  });

  test('an accounts file that is not there', async () => {
    const env = { COURIER_ACCOUNTS_FILE: path.join(towns.dir, 'nowhere.json') };
    const worker = processes.start(WORKER, { env });
    expect((await worker.exited).code).toBe(78);
    expect(worker.stderr).toHaveLength(1);
  });

  test('a password that Redis refuses, without showing it', async () => {
    const server = await startTestRedis();
    cleanups.push(() => server.stop());
    const accountsFile = path.join(towns.dir, 'none.json');
    await writeFile(accountsFile, '{"accounts": []}');
    const url = new URL(server.url);
    url.password = 'CANARY-wrong-password';
    const env = { COURIER_ACCOUNTS_FILE: accountsFile, REDIS_URL: url.href };
    const worker = processes.start(WORKER, { env });
    expect((await worker.exited).code).toBe(78);
    expect(worker.stderr).toHaveLength(1);
    expect(worker.stderr[0]).toContain('REDIS_URL');
    expect([...worker.stdout, ...worker.stderr].join()).not.toContain('CANARY');
  });

  test('a setting out of its range', async () => {
    const worker = processes.start(WORKER, { env: { COURIER_CONCURRENCY: '0' } });
    expect((await worker.exited).code).toBe(78);
    expect(worker.stderr).toEqual([expect.stringContaining('COURIER_CONCURRENCY')]);
  });

  test.each([
    ['a Redis that evicts', { maxmemoryPolicy: 'allkeys-lru' }, /noeviction/],
    ['a Redis without an append-only file', { appendonly: false }, /appendonly/],
  ])('%s', async (_what, options, named) => {
    const server = await startTestRedis(options);
    cleanups.push(() => server.stop());
    const here = await town();
    const worker = here.worker({ REDIS_URL: server.url });
    expect(await worker.exited).toEqual({ code: 78, signal: null });
    expect(worker.stderr).toEqual([expect.stringMatching(named)]);
    expect(worker.stderr[0]).not.toContain(new URL(server.url).password);
    expect(worker.stdout.some((line) => line.includes('"msg":"ready"'))).toBe(false);
  });

  test('but a volatile Redis is taken where that is allowed', async () => {
    const server = await startTestRedis({ appendonly: false });
    cleanups.push(() => server.stop());
    const here = await town();
    const worker = here.worker({ REDIS_URL: server.url, COURIER_ALLOW_VOLATILE_REDIS: '1' });
    await worker.ready();
    expect((await worker.stop()).code).toBe(0);
  });
});

describe('a worker process', () => {
  test('prints its ready line with the port, even when it is silent otherwise', async () => {
    const here = await town();
    const worker = here.worker({ LOG_LEVEL: 'silent' });
    const { port } = await worker.ready();
    const url = `http://127.0.0.1:${Number(port)}`;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(`courier_queue_depth{account="${here.appId}"`);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    expect(worker.stdout).toHaveLength(1);
    expect(await worker.stop('SIGINT')).toEqual({ code: 0, signal: null });
  });

  test('is not ready while Redis is away, and alive nevertheless', async () => {
    const here = await town();
    const worker = here.worker();
    const { port } = await worker.ready();
    const status = async (route: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${Number(port)}/${route}`)).status;
    await here.redis.end('SIGKILL');
    await waitFor(async () => (await status('readyz')) === 503);
    expect(await status('healthz')).toBe(200);
    await here.redis.start();
    await waitFor(async () => (await status('readyz')) === 200, { timeoutMs: 10_000 });
  });

  test('re-reads its accounts on SIGHUP and by itself; a broken file changes nothing', async () => {
    const here = await town();
    const worker = here.worker();
    await worker.ready();
    const added = { appId: freshAppId(), secret: 'x', apiBase: (await here.simulator.start()).url };
    const producer = createProducer({ redisUrl: here.redis.url, accounts: [added] });
    cleanups.push(() => producer.close());
    const { messageId } = await producer.enqueue(custom(added.appId, 'for the new account'));

    await writeFile(here.accountsFile, '{"accounts": [');
    process.kill(worker.pid, 'SIGHUP');
    await worker.line(/accounts file not taken/);
    const [id = ''] = await here.enqueue('custom', 1);
    expect(await ended(here, [id])).toEqual({ sent: 1 });

    const { url: apiBase } = await here.simulator.start();
    await here.writeAccounts([{ appId: here.appId, secret: here.secret, apiBase }, added]);
    await reached(producer, messageId, ['sent']);
    const [last = ''] = await here.enqueue('custom', 1);
    expect(await ended(here, [last])).toEqual({ sent: 1 });
  });

  test('that dies of an account’s trouble does not exist: WeChat away, it waits and sends', async () => {
    const here = await town();
    here.control('POST', 'faults', {
      path: CUSTOM,
      accept: false,
      reply: { kind: 'reset' },
      count: 3,
    });
    const worker = here.worker();
    await worker.ready();
    const ids = await here.enqueue('custom', 10, { onAmbiguous: 'resend' });
    expect(await ended(here, ids)).toEqual({ sent: 10 });
    expect((await worker.stop()).code).toBe(0);
  });
});
