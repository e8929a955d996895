import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createProducer } from '../../src/producer/index.ts';
import { createSearchIndex } from '../../src/shared/ledger/search-index.ts';
import { freshAppId, useCourier, type Shop } from '../helpers/courier.ts';

const courier = useCourier();
const DAY_MS = 86_400_000;
const TTL_MS = 3 * DAY_MS;
const NOON = Date.UTC(2026, 10, 20, 12);

function addressed(shop: Shop, kind: 'template' | 'custom', touser: string) {
  const envelope = shop[kind]();
  return { ...envelope, message: { ...envelope.message, touser } };
}

test('a message is found by its id, the caller’s id, its recipient and WeChat’s msgid', async () => {
  const shop = await courier.open();
  const envelope = {
    ...addressed(shop, 'template', 'oFOUND-by-recipient-01234567'),
    id: 'order-77',
  };
  const { messageId } = await shop.producer.enqueue(envelope);
  const { wechatMsgId } = await shop.reached(messageId, 'sent');
  const other = await shop.producer.enqueue({ ...shop.template(), id: 'order-78' });
  await shop.reached(other.messageId, 'sent');
  for (const text of [messageId, 'order-77', 'oFOUND-by-recipient-01234567', String(wechatMsgId)]) {
    const found = await shop.producer.find(text);
    expect([text, found.map((status) => status.messageId)]).toEqual([text, [messageId]]);
  }
  expect(await shop.producer.find('oFOUND-by-recipient-0123456')).toEqual([]);
  expect(await shop.producer.find('')).toEqual([]);
});

test('of one recipient all messages are found, the latest first, before and after they ended', async () => {
  const shop = await courier.open({ workers: 0 });
  const touser = 'oMANY-messages-0123456789abc';
  const ids: string[] = [];
  for (const kind of ['template', 'custom', 'template'] as const) {
    ids.unshift((await shop.producer.enqueue(addressed(shop, kind, touser))).messageId);
  }
  const found = async () =>
    (await shop.producer.find(touser)).map(({ messageId, state }) => [messageId, state]);
  expect(new Set(await found())).toEqual(new Set(ids.map((id) => [id, 'queued'])));
  await shop.startWorker();
  for (const id of ids) await shop.reached(id, 'sent');
  expect(new Set(await found())).toEqual(new Set(ids.map((id) => [id, 'sent'])));
});

test('a message scheduled for weeks ahead is found', async () => {
  const shop = await courier.open();
  const touser = 'oLATER-message-0123456789abc';
  const sendAt = Date.now() + 60 * DAY_MS;
  const { messageId } = await shop.producer.enqueue({
    ...addressed(shop, 'template', touser),
    sendAt,
  });
  expect(await shop.producer.find(touser)).toMatchObject([{ messageId, state: 'scheduled' }]);
});

test('neither openid nor msgid is in a key or a value of the index', async () => {
  const shop = await courier.open();
  const touser = 'oSECRET-recipient-0123456789';
  const { messageId } = await shop.producer.enqueue(addressed(shop, 'template', touser));
  const { wechatMsgId } = await shop.reached(messageId, 'sent');
  const keys = await shop.redis.keys(`courier:{${shop.appId}}:i:*`);
  expect(keys).not.toEqual([]);
  const values = await Promise.all(keys.map((key) => shop.redis.lrangeBuffer(key, 0, -1)));
  const all = Buffer.concat([...values.flat(), ...keys.map((key) => Buffer.from(key))]);
  expect(all.includes(touser)).toBe(false);
  expect(all.includes(String(wechatMsgId))).toBe(false);
  for (const key of keys) expect(await shop.redis.pttl(key)).toBeGreaterThan(TTL_MS);
});

test('with COURIER_SEARCH_INDEX=0 nothing is entered, and the ids still find', async () => {
  const shop = await courier.open({ env: { COURIER_SEARCH_INDEX: '0' } });
  const { redisUrl, accountsFile } = shop;
  const producer = createProducer({ redisUrl, accountsFile, searchIndex: false });
  const touser = 'oNOINDEX-recipient-012345678';
  const { messageId } = await producer.enqueue({
    ...addressed(shop, 'template', touser),
    id: 'order-1',
  });
  await shop.reached(messageId, 'sent');
  expect(await shop.redis.keys(`courier:{${shop.appId}}:i:*`)).toEqual([]);
  expect(await producer.find(touser)).toEqual([]);
  expect(await producer.find('order-1')).toMatchObject([{ messageId }]);
  await producer.close();
});

test('every message key comes back out of an entry as it went in', async () => {
  const { redis } = courier;
  const appId = freshAppId();
  const index = createSearchIndex({ redis, appId, ttlMs: TTL_MS, now: () => NOON });
  const key = fc.string({
    unit: fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyz'),
    minLength: 26,
    maxLength: 26,
  });
  await fc.assert(
    fc.asyncProperty(key, fc.uuid(), async (messageKey, text) => {
      const { key: list, entry } = index.entry({ by: 'msgid', text }, messageKey);
      await redis.rpush(list, entry);
      expect(await index.find({ by: 'msgid', text }, 10)).toEqual([messageKey]);
      expect(await index.find({ by: 'recipient', text }, 10)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('an entry is found for as long as its message may be known, and kept no longer than two days more', async () => {
  const { redis } = courier;
  const appId = freshAppId();
  let now = NOON;
  const index = createSearchIndex({ redis, appId, ttlMs: TTL_MS, now: () => now });
  const clue = { by: 'recipient', text: 'oSOMEBODY' } as const;
  const messageKey = 'a'.repeat(26);
  const { key, entry, keepMs } = index.entry(clue, messageKey);
  await redis.rpush(key, entry);
  expect(keepMs).toBeGreaterThanOrEqual(TTL_MS);
  expect(keepMs).toBeLessThanOrEqual(TTL_MS + 2 * DAY_MS);
  now = NOON + keepMs - 1;
  expect(await index.find(clue, 10)).toEqual([messageKey]);
});
