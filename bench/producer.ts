import type { EnvelopeInput, Producer } from '../src/producer/index.ts';
import { APP_ID } from './messages.ts';

type ProducerModule = typeof import('../src/producer/index.ts');

/** The producer as built: what ships is what is measured, not what tsx makes of its source. */
export async function openProducer(redisUrl: string): Promise<Producer> {
  const built = new URL('../dist/producer/index.js', import.meta.url).href;
  const { createProducer } = (await import(built)) as ProducerModule;
  return createProducer({ redisUrl, accounts: [{ appId: APP_ID }] });
}

/** Enqueues all in calls of `chunk`. @throws Error if one was not queued */
export async function enqueueAll(
  producer: Producer,
  envelopes: readonly EnvelopeInput[],
  chunk: number,
): Promise<void> {
  for (let start = 0; start < envelopes.length; start += chunk) {
    const part = chunk >= envelopes.length ? envelopes : envelopes.slice(start, start + chunk);
    const results = await producer.enqueueMany(part);
    const wrong = results.find((result) => result.status !== 'queued');
    if (wrong) throw new Error(`A message was not queued: ${JSON.stringify(wrong)}`);
  }
}
