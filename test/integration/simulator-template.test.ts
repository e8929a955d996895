import { expect, test } from 'vitest';
import { APP, startWechat, TEMPLATE_SEND } from './simulator-harness.ts';

const MINUTE = 60_000;

function msgidOf(text: string): string {
  return /"msgid":(\d+)/.exec(text)?.[1] ?? 'none';
}

test('a message is taken with an id beyond what a JavaScript number keeps', async () => {
  const wechat = await startWechat();
  const { text, status, contentType } = await wechat.template(await wechat.token());
  expect(status).toBe(200);
  expect(contentType).toBe('application/json; encoding=utf-8');
  expect(text).toMatch(/^\{"errcode":0,"errmsg":"ok","msgid":\d{19}\}$/);
  const id = msgidOf(text);
  expect(BigInt(id) > 2n ** 53n).toBe(true);
  const milliseconds = Number(BigInt(id) >> 24n) + 1_509_592_270_000;
  expect(Math.abs(milliseconds - Date.now())).toBeLessThan(60_000);
});

test('a repeated client_msg_id is one message for ten minutes and another one after', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  const message = { client_msg_id: 'order-1' };
  const first = await wechat.template(token, message);
  wechat.advance(9 * MINUTE);
  const repeat = await wechat.template(token, message);
  const other = await wechat.template(token, { ...message, touser: 'o-bob' });
  expect(msgidOf(repeat.text)).toBe(msgidOf(first.text));
  expect(msgidOf(other.text)).not.toBe(msgidOf(first.text));
  expect(wechat.simulator.judge().template).toMatchObject({
    accepted: 3,
    visible: 2,
    absorbed: 1,
    duplicates: 0,
  });
  wechat.advance(MINUTE);
  await wechat.template(token, message);
  const judgement = wechat.simulator.judge();
  expect(judgement.duplicates).toBe(1);
  expect(judgement.duplicateList).toEqual([
    {
      kind: 'template',
      appId: APP,
      openid: 'o-ann',
      clientMsgId: 'order-1',
      count: 2,
      seqs: [1, 4],
    },
  ]);
});

test('a repeat can be told 40241, or an id of zero', async () => {
  const wechat = await startWechat({ settings: { dedupeReply: '40241' } });
  const token = await wechat.token();
  await wechat.template(token, { client_msg_id: 'a' });
  expect((await wechat.template(token, { client_msg_id: 'a' })).errcode).toBe(40241);
  wechat.control('PATCH', 'settings', { dedupeReply: 'zero' });
  expect((await wechat.template(token, { client_msg_id: 'a' })).text).toBe(
    '{"errcode":0,"errmsg":"ok","msgid":0}',
  );
  expect(wechat.simulator.judge().duplicates).toBe(0);
});

test('the same template twice without an id is a duplicate, whatever the order of its keys', async () => {
  const wechat = await startWechat();
  const path = `${TEMPLATE_SEND}?access_token=${await wechat.token()}`;
  await wechat.post(path, { touser: 'o', template_id: 't', data: {} });
  await wechat.post(path, { data: {}, template_id: 't', touser: 'o' });
  expect(wechat.simulator.judge().template).toMatchObject({ visible: 2, duplicates: 1 });
});

