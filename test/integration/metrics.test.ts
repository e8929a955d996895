import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { buildOutbox } from '../../src/outbox/build.ts';
import { openAccountControl } from '../../src/shared/account-control.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { loadConfig } from '../../src/shared/config.ts';
import { FORCED_PER_DAY } from '../../src/shared/token-health.ts';
import { buildWorker } from '../../src/worker/build.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { OPERATOR, startDashboard } from '../helpers/dashboard.ts';
import { createDatabase, postgres } from '../helpers/database.ts';
import { type Exposition, parseExposition } from '../helpers/exposition.ts';
import { startIngest } from '../helpers/ingest.ts';
import { createRestartableRedis } from '../helpers/restartable-redis.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* What each role says at /metrics after something has happened. */

const courier = useCourier();
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const SLOW = { timeoutMs: 20_000 };
const silent = pino({ level: 'silent' });
const refuse = (errcode: number) => ({ accept: false, reply: { kind: 'errcode', errcode } });

async function textOf(port: number | undefined): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
}
async function scrape(port: number | undefined): Promise<Exposition> {
  return parseExposition(await textOf(port));
}
const pageOf = (shop: Shop) => scrape(shop.workers[0]?.port);

/** Repeats until the page says so: gauges may be two seconds old. */
async function untilPage(shop: Shop, look: (page: Exposition) => void): Promise<void> {
  await eventually(async () => look(await pageOf(shop)), { ...SLOW, intervalMs: 100 });
}

async function send(shop: Shop, kind: 'template' | 'custom', states: string, fields: object = {}) {
  const { messageId } = await shop.producer.enqueue(shop[kind](fields));
  await shop.reached(messageId, states, SLOW);
  return messageId;
}

