import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/shared/clock.ts';
import { createAccountPause } from '../../src/worker/account/account-pause.ts';
import { dumpRedis, type Shop, useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';
import { pino } from 'pino';

/* One token for all workers of an account: fetched once, renewed once, shown to nobody. */

const courier = useCourier();
const fast = { rate: { template: { perSecond: 2_000 }, custom: { perSecond: 2_000 } } };

async function enqueue(shop: Shop, kind: 'template' | 'custom', count: number): Promise<string[]> {
  const envelopes = Array.from({ length: count }, () => shop[kind]());
  const results = await shop.producer.enqueueMany(envelopes);
  return results.map((result) => ('messageId' in result ? result.messageId : result.code));
}

async function allSent(shop: Shop, ids: readonly string[], timeoutMs = 15_000): Promise<void> {
  await Promise.all(ids.map((id) => shop.reached(id, 'sent', { timeoutMs, intervalMs: 100 })));
}

/** The attempts of all of these; one each means that nobody spent one on a token. */
async function attemptCounts(shop: Shop, ids: readonly string[]): Promise<number[]> {
  const statuses = await Promise.all(ids.map((id) => shop.producer.status(id)));
  return [...new Set(statuses.map((status) => status?.attempts.length ?? -1))];
}

const refused = { accept: false, reply: { kind: 'errcode', errcode: 40_001 } };

describe('the stable endpoint', () => {
  test('is asked once by two workers with a hundred messages each way', async () => {
    const shop = await courier.open({ workers: 2, account: fast });
    const ids = [
      ...(await enqueue(shop, 'template', 100)),
      ...(await enqueue(shop, 'custom', 100)),
    ];
    await allSent(shop, ids);
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 1, stableForced: 0, classic: 0 });
  });

  test('is asked once for two hundred 40001 at a time, and nobody spends an attempt', async () => {
    const shop = await courier.open({
      workers: 2,
      account: fast,
      settings: { latency: 300 },
      env: { COURIER_CONCURRENCY: '100' },
    });
    await allSent(shop, await enqueue(shop, 'custom', 1));
    shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'replaced' });
    await shop.lane('custom').pause();
    const ids = await enqueue(shop, 'custom', 200);
    await shop.lane('custom').resume();
    await allSent(shop, ids);
    const { requests } = shop.judge();
    const refused = requests['/cgi-bin/message/custom/send']?.['40001'] ?? 0;
    expect(refused).toBeGreaterThan(50);
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 2, stableForced: 0 });
    expect(await attemptCounts(shop, ids)).toEqual([1]);
    expect(shop.taken('custom')).toHaveLength(201);
  });

  test('is forced exactly once when it hands out the very token WeChat refuses, not at once', async () => {
    const shop = await courier.open({ workers: 2, account: fast });
    await allSent(shop, await enqueue(shop, 'custom', 1));
    shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'sticky' });
    const ids = await enqueue(shop, 'custom', 60);
    await allSent(shop, ids);
    // The same token was given a second chance before it was replaced by force.
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 3, stableForced: 1 });
    expect(await attemptCounts(shop, ids)).toEqual([1]);
  });

  test('is not forced when WeChat takes the token a moment later after all', async () => {
    const shop = await courier.open({ account: fast });
    await allSent(shop, await enqueue(shop, 'custom', 1));
    shop.fault('custom', { ...refused, count: 3 });
    const ids = await enqueue(shop, 'custom', 3);
    await allSent(shop, ids);
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 2, stableForced: 0 });
    expect(await attemptCounts(shop, ids)).toEqual([1]);
  });

  test('refused again within the gap, it is not forced again: the lane sleeps, nothing dies', async () => {
    const shop = await courier.open({ account: fast });
    await allSent(shop, await enqueue(shop, 'custom', 1));
    const revoke = { appId: shop.appId, action: 'revoke', mode: 'sticky' };
    shop.control('POST', 'tokens', revoke);
    await allSent(shop, await enqueue(shop, 'custom', 1));
    shop.control('POST', 'tokens', revoke);
    const [id = ''] = await enqueue(shop, 'custom', 1);
    const line = await waitFor(() => shop.log().find(({ code }) => code === 'token-conflict'));
    expect(line['level']).toBe('error');
    expect(shop.tokenFetches()).toMatchObject({ stableForced: 1 });
    expect(await shop.producer.status(id)).toMatchObject({ attempts: [] });
    // Whoever replaced the token stops; a normal call gives a good one again.
    shop.control('POST', 'tokens', { ...revoke, mode: 'replaced' });
    await allSent(shop, [id], 25_000);
    expect(await attemptCounts(shop, [id])).toEqual([1]);
  });

  test('that is replaced again and again by another system is an alarm, once; no attempt is spent', async () => {
    const shop = await courier.open({ account: fast });
    const replaced = { appId: shop.appId, action: 'revoke', mode: 'replaced' };
    const all: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const ids = await enqueue(shop, 'custom', 5);
      await allSent(shop, ids, 15_000);
      all.push(...ids);
      shop.control('POST', 'tokens', replaced);
    }
    const alarms = shop.log().filter(({ code }) => code === 'token-conflict');
    expect(alarms).toHaveLength(1);
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 5, stableForced: 0 });
    expect(await attemptCounts(shop, all)).toEqual([1]);
  });

  test('gives a new token after the old one ran out', async () => {
    const shop = await courier.open({ account: fast });
    await allSent(shop, await enqueue(shop, 'template', 1));
    shop.control('POST', 'tokens', { appId: shop.appId, action: 'expire' });
    const ids = await enqueue(shop, 'template', 20);
    await allSent(shop, ids);
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 2, stableForced: 0 });
    expect(await attemptCounts(shop, ids)).toEqual([1]);
  });

  test('that is busy makes the messages wait; they spend nothing and are sent after', async () => {
    const shop = await courier.open({ account: fast });
    shop.fault('token', { accept: false, reply: { kind: 'errcode', errcode: -1 }, count: 2 });
    const ids = await enqueue(shop, 'custom', 10);
    await allSent(shop, ids, 25_000);
    expect(await attemptCounts(shop, ids)).toEqual([1]);
    expect(shop.log().filter(({ msg }) => msg === 'lane sleeps').length).toBeGreaterThan(0);
  });

  test('whose own quota is spent (45009) is left alone for a minute; nothing dies of it', async () => {
    const shop = await courier.open({ account: fast });
    shop.fault('token', { accept: false, reply: { kind: 'errcode', errcode: 45_009 } });
    const [id = ''] = await enqueue(shop, 'custom', 1);
    await waitFor(() => shop.log().find(({ msg }) => msg === 'lane sleeps'));
    expect(await shop.redis.pttl(shop.keys.tokenLock)).toBeGreaterThan(50_000);
    expect(await shop.producer.status(id)).toMatchObject({ state: 'queued', attempts: [] });
  });

  test('that answers rubbish gives no token, and nothing is sent with it', async () => {
    const shop = await courier.open({ account: fast });
    shop.fault('token', { accept: true, reply: { kind: 'bad-gateway' }, count: 1 });
    shop.fault('token', { accept: true, reply: { kind: 'truncated' }, count: 1 });
    const ids = await enqueue(shop, 'custom', 3);
    await allSent(shop, ids, 25_000);
    expect(await attemptCounts(shop, ids)).toEqual([1]);
    const { requests } = shop.judge();
    expect(requests['/cgi-bin/message/custom/send']?.['40014']).toBeUndefined();
  });

  test('is asked again by a worker that cannot open what another secret sealed', async () => {
    const shop = await courier.open({ account: fast });
    await allSent(shop, await enqueue(shop, 'custom', 1));
    shop.control('POST', 'accounts', { appId: shop.appId, secret: 'rotated-secret' });
    await shop.writeAccounts({ ...fast, secret: 'rotated-secret' });
    await shop.workers[0]?.reload();
    const ids = await enqueue(shop, 'custom', 3);
    await allSent(shop, ids);
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 2 });
  });
});

