import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { startDashboard, type TestDashboard, VIEWER } from '../helpers/dashboard.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });
const OPENID = 'oPLANTED-OPENID-unknown-0001';

let shop: Shop;
let dashboard: TestDashboard;

beforeAll(async () => {
  shop = await courier.open({ env: {} });
  dashboard = await startDashboard(shop);
});
afterAll(() => dashboard.stop());

const page = async (path: string) => (await dashboard.open('GET', path)).text;
const say = (form: readonly (readonly [string, string])[], as?: string) =>
  dashboard.open('POST', '/unknown', { form, ...(as !== undefined && { as }) });

/** A customer-service message that WeChat took and whose answer never came. */
async function unknownMessage(id: string): Promise<string> {
  shop.fault('custom', { accept: true, reply: { kind: 'reset' }, count: 1 });
  const message = { touser: OPENID, msgtype: 'text', text: { content: 'planted-value-0002' } };
  const envelope = { appId: shop.appId, kind: 'custom', id, message } as const;
  const { messageId } = await shop.producer.enqueue(envelope);
  await shop.reached(messageId, 'unknown');
  const key = messageId.slice(-26);
  await waitFor(async () => (await (await shop.lane('custom').getJob(key))?.isFailed()) === true);
  return messageId;
}

const jobOf = (messageId: string) => shop.lane('custom').getJob(messageId.slice(-26));

/** What the form of a question sends. */
function answersOf(text: string): [string, string][] {
  const fields = text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g);
  return Array.from(fields, ([, name = '', value = '']): [string, string] => [name, value]);
}

