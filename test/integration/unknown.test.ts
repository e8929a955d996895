import { describe, expect, test } from 'vitest';
import { createProducer, isCourierError } from '../../src/producer/index.ts';
import { accountKeys, laneName, lanePrefix } from '../../src/shared/keys.ts';
import { TIMINGS } from '../../src/shared/timings.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { eventually } from '../helpers/wait-for.ts';
import { commandsDuring } from '../measure/redis-operations.ts';

/* Messages of which nobody knows whether they were sent: what can be done about them. */

const courier = useCourier();

/** A customer-service message whose answer got lost; WeChat has taken it, or has not. */
async function unknownOf(shop: Shop, accept: boolean, fields: object = {}): Promise<string> {
  shop.fault('custom', { accept, reply: { kind: 'reset' }, count: 1 });
  const { messageId } = await shop.producer.enqueue(shop.custom(fields));
  await shop.reached(messageId, 'unknown');
  await eventually(async () =>
    expect(await shop.lane('custom').getFailedCount()).toBeGreaterThan(0),
  );
  return messageId;
}

/** A worker that looks at once, whoever had the last turn. */
async function lookNow(shop: Shop, chore: string): Promise<void> {
  await shop.redis.del(shop.keys.turn(chore));
  await shop.startWorker();
}

const keyOf = (messageId: string): string => messageId.slice(-26);

describe('an unknown message', () => {
  test('is listed with all that is known of it', async () => {
    const shop = await courier.open();
    const messageId = await unknownOf(shop, true, { id: 'order-7' });
    const [listed, ...others] = await shop.producer.unknown.list();
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ messageId, kind: 'custom', id: 'order-7', redrives: 0 });
    expect(listed?.attempts).toMatchObject([{ number: 1, verdict: 'ambiguous' }]);
    expect((listed?.diesAt ?? 0) - (listed?.since ?? 0)).toBe(TIMINGS.unknownMs);
    expect(listed?.job?.message).toMatchObject({ msgtype: 'text' });
    expect(await shop.producer.unknown.show(messageId)).toEqual(listed);
    expect(await shop.producer.unknown.list({ kind: 'template' })).toEqual([]);
    expect(await shop.producer.unknown.list({ since: Date.now() + 60_000 })).toEqual([]);
  });

  test('that a person resolves as sent is sent, by the person’s word, and leaves no job', async () => {
    const shop = await courier.open();
    const messageId = await unknownOf(shop, true);
    expect(await shop.producer.unknown.resolve(messageId, 'sent')).toEqual({ kind: 'resolved' });
    expect(await shop.producer.status(messageId)).toMatchObject({
      state: 'sent',
      settledBy: 'person',
    });
    expect(await shop.lane('custom').getFailedCount()).toBe(0);
    expect(await shop.producer.unknown.list()).toEqual([]);
    expect(shop.taken()).toHaveLength(1);
    // Once is enough.
    const again = await shop.producer.unknown.resolve(messageId, 'resend');
    expect(again).toEqual({ kind: 'not-unknown', state: 'sent' });
  });

  test('that a person wants sent again is sent again, with its history', async () => {
    const shop = await courier.open();
    const messageId = await unknownOf(shop, false);
    expect(await shop.producer.unknown.resolve(messageId, 'resend')).toEqual({ kind: 'resolved' });
    const status = await shop.reached(messageId, 'sent');
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['ambiguous', 'ok']);
    expect(shop.taken()).toHaveLength(1);
  });

  test('is sent again by a worker when whoever asked for it died on the way', async () => {
    const shop = await courier.open();
    const messageId = await unknownOf(shop, false);
    const [seconds] = await shop.redis.time();
    // What such a death leaves: waiting in the ledger, its handover open, its job still parked.
    await shop.redis.hset(shop.keys.ledger(keyOf(messageId)), 'st', 'queued');
    await shop.redis.hdel(shop.keys.ledger(keyOf(messageId)), 't0', 'n', 'end');
    await shop.redis.zrem(shop.keys.unknown, keyOf(messageId));
    await shop.redis.zadd(shop.keys.handovers, (Number(seconds) - 61) * 1000, keyOf(messageId));
    await lookNow(shop, 'orphans');
    await shop.reached(messageId, 'sent');
    await eventually(async () => expect(await shop.redis.zcard(shop.keys.handovers)).toBe(0));
    expect(shop.taken()).toHaveLength(1);
  });

  test('whose job was removed can be called sent, but not sent again', async () => {
    const shop = await courier.open();
    const messageId = await unknownOf(shop, true);
    await shop.lane('custom').remove(keyOf(messageId));
    const resend = await shop.producer.unknown.resolve(messageId, 'resend');
    expect(resend).toEqual({ kind: 'content-gone' });
    expect((await shop.producer.status(messageId))?.state).toBe('unknown');
    expect(await shop.producer.unknown.resolve(messageId, 'sent')).toEqual({ kind: 'resolved' });
  });

  test('that nobody resolves for a day is a dead letter, and can be redriven', async () => {
    const shop = await courier.open();
    const messageId = await unknownOf(shop, false, { id: 'order-8' });
    const young = await unknownOf(shop, false);
    const [seconds] = await shop.redis.time();
    const yesterday = Number(seconds) * 1000 - TIMINGS.unknownMs - 1000;
    await shop.redis.zadd(shop.keys.unknown, yesterday, keyOf(messageId));
    await lookNow(shop, 'parked-jobs');
    const status = await shop.reached(messageId, 'dead');
    expect(status.reason).toBe('ambiguous');
    const letter = await shop.deadLetter(messageId);
    expect(letter.failedReason).toBe('ambiguous');
    expect(letter.data).toMatchObject({ id: 'order-8', job: { message: { msgtype: 'text' } } });
    expect((await shop.producer.status(young))?.state).toBe('unknown');
    await eventually(async () => expect(await shop.lane('custom').getFailedCount()).toBe(1));
    expect(await shop.producer.deadLetters.redrive(messageId)).toBe(true);
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });

  test('for which WeChat’s yes comes late is sent, and its parked job goes away', async () => {
    const shop = await courier.open();
    const messageId = await unknownOf(shop, true);
    const key = shop.keys.ledger(keyOf(messageId));
    await shop.redis.hset(key, 'st', 'sent');
    await shop.redis.zrem(shop.keys.unknown, keyOf(messageId));
    await lookNow(shop, 'parked-jobs');
    await eventually(async () => expect(await shop.lane('custom').getFailedCount()).toBe(0));
  });
});

