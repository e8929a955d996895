import { describe, expect, test } from 'vitest';
import { deadLetterJobId, openDeadLetters } from '../../src/shared/dead-letter.ts';
import { accountKeys, DEAD_LETTER_PREFIX, DEAD_LETTER_QUEUE } from '../../src/shared/keys.ts';
import { createRedisLedger } from '../../src/shared/ledger/redis-ledger.ts';
import { freshAppId, type Shop, useCourier } from '../helpers/courier.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* Messages that will not be sent without a person, and what a person can do with them. */

const courier = useCourier();
const keyOf = (messageId: string): string => messageId.split('.')[1] ?? '';

/** A message that WeChat refused for good `times` times. */
async function died(
  shop: Shop,
  options: { times?: number; errcode?: number; fields?: object } = {},
): Promise<string> {
  const { times = 1, errcode = 45_015, fields = {} } = options;
  shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode }, count: times });
  const { messageId } = await shop.producer.enqueue(shop.custom(fields));
  await shop.reached(messageId, 'dead');
  await shop.deadLetter(messageId);
  return messageId;
}

describe('a dead letter', () => {
  test('is a failed job of the dead-letter queue with all that a person needs', async () => {
    const shop = await courier.open();
    const envelope = shop.custom({ id: 'order-1' });
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 45_015 } });
    const { messageId } = await shop.producer.enqueue(envelope);
    const letter = await shop.deadLetter(messageId);
    expect(letter.queueQualifiedName).toBe(`${DEAD_LETTER_PREFIX}:${DEAD_LETTER_QUEUE}`);
    expect(letter.failedReason).toBe(
      '45015 window-expired: response out of time limit or subscription is canceled',
    );
    expect(letter.data).toMatchObject({
      messageId,
      appId: shop.appId,
      kind: 'custom',
      id: 'order-1',
      reason: 'window-expired',
      errcode: 45_015,
      rid: expect.stringMatching(/^[0-9a-f]{8}-/),
      redrives: 0,
      attempts: [{ number: 1, verdict: 'window-expired', errcode: 45_015 }],
      job: { message: envelope.message, id: 'order-1' },
    });
  });

  test('is found by account, reason, code and time, the newest first', async () => {
    const shop = await courier.open();
    const first = await died(shop, { errcode: 45_015 });
    const second = await died(shop, { errcode: 40_003 });
    const { deadLetters } = shop.producer;
    const ids = async (filter: object): Promise<string[]> =>
      (await deadLetters.list({ appId: shop.appId, ...filter })).map((one) => one.messageId);
    expect(await ids({})).toEqual([second, first]);
    expect(await ids({ reason: 'window-expired' })).toEqual([first]);
    expect(await ids({ errcode: 40_003 })).toEqual([second]);
    expect(await ids({ since: Date.now() + 60_000 })).toEqual([]);
    expect(await ids({ limit: 1 })).toEqual([second]);
    expect(await deadLetters.show(first)).toMatchObject({ messageId: first });
    expect(await deadLetters.show(`${shop.appId}.${'0'.repeat(26)}`)).toBeNull();
    await expect(deadLetters.show('nonsense')).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_MESSAGE',
    });
  });

  test('that is purged is forgotten, message and all', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    expect(await shop.producer.deadLetters.purge(messageId)).toBe(true);
    expect(await shop.producer.deadLetters.purge(messageId)).toBe(false);
    expect(await shop.producer.status(messageId)).toBeNull();
    expect(await shop.producer.deadLetters.list({ appId: shop.appId })).toEqual([]);
    expect(await shop.redis.exists(shop.keys.ledger(keyOf(messageId)))).toBe(0);
  });

  test('from before a redrive that was not finished is found, redriven and purged all the same', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    const { data } = await shop.deadLetter(messageId);
    await shop.producer.deadLetters.redrive(messageId);
    await shop.reached(messageId, 'sent');
    const queue = openDeadLetters(shop.redis, () => undefined);
    try {
      await queue.add('dead-letter', data, { jobId: deadLetterJobId(messageId, 0) });
      await waitFor(async () => await shop.producer.deadLetters.show(messageId));
      expect(await shop.producer.deadLetters.redrive(messageId)).toBe(true);
      await eventually(async () => {
        expect(await queue.getJob(messageId)).toBeUndefined();
      });
      await queue.add('dead-letter', data, { jobId: deadLetterJobId(messageId, 0) });
      await waitFor(async () => await shop.producer.deadLetters.show(messageId));
      expect(await shop.producer.deadLetters.purge(messageId)).toBe(true);
      expect(await shop.producer.deadLetters.list({ appId: shop.appId })).toEqual([]);
      // It went out: its id stays known, or a repetition would be a second message.
      expect(await shop.producer.status(messageId)).toMatchObject({ state: 'sent' });
      expect(shop.taken('custom')).toHaveLength(1);
    } finally {
      await queue.close();
    }
  });
});