test.each([
  ['thing1', '一二三四五六七八九十一二三四五六七八九十', 0],
  ['thing1', '一二三四五六七八九十一二三四五六七八九十多', 47003],
  ['thing1', '', 47003],
  ['thing1', 'two\nlines', 47003],
  ['character_string2', 'ORDER-1001', 0],
  ['character_string2', '订单1001', 47003],
  ['character_string2', 'x'.repeat(33), 47003],
  ['time3', '15:01', 0],
  ['time3', '2026年10月1日 15:01', 0],
  ['time3', '2026-10-01 15:01:22', 0],
  ['time3', '15:01~16:30', 0],
  ['time3', '25:01', 47003],
  ['time3', 'noon', 47003],
  ['date4', '2026年10月1日', 0],
  ['date4', '15:01', 47003],
  ['amount5', '¥12.50元', 0],
  ['amount5', '1234567890123', 47003],
  ['amount5', '12 yuan', 47003],
  ['phone_number6', '+86-10-12345678', 0],
  ['phone_number6', '123456789012345678', 47003],
  ['car_number7', '粤A8Z888挂', 0],
  ['car_number7', '粤A8Z88888挂', 47003],
  ['phrase8', '已发货', 0],
  ['phrase8', '已经发货了吧', 47003],
  ['number9', '12.5', 0],
  ['number9', '12a', 47003],
  ['letter10', 'abc', 0],
  ['letter10', 'abc1', 47003],
  ['symbol11', '+-*', 0],
  ['symbol11', 'a', 47003],
  ['name12', '王小明', 0],
  ['name12', '一二三四五六七八九十一', 47003],
  ['short_thing13', '五个字以内', 0],
  ['short_thing13', '超过五个字了', 47003],
])('%s = %j answers %i', async (field, value, errcode) => {
  const wechat = await startWechat();
  const seen = await wechat.template(await wechat.token(), { data: { [field]: { value } } });
  const names = seen.errmsg.includes(`argument invalid! data.${field}.value invalid`);
  expect({ errcode: seen.errcode, names }).toEqual({ errcode, names: errcode !== 0 });
});

test('registered templates know their fields, their approved texts and their ban', async () => {
  const id = 'T'.repeat(43);
  const banned = 'B'.repeat(43);
  const wechat = await startWechat({ settings: { unknownTemplates: '40037' } });
  wechat.control('POST', 'accounts', {
    appId: APP,
    templates: [
      { id, fields: ['thing1', 'const2'], constants: { const2: ['已付款'] } },
      { id: banned, banned: true },
    ],
  });
  const token = await wechat.token();
  const send = (template_id: string, data: unknown) =>
    wechat.template(token, { template_id, data });
  const thing1 = { value: '茶' };
  expect((await send(id, { thing1, const2: { value: '已付款' } })).errcode).toBe(0);
  expect((await send(id, { thing1, const2: { value: '别的' } })).errcode).toBe(47003);
  expect((await send(id, { thing1 })).errmsg).toContain('data.const2.value');
  expect((await send(banned, { thing1 })).errcode).toBe(43116);
  expect((await send('X'.repeat(43), { thing1 })).errcode).toBe(40037);
  expect((await send('short', { thing1 })).errcode).toBe(40036);
});

test('legacy templates are cut for the reader without an error for the sender', async () => {
  const wechat = await startWechat();
  const long = '字'.repeat(30);
  const data = { keyword1: { value: long }, keyword2: { value: 'short' } };
  expect((await wechat.template(await wechat.token(), { data })).errcode).toBe(0);
  const { entries } = wechat.control<{ entries: { shown: unknown }[] }>('GET', 'record');
  expect(entries[0]?.shown).toEqual({ keyword1: `${'字'.repeat(20)}…` });
});

test.each([
  ['unfollowed', { followed: false }, 43004],
  ['blacklisted', { blacklisted: true }, 43019],
  ['refusing messages', { blocked: true }, 48002],
  ['answered by content rules', { answer: 40249 }, 40249],
])('a recipient who is %s', async (_what, condition, errcode) => {
  const wechat = await startWechat();
  wechat.control('POST', 'recipients', {
    appId: APP,
    recipients: [{ openid: 'o-ann', ...condition }],
  });
  expect((await wechat.template(await wechat.token())).errcode).toBe(errcode);
  expect(wechat.simulator.judge().template.accepted).toBe(0);
});

test('openids of other accounts are refused always, strangers only where told to', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'recipients', { appId: 'wx-other', recipients: [{ openid: 'o-theirs' }] });
  const token = await wechat.token();
  expect((await wechat.template(token, { touser: 'o-theirs' })).errcode).toBe(40003);
  expect((await wechat.template(token, { touser: 'o-stranger' })).errcode).toBe(0);
  wechat.control('PATCH', 'settings', { unknownRecipients: '40003' });
  expect((await wechat.template(token, { touser: 'o-stranger' })).errcode).toBe(40003);
});

