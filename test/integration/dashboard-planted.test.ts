import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DeadLetter, openDeadLetters } from '../../src/shared/dead-letter.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { startDashboard, type TestDashboard } from '../helpers/dashboard.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });
/** Whoever can write to Redis, or to a job of it, must not get a word into a page of ours. */
const MARKUP = '<meta http-equiv="refresh" content="0;url=http://elsewhere.invalid">';

let shop: Shop;
let dashboard: TestDashboard;

beforeAll(async () => {
  shop = await courier.open({ env: {} });
  dashboard = await startDashboard(shop);
});
afterAll(() => dashboard.stop());

async function realLetter(): Promise<DeadLetter> {
  const reply = { kind: 'errcode', errcode: 40_037 };
  shop.fault('template', { accept: false, reply, count: 1 });
  const { messageId } = await shop.producer.enqueue(shop.template({ id: 'order-1' }));
  return (await shop.deadLetter(messageId)).data;
}

test.each(['kind', 'errcode'] as const)(
  'markup in the form of our own, planted as the %s of a letter, is none on any page',
  async (field) => {
    const letter = await realLetter();
    const queue = openDeadLetters(shop.redis, () => undefined);
    const planted = { ...letter, [field]: { html: MARKUP } } as never;
    const jobId = `planted-${field}`;
    await queue.add('dead-letter', planted, { jobId });
    await waitFor(async () => (await (await queue.getJob(jobId))?.isFailed()) === true);
    await queue.close();
    for (const path of ['/dead-letters', `/message?q=${letter.messageId}`]) {
      const { status, text } = await dashboard.open('GET', path);
      expect([path, status]).toEqual([path, 200]);
      expect(text).toContain(letter.messageId);
      expect(text).not.toContain('http-equiv="refresh"');
    }
  },
);
