import { expect, test } from 'vitest';
import { APP, startWechat, type Wechat } from './simulator-harness.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function withRecipient(recipient: Record<string, unknown>, settings = {}): Promise<Wechat> {
  const wechat = await startWechat({ settings });
  wechat.control('POST', 'recipients', {
    appId: APP,
    recipients: [{ openid: 'o-ann', ...recipient }],
  });
  return wechat;
}

/** The errcodes of so many sends one after another. */
async function codes(wechat: Wechat, times: number): Promise<(number | undefined)[]> {
  const token = await wechat.token();
  const seen: (number | undefined)[] = [];
  for (let sent = 0; sent < times; sent += 1) seen.push((await wechat.custom(token)).errcode);
  return seen;
}

function happen(wechat: Wechat, ...events: string[]): void {
  wechat.control('POST', 'events', {
    appId: APP,
    events: events.map((event) => ({ openid: 'o-ann', event })),
  });
}

test('a reply has no id', async () => {
  const wechat = await startWechat();
  const { text } = await wechat.custom(await wechat.token());
  expect(text).toBe('{"errcode":0,"errmsg":"ok"}');
});

test('a user message opens five messages', async () => {
  const wechat = await withRecipient({ window: 'message' });
  expect(await codes(wechat, 6)).toEqual([0, 0, 0, 0, 0, 45047]);
  wechat.advance(48 * HOUR);
  expect(await codes(wechat, 1)).toEqual([45015]);
});

test.each(['click', 'follow', 'scan'])('a %s opens three messages for a minute', async (window) => {
  const wechat = await withRecipient({ window });
  expect(await codes(wechat, 4)).toEqual([0, 0, 0, 45047]);
  wechat.advance(MINUTE);
  expect(await codes(wechat, 1)).toEqual([45015]);
});

test('a payment opens any number of messages for 48 hours', async () => {
  const wechat = await withRecipient({ window: 'payment' });
  expect(await codes(wechat, 10)).toEqual(Array.from({ length: 10 }, () => 0));
  wechat.advance(48 * HOUR - MINUTE);
  expect(await codes(wechat, 1)).toEqual([0]);
  wechat.advance(MINUTE);
  expect(await codes(wechat, 1)).toEqual([45015]);
});

test('a window can have been opened a while ago', async () => {
  const wechat = await withRecipient({ window: 'message', agoMs: 48 * HOUR - MINUTE });
  expect(await codes(wechat, 1)).toEqual([0]);
  wechat.advance(MINUTE);
  expect(await codes(wechat, 1)).toEqual([45015]);
});

test('a new user message sets the count back to five', async () => {
  const wechat = await withRecipient({ window: 'message' });
  expect(await codes(wechat, 6)).toContain(45047);
  happen(wechat, 'message');
  expect(await codes(wechat, 6)).toEqual([0, 0, 0, 0, 0, 45047]);
});

test('overlapping grants become the larger one, or stay apart where that is switched on', async () => {
  const merged = await withRecipient({ window: 'message' });
  happen(merged, 'click');
  expect(await codes(merged, 6)).toEqual([0, 0, 0, 0, 0, 45047]);

  const apart = await withRecipient({ window: 'message' }, { windowMode: 'buckets' });
  happen(apart, 'click');
  expect(await codes(apart, 9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 45047]);
});

test('an unfollow closes the window and a follow opens a small one', async () => {
  const wechat = await withRecipient({ window: 'message' });
  happen(wechat, 'unfollow');
  expect(await codes(wechat, 1)).toEqual([45015]);
  happen(wechat, 'follow');
  expect(await codes(wechat, 4)).toEqual([0, 0, 0, 45047]);
});

test('the control API shows a recipient and its window', async () => {
  const wechat = await withRecipient({ window: 'message' });
  await codes(wechat, 2);
  expect(wechat.control('GET', `recipients?appId=${APP}&openid=o-ann`)).toMatchObject({
    openid: 'o-ann',
    followed: true,
    window: { open: true, remaining: 3 },
  });
});

test('every call that gets through is another message', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  await wechat.custom(token);
  await wechat.custom(token);
  await wechat.custom(token, { text: { content: 'other' } });
  const judgement = wechat.simulator.judge();
  expect(judgement.custom).toMatchObject({ accepted: 3, visible: 3, distinct: 2, duplicates: 1 });
  expect(judgement.duplicateList).toMatchObject([{ kind: 'custom', openid: 'o-ann', count: 2 }]);
});

test.each([
  { msgtype: 'text', text: { content: '我'.repeat(682) } },
  { msgtype: 'image', image: { media_id: 'm' } },
  { msgtype: 'voice', voice: { media_id: 'm' } },
  { msgtype: 'video', video: { media_id: 'm', thumb_media_id: 't' } },
  { msgtype: 'music', music: { musicurl: 'u', hqmusicurl: 'u', thumb_media_id: 't' } },
  { msgtype: 'news', news: { articles: [{ title: 't', url: 'u' }] } },
  { msgtype: 'mpnews', mpnews: { media_id: 'm' } },
  { msgtype: 'mpnewsarticle', mpnewsarticle: { article_id: 'a' } },
  { msgtype: 'msgmenu', msgmenu: { list: [{ id: '1', content: 'yes' }] } },
  { msgtype: 'wxcard', wxcard: { card_id: 'c' } },
  {
    msgtype: 'miniprogrampage',
    miniprogrampage: { title: 't', appid: 'a', pagepath: 'p', thumb_media_id: 't' },
  },
  { msgtype: 'text', text: { content: 'hi' }, customservice: { kf_account: 'ann@shop' } },
])('$msgtype is taken', async (message) => {
  const wechat = await startWechat();
  expect((await wechat.custom(await wechat.token(), message)).errcode).toBe(0);
});

test.each([
  ['an unknown type', { msgtype: 'hologram' }, 40008],
  ['no type', { msgtype: undefined }, 40008],
  ['no text', { text: undefined }, 44004],
  ['an empty text', { text: { content: '' } }, 44004],
  ['a text of 2049 bytes', { text: { content: `${'我'.repeat(682)}abc` } }, 45002],
  ['no media', { msgtype: 'image', image: {} }, 40007],
  ['two articles', { msgtype: 'news', news: { articles: [{}, {}] } }, 45008],
  ['no article', { msgtype: 'news', news: { articles: [] } }, 44003],
  [
    'a numeric menu id',
    { msgtype: 'msgmenu', msgmenu: { list: [{ id: 1, content: 'y' }] } },
    40200,
  ],
  ['a nameless agent', { customservice: { kf_account: 'ann' } }, 61452],
  ['no recipient', { touser: undefined }, 40003],
])('%s is refused', async (_what, change, errcode) => {
  const wechat = await startWechat();
  expect((await wechat.custom(await wechat.token(), change)).errcode).toBe(errcode);
  expect(wechat.simulator.judge().custom.accepted).toBe(0);
});

test('refused messages do not spend the window', async () => {
  const wechat = await withRecipient({ window: 'message' });
  const token = await wechat.token();
  await wechat.custom(token, { msgtype: 'hologram' });
  expect(await codes(wechat, 6)).toEqual([0, 0, 0, 0, 0, 45047]);
});
