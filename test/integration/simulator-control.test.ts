import { expect, test } from 'vitest';
import { parseLatency, drawLatency, REALISTIC_LATENCY } from '../../src/simulator/latency.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { APP, CUSTOM_SEND, SECRET, startWechat, TEMPLATE_SEND } from './simulator-harness.ts';

interface Page {
  readonly total: number;
  readonly next: number;
  readonly entries: readonly Record<string, unknown>[];
}

test('the daily quota ends sending until midnight in Beijing', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'clock', { set: '2026-07-01T12:00:00+08:00' });
  wechat.control('POST', 'accounts', { appId: APP, quotas: [{ path: TEMPLATE_SEND, daily: 2 }] });
  const token = await wechat.token();
  expect((await wechat.template(token)).errcode).toBe(0);
  expect((await wechat.template(token)).errcode).toBe(0);
  expect((await wechat.template(token)).errcode).toBe(45009);
  expect((await wechat.custom(token)).errcode).toBe(0);
  wechat.control('POST', 'clock', { set: '2026-07-01T23:59:58+08:00' });
  expect((await wechat.template(await wechat.token())).errcode).toBe(45009);
  wechat.advance(3_000);
  expect((await wechat.template(await wechat.token())).errcode).toBe(0);
});

test('the minute quota answers 45011 and shows itself in quota/get', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'clock', { set: '2026-07-01T12:00:00+08:00' });
  wechat.control('POST', 'accounts', { appId: APP, quotas: [{ path: CUSTOM_SEND, perMinute: 1 }] });
  const token = await wechat.token();
  expect((await wechat.custom(token)).errcode).toBe(0);
  expect((await wechat.custom(token)).errcode).toBe(45011);
  wechat.advance(60_000);
  expect((await wechat.custom(token)).errcode).toBe(0);
  const path = `/cgi-bin/openapi/quota/get?access_token=${token}`;
  expect(JSON.parse((await wechat.post(path, { cgi_path: CUSTOM_SEND })).text)).toEqual({
    errcode: 0,
    errmsg: 'ok',
    quota: { daily_limit: 500_000, used: 2, remain: 499_998 },
    rate_limit: { call_count: 1, refresh_second: 60 },
  });
  expect((await wechat.post(path, { cgi_path: '/nowhere' })).errcode).toBe(76021);
});

test('clearing quotas works ten times a month, with a token or with the secret', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'accounts', {
    appId: APP,
    quotas: [{ path: TEMPLATE_SEND, daily: 1, used: 1 }],
  });
  const token = await wechat.token();
  const clear = () => wechat.post(`/cgi-bin/clear_quota?access_token=${token}`, { appid: APP });
  const clearBySecret = (appsecret: string) =>
    wechat.post('/cgi-bin/clear_quota/v2', { appid: APP, appsecret });
  expect((await wechat.template(token)).errcode).toBe(45009);
  expect((await clear()).errcode).toBe(0);
  expect((await wechat.template(token)).errcode).toBe(0);
  expect((await clearBySecret('wrong')).errcode).toBe(40125);
  for (let use = 0; use < 9; use += 1) expect((await clearBySecret(SECRET)).errcode).toBe(0);
  expect((await clearBySecret(SECRET)).errcode).toBe(48006);
  const one = `/cgi-bin/openapi/quota/clear?access_token=${token}`;
  expect((await wechat.post(one, { cgi_path: TEMPLATE_SEND })).errcode).toBe(0);
});

test('a rid can be asked about, without the token in it', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  const { errmsg } = await wechat.template(token, { touser: 7 });
  const rid = /rid: (\S+)$/.exec(errmsg)?.[1];
  const seconds = Number.parseInt(rid?.slice(0, 8) ?? '', 16);
  expect(Math.abs(seconds - Date.now() / 1_000)).toBeLessThan(60);
  const ask = async (asked?: string) =>
    wechat.post(`/cgi-bin/openapi/rid/get?access_token=${await wechat.token()}`, { rid: asked });
  const found = await ask(rid);
  expect(found.text).toContain('40003');
  expect(found.text).not.toContain(token);
  expect((await ask()).errcode).toBe(76001);
  expect((await ask('x')).errcode).toBe(76002);
  expect((await ask('00000000-00000000-00000000')).errcode).toBe(76003);
  wechat.advance(8 * 86_400_000);
  expect((await ask(rid)).errcode).toBe(76004);
});

test('error texts and content types vary as they do in the field', async () => {
  const wechat = await startWechat({ settings: { legacyHintRate: 1, textPlainRate: 1 } });
  const { errmsg, contentType } = await wechat.post('/cgi-bin/nowhere', {});
  expect(errmsg).toMatch(/^invalid url hint: \[\w{12}\]$/);
  expect(contentType).toBe('text/plain');
});