describe('unknown messages of many accounts', () => {
  const ACCOUNTS = 20;
  const EACH = 150;
  const appIds = Array.from({ length: ACCOUNTS }, (_, number) => `wxdoubts${1000 + number}`);
  const START = Date.now() - 3_600_000;

  /** Of all accounts in turn, one each second; all but the latest of each are customer-service messages. */
  async function crowd(shop: Shop) {
    const pipeline = shop.redis.pipeline();
    for (let index = 0; index < ACCOUNTS * EACH; index += 1) {
      const appId = appIds[index % ACCOUNTS] ?? '';
      const kind = index < ACCOUNTS * (EACH - 1) ? 'custom' : 'template';
      const key = String(index).padStart(26, '0');
      const at = START + index * 1000;
      const keys = accountKeys(appId);
      pipeline.hset(keys.ledger(key), { st: 'unknown', k: kind[0] ?? '', a: at, end: at, c: 1 });
      pipeline.zadd(keys.unknown, at, key);
      pipeline.zadd(`${lanePrefix(appId)}:${laneName(appId, kind)}:failed`, at, key);
    }
    await pipeline.exec();
    const producer = createProducer({
      redisUrl: shop.redisUrl,
      accounts: appIds.map((appId) => ({ appId })),
    });
    // The first use of a lane costs more.
    await producer.unknown.list({ limit: ACCOUNTS });
    await producer.unknown.list({ kind: 'template' });
    return { unknown: producer.unknown, close: () => producer.close() };
  }

  async function cost<Result>(shop: Shop, work: () => Promise<Result>) {
    let result: Result | undefined;
    const commands = await commandsDuring(shop.redis, async () => {
      result = await work();
    });
    return { result, commands: Object.values(commands).reduce((sum, calls) => sum + calls, 0) };
  }

  test('are read as far as they are listed, the oldest of all first', async () => {
    const shop = await courier.open({ workers: 0 });
    const { unknown, close } = await crowd(shop);
    const all = await cost(shop, () => unknown.list({ limit: 101 }));
    expect(all.result?.map(({ since }) => since)).toEqual(
      Array.from({ length: 101 }, (_, index) => START + index * 1000),
    );
    expect(all.commands).toBeLessThanOrEqual(ACCOUNTS + 2 * 101 + 5);

    const few = await cost(shop, () => unknown.page({ kind: 'template', limit: 100 }));
    expect(few.result?.messages.map(({ appId }) => appId)).toEqual(appIds);
    expect(few.result?.more).toBe(false);
    expect(few.commands).toBeLessThanOrEqual(2 * ACCOUNTS + 2 * ACCOUNTS + 5);

    const late = { since: START + (ACCOUNTS * EACH - 3) * 1000 };
    expect(await unknown.list(late)).toHaveLength(3);
    expect(await unknown.list({ ...late, appIds: appIds.slice(-1) })).toHaveLength(1);
    const page = await unknown.page({ kind: 'custom', limit: 100 });
    expect([page.messages.length, page.more]).toEqual([100, true]);
    const custom = await unknown.list({ kind: 'custom', limit: Number.MAX_SAFE_INTEGER });
    expect(custom).toHaveLength(ACCOUNTS * (EACH - 1));
    await close();
  });

  test('that no lane has put aside are looked through as far as a page may, which says so', async () => {
    const shop = await courier.open({ workers: 0 });
    const { unknown, close } = await crowd(shop);
    await shop.redis.del(
      ...appIds.map((appId) => `${lanePrefix(appId)}:${laneName(appId, 'custom')}:failed`),
    );
    const page = await cost(shop, () => unknown.page({ kind: 'template' }));
    expect(page.result).toEqual({ messages: [], more: true });
    expect(page.commands).toBeLessThanOrEqual(2 * 1000 + 2 * ACCOUNTS + 5);
    expect(await unknown.list({ kind: 'template' })).toHaveLength(ACCOUNTS);
    await close();
  });
});