describe('a redrive', () => {
  test('that runs again after the message died anew changes nothing: the new letter counts', async () => {
    const shop = await courier.open();
    const messageId = await died(shop, { times: 2 });
    const { data: first } = await shop.deadLetter(messageId);
    await shop.producer.deadLetters.redrive(messageId);
    await waitFor(async () => (await shop.deadLetter(messageId)).data.redrives === 1);
    const queue = openDeadLetters(shop.redis, () => undefined);
    try {
      // As after a worker that died before it could say that the redrive was done.
      await queue.add('dead-letter', first, { jobId: deadLetterJobId(messageId, 0) });
      const again = await waitFor(async () => {
        const job = await queue.getJob(messageId);
        return (await job?.isFailed()) ? job : undefined;
      });
      await again?.retry('failed');
      await eventually(async () => {
        expect(await queue.getJob(messageId)).toBeUndefined();
      });
    } finally {
      await queue.close();
    }
    expect(await shop.producer.status(messageId)).toMatchObject({ state: 'dead' });
    expect(shop.taken('custom')).toEqual([]);
  });

  test('by the library sends the message with the id it had and a fresh budget', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    expect(await shop.producer.deadLetters.redrive(messageId)).toBe(true);
    const status = await shop.reached(messageId, 'sent');
    expect(status.messageId).toBe(messageId);
    expect(status.reason).toBeUndefined();
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['window-expired', 'ok']);
    expect(shop.taken()).toHaveLength(1);
    await eventually(async () => {
      expect(await shop.producer.deadLetters.list({ appId: shop.appId })).toEqual([]);
    });
    expect(await shop.producer.deadLetters.redrive(messageId)).toBe(false);
  });

  test('by Retry in Bull Board does the same', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    await (await shop.deadLetter(messageId)).retry('failed');
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });

  test('starts the budget anew', async () => {
    const shop = await courier.open();
    // Twice refused for now, then for good; after the redrive twice refused for now again.
    const now = { accept: false, reply: { kind: 'errcode', errcode: 99_998 } };
    shop.fault('template', { ...now, count: 5 });
    const { messageId } = await shop.producer.enqueue(shop.template());
    await shop.reached(messageId, 'dead', { timeoutMs: 15_000 });
    await (await shop.deadLetter(messageId)).retry('failed');
    const status = await shop.reached(messageId, 'sent', { timeoutMs: 15_000 });
    expect(status.attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('that dies again is a dead letter again, with the redrive counted', async () => {
    const shop = await courier.open();
    const messageId = await died(shop, { times: 2 });
    await shop.producer.deadLetters.redrive(messageId);
    await waitFor(async () => (await shop.deadLetter(messageId)).data.redrives === 1);
    const letter = await shop.deadLetter(messageId);
    expect(letter.data.attempts).toHaveLength(2);
    expect(await shop.producer.deadLetters.list({ appId: shop.appId })).toHaveLength(1);
    // And can be redriven again.
    await shop.producer.deadLetters.redrive(messageId);
    await shop.reached(messageId, 'sent');
  });

  test('sends an expired message after all: a person wants it sent now', async () => {
    const shop = await courier.open();
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: -1 }, count: 1 });
    const { messageId } = await shop.producer.enqueue(shop.custom({ expiresAt: Date.now() + 500 }));
    await shop.reached(messageId, 'dead');
    await shop.deadLetter(messageId);
    await shop.producer.deadLetters.redrive(messageId);
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });

  test('of a message that was in fact sent sends nothing and removes the letter', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    // A run that everybody had given up on comes back with WeChat's yes.
    const ledger = createRedisLedger({
      redis: shop.redis,
      appId: shop.appId,
      ttlMs: 3_600_000,
    });
    const settled = await ledger.settle({
      messageKey: keyOf(messageId),
      owner: 'long-lost',
      fence: '1',
      to: { state: 'sent' },
      attempt: { durationMs: 1, verdict: 'ok', errcode: 0 },
      spends: true,
      ambiguous: false,
    });
    expect(settled).toBe('ok');
    await (await shop.deadLetter(messageId)).retry('failed');
    await eventually(async () => {
      const left = await shop.producer.deadLetters.list({ appId: shop.appId });
      expect(left).toEqual([]);
    });
    expect((await shop.producer.status(messageId))?.state).toBe('sent');
    expect(await shop.lane('custom').getJobCounts()).toMatchObject({ waiting: 0, active: 0 });
    expect(shop.taken()).toHaveLength(0);
  });

  test('of a job that nobody could read says so and keeps the letter', async () => {
    const shop = await courier.open();
    const key = 'abcdefghijklmnopqrstuvwxyz';
    await shop.lane('custom').add('x', null as never, { jobId: key });
    const messageId = `${shop.appId}.${key}`;
    const letter = await shop.deadLetter(messageId);
    await letter.retry('failed');
    await waitFor(async () =>
      /cannot be redriven/.test((await shop.deadLetter(messageId)).failedReason),
    );
    expect((await shop.producer.status(messageId))?.state).toBe('dead');
  });

  test('of an account that is not configured (any more) keeps the letter', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    const other = { appId: freshAppId(), secret: 'x', apiBase: shop.apiBase };
    await shop.writeAccounts({ appId: other.appId, secret: other.secret });
    await shop.workers[0]?.reload();
    const letter = await shop.deadLetter(messageId);
    await letter.retry('failed');
    const refused = async () => (await shop.deadLetter(messageId)).failedReason;
    await waitFor(async () => (await refused())?.includes('not in accounts file') || undefined);
    expect((await shop.producer.status(messageId))?.state).toBe('dead');
  });

  test('asked for while no worker runs is carried out by the next one that starts', async () => {
    const shop = await courier.open({ account: { rate: { custom: { perSecond: 1_000 } } } });
    const count = 50;
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 45_015 }, count });
    await shop.producer.enqueueMany(Array.from({ length: count }, () => shop.custom()));
    const { deadLetters } = shop.producer;
    const list = () => deadLetters.list({ appId: shop.appId, limit: 1_000 });
    const letters = await waitFor(async () => {
      const found = await list();
      return found.length === count ? found : undefined;
    });
    await shop.workers[0]?.stop();
    for (const { messageId } of letters) expect(await deadLetters.redrive(messageId)).toBe(true);
    await shop.startWorker();
    for (const { messageId } of letters) await shop.reached(messageId, 'sent');
    expect(await list()).toEqual([]);
    expect(shop.taken()).toHaveLength(count);
  });

  test('asked for while no worker runs is not undone by a purge that says it was', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    await shop.workers[0]?.stop();
    const { deadLetters } = shop.producer;
    expect(await deadLetters.redrive(messageId)).toBe(true);
    expect(await deadLetters.purge(messageId)).toBe(false);
    expect(await shop.producer.status(messageId)).toMatchObject({ state: 'dead' });
    await shop.startWorker();
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });

  test('of many that are purged at once sends them all, and no purge says that it was done', async () => {
    const shop = await courier.open({ account: { rate: { custom: { perSecond: 1_000 } } } });
    const count = 200;
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 45_015 }, count });
    await shop.producer.enqueueMany(Array.from({ length: count }, () => shop.custom()));
    const { deadLetters } = shop.producer;
    const letters = await waitFor(async () => {
      const found = await deadLetters.list({ appId: shop.appId, limit: 1_000 });
      return found.length === count ? found : undefined;
    });
    const purged = await Promise.all(
      letters.map(async ({ messageId }) => {
        await deadLetters.redrive(messageId);
        return await deadLetters.purge(messageId);
      }),
    );
    expect(purged).not.toContain(true);
    for (const { messageId } of letters) await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(count);
  });

  test('asked for many times at once is one redrive', async () => {
    const shop = await courier.open();
    const messageId = await died(shop);
    const letter = await shop.deadLetter(messageId);
    await Promise.allSettled(Array.from({ length: 10 }, () => letter.retry('failed')));
    await shop.reached(messageId, 'sent');
    expect(shop.taken()).toHaveLength(1);
  });

  test('of hundreds sends each exactly once', async () => {
    const shop = await courier.open({ account: { rate: { custom: { perSecond: 1_000 } } } });
    const count = 200;
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 45_015 }, count });
    const envelopes = Array.from({ length: count }, () => shop.custom());
    await shop.producer.enqueueMany(envelopes);
    const { deadLetters } = shop.producer;
    const list = () => deadLetters.list({ appId: shop.appId, limit: 1_000 });
    const letters = await waitFor(async () => {
      const found = await list();
      return found.length === count ? found : null;
    });
    await Promise.all(letters.map(({ messageId }) => deadLetters.redrive(messageId)));
    await waitFor(() => shop.taken().length >= count, { timeoutMs: 15_000 });
    await eventually(async () => expect(await list()).toEqual([]));
    expect(shop.taken()).toHaveLength(count);
    expect(shop.judge().duplicateList.filter(({ appId }) => appId === shop.appId)).toEqual([]);
  });
});

