import { expect, test } from 'vitest';
import { openAccountControl } from '../../src/shared/account-control.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { readTally } from '../../src/shared/tally.ts';
import { tokenHealth } from '../../src/shared/token-health.ts';
import { useCourier } from '../helpers/courier.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { commandsDuring } from '../measure/redis-operations.ts';

const courier = useCourier();

test('what is read at once is what BullMQ says of each lane', async () => {
  const shop = await courier.open({ workers: 0 });
  const control = openAccountControl(shop.redis, shop.appId, systemClock);
  const lane = shop.lane('template');
  expect((await control.overview()).lanes[0]).toEqual({
    kind: 'template',
    waiting: 0,
    prioritized: 0,
    delayed: 0,
    active: 0,
    parked: 0,
    completed: 0,
    paused: false,
  });
  const before = Date.now();
  await shop.producer.enqueue(shop.template());
  await shop.producer.enqueue({ ...shop.template(), priority: 'high' });
  await shop.producer.enqueue({ ...shop.template(), sendAt: Date.now() + 60_000 });
  await lane.setGlobalRateLimit(5, 50);
  await lane.pause();
  const [seen] = (await control.overview()).lanes;
  const counts = await lane.getJobCounts();
  expect(seen).toMatchObject({
    waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0),
    prioritized: counts['prioritized'],
    delayed: counts['delayed'],
    active: counts['active'],
    parked: counts['failed'],
    completed: counts['completed'],
    paused: true,
    perSecond: 100,
  });
  expect(seen?.waiting).toBe(2);
  expect(seen?.delayed).toBe(1);
  expect(seen?.oldestAt).toBeGreaterThanOrEqual(before);
  expect(seen?.oldestAt).toBeLessThanOrEqual(Date.now());
  await control.close();
});

test('the oldest is found behind those of high priority, and a scheduled one has waited since its time', async () => {
  const shop = await courier.open({ workers: 0 });
  const control = openAccountControl(shop.redis, shop.appId, systemClock);
  const lane = shop.lane('template');
  const oldestAt = async () => (await control.overview()).lanes[0]?.oldestAt ?? 0;
  await lane.pause();
  const sendAt = Date.now() + 1500;
  const { messageId } = await shop.producer.enqueue({ ...shop.template(), sendAt });
  const job = await lane.getJob(messageId.slice(shop.appId.length + 1));
  await job?.promote();
  expect(Date.now() - (await oldestAt())).toBeLessThan(1000);
  await waitFor(() => Date.now() > sendAt + 200);
  expect(Math.abs((await oldestAt()) - sendAt)).toBeLessThan(100);

  const some = (count: number, priority: string) =>
    shop.producer.enqueueMany(Array.from({ length: count }, () => shop.template({ priority })));
  await some(10, 'high');
  expect(Math.abs((await oldestAt()) - sendAt)).toBeLessThan(100);
  await job?.remove();
  await some(100, 'normal');
  const then = Date.now();
  await waitFor(() => Date.now() > then + 200);
  await some(50, 'high');
  expect(await oldestAt()).toBeLessThanOrEqual(then);
  await control.close();
});

test('a message whose time has come and that no worker has fetched waits since then', async () => {
  const shop = await courier.open({ workers: 0 });
  const control = openAccountControl(shop.redis, shop.appId, systemClock);
  const oldestAt = async () => (await control.overview()).lanes[0]?.oldestAt;
  const sendAt = Date.now() + 1000;
  await shop.producer.enqueue({ ...shop.template(), sendAt });
  expect(await oldestAt()).toBeUndefined();
  await waitFor(() => Date.now() > sendAt);
  expect(Math.abs(((await oldestAt()) ?? 0) - sendAt)).toBeLessThan(100);
  await control.close();
});

test('a job that somebody has broken by hand hides no other number of its account', async () => {
  const shop = await courier.open({ workers: 0 });
  const control = openAccountControl(shop.redis, shop.appId, systemClock);
  const lane = shop.lane('template');
  for (const opts of ['{not JSON', 'null', '7', '{"delay":"x"}']) {
    const { messageId } = await shop.producer.enqueue(shop.template());
    await shop.redis.hset(lane.toKey(messageId.slice(shop.appId.length + 1)), 'opts', opts);
    const [seen] = (await control.overview()).lanes;
    expect(Date.now() - (seen?.oldestAt ?? 0), opts).toBeLessThan(10_000);
  }
  await control.close();
});

test('a rate that an operator sets is the lane’s within seconds, and the file’s again after that', async () => {
  const shop = await courier.open();
  const control = openAccountControl(shop.redis, shop.appId, systemClock);
  const rateOf = async () => (await control.overview()).lanes[0]?.perSecond;
  await waitFor(async () => (await rateOf()) !== undefined);
  const usual = await rateOf();
  expect(usual).toBe(100);
  // Neither is a multiple of what a slice holds: 30 a second are one every 34 ms, which is 29.4.
  for (const rate of [30, 7.5]) {
    await control.setRate('template', rate);
    await waitFor(async () => (await rateOf()) === rate);
    const [lane] = (await control.overview()).lanes;
    expect(lane).toMatchObject({ setPerSecond: rate, filePerSecond: 100 });
  }
  expect((await control.overview()).lanes[1]).not.toHaveProperty('setPerSecond');
  await control.setRate('template', null);
  await waitFor(async () => (await rateOf()) === usual);
  expect((await control.overview()).lanes[0]).not.toHaveProperty('setPerSecond');
  for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 10_001]) {
    await expect(control.setRate('template', rate)).rejects.toThrow('Expected a rate above 0');
  }
  await control.close();
});

test('what WeChat answered is counted over all workers, and who gave the token is known', async () => {
  const shop = await courier.open({ workers: 2 });
  shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 45_015 }, count: 1 });
  const custom = await shop.producer.enqueue(shop.custom());
  await shop.reached(custom.messageId, 'dead');
  for (let count = 0; count < 3; count += 1) {
    const { messageId } = await shop.producer.enqueue(shop.template());
    await shop.reached(messageId, 'sent');
  }
  const tally = () => readTally(shop.redis, shop.appId, Date.now());
  await waitFor(async () => {
    const { template, custom: other } = await tally();
    return template.taken === 3 && other.requests === 1;
  });
  expect((await tally()).custom.refusals).toEqual([{ errcode: 45_015, count: 1 }]);
  const health = await tokenHealth(shop.redis, shop.appId, Date.now());
  expect(health).toMatchObject({ state: 'valid', source: 'stable_token' });
});

test('of a lane that has every sort at most nine commands more are read than of an empty one, however long it is', async () => {
  const shop = await courier.open({ workers: 0 });
  const control = openAccountControl(shop.redis, shop.appId, systemClock);
  const cost = async () => {
    const commands = await commandsDuring(shop.redis, () => control.overview());
    const { info: _, ...others } = commands;
    return Object.values(others).reduce((sum, calls) => sum + calls, 0);
  };
  await control.overview();
  const empty = await cost();
  expect(empty).toBeLessThanOrEqual(18);
  const some = (count: number, fields: object) =>
    shop.producer.enqueueMany(Array.from({ length: count }, () => shop.template(fields)));
  await some(700, {});
  await some(1, { priority: 'low' });
  await some(1, { sendAt: Date.now() + 60_000 });
  await some(700, { priority: 'high' });
  expect((await cost()) - empty).toBeLessThanOrEqual(9);
  await control.close();
});
