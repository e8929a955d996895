import { afterEach, expect, test } from 'vitest';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { type LossyProxy, startLossyProxy } from '../helpers/lossy-proxy.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* Redis did what a worker asked, but the answer got lost with its connection. */

const courier = useCourier();
let proxy: LossyProxy | undefined;
afterEach(() => proxy?.close());

/** A worker behind a proxy, with its token, its scripts and its connections warmed up. */
async function behindProxy(): Promise<{ shop: Shop; lossy: LossyProxy }> {
  const lossy = (proxy = await startLossyProxy(courier.url));
  const shop = await courier.open({ env: { REDIS_URL: lossy.url } });
  const { messageId } = await shop.producer.enqueue(shop.custom());
  await shop.reached(messageId, 'sent');
  return { shop, lossy };
}

async function expectNothingLeft(shop: Shop): Promise<void> {
  await eventually(
    async () => {
      const counts = await shop.lane('custom').getJobCounts();
      expect(counts).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    },
    { timeoutMs: 25_000 },
  );
}

test('the answer of begin: nothing was posted yet, so the message is sent, and soon', async () => {
  const { shop, lossy } = await behindProxy();
  lossy.loseReply('$2\r\nGO\r\n');
  const { messageId } = await shop.producer.enqueue(shop.custom());
  await waitFor(() => lossy.lost === 1);
  const status = await shop.reached(messageId, 'sent unknown', { timeoutMs: 20_000 });
  expect(status.state).toBe('sent');
  expect(status.attempts).toHaveLength(1);
  expect(shop.taken()).toHaveLength(2);
});

test('the answer of settle: the message is sent, once, and its job ends', async () => {
  const { shop, lossy } = await behindProxy();
  // Only settle answers one OK in a list.
  lossy.loseReply('*1\r\n$2\r\nOK\r\n');
  const { messageId } = await shop.producer.enqueue(shop.custom());
  await waitFor(() => lossy.lost === 1);
  const status = await shop.reached(messageId, 'sent');
  expect(status.attempts).toHaveLength(1);
  await expectNothingLeft(shop);
  expect(shop.taken()).toHaveLength(2);
});

test('the answer of settle for a refused message: a dead letter all the same, and one', async () => {
  const { shop, lossy } = await behindProxy();
  shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 45_015 } });
  lossy.loseReply('*1\r\n$2\r\nOK\r\n');
  const { messageId } = await shop.producer.enqueue(shop.custom());
  await waitFor(() => lossy.lost === 1);
  await shop.deadLetter(messageId, { timeoutMs: 15_000 });
  await expectNothingLeft(shop);
  expect(await shop.producer.deadLetters.list({ appId: shop.appId })).toHaveLength(1);
});