describe('messages of which nobody knows whether they were sent', () => {
  test('are listed, with what is known and until when, and say what it means', async () => {
    const messageId = await unknownMessage('order-501-paid');
    const list = await page(`/unknown?appId=${shop.appId}&kind=custom`);
    for (const part of [messageId, 'order-501-paid', 'oPLAN…0001', 'Nobody knows']) {
      expect(list).toContain(part);
    }
    expect(await page(`/unknown?kind=template`)).not.toContain(messageId);
    const own = await page(`/message?q=${messageId}`);
    for (const part of ['becomes a dead letter', 'It arrived', 'Send again', 'order-501-paid']) {
      expect(own).toContain(part);
    }
    expect(own).toContain(`courier unknown resolve ${messageId}`);
    for (const text of [list, own]) {
      expect(text).not.toContain(OPENID);
      expect(text).not.toContain('planted-value-0002');
    }
  });

  test('are settled by an operator who is asked first, and by nobody else', async () => {
    const messageId = await unknownMessage('order-502-paid');
    const form = [
      ['messageId', messageId],
      ['as', 'sent'],
    ] as const;
    expect((await say(form, VIEWER)).status).toBe(403);
    const asked = await say(form);
    expect(asked.text).toContain('order-502-paid');
    expect(asked.text).toContain('This cannot be taken back');
    expect((await shop.producer.status(messageId))?.state).toBe('unknown');
    const unasked = await say([...form, ['confirmed', 'yes']]);
    expect(unasked.text).toContain('This cannot be taken back');
    const done = await say([...form, ['redrives', '0'], ['confirmed', 'yes']]);
    expect(done.headers.get('location')).toBe(`/message?q=${messageId}`);
    expect(await shop.producer.status(messageId)).toMatchObject({
      state: 'sent',
      settledBy: 'person',
    });
    expect(await say(form)).toMatchObject({ status: 409 });
    const line = { audit: true, user: 'li.na', messageId, as: 'sent', result: 'resolved' };
    expect(dashboard.log).toContainEqual(expect.objectContaining(line));
  });

  test('are sent again together, those that were settled meanwhile are left', async () => {
    const ids = [await unknownMessage('order-503-paid'), await unknownMessage('order-504-paid')];
    const settled = await unknownMessage('order-505-paid');
    expect(await page('/unknown?all=yes')).toMatch(new RegExp(`value="${ids[1]}"[^>]*checked`));
    const chosen = [...ids, settled].map((id) => ['messageId', id] as const);
    await shop.producer.unknown.resolve(settled, 'sent');
    const asked = await say([...chosen, ['as', 'resend']]);
    expect(asked.text).toContain('Send again (2)');
    const seen = chosen.map(() => ['redrives', '0'] as const);
    const done = await say([...chosen, ...seen, ['as', 'resend'], ['confirmed', 'yes']]);
    expect(done.headers.get('location')).toBe('/unknown?did=resend&count=2&left=1');
    expect(await page('/unknown?did=resend&count=2&left=1')).toContain('2 are sent again, 1 left');
    for (const id of ids) await shop.reached(id, 'sent');
    expect(await page(`/message?q=${ids[0]}`)).toMatch(
      /ended: unknown[^]*put back by a person[^]*ended: sent/,
    );
  });

  test('that cannot be sent again say why: content that is gone, or a retry by a tool of BullMQ’s', async () => {
    const ids = [await unknownMessage('order-507-paid'), await unknownMessage('order-508-paid')];
    await shop.lane('custom').pause();
    await (await jobOf(ids[1] ?? ''))?.retry('failed');
    await shop.lane('custom').remove(ids[0]?.slice(-26) ?? '');
    const chosen = ids.map((id) => ['messageId', id] as const);
    const { text } = await say([...chosen, ['as', 'resend']]);
    const done = await say(answersOf(text));
    const there = done.headers.get('location') ?? '';
    expect(there).toBe('/unknown?did=resend&count=0&gone=1&inLane=1');
    expect((await page(there)).replaceAll(/\s+/g, ' ')).toContain(
      '0 are sent again, 1 cannot be sent again: their content is gone, 1 not sent again yet: they wait in their lane',
    );
    await shop.lane('custom').resume();
    await waitFor(async () => (await jobOf(ids[1] ?? ''))?.isFailed() ?? false);
    await say(answersOf((await say([...chosen.slice(1), ['as', 'resend']])).text));
    await shop.reached(ids[1] ?? '', 'sent');
  });

  test.each(['resend', 'sent'])(
    'that are unknown anew since the question (%s) are left to a question of their own',
    async (as) => {
      const messageId = await unknownMessage(`order-506-${as}`);
      const { text } = await say([
        ['messageId', messageId],
        ['as', 'resend'],
      ]);
      const before = shop.taken('custom').length;
      shop.fault('custom', { accept: true, reply: { kind: 'reset' }, count: 1 });
      await say(answersOf(text));
      await waitFor(async () => (await shop.producer.unknown.show(messageId))?.redrives === 1);
      await waitFor(async () => (await jobOf(messageId))?.isFailed() ?? false);
      expect(shop.taken('custom')).toHaveLength(before + 1);

      const stale = answersOf(text).map(([name, value]) => [name, name === 'as' ? as : value]);
      const again = await say(stale as [string, string][]);
      expect(again.headers.get('location')).toBe(`/unknown?did=${as}&count=0&left=1`);
      expect((await shop.producer.status(messageId))?.state).toBe('unknown');
      expect(shop.taken('custom')).toHaveLength(before + 1);

      const asked = await say([
        ['messageId', messageId],
        ['as', as],
      ]);
      await say(answersOf(asked.text));
      await shop.reached(messageId, 'sent');
    },
  );

  test.each([
    ['no message', [['as', 'sent']]],
    ['no verdict', [['messageId', `wx0123456789abcdef.${'a'.repeat(26)}`]]],
    [
      'another verdict',
      [
        ['messageId', `wx0123456789abcdef.${'a'.repeat(26)}`],
        ['as', 'dead'],
      ],
    ],
    [
      'what is no id',
      [
        ['messageId', '../x'],
        ['as', 'sent'],
      ],
    ],
  ] as const)('with %s chosen nothing happens', async (_, form) => {
    expect((await say(form)).status).toBe(400);
  });

  test('of an account that is not there are refused', async () => {
    expect((await dashboard.open('GET', '/unknown?appId=wxNOTTHERE')).status).toBe(404);
  });
});

