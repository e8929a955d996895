import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createProducer } from '../../src/producer/index.ts';
import { createIdPatterns } from '../../src/shared/ledger/id-patterns.ts';
import { createSearchIndex } from '../../src/shared/ledger/search-index.ts';
import { freshAppId, useCourier, type Shop } from '../helpers/courier.ts';
import { waitFor } from '../helpers/wait-for.ts';

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

test('an order is found by its number, whatever is told of it', async () => {
  const shop = await courier.open();
  const send = async (id: string) =>
    (await shop.producer.enqueue({ ...shop.template(), id })).messageId;
  const paid = await send('order-2002-paid');
  const shipped = await send('order-2002-shipped');
  const refund = await send('refund:2002');
  const other = await send('order-3003-paid');
  for (const id of [paid, shipped, refund, other]) await shop.reached(id, 'sent');
  const found = async (text: string) =>
    new Set((await shop.producer.find(text)).map(({ messageId, id }) => `${messageId} ${id}`));
  const ofOrder = [`${paid} order-2002-paid`, `${shipped} order-2002-shipped`];
  await waitFor(async () => (await found('2002')).size === 3);
  expect(await found('2002')).toEqual(new Set([...ofOrder, `${refund} refund:2002`]));
  expect(await found('order-2002')).toEqual(new Set(ofOrder));
  expect(await found('2002-paid')).toEqual(new Set(ofOrder.slice(0, 1)));
  expect(await found('200')).toEqual(new Set());
  expect(await shop.redis.zcard(shop.keys.idPatterns)).toBe(3);
  expect(await shop.redis.pttl(shop.keys.idPatterns)).toBeGreaterThan(TTL_MS);
});

test('an order is found by its digits, although letters touch them in its id', async () => {
  const shop = await courier.open({ workers: 0 });
  const send = async (id: string) =>
    (await shop.producer.enqueue({ ...shop.template(), id })).messageId;
  const shipped = await send('SO2026112200471-shipped');
  const paid = await send('SO2026112200471-paid');
  await send('SO2026112200472-paid');
  const found = async (text: string) =>
    new Set((await shop.producer.find(text)).map(({ messageId }) => messageId));
  await waitFor(async () => (await found('2026112200471')).size === 2);
  expect(await found('2026112200471')).toEqual(new Set([shipped, paid]));
  expect(await found('2026112200471-paid')).toEqual(new Set([paid]));
  expect(await found('SO2026112200471')).toEqual(new Set([shipped, paid]));
  expect(await found('202611220047')).toEqual(new Set());
});

test('letters that change with each number push out nothing, and cost Redis little', async () => {
  const { redis } = courier;
  const options = { redis, appId: freshAppId(), ttlMs: TTL_MS, now: () => NOON, isIndexed: true };
  const patterns = createIdPatterns(options);
  await patterns.learn(['SO1-paid']);
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  for (const one of letters) await patterns.learn(letters.map((two) => `${one}${two}1-paid`));
  const completions = await patterns.complete('7');
  expect(completions).toHaveLength(65);
  expect(completions.slice(0, 1)).toEqual(['7-paid']);
  expect(completions).toContain('SO7-paid');
});

test('ids that each have a pattern of their own keep only the latest patterns', async () => {
  const { redis } = courier;
  let now = NOON;
  const options = { redis, appId: freshAppId(), ttlMs: TTL_MS, now: () => now, isIndexed: true };
  const patterns = createIdPatterns(options);
  const word = (number: number) =>
    'abcdefghij'[number % 10]! +
    'klmnopqrst'[Math.floor(number / 10) % 10]! +
    'uvwxyz'[Math.floor(number / 100)]!;
  for (let number = 0; number < 300; number += 1) {
    now += 1;
    await patterns.learn([`${word(number)}-7`]);
  }
  const completions = await patterns.complete('7');
  expect(completions).toHaveLength(64);
  expect(completions[0]).toBe(`${word(299)}-7`);
  expect(completions).not.toContain(`${word(0)}-7`);
});

test('a dead letter is found by the id of its job after a redrive, and shows the caller’s id', async () => {
  const shop = await courier.open();
  shop.simulator.control('POST', '/_control/recipients', {
    appId: shop.appId,
    recipients: [{ openid: 'oREFUSED-recipient-012345678', answer: 40_037 }],
  });
  const envelope = addressed(shop, 'template', 'oREFUSED-recipient-012345678');
  const { messageId } = await shop.producer.enqueue({ ...envelope, id: 'order-9-paid' });
  await shop.deadLetter(messageId);
  await shop.producer.deadLetters.redrive(messageId);
  await waitFor(async () => (await shop.deadLetter(messageId)).data.redrives === 1);
  const expected = [{ messageId, id: 'order-9-paid', state: 'dead' }];
  expect(await shop.producer.find(`${messageId}.1`)).toMatchObject(expected);
  expect(await shop.producer.find('oREFUSED-recipient-012345678')).toMatchObject(expected);
  expect(await shop.producer.content(messageId)).toMatchObject({ id: 'order-9-paid' });
  const [redrive] = (await shop.producer.status(messageId))?.redriven ?? [];
  expect(redrive).toMatchObject({ from: 'dead', reason: 'template-config', errcode: 40_037 });
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
  expect(await shop.redis.keys(`courier:{${shop.appId}}:i*`)).toEqual([]);
  expect(await producer.find(touser)).toEqual([]);
  expect(await producer.find('1')).toEqual([]);
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
