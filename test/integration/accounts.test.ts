import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createProducer } from '../../src/producer/index.ts';
import { freshAppId, reached, useCourier } from '../helpers/courier.ts';
import { waitFor } from '../helpers/wait-for.ts';

/* The accounts file changes while a worker runs. */

const courier = useCourier();

test('an account added to the file is served, without anybody asking for it', async () => {
  const shop = await courier.open();
  const added = { appId: freshAppId(), secret: 'another', apiBase: shop.apiBase };
  const producer = createProducer({ redisUrl: shop.redisUrl, accounts: [added] });
  const { messageId } = await producer.enqueue({ ...shop.custom(), appId: added.appId });
  await shop.writeAccounts({}, [added]);
  await reached(producer, messageId, ['sent']);
  await producer.close();
  expect(shop.taken()).toHaveLength(0);
});

test('a removed account is not served any more; what waits for it waits', async () => {
  const shop = await courier.open();
  const other = { appId: freshAppId(), secret: 'another', apiBase: shop.apiBase };
  await writeFile(shop.accountsFile, JSON.stringify({ accounts: [other] }));
  await shop.workers[0]?.reload();
  expect(shop.log().map(({ msg }) => msg)).toContain('account removed');
  const { messageId } = await shop.producer.enqueue(shop.custom());
  const producer = createProducer({ redisUrl: shop.redisUrl, accounts: [other] });
  const second = await producer.enqueue({ ...shop.custom(), appId: other.appId });
  await reached(producer, second.messageId, ['sent']);
  await producer.close();
  expect((await shop.producer.status(messageId))?.state).toBe('queued');
  await shop.writeAccounts({}, [other]);
  await shop.workers[0]?.reload();
  await shop.reached(messageId, 'sent');
});

test.each([
  ['that is not JSON', '{"accounts": ['],
  ['without accounts', '{}'],
  ['with a wrong field', '{"accounts":[{"appId":"wx0123456789","secret":"x","colour":"red"}]}'],
  ['that is empty', ''],
])('a file %s is refused with one line, and the accounts stay as they were', async (_how, text) => {
  const shop = await courier.open();
  await writeFile(shop.accountsFile, text);
  const line = await waitFor(() => shop.log().find(({ msg }) => msg === 'accounts file not taken'));
  expect(line).toMatchObject({ level: 'error', code: 'ERR_CONFIG' });
  const { messageId } = await shop.producer.enqueue(shop.template());
  await shop.reached(messageId, 'sent');
});

test('a broken file is complained about once, not every second', async () => {
  const shop = await courier.open();
  await writeFile(shop.accountsFile, 'broken');
  const complaints = () => shop.log().filter(({ msg }) => msg === 'accounts file not taken');
  await waitFor(() => complaints().length > 0);
  await writeFile(shop.accountsFile, 'broken otherwise');
  await waitFor(() => complaints().length > 1);
  expect(complaints()).toHaveLength(2);
});

test('a changed address of WeChat is used for what comes next, and nothing is sent twice', async () => {
  const shop = await courier.open();
  const elsewhere = await courier.open({ workers: 0, settings: {} });
  const first = await shop.producer.enqueue(shop.custom());
  await shop.reached(first.messageId, 'sent');
  await shop.writeAccounts({ apiBase: elsewhere.apiBase });
  await shop.workers[0]?.reload();
  const second = await shop.producer.enqueue(shop.custom());
  await shop.reached(second.messageId, 'sent', { timeoutMs: 15_000 });
  expect(shop.taken()).toHaveLength(1);
  expect(elsewhere.judge().custom.accepted).toBe(1);
});

test('a message in flight while its account changes ends once', async () => {
  const shop = await courier.open({ settings: { latency: 1_000 } });
  const { messageId } = await shop.producer.enqueue(shop.custom());
  await waitFor(() => shop.taken().length === 1);
  await shop.writeAccounts({ rate: { custom: { perSecond: 7 } } });
  await shop.workers[0]?.reload();
  const status = await shop.reached(messageId, 'sent');
  expect(status.attempts).toHaveLength(1);
  expect(shop.taken()).toHaveLength(1);
});
