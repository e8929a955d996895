import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { TemplateBody } from './messages.ts';

/**
 * The baseline: BullMQ as its manual shows it, one job per message, the message as job data.
 * Where ours sets a limit that Redis must keep up (finished jobs, event stream), so does this.
 */
export const BARE_QUEUE = 'bare';
export const KEEP_COMPLETED = { age: 3600, count: 10_000 };

export interface BareQueue {
  /** Adds the messages in calls of `chunk`. */
  add(messages: readonly TemplateBody[], chunk: number): Promise<void>;
  close(): Promise<void>;
}

export function openBareQueue(redisUrl: string): BareQueue {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue(BARE_QUEUE, {
    connection: redis,
    skipVersionCheck: true,
    streams: { events: { maxLen: 1000 } },
  });
  return {
    async add(messages, chunk) {
      for (let start = 0; start < messages.length; start += chunk) {
        const part = messages.slice(start, start + chunk);
        await queue.addBulk(part.map((message) => ({ name: 'template', data: message })));
      }
    },
    async close() {
      await queue.close();
      redis.disconnect();
    },
  };
}
