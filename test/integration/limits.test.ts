import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/shared/clock.ts';
import { createLaneSleep } from '../../src/worker/lane/lane-sleep.ts';
import { untilQuotaReset } from '../../src/worker/decide/quota-reset.ts';
import { laneKey, type Shop, useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';
import { pino } from 'pino';

/* What WeChat's limits and our own rates do to a lane, and to no other. */

const courier = useCourier();
const refuse = (errcode: number) => ({ accept: false, reply: { kind: 'errcode', errcode } });
const silent = pino({ level: 'silent' });

async function ids(shop: Shop, kind: 'template' | 'custom', count: number): Promise<string[]> {
  const results = await shop.producer.enqueueMany(
    Array.from({ length: count }, () => shop[kind]()),
  );
  return results.map((result) => ('messageId' in result ? result.messageId : result.code));
}

describe('the minute limit (45011)', () => {
  test('puts its lane to sleep for seconds; the other lane goes on; nobody spends an attempt', async () => {
    const shop = await courier.open({ workers: 2 });
    shop.fault('template', { ...refuse(45_011), count: 1 });
    const [first = ''] = await ids(shop, 'template', 1);
    const line = await waitFor(() => shop.log().find(({ msg }) => msg === 'lane sleeps'));
    expect(line).toMatchObject({ kind: 'template', cause: 'rate-limit', sleepMs: 5_000 });
    const asleep = await shop.redis.pttl(laneKey(shop.appId, 'template', 'limiter'));
    expect(asleep).toBeGreaterThan(3_000);
    expect(asleep).toBeLessThanOrEqual(5_000);

    const others = await ids(shop, 'custom', 20);
    await Promise.all(others.map((id) => shop.reached(id, 'sent', { timeoutMs: 3_000 })));
    expect((await shop.producer.status(first))?.state).toBe('queued');
    const status = await shop.reached(first, 'sent', { timeoutMs: 8_000 });
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['ok']);
  });

  test('met by many sends at once is one sleep, not many', async () => {
    const shop = await courier.open({ settings: { latency: 200 } });
    shop.fault('custom', { ...refuse(45_011), count: 30 });
    await ids(shop, 'custom', 30);
    await waitFor(() => shop.log().find(({ msg }) => msg === 'lane sleeps'));
    await eventually(async () => {
      expect((await shop.lane('custom').getJobCounts())['active']).toBe(0);
    });
    const sleeps = shop.log().filter(({ msg }) => msg === 'lane sleeps');
    expect(sleeps).toHaveLength(1);
  });

  test('that repeats doubles the sleep up to a minute, and forgets after a good minute', async () => {
    const shop = await courier.open({ workers: 0 });
    const queue = shop.lane('custom');
    const { redis, appId } = shop;
    const sleeps = createLaneSleep({
      redis,
      queue,
      pace: { apply: () => Promise.resolve() },
      appId,
      kind: 'custom',
      clock: systemClock,
      random: () => 0,
      logger: silent,
    });
    const key = shop.keys.sleep('custom');
    const slept: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      await sleeps.sleep('rate-limit', { detail: '45011' });
      slept.push(Number(await redis.hget(key, 'step')));
      // While it sleeps a second refusal changes nothing.
      await sleeps.sleep('rate-limit', { detail: '45011' });
      expect(Number(await redis.hget(key, 'step'))).toBe(slept.at(-1));
      await redis.hset(key, 'until', Date.now() - 1_000);
    }
    expect(slept).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    await redis.hset(key, 'until', Date.now() - 61_000);
    await sleeps.sleep('rate-limit', { detail: '45011' });
    expect(await redis.hget(key, 'step')).toBe('5000');
    // A sleep of a given length is no step: what doubles goes on where it was.
    const lasts = async (): Promise<number> => {
      const left = Number(await redis.hget(key, 'until')) - Date.now();
      await redis.hset(key, 'until', Date.now() - 1_000);
      return left;
    };
    await redis.del(key);
    await sleeps.sleep('token', { detail: 'no answer' });
    expect(await lasts()).toBeGreaterThan(500);
    await sleeps.sleep('token', { detail: 'another asks', exactlyMs: 500 });
    expect(await lasts()).toBeLessThanOrEqual(500);
    await sleeps.sleep('token', { detail: 'no answer' });
    expect(await lasts()).toBeGreaterThan(1500);
  });
});