describe('a worker counts', () => {
  test('runs by outcome, attempts by verdict, answers by code', async () => {
    const shop = await courier.open();
    const labels = (kind: string) => ({ account: shop.appId, kind });
    await send(shop, 'custom', 'sent');
    shop.fault('template', { ...refuse(-1), count: 1 });
    await send(shop, 'template', 'sent');
    shop.fault('custom', { ...refuse(45_015), count: 1 });
    await send(shop, 'custom', 'dead');
    shop.fault('custom', { ...refuse(99_999), count: 1 });
    await send(shop, 'custom', 'dead');
    shop.fault('custom', { accept: true, reply: { kind: 'reset' }, count: 1 });
    await send(shop, 'custom', 'unknown');

    await untilPage(shop, (page) => {
      const sends = (kind: string, outcome: string) =>
        page.value('courier_sends_total', { ...labels(kind), outcome });
      expect([sends('custom', 'sent'), sends('template', 'sent')]).toEqual([1, 1]);
      expect([sends('custom', 'dead'), sends('custom', 'unknown')]).toEqual([2, 1]);
      expect([sends('template', 'retry'), sends('template', 'snooze')]).toEqual([1, 0]);
      const attempts = (kind: string, verdict: string) =>
        page.value('courier_attempts_total', { ...labels(kind), verdict });
      expect([attempts('template', 'ok'), attempts('template', 'transient')]).toEqual([1, 1]);
      expect(attempts('custom', 'window-expired')).toBe(1);
      expect(attempts('custom', 'unknown-code')).toBe(1);
      expect(attempts('custom', 'ambiguous')).toBe(1);
      const codes = (kind: string, errcode: string) =>
        page.value('courier_errcodes_total', { ...labels(kind), errcode });
      expect([codes('custom', '0'), codes('custom', '45015'), codes('custom', 'other')]).toEqual([
        1, 1, 1,
      ]);
      expect(codes('template', '-1')).toBe(1);
      const dead = (reason: string) =>
        page.value('courier_dead_letters_total', { ...labels('custom'), reason });
      expect([dead('window-expired'), dead('exhausted'), dead('poison')]).toEqual([1, 1, 0]);
      expect(page.value('courier_send_duration_seconds_count', labels('custom'))).toBe(4);
      expect(page.value('courier_delivery_latency_seconds_count', labels('custom'))).toBe(1);
      expect(page.value('courier_parked_messages', labels('custom'))).toBe(1);
      const unknownFor = page.value('courier_parked_oldest_age_seconds', { account: shop.appId });
      expect(unknownFor).toBeGreaterThan(0);
      expect(unknownFor).toBeLessThan(60);
      expect(page.value('courier_queue_depth', { ...labels('custom'), state: 'failed' })).toBe(1);
      expect(page.value('courier_dead_letter_depth')).toBeGreaterThanOrEqual(2);
      expect(page.value('courier_build_info', { role: 'worker' })).toBe(1);
      expect(page.value('courier_redis_up')).toBe(1);
    });
  });

  test('a death once, though a run that had lost its message to another saw it die as well', async () => {
    const shop = await courier.open();
    await send(shop, 'template', 'sent');
    shop.fault('template', { ...refuse(40_003), delayMs: 1000, count: 2 });
    const { messageId } = await shop.producer.enqueue(shop.template());
    await shop.reached(messageId, 'sending');
    const record = shop.keys.ledger(messageId.slice(shop.appId.length + 1));
    await shop.redis.hset(record, 'own', 'another run');
    await shop.reached(messageId, 'dead', { timeoutMs: 30_000 });
    const stale = shop.log().filter(({ settled }) => settled === 'stale');
    expect(stale).toMatchObject([{ level: 'info', outcome: 'dead' }]);
    await untilPage(shop, (page) => {
      const lane = { account: shop.appId, kind: 'template' };
      const died = { ...lane, reason: 'permanent-recipient' };
      expect(page.value('courier_dead_letters_total', died)).toBe(1);
      expect(page.value('courier_sends_total', { ...lane, outcome: 'dead' })).toBe(1);
      expect(
        page.value('courier_attempts_total', { ...lane, verdict: 'permanent-recipient' }),
      ).toBe(1);
      expect(page.value('courier_errcodes_total', { ...lane, errcode: '40003' })).toBe(2);
    });
  });

  test('the waiting of a scheduled message from its time on', async () => {
    const shop = await courier.open();
    await send(shop, 'custom', 'sent', { sendAt: Date.now() + 4000 });
    const page = await pageOf(shop);
    expect(page.value('courier_delivery_latency_seconds_count', { kind: 'custom' })).toBe(1);
    expect(page.value('courier_delivery_latency_seconds_sum', { kind: 'custom' })).toBeLessThan(4);
  });

  test('what a limit put off, once, and says that the lane sleeps', async () => {
    const shop = await courier.open();
    shop.fault('template', { ...refuse(45_011), count: 1 });
    await shop.producer.enqueue(shop.template());
    const lane = { account: shop.appId, kind: 'template' };
    await untilPage(shop, (page) => {
      expect(page.value('courier_throttled_total', lane)).toBe(1);
      expect(page.value('courier_snoozes_total', { ...lane, cause: 'rate-limit' })).toBe(1);
      expect(page.value('courier_sends_total', { ...lane, outcome: 'snooze' })).toBe(1);
      expect(page.value('courier_lane_asleep', { ...lane, cause: 'rate-limit' })).toBe(1);
      expect(page.value('courier_lane_asleep', { ...lane, kind: 'custom' })).toBeUndefined();
    });
    // Awake again, and sent.
    await untilPage(shop, (page) => {
      expect(page.value('courier_lane_asleep', lane)).toBeUndefined();
      expect(page.value('courier_sends_total', { ...lane, outcome: 'sent' })).toBe(1);
    });
  });

  test('tokens that somebody replaced, each once however many are refused; not the first one', async () => {
    const shop = await courier.open();
    await send(shop, 'custom', 'sent');
    const account = { account: shop.appId };
    const before = await pageOf(shop);
    expect(before.value('courier_token_conflicts_total', account)).toBe(0);
    expect(before.value('courier_token_refreshes_total', { cause: 'missing' })).toBe(1);
    expect(before.value('courier_token_age_seconds', account)).toBeLessThan(60);
    for (let round = 1; round <= 2; round += 1) {
      shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'replaced' });
      await Promise.all(Array.from({ length: 20 }, () => send(shop, 'custom', 'sent')));
      const page = await pageOf(shop);
      expect(page.value('courier_token_conflicts_total', account)).toBe(round);
      expect(page.value('courier_token_refreshes_total', { cause: 'rejected' })).toBe(round);
    }
    shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'sticky' });
    await send(shop, 'custom', 'sent');
    await untilPage(shop, (page) => {
      expect(page.value('courier_token_conflicts_total', account)).toBe(3);
      const refused = { ...account, kind: 'custom', errcode: '40001' };
      expect(page.value('courier_errcodes_total', refused)).toBeGreaterThanOrEqual(3);
      expect(page.value('courier_token_forced_left', account)).toBe(FORCED_PER_DAY - 1);
      expect(page.value('courier_token_remaining_seconds', account)).toBeGreaterThan(3600);
    });
  });
});