test('the record is read page by page and forgotten on demand', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  for (const id of ['a', 'b', 'c']) await wechat.template(token, { client_msg_id: id });
  const first = wechat.control<Page>('GET', 'record?limit=2');
  expect(first.total).toBe(3);
  expect(first.entries.map((entry) => entry['clientMsgId'])).toEqual(['a', 'b']);
  expect(first.entries[0]).toMatchObject({
    kind: 'template',
    appId: APP,
    openid: 'o-ann',
    token: 'stable#1',
    state: 'shown',
    msgid: expect.stringMatching(/^\d{19}$/),
    body: { template_id: 'tmpl', client_msg_id: 'a' },
  });
  const rest = wechat.control<Page>('GET', `record?since=${first.next}`);
  expect(rest.entries.map((entry) => entry['clientMsgId'])).toEqual(['c']);
  wechat.control('DELETE', 'record');
  await wechat.template(token, { client_msg_id: 'd' });
  const after = wechat.control<Page>('GET', `record?since=${rest.next}`);
  expect(after.entries.map((entry) => entry['clientMsgId'])).toEqual(['d']);
  expect(after.total).toBe(1);
});

test('the judge counts requests by outcome, token fetches by kind and the busiest second', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  await wechat.token(true);
  await wechat.token(true);
  await wechat.template(token);
  await wechat.template(token, { touser: 7 });
  const judgement = wechat.simulator.judge();
  expect(judgement.requests[TEMPLATE_SEND]).toEqual({ '0': 1, '40003': 1 });
  expect(judgement.tokens[APP]).toEqual({
    stableNormal: 1,
    stableForced: 1,
    stableForcedIgnored: 1,
    classic: 0,
  });
  expect(judgement.tokenFetches).toBe(3);
  expect(judgement.peakPerSecond.asked[`${APP} ${TEMPLATE_SEND}`]).toBe(2);
  expect(judgement.peakPerSecond.taken[`${APP} ${TEMPLATE_SEND}`]).toBe(1);
});

test('the control API answers over HTTP like inside the process', async () => {
  const wechat = await startWechat();
  expect((await wechat.get('/_control/health')).text).toBe('{"ok":true}');
  const judged = await wechat.get('/_control/judge');
  expect(JSON.parse(judged.text)).toEqual(wechat.simulator.judge());
  expect((await wechat.get('/_control/nowhere')).status).toBe(404);
  const bad = await wechat.post('/_control/recipients', { appId: APP, recipients: [{}] });
  expect(bad.status).toBe(400);
  expect(bad.text).toContain('recipients.0.openid');
  expect((await wechat.post('/_control/faults', '{')).status).toBe(400);
});

test('a hundred thousand recipients are set in one call', async () => {
  const wechat = await startWechat({ settings: { unknownRecipients: '40003' } });
  const recipients = Array.from({ length: 100_000 }, (_, n) => ({ openid: `o-${n}` }));
  const { text } = await wechat.post('/_control/recipients', { appId: APP, recipients });
  expect(text).toBe('{"set":100000}');
  expect((await wechat.template(await wechat.token(), { touser: 'o-99999' })).errcode).toBe(0);
});

test('wrong settings change nothing', async () => {
  const wechat = await startWechat();
  const before = wechat.control('GET', 'settings');
  const { status } = wechat.simulator.control('PATCH', '/_control/settings', {
    dedupeMs: 5,
    windowMode: 'sideways',
  });
  expect(status).toBe(400);
  expect(wechat.simulator.control('PATCH', '/_control/settings', { nonsense: 1 }).status).toBe(400);
  expect(wechat.control('GET', 'settings')).toEqual(before);
});

test('latencies follow their median and 99th percentile', () => {
  const random = seededRandom(7);
  const drawn = Array.from({ length: 10_000 }, () =>
    drawLatency({ medianMs: 60, p99Ms: 800, slowRate: 0, slowMs: [0, 0] }, random),
  ).sort((a, b) => a - b);
  expect(drawn[5_000]).toBeGreaterThan(55);
  expect(drawn[5_000]).toBeLessThan(65);
  expect(drawn[9_900]).toBeGreaterThan(640);
  expect(drawn[9_900]).toBeLessThan(1_000);
});

test.each([
  ['40', 40],
  ['realistic', REALISTIC_LATENCY],
  ['60:800', { medianMs: 60, p99Ms: 800, slowRate: 0, slowMs: [5_000, 10_000] }],
  ['', undefined],
  ['fast', undefined],
  ['1:2:3', undefined],
])('the latency %j is read as such', (text, latency) => {
  expect(parseLatency(text)).toEqual(latency);
});

test('stopping twice, or before starting, is fine', async () => {
  const wechat = await startWechat();
  await wechat.simulator.stop();
  await wechat.simulator.stop();
  await expect(wechat.get('/_control/health')).rejects.toThrow(/fetch failed|terminated/);
});