describe('looking for a message', () => {
  test('by the order number shows what is known of it, also when several are meant', async () => {
    const { messageId } = await shop.producer.enqueue({ ...shop.template(), id: 'order-601-paid' });
    await shop.reached(messageId, 'sent');
    await waitFor(async () => (await page('/message?q=order-601')).includes('order-601-paid'));
    const second = await shop.producer.enqueue({ ...shop.template(), id: 'order-601-shipped' });
    await shop.reached(second.messageId, 'sent');
    await waitFor(async () => (await page('/message?q=601')).includes('order-601-shipped'));
    expect(await page('/message?q=601')).toContain('order-601-paid');
  });

  test('that is not there keeps what was typed, but for an openid', async () => {
    const { text, status } = await dashboard.open('GET', '/message?q=order-999');
    expect(status).toBe(404);
    expect(text).toContain('value="order-999"');
    const other = await page(`/message?q=oNOBODY-with-this-openid-001`);
    expect(other).not.toContain('oNOBODY-with-this-openid-001');
    expect(other).toContain('oNOBO…-001');
    expect(await page('/message')).toContain('Type a message id');
  });

  test('leads to all messages of its recipient, whose openid is nowhere', async () => {
    const first = await unknownMessage('order-701-paid');
    const second = await unknownMessage('order-702-paid');
    const own = await page(`/message?q=${first}`);
    expect(own).toContain(`/message?to=${first}`);
    const all = await page(`/message?to=${first}`);
    expect(all).toContain('order-701-paid');
    expect(all).toContain(second);
    expect(all).not.toContain(OPENID);
  });
});

describe('the page of a message', () => {
  const refreshOf = async (messageId: string) =>
    /http-equiv="refresh" content="(\d+)"/.exec(await page(`/message?q=${messageId}`))?.[1];
  const enqueue = async (fields: object) =>
    (await shop.producer.enqueue(shop.template(fields))).messageId;

  test('looks for news soon while it is due soon, and not at all while it waits for days', async () => {
    expect(await refreshOf(await enqueue({ sendAt: Date.now() + 60_000 }))).toBe('5');
    const later = await enqueue({ sendAt: Date.now() + 2 * 86_400_000 });
    expect(await refreshOf(later)).toBeUndefined();
    expect(await page(`/message?q=${later}`)).toContain('name="q"');
  });

  test('looks for news now and then while its account is paused, and no more once it is sent', async () => {
    await dashboard.open('POST', `/accounts/${shop.appId}/pause`);
    const messageId = await enqueue({});
    const whilePaused = await refreshOf(messageId);
    await dashboard.open('POST', `/accounts/${shop.appId}/resume`);
    expect(whilePaused).toBe('30');
    await shop.reached(messageId, 'sent');
    expect(await refreshOf(messageId)).toBeUndefined();
  });
});

test('a message that died twice shows both ends and the redrive between them, in order', async () => {
  const openid = 'oREFUSED-for-ever-0123456789';
  shop.simulator.control('POST', '/_control/recipients', {
    appId: shop.appId,
    recipients: [{ openid, answer: 40_037 }],
  });
  const envelope = shop.template();
  const message = { ...envelope.message, touser: openid };
  const { messageId } = await shop.producer.enqueue({ ...envelope, id: 'order-801-paid', message });
  await shop.deadLetter(messageId);
  await shop.producer.deadLetters.redrive(messageId);
  await waitFor(async () => (await shop.deadLetter(messageId)).data.redrives === 1);
  const text = await page(`/message?q=${messageId}.1`);
  const order = ['accepted', 'attempt 1', 'ended: dead', 'put back', 'attempt 2', 'ended: dead'];
  expect(text).toMatch(new RegExp(order.join('[^]*')));
  for (const part of ['order-801-paid', 'oREFU…6789', 'rid', 'WeChat’s words']) {
    expect(text).toContain(part);
  }
});