test('a token that came to its end is no conflict', async () => {
  const settings = { tokenLifeSeconds: 2, tokenRolloverSeconds: 0, tokenOverlapSeconds: 0 };
  const shop = await courier.open({ settings });
  const account = { account: shop.appId };
  const { value } = await waitFor(async () => {
    await send(shop, 'custom', 'sent');
    const page = await pageOf(shop);
    const renewed = ['ahead', 'expired'].map(
      (cause) => page.value('courier_token_refreshes_total', { ...account, cause }) ?? 0,
    );
    return Math.max(...renewed) >= 2 ? page : null;
  }, SLOW);
  expect(value('courier_token_conflicts_total', account)).toBe(0);
});

describe('a worker shows', () => {
  test('what waits, and why, as long as the account is in the file', async () => {
    const shop = await courier.open({ account: { rate: { custom: { perSecond: 50 } } } });
    await send(shop, 'template', 'sent');
    const control = openAccountControl(shop.redis, shop.appId, systemClock);
    cleanups.push(() => control.close());
    await control.pause();
    const later = Date.now() + 3_600_000;
    await shop.producer.enqueueMany([
      shop.custom(),
      shop.custom(),
      shop.custom({ priority: 'low' }),
      shop.custom({ sendAt: later }),
    ]);
    const lane = { account: shop.appId, kind: 'custom' };
    await untilPage(shop, (page) => {
      const depth = (state: string) => page.value('courier_queue_depth', { ...lane, state });
      const states = ['waiting', 'prioritized', 'delayed', 'active', 'failed'];
      expect(states.map(depth)).toEqual([2, 1, 1, 0, 0]);
      expect(page.value('courier_queue_oldest_age_seconds', lane)).toBeGreaterThan(1);
      const account = { account: shop.appId };
      expect(page.value('courier_queue_oldest_age_seconds', { ...account, kind: 'template' })).toBe(
        0,
      );
      expect(page.value('courier_account_paused', { ...account, cause: 'operator' })).toBe(1);
      expect(page.value('courier_parked_oldest_age_seconds', account)).toBe(0);
      expect(page.value('courier_rate_limit_per_second', lane)).toBeCloseTo(50, -1);
      expect(page.value('courier_token_forced_left', account)).toBe(FORCED_PER_DAY);
      expect(page.value('courier_redis_memory_used_bytes')).toBeGreaterThan(500_000);
      expect(page.value('courier_redis_memory_limit_bytes')).toBe(0);
    });
    await control.resume();
    await untilPage(shop, (page) => {
      expect(page.value('courier_account_paused', { account: shop.appId })).toBeUndefined();
    });

    await writeFile(shop.accountsFile, JSON.stringify({ accounts: [] }));
    await shop.workers[0]?.reload();
    const page = await pageOf(shop);
    const left = page.samples.filter(({ labels }) => labels['account'] === shop.appId);
    expect(left.filter(({ name }) => page.types.get(name) === 'gauge')).toEqual([]);
  });

  test('about what a ledger takes', async () => {
    const shop = await courier.open({ workers: 0 });
    await shop.producer.enqueueMany(
      Array.from({ length: 400 }, () => shop.custom({ sendAt: Date.now() + 3_600_000 })),
    );
    const keys = await shop.redis.keys(shop.keys.ledger('*'));
    const sizes = await Promise.all(keys.map((key) => shop.redis.memory('USAGE', key)));
    const exact = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
    expect(keys).toHaveLength(400);
    await shop.startWorker();
    const page = await pageOf(shop);
    const about = page.value('courier_ledger_memory_bytes', { account: shop.appId }) ?? 0;
    expect(about / exact).toBeGreaterThan(0.5);
    expect(about / exact).toBeLessThan(2);
  });

  test('the same to all who scrape at once, from one reading', async () => {
    const shop = await courier.open();
    const [worker] = shop.workers;
    const infos = async () => {
      const stats = await shop.redis.info('commandstats');
      return Number(/cmdstat_info:calls=(\d+)/.exec(stats)?.[1]);
    };
    const before = await infos();
    await Promise.all(Array.from({ length: 20 }, () => scrape(worker?.port)));
    await scrape(worker?.port);
    // One of them is the look itself.
    expect((await infos()) - before).toBe(2);
  });
});