test('a text that is no message id is refused with a code', async () => {
  const shop = await courier.open({ workers: 0 });
  const error = await shop.producer.unknown.show('nonsense').catch((reason: unknown) => reason);
  expect(isCourierError(error) && error.code).toBe('ERR_UNKNOWN_MESSAGE');
});

describe('a message that is in the ledger but not in its lane', () => {
  async function halfAccepted(shop: Shop, ageMs: number): Promise<string> {
    const { messageId } = await shop.producer.enqueue(shop.template({ id: 'half' }));
    await eventually(async () => expect(await shop.redis.zcard(shop.keys.handovers)).toBe(0));
    await shop.lane('template').remove(keyOf(messageId));
    const [seconds] = await shop.redis.time();
    const since = Number(seconds) * 1000 - ageMs;
    await shop.redis.zadd(shop.keys.handovers, since, keyOf(messageId));
    return messageId;
  }

  test('is forgotten after a minute, so that its id is free', async () => {
    const shop = await courier.open({ workers: 0 });
    const messageId = await halfAccepted(shop, 61_000);
    await shop.startWorker();
    await eventually(async () => expect(await shop.producer.status(messageId)).toBeNull());
    const again = await shop.producer.enqueue(shop.template({ id: 'half' }));
    expect(again).toEqual({ messageId, status: 'queued' });
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });

  test('is sent when the caller repeats the call before that', async () => {
    const shop = await courier.open({ workers: 0 });
    const messageId = await halfAccepted(shop, 1_000);
    await shop.startWorker();
    await shop.producer.enqueue(shop.template({ id: 'half' }));
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });
});
