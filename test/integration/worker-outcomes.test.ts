import { describe, expect, test } from 'vitest';
import { STABLE_TOKEN, useCourier, type Shop } from '../helpers/courier.ts';
import { startAgain } from '../helpers/simulator-again.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* What becomes of a message for each thing WeChat, a proxy or the network may answer. */

const courier = useCourier();
const refuse = (errcode: number) => ({ accept: false, reply: { kind: 'errcode', errcode } });
/** Taken by WeChat, and then this happens to the answer. */
const takenBut = (kind: string) => ({ accept: true, reply: { kind } });
const NO_GOOD_KEY = /^(?:lock|stalled)$/;

async function sendOne(shop: Shop, kind: 'template' | 'custom', fields: object = {}) {
  const { messageId } = await shop.producer.enqueue(shop[kind](fields));
  return messageId;
}

describe('WeChat takes the message', () => {
  test('a template message is sent, with its key as client_msg_id and its msgid kept', async () => {
    const shop = await courier.open();
    const messageId = await sendOne(shop, 'template', { id: 'order-1' });
    const status = await shop.reached(messageId, 'sent');
    const [taken] = shop.taken('template');
    expect(taken?.clientMsgId).toBe(messageId.split('.')[1]);
    expect(taken?.msgid).toMatch(/^\d{17,}$/);
    expect(status).toEqual({
      messageId,
      appId: shop.appId,
      kind: 'template',
      state: 'sent',
      wechatMsgId: taken?.msgid,
      acceptedAt: expect.any(Number),
      endedAt: expect.any(Number),
      attempts: [
        {
          number: 1,
          at: expect.any(Number),
          durationMs: expect.any(Number),
          verdict: 'ok',
          errcode: 0,
        },
      ],
    });
    expect(taken?.body).toMatchObject({ data: { thing1: { value: '巧克力' } } });
    const line = await waitFor(() => shop.log().find(({ msg }) => msg === 'delivery'));
    expect(line).toMatchObject({ messageId, id: 'order-1', wechatMsgId: taken?.msgid });
  });

  test('a customer-service message is sent as it was given, and nothing is added', async () => {
    const shop = await courier.open();
    const envelope = shop.custom();
    const { messageId } = await shop.producer.enqueue(envelope);
    const status = await shop.reached(messageId, 'sent');
    expect(status.wechatMsgId).toBeUndefined();
    expect(shop.taken('custom')[0]?.body).toEqual(envelope.message);
  });

  test('the record of a sent message is forgotten after the time that was set', async () => {
    const shop = await courier.open({ env: { COURIER_LEDGER_TTL_HOURS: '5' } });
    const messageId = await sendOne(shop, 'template');
    await shop.reached(messageId, 'sent');
    const ttl = await shop.redis.pttl(shop.keys.ledger(messageId.slice(shop.appId.length + 1)));
    expect(ttl).toBeGreaterThan(5 * 3_600_000 - 60_000);
    expect(ttl).toBeLessThanOrEqual(5 * 3_600_000);
  });

  test('a message that WeChat keeps for review is held, and not sent again', async () => {
    const shop = await courier.open();
    const openid = 'oReview-0123456789abcdefg';
    shop.control('POST', 'recipients', {
      appId: shop.appId,
      recipients: [{ openid, review: 'approve' }],
    });
    const envelope = shop.template();
    const message = { ...envelope.message, touser: openid };
    const { messageId } = await shop.producer.enqueue({ ...envelope, message });
    const status = await shop.reached(messageId, 'held');
    expect(status.attempts).toMatchObject([{ verdict: 'held-review', errcode: 40_252 }]);
    expect(shop.taken()).toMatchObject([{ state: 'held' }]);
  });
});