test('the API counts what was handed in, and no word of a caller is a label', async () => {
  const shop = await courier.open({ workers: 0 });
  const api = await startIngest(shop);
  cleanups.push(() => api.stop());
  const post = (body: object) => api.call('POST', '/v1/messages', { body });
  await post(shop.custom({ id: 'one' }));
  const fixed = shop.template({ id: 'two' });
  const messages = [fixed, fixed, { ...fixed, message: {} }, { appId: 'wxPLANTED', kind: 'odd' }];
  await api.call('POST', '/v1/messages/batch', { body: { messages } });
  await post({ ...fixed, url: 'PLANTED' });
  await post(shop.template({ id: 'two' }, { thing1: { value: 'other' } }));
  const { key } = await api.createKey({ appIds: ['wxffffffffffffffff'] });
  // A key is known after a moment; what comes without one is not counted.
  await eventually(async () => {
    const answer = await api.call('POST', '/v1/messages', { body: fixed, key });
    expect(answer.status).toBe(403);
  }, SLOW);
  await api.call('GET', '/PLANTED', { key });
  const text = await textOf(api.port);
  const page = parseExposition(text);
  const count = (kind: string, result: string, account = shop.appId) =>
    page.value('courier_enqueued_total', { account, kind, result });
  expect(count('custom', 'queued')).toBe(1);
  expect(count('template', 'queued')).toBe(1);
  expect(count('template', 'duplicate')).toBe(1);
  expect(count('template', 'conflict')).toBe(1);
  expect(count('template', 'refused')).toBe(3);
  expect(count('other', 'refused', 'other')).toBe(1);
  expect(text).not.toContain('PLANTED');
  const requests = { method: 'POST', route: '/v1/messages', status: '202' };
  expect(page.value('courier_http_requests_total', requests)).toBe(1);
  expect(page.value('courier_build_info', { role: 'ingest' })).toBe(1);
});

test('the dashboard counts logins and requests, and tells nobody on its own port', async () => {
  const shop = await courier.open({ workers: 0 });
  const dashboard = await startDashboard(shop);
  cleanups.push(() => dashboard.stop());
  expect((await dashboard.open('GET', '/metrics', { as: null })).status).toBe(401);
  expect((await dashboard.open('GET', '/', { as: OPERATOR })).status).toBe(200);
  expect((await dashboard.open('GET', '/board/PLANTED', { as: 'PLANTED:wrong' })).status).toBe(401);
  for (let guess = 0; guess < 6; guess += 1) {
    await dashboard.open('GET', '/', { as: 'li.na:wrong' });
  }
  const text = await textOf(dashboard.metricsPort);
  const page = parseExposition(text);
  const logins = (result: string) => page.value('courier_logins_total', { result });
  expect([logins('ok'), logins('refused'), logins('locked')]).toEqual([1, 6, 1]);
  const overview = { method: 'GET', route: '/' };
  expect(page.value('courier_http_requests_total', { ...overview, status: '200' })).toBe(1);
  expect(page.value('courier_http_requests_total', { ...overview, status: '429' })).toBe(1);
  expect(page.value('courier_build_info', { role: 'dashboard' })).toBe(1);
  expect(page.value('courier_redis_up')).toBe(1);
  for (const word of ['PLANTED', 'li.na']) expect(text).not.toContain(word);
});