test('a spent daily quota (45009) lets the lane sleep until five past midnight in Shanghai', async () => {
  const shop = await courier.open();
  shop.fault('template', refuse(45_009));
  const messages = await ids(shop, 'template', 5);
  const line = await waitFor(() => shop.log().find(({ msg }) => msg === 'lane sleeps'));
  expect(line).toMatchObject({ kind: 'template', cause: 'quota' });
  const expected = untilQuotaReset(Date.now(), () => 0);
  const asleep = await shop.redis.pttl(laneKey(shop.appId, 'template', 'limiter'));
  expect(asleep).toBeGreaterThan(expected - 10_000);
  expect(asleep).toBeLessThan(expected + 70_000);
  for (const id of messages) {
    expect(await shop.producer.status(id)).toMatchObject({ state: 'queued', attempts: [] });
  }
  const [other = ''] = await ids(shop, 'custom', 1);
  await shop.reached(other, 'sent');
  const { requests } = shop.judge();
  expect(requests).toBeDefined();
  const metrics = await fetch(`http://127.0.0.1:${shop.workers[0]?.port}/metrics`);
  expect(await metrics.text()).toMatch(
    new RegExp(`courier_throttled_total\\{account="${shop.appId}",kind="template"\\} [1-9]`),
  );
});

test('a sleeping lane stays asleep for a worker that starts meanwhile', async () => {
  const shop = await courier.open();
  shop.fault('custom', { ...refuse(45_011), count: 1 });
  const [id = ''] = await ids(shop, 'custom', 1);
  await waitFor(() => shop.log().find(({ msg }) => msg === 'lane sleeps'));
  await shop.startWorker();
  const asleep = await shop.redis.pttl(laneKey(shop.appId, 'custom', 'limiter'));
  expect(asleep).toBeGreaterThan(2_000);
  await shop.reached(id, 'sent', { timeoutMs: 10_000 });
  expect(shop.log().filter(({ msg }) => msg === 'lane sleeps')).toHaveLength(1);
});

test('the simulator’s own minute quota is survived: all sent, one attempt each', async () => {
  const shop = await courier.open({ settings: {} });
  const path = '/cgi-bin/message/custom/send';
  shop.control('POST', 'accounts', { appId: shop.appId, quotas: [{ path, perMinute: 10 }] });
  // Close to the end of a minute of WeChat's, so that the next one comes while the lane sleeps.
  shop.control('POST', 'clock', { set: '2026-07-01T12:00:57+08:00' });
  const messages = await ids(shop, 'custom', 15);
  const statuses = await Promise.all(
    messages.map((id) => shop.reached(id, 'sent', { timeoutMs: 20_000 })),
  );
  expect(statuses.map(({ attempts }) => attempts.length)).toEqual(messages.map(() => 1));
  expect(shop.taken()).toHaveLength(15);
});

describe('the rate of a lane', () => {
  test('holds for three workers together: no sliding second above it, nearly all of it used', async () => {
    const perSecond = 60;
    const shop = await courier.open({
      workers: 3,
      account: { rate: { custom: { perSecond } } },
      settings: {},
    });
    await ids(shop, 'custom', 360);
    await waitFor(() => shop.taken().length === 360, { timeoutMs: 20_000, intervalMs: 100 });
    const times = shop.taken().map(({ at }) => at);
    const { peakPerSecond } = shop.judge();
    const peak = peakPerSecond.asked[`${shop.appId} /cgi-bin/message/custom/send`] ?? Infinity;
    expect(peak).toBeLessThanOrEqual(perSecond * 1.1);
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
    expect(360 / seconds).toBeGreaterThanOrEqual(perSecond * 0.9);
  });

  test('holds too for a worker that starts on a backlog and waits for its first token', async () => {
    const perSecond = 60;
    const rate = { custom: { perSecond } };
    const shop = await courier.open({ workers: 0, account: { rate } });
    shop.fault('token', { accept: true, reply: { kind: 'normal' }, delayMs: 700, count: 1 });
    await ids(shop, 'custom', 120);
    await shop.startWorker();
    await waitFor(() => shop.taken().length === 120, { timeoutMs: 10_000, intervalMs: 100 });
    const { taken } = shop.judge().peakPerSecond;
    expect(taken[`${shop.appId} /cgi-bin/message/custom/send`]).toBeLessThanOrEqual(
      perSecond * 1.1,
    );
  });

  test('may be less than one a second', async () => {
    const shop = await courier.open({ account: { rate: { custom: { perSecond: 0.5 } } } });
    await ids(shop, 'custom', 3);
    await waitFor(() => shop.taken().length === 3, { timeoutMs: 10_000 });
    const times = shop.taken().map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(1_900);
  });

  test('is changed in the accounts file while it runs', async () => {
    const shop = await courier.open({ account: { rate: { custom: { perSecond: 1 } } } });
    await ids(shop, 'custom', 100);
    await waitFor(() => shop.taken().length >= 1);
    await shop.writeAccounts({ rate: { custom: { perSecond: 1_000 } } });
    await shop.workers[0]?.reload();
    await waitFor(() => shop.taken().length === 100, { timeoutMs: 5_000 });
    expect(shop.judge().duplicateList.filter(({ appId }) => appId === shop.appId)).toEqual([]);
  });

  test('of one account is nobody else’s', async () => {
    const slow = await courier.open({ account: { rate: { custom: { perSecond: 1 } } } });
    const quick = await courier.open();
    await ids(slow, 'custom', 20);
    const messages = await ids(quick, 'custom', 20);
    await Promise.all(messages.map((id) => quick.reached(id, 'sent', { timeoutMs: 3_000 })));
    expect(slow.taken().length).toBeLessThan(10);
  });
});

