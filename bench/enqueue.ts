import { alternate } from './alternate.ts';
import { openBareQueue } from './bare-queue.ts';
import { onFreshRedis } from './fresh-redis.ts';
import { orderEnvelopes, orderMessages } from './messages.ts';
import type { BenchOptions } from './options.ts';
import { enqueueAll, openProducer } from './producer.ts';
import { sampleLine } from './progress.ts';
import { type Result, resultOf } from './result.ts';

const TARGET = { atLeast: 0.7 };
const WARM_UP = 1000;

/** Handing over many messages: validated, with ids, ledger first, against adding bare jobs. */
export async function benchEnqueue({ messages, rounds }: BenchOptions): Promise<Result[]> {
  const scenarios = [
    { name: 'enqueueMany, one call', call: messages, bareChunk: 500 },
    { name: 'enqueueMany, calls of 1000', call: 1000, bareChunk: 1000 },
  ];
  const results: Result[] = [];
  for (const { name, call, bareChunk } of scenarios) {
    const samples = await alternate(
      rounds.enqueue,
      { ours: () => enqueueOurs(messages, call), bare: () => enqueueBare(messages, bareChunk) },
      sampleLine(name, 'messages/s'),
    );
    results.push(resultOf(name, 'messages/s', TARGET, samples));
  }
  return results;
}

function enqueueOurs(messages: number, call: number): Promise<number> {
  const envelopes = orderEnvelopes(messages + WARM_UP);
  return onFreshRedis(async (redisUrl) => {
    const producer = await openProducer(redisUrl);
    await enqueueAll(producer, envelopes.slice(messages), WARM_UP);
    const rate = await perSecond(messages, () =>
      enqueueAll(producer, envelopes.slice(0, messages), call),
    );
    await producer.close();
    return rate;
  });
}

function enqueueBare(messages: number, chunk: number): Promise<number> {
  const bodies = orderMessages(messages + WARM_UP);
  return onFreshRedis(async (redisUrl) => {
    const queue = openBareQueue(redisUrl);
    await queue.add(bodies.slice(messages), WARM_UP);
    const rate = await perSecond(messages, () => queue.add(bodies.slice(0, messages), chunk));
    await queue.close();
    return rate;
  });
}

async function perSecond(messages: number, work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (messages * 1000) / (performance.now() - startedAt);
}
