import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { TIMINGS } from '../../src/shared/timings.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* Redis is there, but refuses, forgets scripts, or answers late: no message pays for that. */

const courier = useCourier();
afterEach(async () => {
  await courier.redis.config('SET', 'maxmemory', '0');
  await courier.redis.call('REPLICAOF', 'NO', 'ONE');
});

async function enqueue(shop: Shop, kind: 'template' | 'custom', count: number): Promise<string[]> {
  const results = await shop.producer.enqueueMany(
    Array.from({ length: count }, () => shop[kind]()),
  );
  return results.map((result) => ('messageId' in result ? result.messageId : result.code));
}

/** Every message ended as sent, WeChat has each once, and the lanes hold nothing more. */
async function expectAllSentOnce(shop: Shop, ids: readonly string[]): Promise<void> {
  for (const id of ids) await shop.reached(id, 'sent', { timeoutMs: 25_000, intervalMs: 50 });
  expect(shop.taken().filter(({ state }) => state === 'shown')).toHaveLength(ids.length);
  for (const kind of ['template', 'custom'] as const) {
    await eventually(async () => {
      const counts = await shop.lane(kind).getJobCounts();
      expect(counts).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    });
  }
}

/** How often Redis has refused a command for this reason. */
async function refusals(reason: 'READONLY' | 'OOM'): Promise<number> {
  const stats = await courier.redis.info('errorstats');
  return Number(new RegExp(`errorstat_${reason}:count=(\\d+)`).exec(stats)?.[1] ?? 0);
}

test('full memory for a while: what waits is sent afterwards, nothing is lost', async () => {
  const shop = await courier.open();
  await enqueue(shop, 'custom', 1).then((ids) => expectAllSentOnce(shop, ids));
  await shop.lane('custom').pause();
  const ids = await enqueue(shop, 'custom', 20);
  await shop.lane('custom').resume();
  const before = await refusals('OOM');
  await courier.redis.config('SET', 'maxmemory', '1');
  await waitFor(async () => (await refusals('OOM')) > before + 3);
  // Long enough for a retry without a pause to spend every retry there is.
  const until = performance.now() + 3_000;
  await waitFor(() => performance.now() > until);
  await courier.redis.config('SET', 'maxmemory', '0');
  for (const id of ids) await shop.reached(id, 'sent', { timeoutMs: 25_000, intervalMs: 50 });
  expect(shop.taken().filter(({ state }) => state === 'shown')).toHaveLength(21);
});

test('full memory: a producer is told that its message was not taken', async () => {
  const shop = await courier.open({ workers: 0 });
  await courier.redis.config('SET', 'maxmemory', '1');
  await expect(shop.producer.enqueue(shop.custom({ id: 'x' }))).rejects.toMatchObject({
    code: 'ERR_QUEUE_UNAVAILABLE',
  });
  await courier.redis.config('SET', 'maxmemory', '0');
  // A look at its memory is good for a second.
  const late = shop.custom({ id: 'y' });
  await eventually(async () => expect((await shop.producer.enqueue(late)).status).toBe('queued'));
});

test('read-only for a second after WeChat said yes, as in a failover: sent, and once', async () => {
  const shop = await courier.open({ settings: { latency: 300 } });
  const ids = [...(await enqueue(shop, 'template', 5)), ...(await enqueue(shop, 'custom', 5))];
  await waitFor(() => shop.taken().length === 10);
  await courier.redis.call('REPLICAOF', '127.0.0.1', '1');
  const before = await refusals('READONLY');
  await waitFor(async () => (await refusals('READONLY')) > before);
  const until = performance.now() + 1_000;
  await waitFor(() => performance.now() > until);
  await courier.redis.call('REPLICAOF', 'NO', 'ONE');
  await expectAllSentOnce(shop, ids);
  expect(shop.judge().template.absorbed).toBe(0);
  // Both lanes and the dead letters wait for jobs again.
  await waitFor(async () => (await courier.redis.info('clients')).includes('blocked_clients:3'), {
    timeoutMs: 15_000,
  });
});

test('scripts forgotten in the middle: they are sent again', async () => {
  const shop = await courier.open();
  const ids: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    ids.push(...(await enqueue(shop, 'custom', 10)));
    await courier.redis.script('FLUSH');
  }
  await expectAllSentOnce(shop, ids);
  expect(shop.judge().duplicateList.filter(({ appId }) => appId === shop.appId)).toEqual([]);
});

test('connections cut in the middle: they come back, nothing is doubled', async () => {
  const shop = await courier.open({ settings: { latency: 50 } });
  const cutter = new Redis(courier.url);
  const ids: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    ids.push(...(await enqueue(shop, 'custom', 10)), ...(await enqueue(shop, 'template', 10)));
    await cutter.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await waitFor(() => shop.producer.status(ids[0] ?? '').catch(() => null));
  }
  cutter.disconnect();
  await expectAllSentOnce(shop, ids);
  expect(shop.judge().duplicateList.filter(({ appId }) => appId === shop.appId)).toEqual([]);
});

test('Redis that answers nothing for longer than a lock lasts: templates once, no message lost', async () => {
  const shop = await courier.open({ settings: { latency: 100 } });
  const templates = await enqueue(shop, 'template', 20);
  const customs = await enqueue(shop, 'custom', 20);
  await waitFor(() => shop.taken().length > 5);
  await courier.redis.call('CLIENT', 'PAUSE', `${TIMINGS.lockDurationMs + 1000}`, 'ALL');
  const waiting = { timeoutMs: 60_000, intervalMs: 50 };
  for (const id of templates) await shop.reached(id, 'sent', waiting);
  for (const id of customs) await shop.reached(id, 'sent unknown', waiting);
  expect(shop.taken('template').filter(({ state }) => state === 'shown')).toHaveLength(20);
  expect(shop.judge().duplicateList.filter(({ appId }) => appId === shop.appId)).toEqual([]);
});

test('the lane of a message has the job, the ledger forgot it: it is sent all the same', async () => {
  const shop = await courier.open({ workers: 0 });
  const [id = ''] = await enqueue(shop, 'custom', 1);
  await shop.redis.del(shop.keys.ledger(id.split('.')[1] ?? ''));
  await shop.startWorker();
  const status = await shop.reached(id, 'sent');
  expect(status.kind).toBe('custom');
});

test('a message whose job BullMQ gave up on does not vanish', async () => {
  const shop = await courier.open({ workers: 0 });
  const [id = ''] = await enqueue(shop, 'custom', 1);
  const key = id.split('.')[1] ?? '';
  const lane = shop.lane('custom');
  // As after more stalls than allowed: failed in the lane, and open in the ledger.
  await lane.pause();
  const job = await lane.getJob(key);
  expect(job).toBeDefined();
  await shop.redis.lrem(lane.toKey('wait'), 0, key);
  await shop.redis.lrem(lane.toKey('paused'), 0, key);
  await shop.redis.zadd(lane.toKey('failed'), Date.now(), key);
  await shop.redis.hset(lane.toKey(key), {
    failedReason: 'job stalled more than allowable limit',
    finishedOn: Date.now(),
  });
  await lane.resume();
  await shop.startWorker();
  await shop.reached(id, 'sent', { timeoutMs: 25_000 });
  expect(shop.taken('custom')).toHaveLength(1);
});
