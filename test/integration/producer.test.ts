import { writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { createProducer, isCourierError } from '../../src/producer/index.ts';
import { useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* What a caller of the library sees, with Redis being there. */

const courier = useCourier();
const idle = { workers: 0 };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  return isCourierError(error) ? error.code : String(error);
}

describe('an id', () => {
  test('used again with the same content is a duplicate with the same messageId', async () => {
    const shop = await courier.open(idle);
    const envelope = shop.template({ id: 'order-1' });
    const first = await shop.producer.enqueue(envelope);
    expect(first.status).toBe('queued');
    expect(await shop.producer.enqueue(envelope)).toEqual({ ...first, status: 'duplicate' });
    expect(await shop.lane('template').getWaitingCount()).toBe(1);
  });

  test('used again with its fields in another order is a duplicate too', async () => {
    const shop = await courier.open(idle);
    const { appId, kind, message } = shop.template();
    const turned = Object.fromEntries(Object.entries(message).reverse());
    await shop.producer.enqueue({ appId, kind, message, id: 'x' });
    expect(await shop.producer.enqueue({ id: 'x', message: turned, kind, appId })).toMatchObject({
      status: 'duplicate',
    });
  });

  test('used again with other content is a conflict and changes nothing', async () => {
    const shop = await courier.open(idle);
    await shop.producer.enqueue(shop.custom({ id: 'order-1' }));
    const other = shop.custom({ id: 'order-1' });
    expect(await codeOf(shop.producer.enqueue(other))).toBe('ERR_ID_CONFLICT');
    expect(await codeOf(shop.producer.enqueue(shop.template({ id: 'order-1' })))).toBe(
      'ERR_ID_CONFLICT',
    );
    expect(await shop.lane('custom').getWaitingCount()).toBe(1);
    expect(await shop.lane('template').getWaitingCount()).toBe(0);
  });

  test('of a message that was sent is still known, and is not sent again', async () => {
    const shop = await courier.open();
    const envelope = shop.custom({ id: 'order-1' });
    const { messageId } = await shop.producer.enqueue(envelope);
    await shop.reached(messageId, 'sent');
    const lane = shop.lane('custom');
    await waitFor(async () => (await lane.getCompletedCount()) === 1);
    await lane.clean(0, 100, 'completed');
    expect((await shop.producer.enqueue(envelope)).status).toBe('duplicate');
    expect(await lane.getWaitingCount()).toBe(0);
    expect(shop.taken()).toHaveLength(1);
  });

  test('is per account', async () => {
    const [one, two] = [await courier.open(idle), await courier.open(idle)];
    const first = await one.producer.enqueue(one.template({ id: 'same' }));
    const second = await two.producer.enqueue(two.template({ id: 'same' }));
    expect([first.status, second.status]).toEqual(['queued', 'queued']);
    expect(first.messageId.split('.')[1]).not.toBe(second.messageId.split('.')[1]);
  });

  test('absent makes each call a message of its own', async () => {
    const shop = await courier.open(idle);
    const envelope = shop.template();
    const ids = await Promise.all([1, 2, 3].map(() => shop.producer.enqueue(envelope)));
    expect(new Set(ids.map(({ messageId }) => messageId)).size).toBe(3);
    for (const { messageId } of ids) expect(messageId).toMatch(/^wx[0-9a-f]{10,}\.[0-9a-z]{26}$/);
  });

  test('whose job got lost before it reached the lane is put there by the repetition', async () => {
    const shop = await courier.open(idle);
    const envelope = shop.template({ id: 'order-1' });
    const { messageId } = await shop.producer.enqueue(envelope);
    const key = messageId.split('.')[1] ?? '';
    await shop.lane('template').remove(key);
    expect((await shop.producer.enqueue(envelope)).status).toBe('duplicate');
    expect(await (await shop.lane('template').getJob(key))?.getState()).toBe('waiting');
  });

  test('used by many callers at the same moment is one message', async () => {
    const shop = await courier.open();
    const envelope = shop.custom({ id: 'order-1' });
    const results = await Promise.all(
      Array.from({ length: 50 }, () => shop.producer.enqueue(envelope)),
    );
    expect(results.filter(({ status }) => status === 'queued')).toHaveLength(1);
    await shop.reached(results[0]?.messageId ?? '', 'sent');
    expect(shop.taken()).toHaveLength(1);
  });
});

describe('many at once', () => {
  test('keep their order, the failures among them', async () => {
    const shop = await courier.open(idle);
    await shop.producer.enqueue(shop.custom({ id: 'taken' }));
    const results = await shop.producer.enqueueMany([
      shop.template({ id: 'a' }),
      { ...shop.template(), message: { touser: 5 } },
      shop.custom({ id: 'taken' }),
      { ...shop.template(), appId: 'wx-nobody-knows' },
      shop.template({ id: 'a' }),
      shop.custom(),
    ]);
    expect(results.map((result) => ('code' in result ? result.code : result.status))).toEqual([
      'queued',
      'ERR_INVALID_MESSAGE',
      'ERR_ID_CONFLICT',
      'ERR_UNKNOWN_ACCOUNT',
      'duplicate',
      'queued',
    ]);
    const invalid = results[1];
    expect(invalid && 'issues' in invalid && invalid.issues?.[0]?.path).toMatch(/^\/message\//);
    expect(await shop.lane('template').getWaitingCount()).toBe(1);
    expect(await shop.lane('custom').getWaitingCount()).toBe(2);
  });

  test('can be repeated whole: every one a duplicate, none twice', async () => {
    const shop = await courier.open(idle);
    const envelopes = Array.from({ length: 1_203 }, (_, index) =>
      shop.template({ id: `order-${index}` }),
    );
    const first = await shop.producer.enqueueMany(envelopes);
    const again = await shop.producer.enqueueMany(envelopes);
    expect(first.every(({ status }) => status === 'queued')).toBe(true);
    expect(again).toEqual(first.map((result) => ({ ...result, status: 'duplicate' })));
    expect(await shop.lane('template').getWaitingCount()).toBe(1_203);
  });

  test('are nothing when there are none', async () => {
    const shop = await courier.open(idle);
    expect(await shop.producer.enqueueMany([])).toEqual([]);
  });
});

describe('a wrong message', () => {
  test.each([
    ['no object', null],
    ['a text', 'hello'],
    ['an unknown field', { unknownField: 1 }],
    ['an id of 129 characters', { id: 'x'.repeat(129) }],
    ['an id with a control character', { id: 'a\nb' }],
    ['an expiry in the past', { expiresAt: 1 }],
    ['an expiry before sendAt', { sendAt: Date.now() + 60_000, expiresAt: Date.now() + 30_000 }],
    ['onAmbiguous for a template', { onAmbiguous: 'resend' }],
  ])('with %s is refused with its issues, and leaves nothing in Redis', async (_what, fields) => {
    const shop = await courier.open(idle);
    const input = typeof fields === 'object' && fields ? shop.template(fields) : fields;
    const error = await shop.producer.enqueue(input as never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_INVALID_MESSAGE' });
    expect(isCourierError(error) && error.issues.length).toBeGreaterThan(0);
    const keys = await shop.redis.keys(`courier:{${shop.appId}}*`);
    expect(keys.filter((key) => !key.endsWith(':meta'))).toEqual([]);
  });
});

describe('status and cancel', () => {
  test('of what nobody knows are null and false, whatever the text', async () => {
    const shop = await courier.open(idle);
    for (const id of ['', 'x', `${shop.appId}.${'0'.repeat(26)}`, `${shop.appId}.{}*`, '../..']) {
      expect(await shop.producer.status(id)).toBeNull();
      expect(await shop.producer.cancel(id)).toBe(false);
    }
  });

  test('a queued message is cancelled for good: its job is gone, its id stays known', async () => {
    const shop = await courier.open(idle);
    const envelope = shop.template({ id: 'order-1' });
    const { messageId } = await shop.producer.enqueue(envelope);
    expect((await shop.producer.status(messageId))?.state).toBe('queued');
    expect(await shop.producer.cancel(messageId)).toBe(true);
    expect(await shop.producer.cancel(messageId)).toBe(true);
    expect((await shop.producer.status(messageId))?.state).toBe('cancelled');
    expect(await shop.lane('template').getWaitingCount()).toBe(0);
    expect((await shop.producer.enqueue(envelope)).status).toBe('duplicate');
    expect(await shop.lane('template').getWaitingCount()).toBe(0);
    const ttl = await shop.redis.pttl(shop.keys.ledger(messageId.split('.')[1] ?? ''));
    expect(ttl).toBeGreaterThan(71 * 3_600_000);
  });

  test('a scheduled message is scheduled, is not sent early, and can be cancelled', async () => {
    const shop = await courier.open();
    const { messageId } = await shop.producer.enqueue(
      shop.template({ sendAt: new Date(Date.now() + 3_600_000).toISOString() }),
    );
    expect((await shop.producer.status(messageId))?.state).toBe('scheduled');
    expect(await shop.lane('template').getDelayedCount()).toBe(1);
    expect(await shop.producer.cancel(messageId)).toBe(true);
    expect(await shop.lane('template').getDelayedCount()).toBe(0);
    expect((await shop.producer.status(messageId))?.state).toBe('cancelled');
  });

  test('a cancelled message whose job comes back is not sent', async () => {
    const shop = await courier.open(idle);
    const { messageId } = await shop.producer.enqueue(shop.custom());
    const key = messageId.split('.')[1] ?? '';
    const job = await shop.lane('custom').getJob(key);
    await shop.producer.cancel(messageId);
    await shop.lane('custom').add('custom', job?.data ?? { message: {} }, { jobId: key });
    await shop.startWorker();
    await waitFor(async () => (await shop.lane('custom').getCompletedCount()) === 1);
    expect(shop.taken()).toHaveLength(0);
    expect((await shop.producer.status(messageId))?.state).toBe('cancelled');
  });
});

describe('a producer', () => {
  test('that was closed says so, and may be closed again', async () => {
    const shop = await courier.open(idle);
    const producer = createProducer({ redisUrl: courier.url, accounts: [{ appId: shop.appId }] });
    await producer.enqueue(shop.template());
    await producer.close();
    await producer.close();
    expect(await codeOf(producer.enqueue(shop.template()))).toBe('ERR_CLOSED');
    expect(await codeOf(producer.enqueueMany([]))).toBe('ERR_CLOSED');
    expect(await codeOf(producer.status('x'))).toBe('ERR_CLOSED');
    expect(await codeOf(producer.cancel('x'))).toBe('ERR_CLOSED');
    expect(await codeOf(producer.deadLetters.list())).toBe('ERR_CLOSED');
  });

  test('on a connection of the caller’s leaves it open', async () => {
    const shop = await courier.open(idle);
    const producer = createProducer({ redis: courier.redis, accounts: [{ appId: shop.appId }] });
    expect((await producer.enqueue(shop.template())).status).toBe('queued');
    await producer.close();
    expect(await courier.redis.ping()).toBe('PONG');
  });

  test('learns of an account that was added to the file meanwhile', async () => {
    const shop = await courier.open(idle);
    const producer = createProducer({ redisUrl: courier.url, accountsFile: shop.accountsFile });
    const late = { appId: `${shop.appId}late`, secret: 'x' };
    const envelope = { ...shop.template(), appId: late.appId };
    expect(await codeOf(producer.enqueue(envelope))).toBe('ERR_UNKNOWN_ACCOUNT');
    await shop.writeAccounts({}, [late]);
    await eventually(async () => {
      expect((await producer.enqueue(envelope)).status).toBe('queued');
    });
    writeFileSync(shop.accountsFile, '{ broken');
    const stranger = { ...envelope, appId: 'wx-nobody-knows' };
    expect(await codeOf(producer.enqueue(stranger))).toBe('ERR_UNKNOWN_ACCOUNT');
    expect((await producer.enqueue(envelope)).status).toBe('queued');
    await producer.close();
  });

  test('minds only the settings it uses: the service around it has a LOG_LEVEL of its own', async () => {
    const shop = await courier.open(idle);
    vi.stubEnv('LOG_LEVEL', 'verbose');
    vi.stubEnv('COURIER_METRICS_PORT', 'none');
    try {
      const producer = createProducer({ redisUrl: courier.url, accounts: [{ appId: shop.appId }] });
      expect((await producer.enqueue(shop.template())).status).toBe('queued');
      await producer.close();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('refuses a broken accounts file and a broken address at once', async () => {
    const shop = await courier.open(idle);
    writeFileSync(shop.accountsFile, '{"accounts": [{"appId": 5}]}');
    const { accountsFile } = shop;
    expect(() => createProducer({ redisUrl: courier.url, accountsFile })).toThrow(/accounts\/0/);
    expect(() => createProducer({ redisUrl: 'http://x', accounts: [] })).toThrow(/REDIS|redis/i);
  });
});