describe('a crash between dead in the ledger and listed as a dead letter', () => {
  test('is finished by the reconciler, with the message in the letter', async () => {
    const shop = await courier.open({ workers: 0 });
    const envelope = shop.custom({ id: 'order-1' });
    const { messageId } = await shop.producer.enqueue(envelope);
    const key = keyOf(messageId);
    const { deadPending, ledger } = accountKeys(shop.appId);
    // What a process leaves that is killed right after settle(dead).
    await shop.redis.hset(ledger(key), {
      st: 'dead',
      why: 'window-expired',
      ec: 45_015,
      end: Date.now(),
      c: 1,
      f: 1,
      log: `${Date.now()}:5:window-expired:45015;`,
    });
    await shop.redis.zadd(deadPending, Date.now(), key);
    // Its job is still active: nobody runs it until the lock lapses.
    await shop.lane('custom').pause();
    await shop.startWorker();
    const letter = await shop.deadLetter(messageId, { timeoutMs: 15_000 });
    expect(letter.data).toMatchObject({
      reason: 'window-expired',
      job: { message: envelope.message, id: 'order-1' },
    });
    await eventually(async () => expect(await shop.redis.zcard(deadPending)).toBe(0));
  });

  test('does not list it twice when the job is run again', async () => {
    const shop = await courier.open({ workers: 0 });
    const { messageId } = await shop.producer.enqueue(shop.custom());
    const key = keyOf(messageId);
    await shop.redis.hset(shop.keys.ledger(key), { st: 'dead', why: 'expired', end: 1 });
    await shop.redis.zadd(shop.keys.deadPending, 1, key);
    const queue = openDeadLetters(shop.redis, () => undefined);
    try {
      await shop.startWorker();
      await shop.deadLetter(messageId);
      await eventually(async () => {
        expect(await shop.lane('custom').getJob(key)).toBeUndefined();
        expect(await shop.redis.zcard(shop.keys.deadPending)).toBe(0);
      });
      expect(await queue.getJob(deadLetterJobId(messageId, 0))).toBeDefined();
      expect(await shop.producer.deadLetters.list({ appId: shop.appId })).toHaveLength(1);
    } finally {
      await queue.close();
    }
  });
});