test('a limiter that forgets lets one slice more through each time, not a burst', async () => {
  const rate = { custom: { perSecond: 100 } };
  const shop = await courier.open({ account: { rate } });
  const all = await ids(shop, 'custom', 200);
  for (let time = 0; time < 4; time += 1) {
    const seen = shop.taken().length;
    await waitFor(() => shop.taken().length > seen + 10);
    await shop.redis.del(laneKey(shop.appId, 'custom', 'limiter'));
  }
  for (const id of all) await shop.reached(id, 'sent');
  const { taken } = shop.judge().peakPerSecond;
  const peak = taken[`${shop.appId} /cgi-bin/message/custom/send`] ?? 0;
  expect(peak).toBeGreaterThan(80);
  // A slice is a twentieth of the rate: 105 in any second by itself, and 5 for each loss.
  expect(peak).toBeLessThanOrEqual(105 + 4 * 5);
});

describe('the pace of a lane', () => {
  const perSecond = async (shop: Shop): Promise<number> => {
    const limit = await shop.lane('custom').getGlobalRateLimit();
    return limit ? (limit.max * 1000) / limit.duration : 0;
  };

  test.each([
    [0, 20],
    [150_000, 110],
    [400_000, 200],
  ])('%i ms after a spent quota has come back is %i of 200', async (sinceMs, expected) => {
    const rate = { custom: { perSecond: 200 } };
    const shop = await courier.open({ workers: 0, account: { rate } });
    const until = Date.now() - sinceMs;
    await shop.redis.hset(shop.keys.sleep('custom'), { cause: 'quota', until, step: 1000 });
    await shop.startWorker();
    const found = await perSecond(shop);
    expect(found).toBeGreaterThan(expected * 0.85);
    expect(found).toBeLessThan(expected * 1.1);
  });

  test('grows while time goes on', async () => {
    const rate = { custom: { perSecond: 200 } };
    const shop = await courier.open({ workers: 0, account: { rate } });
    const until = Date.now() - 2_000;
    await shop.redis.hset(shop.keys.sleep('custom'), { cause: 'outage', until, step: 1000 });
    await shop.startWorker();
    expect(await perSecond(shop)).toBeLessThan(120);
    await eventually(async () => expect(await perSecond(shop)).toBe(200), { timeoutMs: 20_000 });
  }, 30_000);
});

describe('an outage of WeChat', () => {
  test('puts the lane to sleep, so that not every message of it ends as unknown', async () => {
    const shop = await courier.open({ env: { COURIER_CONCURRENCY: '5' } });
    shop.fault('custom', { accept: false, reply: { kind: 'reset' } });
    const all = await ids(shop, 'custom', 100);
    const line = await waitFor(() => shop.log().find(({ cause }) => cause === 'outage'));
    expect(line).toMatchObject({ msg: 'lane sleeps', kind: 'custom', sleepMs: 2_000 });
    await eventually(async () => {
      expect((await shop.lane('custom').getJobCounts())['active']).toBe(0);
    });
    shop.control('DELETE', 'faults');
    const states: string[] = [];
    for (const id of all) {
      states.push((await shop.reached(id, 'sent unknown', { timeoutMs: 25_000 })).state);
    }
    const unknown = states.filter((state) => state === 'unknown').length;
    // Twenty make it an outage; what was in flight with them is lost too.
    expect(unknown).toBeGreaterThanOrEqual(20);
    expect(unknown).toBeLessThanOrEqual(30);
  }, 40_000);
});
