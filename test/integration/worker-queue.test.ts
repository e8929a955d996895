import { describe, expect, test } from 'vitest';
import { useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* Time, order and strange jobs: what the queue between producer and worker does. */

const courier = useCourier();

describe('time', () => {
  test('a message that expired while it waited is dead, and never asked WeChat', async () => {
    const shop = await courier.open({ workers: 0 });
    const expiresAt = Date.now() + 200;
    const { messageId } = await shop.producer.enqueue(shop.template({ expiresAt, id: 'order-7' }));
    await waitFor(() => Date.now() > expiresAt + 20);
    const worker = await shop.startWorker();
    const status = await shop.reached(messageId, 'dead');
    expect(status).toMatchObject({ reason: 'expired', attempts: [] });
    expect((await shop.deadLetter(messageId)).failedReason).toBe('expired');
    expect(shop.taken()).toHaveLength(0);
    const line = worker.log.find(({ msg }) => msg === 'ended before it was sent');
    expect(line).toMatchObject({ messageId, id: 'order-7', state: 'dead', reason: 'expired' });
    const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    expect(metrics).toMatch(
      new RegExp(`courier_dead_letters_total\\{account="${shop.appId}"[^}]*reason="expired"\\} 1`),
    );
  });

  test('a message that expires between two attempts is dead, not sent late', async () => {
    const shop = await courier.open();
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: -1 }, count: 1 });
    const { messageId } = await shop.producer.enqueue(shop.custom({ expiresAt: Date.now() + 600 }));
    const status = await shop.reached(messageId, 'dead');
    expect(status.reason).toBe('expired');
    expect(status.attempts).toHaveLength(1);
    expect(shop.taken()).toHaveLength(0);
  });

  test('a scheduled message is sent at its time, not before', async () => {
    const shop = await courier.open();
    const sendAt = Date.now() + 1_500;
    const { messageId } = await shop.producer.enqueue(shop.template({ sendAt }));
    expect((await shop.producer.status(messageId))?.state).toBe('scheduled');
    await shop.reached(messageId, 'sent');
    expect(shop.taken()[0]?.at).toBeGreaterThanOrEqual(sendAt - 50);
  });

  test('a time to send that has passed already means now', async () => {
    const shop = await courier.open();
    const { messageId } = await shop.producer.enqueue(shop.custom({ sendAt: Date.now() - 60_000 }));
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });
});

test('high goes before normal and normal before low, whoever came first', async () => {
  const shop = await courier.open({ env: { COURIER_CONCURRENCY: '1' }, workers: 0 });
  const order: string[] = [];
  for (const priority of ['low', 'normal', 'high', 'low', 'normal', 'high']) {
    const id = `${priority}-${order.length}`;
    order.push(id);
    await shop.producer.enqueue(shop.custom({ priority, id, ...shopText(id) }));
  }
  function shopText(content: string): object {
    const touser = 'oAnn-0123456789abcdefghij';
    return { message: { touser, msgtype: 'text', text: { content } } };
  }
  await shop.startWorker();
  await waitFor(() => shop.taken().length === 6);
  const sent = shop.taken().map(({ body }) => (body['text'] as { content: string }).content);
  expect(sent.map((id) => id.split('-')[0])).toEqual([
    'high',
    'high',
    'normal',
    'normal',
    'low',
    'low',
  ]);
  // Of the normal ones the older goes first.
  expect(sent.slice(2, 4)).toEqual(['normal-1', 'normal-4']);
});

test('a lane that a person paused sends nothing until it is resumed', async () => {
  const shop = await courier.open();
  await shop.lane('template').pause();
  const { messageId } = await shop.producer.enqueue(shop.template());
  const other = await shop.producer.enqueue(shop.custom());
  await shop.reached(other.messageId, 'sent');
  expect((await shop.producer.status(messageId))?.state).toBe('queued');
  await shop.lane('template').resume();
  await shop.reached(messageId, 'sent');
});