describe('every role', () => {
  /** All four on a Redis of their own, with an outbox in a database of its own. */
  async function openAll() {
    const redis = await createRestartableRedis();
    cleanups.push(() => redis.remove());
    await redis.start();
    const shop = await courier.open({ workers: 0 });
    const here = { ...shop, redisUrl: redis.url };
    const database = await createDatabase(postgres);
    cleanups.push(() => database.remove());
    await database.start();
    const session = await database.connect();
    await session.query(readFileSync('src/outbox/tables/postgresql.sql', 'utf8'));
    const config = loadConfig({
      REDIS_URL: redis.url,
      COURIER_ACCOUNTS_FILE: shop.accountsFile,
      COURIER_METRICS_PORT: '0',
      COURIER_OUTBOX_URL: database.url,
    });
    const worker = buildWorker(config, {}, silent);
    const relay = await buildOutbox(config, silent);
    const ports = { worker: (await worker.start()).port, outbox: (await relay.start()).port };
    cleanups.push(
      () => session.close(),
      () => relay.stop(),
      () => worker.stop(),
    );
    const api = await startIngest(here);
    const dashboard = await startDashboard(here);
    cleanups.push(
      () => api.stop(),
      () => dashboard.stop(),
    );
    return {
      redis,
      shop,
      api,
      dashboard,
      session,
      ports: { ...ports, ingest: api.port, dashboard: dashboard.metricsPort },
    };
  }

  test(
    'answers within two seconds without Redis, with what it knows itself',
    { timeout: 60_000 },
    async () => {
      const { redis, ports, shop } = await openAll();
      const stored = [
        'courier_queue_depth',
        'courier_redis_memory_used_bytes',
        'courier_dead_letter_depth',
      ];
      const looked = async (port: number) => {
        const began = performance.now();
        const page = await scrape(port);
        return { page, tookMs: performance.now() - began, up: page.value('courier_redis_up') };
      };
      const names = ({ samples }: Exposition) => new Set(samples.map(({ name }) => name));
      for (const [role, port] of Object.entries(ports)) {
        const { page, up } = await looked(port);
        expect([role, up, page.value('courier_build_info', { role })]).toEqual([role, 1, 1]);
        expect([...names(page)]).toEqual(
          expect.arrayContaining(['process_cpu_seconds_total', 'courier_event_loop_delay_seconds']),
        );
      }
      expect([...names(await scrape(ports.worker))]).toEqual(expect.arrayContaining(stored));

      for (const away of ['stopped', 'frozen'] as const) {
        if (away === 'stopped') await redis.end('SIGKILL');
        else redis.freeze();
        // What was read last is fresh for two seconds.
        await eventually(async () => {
          const { page, up } = await looked(ports.worker);
          expect(up).toBe(0);
          expect(stored.filter((name) => names(page).has(name))).toEqual([]);
          expect(
            page.value('courier_sends_total', {
              account: shop.appId,
              kind: 'custom',
              outcome: 'sent',
            }),
          ).toBe(0);
        }, SLOW);
        for (const [role, port] of Object.entries(ports)) {
          // Again if this machine was held up.
          await eventually(async () => {
            const { tookMs, up } = await looked(port);
            expect([role, up]).toEqual([role, 0]);
            expect(tookMs).toBeLessThan(2000);
          }, SLOW);
        }
        if (away === 'stopped') await redis.start();
        else redis.thaw();
        await eventually(async () => {
          for (const port of Object.values(ports)) expect((await looked(port)).up).toBe(1);
          expect([...names(await scrape(ports.worker))]).toEqual(expect.arrayContaining(stored));
        }, SLOW);
      }
    },
  );

  test('keeps secrets, tokens, openids and names to itself', { timeout: 60_000 }, async () => {
    const { shop, api, dashboard, session, ports } = await openAll();
    const openid = 'oPLANTED-0123456789abcdefgh';
    const body = JSON.stringify({
      grant_type: 'client_credential',
      appid: shop.appId,
      secret: shop.secret,
    });
    const answer = await fetch(`${shop.apiBase}/cgi-bin/stable_token`, { method: 'POST', body });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const errmsg = `invalid ${openid} access_token=${token} ${shop.secret}`;
    const reply = { kind: 'errcode', errcode: 40_003, errmsg };
    shop.fault('template', { accept: false, reply, count: 2 });
    const message = { ...shop.template().message, touser: openid };
    const envelope = { ...shop.template({ id: `order of ${openid}` }), message };
    const posted = await api.call('POST', '/v1/messages', { body: envelope });
    await api.call('GET', `/v1/messages/${openid}?token=${token}`);
    await dashboard.open('GET', `/message?q=${openid}`);
    await session.query('INSERT INTO courier_outbox (envelope) VALUES ($1)', [
      JSON.stringify({ ...envelope, id: 'from the outbox' }),
    ]);
    await eventually(async () => {
      const died = { reason: 'permanent-recipient', kind: 'template' };
      expect((await scrape(ports.worker)).value('courier_dead_letters_total', died)).toBe(2);
      const rows = { result: 'queued' };
      expect((await scrape(ports.outbox)).value('courier_outbox_rows_total', rows)).toBe(1);
    }, SLOW);
    const key = String(posted.json['messageId']).split('.')[1] ?? '?';
    for (const port of Object.values(ports)) {
      const text = await textOf(port);
      expect(text).toContain('courier_build_info');
      for (const canary of [shop.secret, token, openid, 'PLANTED', key, api.key, 'order of']) {
        expect(text).not.toContain(canary);
      }
    }
  });
});
