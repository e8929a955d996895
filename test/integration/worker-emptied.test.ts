import { expect, test } from 'vitest';
import { type LogLine, useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* A Redis that was flushed: what comes in now may have been sent before. */

const courier = useCourier();
const isEmptied = ({ code }: LogLine): boolean => code === 'redis-emptied';

test('stops all work within 5 s until a person restarts the workers, and is said once', async () => {
  const shop = await courier.open();
  const first = await shop.producer.enqueue(shop.custom());
  await shop.reached(first.messageId, 'sent');
  await shop.redis.flushall();
  await waitFor(() => shop.log().some(isEmptied));
  const [worker] = shop.workers;
  await eventually(async () => {
    expect((await fetch(`http://127.0.0.1:${worker?.port}/readyz`)).status).toBe(503);
  });
  await waitFor(() => shop.log().some(({ msg }) => msg === 'all work has stopped'));
  // What the alert CourierNoLanes looks for.
  const page = await (await fetch(`http://127.0.0.1:${worker?.port}/metrics`)).text();
  expect(page).toMatch(/^courier_redis_up 1$/m);
  expect(page).not.toMatch(/^courier_queue_depth\{/m);
  const { messageId } = await shop.producer.enqueue(shop.custom());
  const again = await shop.startWorker();
  await shop.reached(messageId, 'sent');
  expect(again.log.some(({ msg }) => msg === 'delivery')).toBe(true);
  expect(worker?.log.filter(isEmptied)).toHaveLength(1);
  expect(worker?.log.filter(({ msg }) => msg === 'delivery')).toHaveLength(1);
});

test('is said, and work goes on, where Redis may forget', async () => {
  const shop = await courier.open({ env: { COURIER_ALLOW_VOLATILE_REDIS: '1' } });
  await shop.redis.flushall();
  await waitFor(() => shop.log().some(({ msg }) => /has lost what it knew/.test(String(msg))));
  const { messageId } = await shop.producer.enqueue(shop.custom());
  await shop.reached(messageId, 'sent');
  expect(shop.log().filter(isEmptied)).toEqual([]);
});
