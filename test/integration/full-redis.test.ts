import { describe, expect, test } from 'vitest';
import type { Redis } from 'ioredis';
import { CourierError, type Producer } from '../../src/producer/index.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* A Redis whose memory comes to an end: producers are told in time, what waits is still sent. */

const courier = useCourier();

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** Lets so much of its limit be used that the share is this; buffers that come and go weigh little. */
async function fill(redis: Redis, share: number): Promise<void> {
  await redis.setrange('ballast', 50_000_000, 'x');
  await redis.config('SET', 'maxmemory', Math.round((await usedMemory(redis)) / share));
}

async function refusal(producer: Producer, envelope: Parameters<Producer['enqueue']>[0]) {
  const error = await producer.enqueue(envelope).catch((reason: unknown) => reason);
  if (!(error instanceof CourierError)) throw new Error(`no refusal: ${JSON.stringify(error)}`);
  return error;
}

/** Always the same message, as a caller repeats it. */
const late = (shop: Shop) => shop.template({ id: 'late' });

async function waitingMessages(shop: Shop, count: number): Promise<string[]> {
  const envelopes = Array.from({ length: count }, (_, at) =>
    at % 2 === 0 ? shop.template({ id: `order-${at}` }) : shop.custom({ id: `order-${at}` }),
  );
  const results = await shop.producer.enqueueMany(envelopes);
  return results.map((result) => ('messageId' in result ? result.messageId : result.code));
}

describe('a Redis that is nearly full', () => {
  test('takes no more from producers, says when to come back, and what waits is sent', async () => {
    const shop = await courier.open({ workers: 0 });
    const ids = await waitingMessages(shop, 200);
    try {
      await fill(shop.redis, 0.88);
      const error = await eventuallyRefused(shop);
      expect(error.code).toBe('ERR_QUEUE_UNAVAILABLE');
      expect(error.retryAfterMs).toBe(5000);
      expect(error.message).toMatch(/8\d % full; expected less than 85 %/);
      const [batch] = await shop.producer.enqueueMany([late(shop)]);
      expect(batch).toMatchObject({ status: 'rejected', retryAfterMs: 5000 });
      await shop.startWorker();
      for (const id of ids) await shop.reached(id, 'sent');
    } finally {
      await shop.redis.config('SET', 'maxmemory', 0);
    }
    await eventually(async () => {
      expect(await shop.producer.enqueue(late(shop))).toHaveProperty('messageId');
    });
    expect(shop.judge().duplicates).toBe(0);
  });

  /** A producer looks at Redis' memory once a second. */
  async function eventuallyRefused(shop: Shop): Promise<CourierError> {
    let error: CourierError | undefined;
    await eventually(async () => {
      error = await refusal(shop.producer, late(shop));
    });
    if (!error) throw new Error('never refused');
    return error;
  }
});

test('a Redis that is quite full stops the workers, without hurry; with room again all is sent', async () => {
  const shop = await courier.open({ workers: 0 });
  const ids = await waitingMessages(shop, 200);
  const worker = await shop.startWorker();
  await waitFor(() => shop.taken().length > 20);
  try {
    await fill(shop.redis, 1.02);
    expect(await shop.redis.set('one-more', 'x').catch(String)).toMatch(/OOM/);
    const refusals = () => worker.log.filter((line) => String(line['detail']).startsWith('OOM'));
    await waitFor(() => refusals().length >= 6, { timeoutMs: 15_000 });
    const times = refusals().map(({ time }) => Number(time));
    // Three queues, each asked once a second: six refusals take more than a second.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(900);
    expect(worker.log.filter(({ msg }) => msg === 'running again')).toEqual([]);
    await worker.stop();
    await shop.startWorker();
  } finally {
    await shop.redis.config('SET', 'maxmemory', 0);
  }
  for (const id of ids) await shop.reached(id, 'sent', { timeoutMs: 20_000 });
  expect(shop.judge().duplicates).toBe(0);
});
