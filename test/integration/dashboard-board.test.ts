import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { startDashboard, type TestDashboard } from '../helpers/dashboard.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });
const CHINESE = { 'accept-language': 'zh-CN' };

let shop: Shop;
let dashboard: TestDashboard;

beforeAll(async () => {
  shop = await courier.open({ env: {} });
  dashboard = await startDashboard(shop);
});
afterAll(() => dashboard.stop());

const put = (queue: string, action: string, headers = {}) =>
  dashboard.open('PUT', `/board/api/queues/${queue}/${action}`, { headers });
const jobKey = (messageId: string) => messageId.slice(-26);

async function sentMessage(): Promise<string> {
  const { messageId } = await shop.producer.enqueue(shop.template());
  const job = () => shop.lane('template').getJob(jobKey(messageId));
  await waitFor(async () => (await (await job())?.isCompleted()) === true);
  return messageId;
}

async function unknownMessage(): Promise<string> {
  shop.fault('custom', { accept: true, reply: { kind: 'reset' }, count: 1 });
  const { messageId } = await shop.producer.enqueue(shop.custom());
  const job = () => shop.lane('custom').getJob(jobKey(messageId));
  await waitFor(async () => (await (await job())?.isFailed()) === true);
  expect(await shop.producer.status(messageId)).toMatchObject({ state: 'unknown' });
  return messageId;
}

async function deadMessage(): Promise<string> {
  const reply = { kind: 'errcode', errcode: 40_037 };
  shop.fault('template', { accept: false, reply, count: 1 });
  const { messageId } = await shop.producer.enqueue(shop.template());
  await shop.deadLetter(messageId);
  return messageId;
}

describe('Bull Board’s Retry', () => {
  test('sends no sent message again, not even one that the ledger has forgotten', async () => {
    const messageId = await sentMessage();
    const key = jobKey(messageId);
    const before = shop.taken('template').length;
    await shop.redis.del(shop.keys.ledger(key));
    const { name } = shop.lane('template');
    const { status, text } = await put(name, `${key}/retry`);
    expect([status, text]).toEqual([409, expect.stringContaining('Expected a dead letter')]);
    expect(await (await shop.lane('template').getJob(key))?.isCompleted()).toBe(true);
    expect(shop.taken('template')).toHaveLength(before);
  });

  test('leaves unknown messages of a lane to the page that resolves them, and these can be sent again', async () => {
    const messageId = await unknownMessage();
    const key = jobKey(messageId);
    const { name } = shop.lane('custom');
    await dashboard.open('POST', `/accounts/${shop.appId}/pause`);
    for (const action of [`${key}/retry`, 'retry/failed']) {
      const { status, text } = await put(name, action);
      expect([status, text]).toEqual([409, expect.stringContaining('(/unknown)')]);
      expect((await put(name, action, CHINESE)).text).toContain('“结果未知”页面');
    }
    expect(await (await shop.lane('custom').getJob(key))?.isFailed()).toBe(true);
    const form = { messageId, redrives: '0', as: 'resend', confirmed: 'yes' };
    await dashboard.open('POST', '/unknown', { form });
    await dashboard.open('POST', `/accounts/${shop.appId}/resume`);
    await shop.reached(messageId, 'sent');
  });

  test('is offered for dead letters, and for no lane', async () => {
    const { text } = await dashboard.open('GET', '/board/api/queues');
    const { queues } = JSON.parse(text) as { queues: { name: string; allowRetries: boolean }[] };
    const retries = queues.map(({ name, allowRetries }) => [name, allowRetries]);
    expect(Object.fromEntries(retries)).toEqual({
      'dead-letter': true,
      [shop.lane('template').name]: false,
      [shop.lane('custom').name]: false,
    });
  });

  test('of a letter that is on its way back is refused, and the first one does its work', async () => {
    const messageId = await deadMessage();
    await put('dead-letter', 'pause');
    expect((await put('dead-letter', `${messageId}/retry`)).status).toBe(204);
    const again = await put('dead-letter', `${messageId}/retry`);
    expect([again.status, again.text]).toEqual([409, expect.stringContaining('put back already')]);
    const inChinese = await put('dead-letter', `${messageId}/retry`, CHINESE);
    expect(inChinese.text).toContain('正在放回队列');
    await put('dead-letter', 'resume');
    await shop.reached(messageId, 'sent');
  });

  test.each(['completed', 'delayed', 'retry'])(
    'of all that is %s is refused, of a lane as of the dead letters',
    async (state) => {
      for (const queue of ['dead-letter', shop.lane('template').name]) {
        expect((await put(queue, `retry/${state}`)).status).toBe(403);
      }
    },
  );

  test('of a letter that is not there is Bull Board’s own 404', async () => {
    expect((await put('dead-letter', 'nothing/retry')).status).toBe(404);
  });
});