describe('a job that no producer wrote', () => {
  const KEY = 'abcdefghijklmnopqrstuvwxyz';
  test.each([
    ['garbage as data', { rubbish: true }, KEY],
    ['a text as data', 'hello', KEY],
    ['a number as data', 5, KEY],
    ['null as data', null, KEY],
    ['a list as data', [1, 2], KEY],
    ['no message', { id: 'order-1' }, KEY],
    ['a message that is none', { message: 'hello' }, KEY],
    ['an expiry that is no number', { message: {}, expiresAt: 'soon' }, KEY],
    ['an expiry that is no whole number', { message: {}, expiresAt: 1.5 }, KEY],
    ['an id of BullMQ’s own', { message: {} }, undefined],
    ['an id of other characters', { message: {} }, 'My Order #1'],
    ['a very long id', { message: {} }, 'x'.repeat(5_000)],
  ])('with %s is a dead letter, and the worker lives on', async (_what, data, jobId) => {
    const shop = await courier.open();
    await shop.lane('template').add('x', data as never, jobId === undefined ? {} : { jobId });
    const letter = await waitFor(async () => {
      const all = await shop.producer.deadLetters.list({ appId: shop.appId });
      return all[0];
    });
    expect(letter).toMatchObject({ reason: 'permanent-payload', kind: 'template' });
    expect(letter.detail).toMatch(/expected/);
    expect(letter.messageId).toMatch(/\.[0-9a-z]{26}$/);
    await eventually(async () => {
      expect(await shop.lane('template').getJobCounts()).toMatchObject({ active: 0, failed: 0 });
    });
    const { messageId } = await shop.producer.enqueue(shop.template());
    await shop.reached(messageId, 'sent');
  });

  test('whose data is not even JSON is a dead letter too', async () => {
    const shop = await courier.open({ workers: 0 });
    const job = await shop.lane('template').add('x', { message: {} }, { jobId: KEY });
    await shop.redis.hset(shop.lane('template').toKey(KEY), 'data', '{"message": {');
    expect(job.id).toBe(KEY);
    await shop.startWorker();
    const status = await shop.reached(`${shop.appId}.${KEY}`, 'dead');
    expect(status.reason).toBe('permanent-payload');
    await shop.deadLetter(`${shop.appId}.${KEY}`);
  });

  test('but is well made, is sent once, also when it is added again', async () => {
    const shop = await courier.open();
    const { message } = shop.custom();
    const lane = shop.lane('custom');
    const data = { message: message as Record<string, unknown> };
    await lane.add('custom', data, { jobId: KEY });
    await shop.reached(`${shop.appId}.${KEY}`, 'sent');
    await waitFor(async () => (await lane.getCompletedCount()) === 1);
    await lane.clean(0, 10, 'completed');
    await lane.add('custom', data, { jobId: KEY });
    await waitFor(async () => (await lane.getCompletedCount()) === 1);
    expect(shop.taken()).toHaveLength(1);
  });
});

test('a job run again after it was sent sends nothing and completes', async () => {
  const shop = await courier.open();
  const { messageId } = await shop.producer.enqueue(shop.custom());
  await shop.reached(messageId, 'sent');
  const key = messageId.split('.')[1] ?? '';
  const lane = shop.lane('custom');
  const job = await waitFor(async () => {
    const found = await lane.getJob(key);
    return (await found?.isCompleted()) ? found : null;
  });
  await job.retry('completed');
  await waitFor(() => shop.log().find(({ msg }) => msg === 'already ended'));
  await waitFor(async () => (await lane.getJob(key))?.isCompleted());
  expect(shop.taken()).toHaveLength(1);
});

test('a lease somebody else holds is waited for; a lapsed one makes a custom message unknown', async () => {
  const shop = await courier.open({ workers: 0 });
  const { messageId } = await shop.producer.enqueue(shop.custom());
  const record = shop.keys.ledger(messageId.split('.')[1] ?? '');
  const until = Date.now() + 1_000;
  await shop.redis.hset(record, {
    st: 'sending',
    own: 'dead-worker',
    f: 1,
    tb: until - 12_000,
    until,
  });
  await shop.startWorker();
  const status = await shop.reached(messageId, 'unknown');
  expect(status.attempts).toMatchObject([{ number: 1, verdict: 'ambiguous' }]);
  expect(shop.taken()).toHaveLength(0);
});

test('a template whose worker died in the middle goes again with the same id', async () => {
  const shop = await courier.open({ workers: 0 });
  const { messageId } = await shop.producer.enqueue(shop.template());
  const record = shop.keys.ledger(messageId.split('.')[1] ?? '');
  const tb = Date.now() - 13_000;
  await shop.redis.hset(record, {
    st: 'sending',
    own: 'dead-worker',
    f: 1,
    tb,
    until: tb + 12_000,
  });
  await shop.startWorker();
  const status = await shop.reached(messageId, 'sent');
  expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['ambiguous', 'ok']);
});

test('a template that may have gone out longer ago than WeChat remembers is unknown', async () => {
  const shop = await courier.open({ workers: 0 });
  const { messageId } = await shop.producer.enqueue(shop.template());
  const record = shop.keys.ledger(messageId.split('.')[1] ?? '');
  const tb = Date.now() - 481_000;
  await shop.redis.hset(record, { st: 'retrying', t0: tb, n: 1, c: 1, log: `${tb}:9:ambiguous:;` });
  await shop.startWorker();
  await shop.reached(messageId, 'unknown');
  expect(shop.taken()).toHaveLength(0);
});
