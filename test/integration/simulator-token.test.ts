import { expect, test } from 'vitest';
import { APP, SECRET, startWechat, type Wechat } from './simulator-harness.ts';

const MINUTE = 60_000;
const SECOND = 1_000;

const classicPath = `/cgi-bin/token?grant_type=client_credential&appid=${APP}&secret=${SECRET}`;

function stable(wechat: Wechat, change: Record<string, unknown> = {}) {
  return wechat.post('/cgi-bin/stable_token', {
    grant_type: 'client_credential',
    appid: APP,
    secret: SECRET,
    ...change,
  });
}

async function classic(wechat: Wechat): Promise<string> {
  const { text } = await wechat.get(classicPath);
  return String((JSON.parse(text) as { access_token: unknown }).access_token);
}

test('the stable endpoint repeats one token and counts its life down', async () => {
  const wechat = await startWechat();
  const first = await wechat.token();
  wechat.advance(100 * MINUTE);
  const { text } = await stable(wechat);
  expect(JSON.parse(text)).toEqual({ access_token: first, expires_in: expect.any(Number) });
  const { expires_in: left } = JSON.parse(text) as { expires_in: number };
  expect(left).toBeGreaterThanOrEqual(7_200 - 6_000 - 5);
  expect(left).toBeLessThanOrEqual(7_200 - 6_000);
});

test('tokens look like the ones in the field', async () => {
  const wechat = await startWechat({ settings: { longTokens: 'never' } });
  expect(await wechat.token()).toMatch(/^92_[A-Za-z0-9_-]{133,157}$/);
  const long = await startWechat({ settings: { longTokens: 'always' } });
  expect(await long.token()).toHaveLength(512);
});

test('in the last five minutes a new token comes and the old one still works', async () => {
  const wechat = await startWechat();
  const old = await wechat.token();
  wechat.advance(116 * MINUTE);
  const next = await wechat.token();
  expect(next).not.toBe(old);
  expect((await wechat.template(old)).errcode).toBe(0);
  expect((await wechat.template(next)).errcode).toBe(0);
  wechat.advance(5 * MINUTE);
  expect((await wechat.template(old)).errcode).toBe(40001);
  expect((await wechat.template(next)).errcode).toBe(0);
});

test('a forced refresh inside the gap of 30 s gives the same token', async () => {
  const wechat = await startWechat();
  const first = await wechat.token();
  const second = await wechat.token(true);
  const third = await wechat.token(true);
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  expect((await wechat.template(first)).errcode).toBe(0);
});

test('two forced refreshes 30 s apart kill the leaked token at once', async () => {
  const wechat = await startWechat();
  const leaked = await wechat.token();
  await wechat.token(true);
  wechat.advance(30 * SECOND);
  await wechat.token(true);
  expect((await wechat.template(leaked)).errcode).toBe(40001);
});

test('the 21st forced refresh of a day is refused, and the day ends at midnight in Beijing', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'clock', { set: '2026-07-01T10:00:00+08:00' });
  for (let use = 0; use < 20; use += 1) {
    expect((await stable(wechat, { force_refresh: true })).errcode).toBeUndefined();
    wechat.advance(31 * SECOND);
  }
  expect((await stable(wechat, { force_refresh: true })).errcode).toBe(45009);
  wechat.control('POST', 'clock', { set: '2026-07-01T23:59:50+08:00' });
  expect((await stable(wechat, { force_refresh: true })).errcode).toBe(45009);
  wechat.advance(11 * SECOND);
  expect((await stable(wechat, { force_refresh: true })).errcode).toBeUndefined();
});

test('beyond the budget it can give the same token instead', async () => {
  const wechat = await startWechat({
    settings: { forcedRefreshesPerDay: 1, forcedRefreshBeyond: 'same-token' },
  });
  const only = await wechat.token(true);
  wechat.advance(31 * SECOND);
  expect(await wechat.token(true)).toBe(only);
});

test('every classic call makes a new token, and the families know nothing of each other', async () => {
  const wechat = await startWechat();
  const stableToken = await wechat.token();
  const first = await classic(wechat);
  const second = await classic(wechat);
  expect(second).not.toBe(first);
  expect((await wechat.template(first)).errcode).toBe(0);
  wechat.advance(5 * MINUTE);
  expect((await wechat.template(first)).errcode).toBe(40001);
  expect((await wechat.template(second)).errcode).toBe(0);
  expect((await wechat.template(stableToken)).errcode).toBe(0);
});