describe('WeChat refuses for good: a dead letter after one attempt', () => {
  test.each([
    ['template', 40_003, 'permanent-recipient'],
    ['template', 43_004, 'permanent-recipient'],
    ['template', 47_003, 'permanent-payload'],
    ['template', 40_037, 'template-config'],
    ['custom', 40_003, 'permanent-recipient'],
    ['custom', 45_015, 'window-expired'],
    ['custom', 45_047, 'window-quota'],
    ['custom', 40_007, 'permanent-payload'],
  ] as const)('%s answered %d is dead: %s', async (kind, errcode, reason) => {
    const shop = await courier.open();
    shop.fault(kind, refuse(errcode));
    const messageId = await sendOne(shop, kind, { id: 'order-7' });
    const status = await shop.reached(messageId, 'dead');
    expect(status).toMatchObject({ reason, errcode });
    expect(status.attempts).toMatchObject([{ number: 1, verdict: reason, errcode }]);
    const letter = await shop.deadLetter(messageId);
    expect(letter.failedReason).toMatch(new RegExp(`^${errcode} ${reason}: `));
    expect(letter.data).toMatchObject({ messageId, kind, id: 'order-7', reason, errcode });
    // The dead letter has the message now; the lane has nothing left of it.
    await eventually(async () => {
      expect(await shop.lane(kind).getJob(messageId.split('.')[1] ?? '')).toBeUndefined();
    });
    expect(await shop.redis.zcard(shop.keys.deadPending)).toBe(0);
  });
});

test('an openid in WeChat’s words, of whomever, is shortened in the dead letter and in every line', async () => {
  const shop = await courier.open();
  const [own, other] = ['oOWN-openid-0123456789abcdef', 'oOTHER-openid-0123456789abcd'];
  const reply = { kind: 'errcode', errcode: 40_003, errmsg: `invalid ${own}, not ${other}` };
  shop.fault('template', { accept: false, reply, count: 1 });
  const envelope = shop.template();
  const message = { ...envelope.message, touser: own };
  const messageId = await sendOne(shop, 'template', { message });
  const { data, failedReason } = await shop.deadLetter(messageId);
  const said = 'invalid oOWN-…cdef, not oOTHE…abcd';
  expect(data.detail).toContain(said);
  expect(failedReason).toContain(said);
  const line = await waitFor(() => shop.log().find(({ msg }) => msg === 'delivery'));
  expect(line['detail']).toContain(said);
  expect(JSON.stringify(shop.log())).not.toMatch(new RegExp(`${own}|${other}`));
});

describe('WeChat refuses for now', () => {
  test('-1 and then ok: sent at the second attempt, a second later', async () => {
    const shop = await courier.open();
    shop.fault('custom', { ...refuse(-1), count: 1 });
    const messageId = await sendOne(shop, 'custom');
    const status = await shop.reached(messageId, 'sent');
    expect(status.attempts).toMatchObject([
      { number: 1, verdict: 'transient', errcode: -1 },
      { number: 2, verdict: 'ok', errcode: 0 },
    ]);
    const [first, second] = status.attempts;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(700);
    expect(shop.taken('custom')).toHaveLength(1);
  });

  test('its lines say what each run spent, which answer was no answer, and when the token was new', async () => {
    const shop = await courier.open();
    await shop.reached(await sendOne(shop, 'template'), 'sent');
    const reply = { kind: 'bad-gateway' };
    shop.fault('template', { accept: false, reply, count: 1 });
    shop.fault('template', { accept: false, reply: { kind: 'reset' }, count: 1 });
    const messageId = await sendOne(shop, 'template');
    const runs = () =>
      shop.log().filter((line) => line['msg'] === 'delivery' && line['messageId'] === messageId);
    await waitFor(() => runs().length === 1);
    shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'replaced' });
    await shop.reached(messageId, 'sent');
    await waitFor(() => runs().length === 3);
    const [first, second, third] = runs();
    expect(first).toMatchObject({ attempt: 1, spent: 1, verdict: 'ambiguous', httpStatus: 502 });
    expect(first).not.toHaveProperty('tokenRefused');
    expect(second).toMatchObject({ attempt: 2, spent: 2, verdict: 'ambiguous' });
    expect(second).not.toHaveProperty('httpStatus');
    expect(third).toMatchObject({ attempt: 3, spent: 3, verdict: 'ok', tokenRefused: 40_001 });
  });

  test('while it waits for its second attempt a message is retrying, and can be cancelled', async () => {
    const shop = await courier.open();
    shop.fault('custom', refuse(-1));
    const messageId = await sendOne(shop, 'custom');
    await shop.reached(messageId, 'retrying');
    expect(await shop.producer.cancel(messageId)).toBe(true);
    expect((await shop.producer.status(messageId))?.state).toBe('cancelled');
    await eventually(async () => {
      const counts = await shop.lane('custom').getJobCounts();
      expect(counts).toMatchObject({ delayed: 0, waiting: 0, active: 0 });
    });
    expect(shop.taken()).toHaveLength(0);
  });

  test('a code nobody knows: a template is tried three times and dies exhausted', async () => {
    const shop = await courier.open();
    shop.fault('template', refuse(99_999));
    const messageId = await sendOne(shop, 'template');
    const status = await shop.reached(messageId, 'dead', { timeoutMs: 15_000 });
    expect(status).toMatchObject({ reason: 'exhausted', errcode: 99_999 });
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 3 }, () => 'unknown-code'),
    );
    expect((await shop.deadLetter(messageId)).failedReason).toMatch(/^99999 exhausted/);
  });

  test('a code nobody knows: a customer-service message is not tried again', async () => {
    const shop = await courier.open();
    shop.fault('custom', refuse(99_999));
    const messageId = await sendOne(shop, 'custom');
    const status = await shop.reached(messageId, 'dead');
    expect(status).toMatchObject({ reason: 'exhausted', errcode: 99_999 });
    expect(status.attempts).toHaveLength(1);
  });
});