test('a held message is shown once its review ends, or rejected', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'recipients', {
    appId: APP,
    recipients: [
      { openid: 'o-good', review: 'approve' },
      { openid: 'o-bad', review: 'reject' },
    ],
  });
  const token = await wechat.token();
  expect((await wechat.template(token, { touser: 'o-good' })).errcode).toBe(40252);
  expect((await wechat.template(token, { touser: 'o-bad' })).errcode).toBe(40252);
  expect(wechat.simulator.judge().template).toMatchObject({ held: 2, visible: 0 });
  wechat.advance(30 * MINUTE);
  expect(wechat.simulator.judge().template).toMatchObject({ held: 0, visible: 1, rejected: 1 });
});

test('a held message that is sent again is a duplicate', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'recipients', {
    appId: APP,
    recipients: [{ openid: 'o-ann', review: 'approve' }],
  });
  const token = await wechat.token();
  await wechat.template(token);
  await wechat.template(token);
  expect(wechat.simulator.judge().template).toMatchObject({ held: 2, duplicates: 1 });
});

test('throttles per recipient answer 43117 and 40241 where they are switched on', async () => {
  const wechat = await startWechat({
    settings: { recipientFrequency: { count: 2, windowMs: MINUTE } },
  });
  const token = await wechat.token();
  expect((await wechat.template(token)).errcode).toBe(0);
  expect((await wechat.template(token)).errcode).toBe(0);
  expect((await wechat.template(token)).errcode).toBe(43117);
  expect((await wechat.template(token, { touser: 'o-bob' })).errcode).toBe(0);
  wechat.advance(MINUTE);
  wechat.control('PATCH', 'settings', { recipientFrequency: null, duplicateGuardMs: MINUTE });
  expect((await wechat.template(token, { client_msg_id: 'a' })).errcode).toBe(0);
  expect((await wechat.template(token, { client_msg_id: 'b' })).errcode).toBe(40241);
  expect((await wechat.template(token, { url: 'https://example.com' })).errcode).toBe(0);
});

test('sends to one openid at once are 43108 where that is switched on', async () => {
  const wechat = await startWechat({ settings: { maxConcurrentPerRecipient: 1 } });
  const token = await wechat.token();
  wechat.control('POST', 'faults', {
    accept: true,
    reply: { kind: 'hang' },
    count: 1,
    replyDelayMs: 600_000,
  });
  const hanging = wechat.template(token);
  await expect.poll(() => wechat.simulator.judge().template.accepted).toBe(1);
  expect((await wechat.template(token)).errcode).toBe(43108);
  expect((await wechat.template(token, { touser: 'o-bob' })).errcode).toBe(0);
  await wechat.simulator.stop();
  await expect(hanging).rejects.toThrow(/fetch failed|terminated/);
});

test.each([
  ['an empty body', '', 44002],
  ['no JSON', '{"touser":', 47001],
  ['an array', '[]', 47001],
  ['no recipient', '{"template_id":"t","data":{}}', 40003],
  ['no template', '{"touser":"o","data":{}}', 40036],
  ['escapes', '{"touser":"o","template_id":"t","data":{"thing1":{"value":"\\u6211"}}}', 40033],
  [
    'escaped backslashes',
    '{"touser":"o","template_id":"t","data":{"thing1":{"value":"\\\\u6211"}}}',
    0,
  ],
])('%s', async (_what, body, errcode) => {
  const wechat = await startWechat();
  const path = `${TEMPLATE_SEND}?access_token=${await wechat.token()}`;
  expect((await wechat.post(path, body)).errcode).toBe(errcode);
});

test.each([
  ['not-verified', 48001],
  ['api-banned', 48004],
  ['user-limited', 50002],
])('an account that became %s cannot send', async (condition, errcode) => {
  const wechat = await startWechat();
  const token = await wechat.token();
  wechat.control('POST', 'accounts', { appId: APP, condition });
  expect((await wechat.template(token)).errcode).toBe(errcode);
});
