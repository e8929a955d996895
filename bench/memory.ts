import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openBareQueue } from './bare-queue.ts';
import { onFreshRedis } from './fresh-redis.ts';
import { orderEnvelopes, orderMessages } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { enqueueAll, openProducer } from './producer.ts';
import { sampleLine } from './progress.ts';
import { type Result, resultOf } from './result.ts';

const SCENARIO = 'Redis memory of a waiting message';
const TARGET = { atMost: 1.35 };
const SETTLED_WITHIN_MS = 10_000;

/**
 * What a waiting message costs Redis: all of `used_memory`, since the key tables are paid for
 * as well. No rounds: it is the same every time.
 */
export async function benchMemory({ messages }: BenchOptions): Promise<Result[]> {
  const ours = await bytesPerMessage(messages, async (redisUrl) => {
    const producer = await openProducer(redisUrl);
    await enqueueAll(producer, orderEnvelopes(messages), messages);
    await producer.close();
  });
  const bare = await bytesPerMessage(messages, async (redisUrl) => {
    const queue = openBareQueue(redisUrl);
    await queue.add(orderMessages(messages), 1000);
    await queue.close();
  });
  const onSample = sampleLine(SCENARIO, 'bytes/message');
  onSample(1, 'ours', ours);
  onSample(1, 'bare', bare);
  return [resultOf(SCENARIO, 'bytes/message', TARGET, { ours: [ours], bare: [bare] })];
}

function bytesPerMessage(
  messages: number,
  fill: (redisUrl: string) => Promise<void>,
): Promise<number> {
  return onFreshRedis(async (redisUrl) => {
    const redis = new Redis(redisUrl);
    try {
      const before = await settledMemory(redis);
      await fill(redisUrl);
      return ((await settledMemory(redis)) - before) / messages;
    } finally {
      redis.disconnect();
    }
  });
}

/** Waits for buffers of closed connections and growing key tables to be gone. */
async function settledMemory(redis: Redis): Promise<number> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  let last = await usedMemory(redis);
  while (performance.now() < deadline) {
    await delay(400);
    const now = await usedMemory(redis);
    if (Math.abs(now - last) < 1024) return now;
    last = now;
  }
  throw new Error('used_memory did not settle');
}

async function usedMemory(redis: Redis): Promise<number> {
  const info = await redis.info('memory');
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}