describe('nobody knows whether WeChat took it', () => {
  test('a template goes again with the same id: one visible message, state sent', async () => {
    const shop = await courier.open();
    shop.fault('template', { ...takenBut('reset'), count: 1 });
    const messageId = await sendOne(shop, 'template');
    const status = await shop.reached(messageId, 'sent');
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['ambiguous', 'ok']);
    expect(shop.taken().map(({ state }) => state)).toEqual(['shown', 'absorbed']);
    expect(status.wechatMsgId).toBe(shop.taken()[0]?.msgid);
  });

  test('40241 after such an attempt means that it was taken', async () => {
    const shop = await courier.open({ settings: { dedupeReply: '40241' } });
    shop.fault('template', { ...takenBut('reset'), count: 1 });
    const messageId = await sendOne(shop, 'template');
    const status = await shop.reached(messageId, 'sent');
    expect(status.attempts).toMatchObject([
      { verdict: 'ambiguous' },
      { verdict: 'dup-suppressed', errcode: 40_241 },
    ]);
    expect(shop.taken().filter(({ state }) => state === 'shown')).toHaveLength(1);
  });

  test('40241 without such an attempt is not success: it waits for WeChat to forget', async () => {
    const shop = await courier.open();
    shop.fault('template', refuse(40_241));
    const messageId = await sendOne(shop, 'template');
    const { attempts } = await shop.reached(messageId, 'retrying');
    expect(attempts).toMatchObject([{ verdict: 'dup-suppressed' }]);
    const [job] = await shop.lane('template').getDelayed();
    expect(job?.delay).toBeGreaterThan(48_000);
  });

  test('a customer-service message is parked as unknown: once at WeChat, never again', async () => {
    const shop = await courier.open();
    shop.fault('custom', { ...takenBut('reset'), count: 1 });
    const messageId = await sendOne(shop, 'custom');
    const status = await shop.reached(messageId, 'unknown');
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['ambiguous']);
    expect(shop.taken()).toHaveLength(1);
    const key = messageId.slice(shop.appId.length + 1);
    expect(await shop.redis.zscore(shop.keys.unknown, key)).not.toBeNull();
    // Somebody who retries the job in Bull Board sends nothing either.
    const job = await waitFor(async () => {
      const found = await shop.lane('custom').getJob(key);
      return (await found?.isFailed()) ? found : null;
    });
    expect(job.failedReason).toMatch(/^unknown/);
    await job.retry('failed');
    await waitFor(async () => (await shop.lane('custom').getJob(key))?.isFailed());
    expect((await shop.producer.status(messageId))?.state).toBe('unknown');
    expect(shop.taken()).toHaveLength(1);
  });

  test('with onAmbiguous resend it goes again, and may be seen twice', async () => {
    const shop = await courier.open();
    shop.fault('custom', { ...takenBut('reset'), count: 1 });
    const messageId = await sendOne(shop, 'custom', { onAmbiguous: 'resend' });
    const status = await shop.reached(messageId, 'sent');
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['ambiguous', 'ok']);
    expect(shop.taken()).toHaveLength(2);
  });

  test('an unknown or sent message cannot be cancelled', async () => {
    const shop = await courier.open();
    shop.fault('custom', { ...takenBut('reset'), count: 1 });
    const unknown = await sendOne(shop, 'custom');
    await shop.reached(unknown, 'unknown');
    const sent = await sendOne(shop, 'custom');
    await shop.reached(sent, 'sent');
    expect(await shop.producer.cancel(unknown)).toBe(false);
    expect(await shop.producer.cancel(sent)).toBe(false);
  });

  test.each(['bad-gateway', 'empty', 'truncated', 'cut', 'huge'])(
    'a %s answer to a taken message is never success by itself',
    async (kind) => {
      const shop = await courier.open();
      shop.fault('template', { ...takenBut(kind), count: 1 });
      shop.fault('custom', { ...takenBut(kind), count: 1 });
      const [template, custom] = await Promise.all([
        sendOne(shop, 'template'),
        sendOne(shop, 'custom'),
      ]);
      const sent = await shop.reached(template, 'sent');
      expect(sent.attempts.map(({ verdict }) => verdict)).toEqual(['ambiguous', 'ok']);
      expect((await shop.reached(custom, 'unknown')).attempts).toHaveLength(1);
      expect(shop.taken('custom')).toHaveLength(1);
      expect(shop.taken('template').filter(({ state }) => state === 'shown')).toHaveLength(1);
    },
  );

  test('an answer that drips in slowly is waited for and is an answer', async () => {
    const shop = await courier.open();
    shop.fault('custom', { accept: true, reply: { kind: 'drip', everyMs: 20 }, count: 1 });
    const messageId = await sendOne(shop, 'custom');
    expect((await shop.reached(messageId, 'sent')).attempts).toHaveLength(1);
  });

  test('a second answer nobody asked for is given to no other message', async () => {
    const shop = await courier.open({ env: { COURIER_CONCURRENCY: '1' } });
    shop.fault('custom', { ...takenBut('two-replies'), count: 1 });
    shop.fault('custom', { ...refuse(40_003), count: 1 });
    const first = await sendOne(shop, 'custom');
    const second = await sendOne(shop, 'custom');
    await shop.reached(first, 'sent unknown');
    // The unasked answer says ok; the second message was refused.
    expect((await shop.reached(second, 'dead unknown retrying sent')).state).not.toBe('sent');
  });
});

