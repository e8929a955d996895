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
 * What a waiting message costs Redis: the keys' values and the tables that find them, without
 * buffers, scripts and connections. No rounds: it is the same every time.
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
      await finishRehashing(redis);
      return ((await settledMemory(redis)) - before) / messages;
    } finally {
      redis.disconnect();
    }
  });
}

/**
 * A hash that outgrew its first table moves to the next one bucket with each look at it, and
 * holds both until then. How far it came while it was written depends on the hash seed, new with
 * every start of Redis; so each hash is looked at until it has moved.
 */
async function finishRehashing(redis: Redis): Promise<void> {
  const scan: AsyncIterable<string[]> = redis.scanStream({ type: 'hash', count: 1000 });
  for await (const keys of scan) {
    const looks = redis.pipeline();
    for (const key of keys) for (let look = 0; look < 8; look++) looks.hexists(key, '-');
    await looks.exec();
  }
}

/** Waits until tables that grew are moved, which Redis does in the background. */
async function settledMemory(redis: Redis): Promise<number> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  let last = await keyMemory(redis);
  while (performance.now() < deadline) {
    await delay(400);
    const now = await keyMemory(redis);
    if (now === last) return now;
    last = now;
  }
  throw new Error('The memory of Redis did not settle');
}

/** Bytes of the dataset and of the tables of its keys. */
async function keyMemory(redis: Redis): Promise<number> {
  const stats = pairs(await redis.memory('STATS'));
  const tables = pairs(stats.get('db.0') ?? []);
  return Number(stats.get('dataset.bytes')) + Number(tables.get('overhead.hashtable.main') ?? 0);
}

function pairs(reply: unknown): Map<string, unknown> {
  const list = reply as readonly unknown[];
  const map = new Map<string, unknown>();
  for (let index = 0; index < list.length; index += 2)
    map.set(String(list[index]), list[index + 1]);
  return map;
}