test('the classic endpoint works too, and is asked once', async () => {
  const shop = await courier.open({ workers: 2, account: { ...fast, tokenSource: 'token' } });
  const ids = await enqueue(shop, 'custom', 50);
  await allSent(shop, ids);
  expect(shop.tokenFetches()).toMatchObject({ stableNormal: 0, classic: 1 });
  shop.control('POST', 'tokens', {
    appId: shop.appId,
    action: 'revoke',
    family: 'classic',
    mode: 'replaced',
  });
  const more = await enqueue(shop, 'custom', 50);
  await allSent(shop, more);
  expect(shop.tokenFetches()).toMatchObject({ classic: 2 });
  expect(await attemptCounts(shop, more)).toEqual([1]);
});

describe('a token centre', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(
      servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
    );
  });

  /** A centre that passes on what the simulator issues, with a life of its own. */
  async function centre(shop: Pick<Shop, 'appId' | 'secret' | 'apiBase'>, lifeSeconds: number) {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      void issue().then((token) =>
        response.end(JSON.stringify({ access_token: token, expires_in: lifeSeconds })),
      );
    });
    async function issue(): Promise<string> {
      const query = `grant_type=client_credential&appid=${shop.appId}&secret=${shop.secret}`;
      const answer = await fetch(`${shop.apiBase}/cgi-bin/token?${query}`);
      return ((await answer.json()) as { access_token: string }).access_token;
    }
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/token`, seen };
  }

  test('is asked with its header, and no secret of the account', async () => {
    const shop = await courier.open({ workers: 0 });
    const { url, seen } = await centre(shop, 7_200);
    const header = 'Authorization: Bearer centre-canary-1';
    await shop.writeAccounts({ ...fast, secret: 'not-the-real-one', tokenSource: { url, header } });
    await shop.startWorker();
    await allSent(shop, await enqueue(shop, 'custom', 5));
    expect(seen).toEqual(['Bearer centre-canary-1']);
  });

  test('with short lives is asked ahead of the end, so that no send waits or is refused', async () => {
    const shop = await courier.open({ workers: 0, settings: {} });
    const { url, seen } = await centre(shop, 6);
    await shop.writeAccounts({ ...fast, tokenSource: { url } });
    await shop.startWorker();
    await allSent(shop, await enqueue(shop, 'custom', 1));
    // In the last fifth of its six seconds somebody sends, and so renews.
    await waitFor(
      async () => {
        await allSent(shop, await enqueue(shop, 'custom', 1));
        return seen.length === 2;
      },
      { timeoutMs: 10_000, intervalMs: 250 },
    );
    const causes = shop
      .log()
      .flatMap((line) => (line['msg'] === 'token renewed' ? line['cause'] : []));
    expect(causes).toEqual(['missing', 'ahead']);
    expect(shop.judge().requests['/cgi-bin/message/custom/send']?.['40001']).toBeUndefined();
  });
});

describe('an account that WeChat refuses', () => {
  test.each([
    ['a wrong secret', 'ok', 'wrong', 40_125],
    ['an address that is not on the list', 'ip-not-listed', undefined, 40_164],
    ['a frozen account', 'account-frozen', undefined, 50_007],
  ])(
    'for %s is paused: one error line, no attempt, no death',
    async (_why, condition, secret, errcode) => {
      const shop = await courier.open({
        workers: 2,
        account: fast,
        ...(secret !== undefined && { secret }),
      });
      shop.control('POST', 'accounts', { appId: shop.appId, condition });
      const ids = [
        ...(await enqueue(shop, 'template', 10)),
        ...(await enqueue(shop, 'custom', 10)),
      ];
      await eventually(async () => {
        expect(await shop.lane('template').isPaused()).toBe(true);
        expect(await shop.lane('custom').isPaused()).toBe(true);
      });
      await eventually(async () => {
        const counts = await shop.lane('template').getJobCounts();
        expect(counts).toMatchObject({ active: 0, failed: 0, delayed: 0 });
      });
      const lines = shop.log().filter(({ code }) => code === 'account-paused');
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({
        level: 'error',
        errcode,
        remedy: expect.stringMatching(/\w/),
      });
      expect(await attemptCounts(shop, ids)).toEqual([0]);
      expect(await shop.redis.hget(shop.keys.pause, 'errcode')).toBe(String(errcode));
      expect(shop.taken()).toHaveLength(0);
    },
  );

  test('only when it sends loses that lane for a while, said once, and the other lane goes on', async () => {
    const shop = await courier.open({ account: fast });
    await allSent(shop, await enqueue(shop, 'custom', 1));
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 48_004 }, count: 3 });
    const [id = ''] = await enqueue(shop, 'custom', 1);
    const lane = shop.lane('custom');
    await eventually(async () => expect(await lane.getRateLimitTtl()).toBeGreaterThan(50_000));
    await allSent(shop, await enqueue(shop, 'template', 1));
    expect(await lane.isPaused()).toBe(false);
    expect((await shop.producer.status(id))?.attempts).toEqual([]);
    expect(shop.log().filter(({ code }) => code === 'lane-refused')).toHaveLength(1);
  });

  test('only for this sort of message ends the message, and others go through', async () => {
    const shop = await courier.open({ account: fast });
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 40_200 }, count: 1 });
    const [id = ''] = await enqueue(shop, 'custom', 1);
    await shop.reached(id, 'dead');
    expect((await shop.producer.status(id))?.reason).toBe('permanent-payload');
    await allSent(shop, await enqueue(shop, 'custom', 1));
  });

  test('and that works again is resumed by the probe, with all its messages', async () => {
    const shop = await courier.open({ account: fast });
    shop.control('POST', 'accounts', { appId: shop.appId, condition: 'ip-not-listed' });
    const ids = await enqueue(shop, 'custom', 5);
    await eventually(async () => expect(await shop.lane('custom').isPaused()).toBe(true));
    // Said once its probe is planned: one that is planned later would undo what comes here.
    await waitFor(() => shop.log().some(({ code }) => code === 'account-paused'));
    shop.control('POST', 'accounts', { appId: shop.appId, condition: 'ok' });
    // The probe is due in a minute; here the minute is over.
    await shop.redis.hset(shop.keys.pause, 'probeAt', 1);
    await allSent(shop, ids, 20_000);
    expect(await shop.lane('template').isPaused()).toBe(false);
    expect(await attemptCounts(shop, ids)).toEqual([1]);
  });
});

describe('the pause of an account', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'debug' },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  );

  async function pauseOf(now: () => number) {
    const shop = await courier.open({ workers: 0 });
    lines.length = 0;
    const lanes = [shop.lane('template'), shop.lane('custom')];
    const clock = { ...systemClock, now };
    const { appId, redis } = shop;
    const open = () => createAccountPause({ redis, appId, lanes, clock, logger });
    return { shop, pause: open(), other: open() };
  }

  test('that a process did not live to finish is finished by the next, with alarm and probe', async () => {
    const { shop, pause } = await pauseOf(Date.now);
    await shop.redis.hset(shop.keys.pause, { since: Date.now(), cause: 'wechat', errcode: 40_164 });
    await pause.pause(40_164, 'ip not in whitelist');
    expect(lines.map(({ code }) => code)).toEqual(['account-paused']);
    expect(Number(await shop.redis.hget(shop.keys.pause, 'probeAt'))).toBeGreaterThan(Date.now());
  });

  test('is probed after a minute, by one of all processes, later and later while it lasts', async () => {
    let now = 1_000_000;
    const { shop, pause, other } = await pauseOf(() => now);
    await pause.pause(40_164, 'invalid ip');
    await other.pause(40_164, 'invalid ip');
    expect(lines).toHaveLength(1);
    const waits: number[] = [];
    for (let probe = 0; probe < 6; probe += 1) {
      const began = now;
      while (!(await pause.claimProbe())) {
        now += 10_000;
        expect(now - began).toBeLessThan(700_000);
      }
      expect(await other.claimProbe()).toBe(false);
      waits.push(now - began);
      await shop.redis.del(`${shop.keys.pause}:probe`);
      await pause.postpone();
    }
    expect(waits).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  test.each([
    [89_506, 86_400_000],
    [89_507, 3_600_000],
  ])('for %d is probed when WeChat says that it will listen again', async (errcode, wait) => {
    let now = 1_000_000;
    const { pause } = await pauseOf(() => now);
    await pause.pause(errcode, 'ip refused');
    now += wait - 1;
    expect(await pause.claimProbe()).toBe(false);
    now += 1;
    expect(await pause.claimProbe()).toBe(true);
  });

  test('ends with resume: both lanes go on, and there is nothing left to probe', async () => {
    let now = 1_000_000;
    const { shop, pause } = await pauseOf(() => now);
    await pause.pause(40_125, 'invalid appsecret');
    await pause.resume();
    now += 10_000_000;
    expect(await pause.claimProbe()).toBe(false);
    expect(await shop.lane('template').isPaused()).toBe(false);
    expect(await shop.lane('custom').isPaused()).toBe(false);
    await pause.pause(40_125, 'invalid appsecret');
    expect(lines.filter(({ code }) => code === 'account-paused')).toHaveLength(2);
  });

  test('that a person made by hand is not probed away', async () => {
    let now = 1_000_000;
    const { shop, pause } = await pauseOf(() => now);
    await shop.lane('custom').pause();
    now += 10_000_000;
    expect(await pause.claimProbe()).toBe(false);
    expect(await shop.lane('custom').isPaused()).toBe(true);
  });
});

test('no token and no secret is readable in Redis, in a log line, or in a metric', async () => {
  const shop = await courier.open({ account: fast });
  const tokens = new Set<string>();
  // The tokens themselves, from the endpoint that repeats them.
  async function note(): Promise<void> {
    const { appId: appid, secret } = shop;
    const body = JSON.stringify({ grant_type: 'client_credential', appid, secret });
    const answer = await fetch(`${shop.apiBase}/cgi-bin/stable_token`, { method: 'POST', body });
    tokens.add(((await answer.json()) as { access_token: string }).access_token);
  }
  await note();
  shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 40_003 }, count: 1 });
  shop.fault('custom', { accept: true, reply: { kind: 'reset' }, count: 1 });
  await enqueue(shop, 'custom', 5);
  await waitFor(() => shop.taken().length >= 4);
  shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'sticky' });
  await allSent(shop, await enqueue(shop, 'template', 5));
  await note();
  expect(tokens.size).toBe(2);

  const dump = await dumpRedis(shop.redis);
  expect(dump.length).toBeGreaterThan(10);
  const metrics = await (await fetch(`http://127.0.0.1:${shop.workers[0]?.port}/metrics`)).text();
  const log = shop.log().map((line) => JSON.stringify(line));
  for (const canary of [...tokens, shop.secret]) {
    expect(dump.filter(({ text }) => text.includes(canary))).toEqual([]);
    expect(log.filter((line) => line.includes(canary))).toEqual([]);
    expect(metrics).not.toContain(canary);
  }
  // What is sealed is in the one key that says so.
  const sealed = await shop.redis.hget(shop.keys.token, 'sealed');
  expect(dump.filter(({ text }) => text.includes(sealed ?? '?')).map(({ key }) => key)).toEqual([
    shop.keys.token,
  ]);
  expect(shop.keys.token).toContain('token');
});