describe('WeChat was certainly not reached, or not by us', () => {
  test('a redirect is not followed, and not success', async () => {
    const shop = await courier.open();
    shop.fault('custom', {
      accept: false,
      reply: { kind: 'redirect', location: `${shop.apiBase}/cgi-bin/message/custom/send` },
      count: 1,
    });
    const messageId = await sendOne(shop, 'custom');
    const status = await shop.reached(messageId, 'sent');
    expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['refused-http', 'ok']);
    expect(shop.taken()).toHaveLength(1);
  });

  test('refused connections cost no attempt of the budget; the message goes out afterwards', async () => {
    const shop = await courier.open({ settings: {} });
    // A first message, so that the token is there already.
    await shop.reached(await sendOne(shop, 'template'), 'sent');
    const port = Number(new URL(shop.apiBase).port);
    await shop.simulator.stop();
    const messageId = await sendOne(shop, 'custom');
    await waitFor(async () => ((await shop.producer.status(messageId))?.attempts.length ?? 0) >= 2);
    const key = messageId.slice(shop.appId.length + 1);
    expect(await shop.redis.hget(shop.keys.ledger(key), 'n')).toBeNull();
    const again = await startAgain(port, shop);
    try {
      const status = await shop.reached(messageId, 'sent', { timeoutMs: 25_000 });
      const verdicts = status.attempts.map(({ verdict }) => verdict);
      expect(verdicts.at(-1)).toBe('ok');
      expect(verdicts.slice(0, -1).every((verdict) => verdict === 'not-sent')).toBe(true);
    } finally {
      await again.stop();
    }
  });

  test('nothing of BullMQ’s is left over once all is sent', async () => {
    const shop = await courier.open();
    const ids = await Promise.all(Array.from({ length: 20 }, () => sendOne(shop, 'template')));
    await Promise.all(ids.map((messageId) => shop.reached(messageId, 'sent')));
    await eventually(async () => {
      const keys = await shop.redis.keys(`courier:{${shop.appId}}:*`);
      expect(keys.filter((key) => NO_GOOD_KEY.test(key.split(':').at(-1) ?? ''))).toEqual([]);
    });
    expect(shop.judge().requests[STABLE_TOKEN]).toBeDefined();
  });
});