test('missing, malformed, foreign and expired tokens each get their own code', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  expect((await wechat.post('/cgi-bin/message/template/send', {})).errcode).toBe(41001);
  expect((await wechat.template('nonsense')).errcode).toBe(40014);
  expect((await wechat.template(`92_${'x'.repeat(140)}`)).errcode).toBe(40001);
  wechat.control('POST', 'tokens', { appId: APP, action: 'expire' });
  expect((await wechat.template(token)).errcode).toBe(42001);
  const next = await wechat.token();
  expect((await wechat.template(token)).errcode).toBe(40001);
  expect((await wechat.template(next)).errcode).toBe(0);
});

test('a replaced token is dead and the normal call gives the new one', async () => {
  const wechat = await startWechat();
  const old = await wechat.token();
  wechat.control('POST', 'tokens', { appId: APP, action: 'revoke', mode: 'replaced' });
  expect((await wechat.template(old)).errcode).toBe(40001);
  const next = await wechat.token();
  expect(next).not.toBe(old);
  expect((await wechat.template(next)).errcode).toBe(0);
});

test('a sticky revocation lasts until a forced refresh', async () => {
  const wechat = await startWechat();
  const old = await wechat.token();
  wechat.control('POST', 'tokens', { appId: APP, action: 'revoke', mode: 'sticky' });
  expect((await wechat.template(old)).errcode).toBe(40001);
  expect(await wechat.token()).toBe(old);
  expect((await wechat.template(old)).errcode).toBe(40001);
  const next = await wechat.token(true);
  expect((await wechat.template(next)).errcode).toBe(0);
  expect((await wechat.template(old)).errcode).toBe(40001);
});

test('an adversary replaces the token until it is stopped', async () => {
  const wechat = await startWechat();
  await wechat.token();
  wechat.control('POST', 'tokens', { appId: APP, action: 'adversary', everyMs: 10 });
  await expect
    .poll(
      () =>
        wechat.control<{ stable: { generation: number } }>('GET', `tokens?appId=${APP}`).stable
          .generation,
    )
    .toBeGreaterThan(3);
  wechat.control('POST', 'tokens', { appId: APP, action: 'stop-adversary' });
  expect((await wechat.template(await wechat.token())).errcode).toBe(0);
});

test.each([
  ['no appid', { appid: undefined }, 41002],
  ['no secret', { secret: undefined }, 41004],
  ['a wrong grant type', { grant_type: 'x' }, 40002],
  ['a wrong secret', { secret: 'b'.repeat(SECRET.length) }, 40001],
  ['what cannot be a secret', { secret: 'short' }, 40125],
  ['an unknown account', { appid: 'wx-nobody' }, 40013],
])('the stable endpoint refuses %s', async (_what, change, errcode) => {
  const wechat = await startWechat({ settings: { acceptAnyAccount: false } });
  expect((await stable(wechat, change)).errcode).toBe(errcode);
});

test.each([
  ['ip-awaiting-admin', 89503],
  ['secret-frozen', 40243],
  ['account-frozen', 50007],
])('an account that is %s gets no token', async (condition, errcode) => {
  const wechat = await startWechat();
  wechat.control('POST', 'accounts', { appId: APP, condition });
  expect((await stable(wechat)).errcode).toBe(errcode);
  expect((await wechat.get(classicPath)).errcode).toBe(errcode);
});

test('an address that is not on the list is named twice', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'accounts', {
    appId: APP,
    condition: 'ip-not-listed',
    callIp: '203.0.113.9',
  });
  const { errcode, errmsg } = await stable(wechat);
  expect(errcode).toBe(40164);
  expect(errmsg).toMatch(
    /^invalid ip 203\.0\.113\.9 ipv6 ::ffff:203\.0\.113\.9, not in whitelist rid: \w{8}-\w{8}-\w{8}$/,
  );
});

test('the wrong verb is 43002', async () => {
  const wechat = await startWechat();
  expect((await wechat.get('/cgi-bin/stable_token')).errcode).toBe(43002);
  expect((await wechat.get('/cgi-bin/message/template/send')).errcode).toBe(43002);
});

test('the classic endpoint has a daily quota', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'accounts', {
    appId: APP,
    quotas: [{ path: '/cgi-bin/token', daily: 1 }],
  });
  await classic(wechat);
  expect((await wechat.get(classicPath)).errcode).toBe(45009);
});

test('strangers are welcome by default, with any secret', async () => {
  const wechat = await startWechat();
  const { errcode } = await stable(wechat, { appid: 'wx-new', secret: 'anything' });
  expect(errcode).toBeUndefined();
});

test('no control answer shows a token or a secret', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  await wechat.template(token);
  await wechat.template(token, { touser: 7 });
  const shown = ['accounts', `tokens?appId=${APP}`, 'record', 'judge', 'settings'].map((route) =>
    JSON.stringify(wechat.control('GET', route)),
  );
  expect(shown.join('\n')).not.toContain(token.slice(3));
  expect(shown.join('\n')).not.toContain(SECRET);
  expect(shown.join('\n')).toContain('stable#1');
});
